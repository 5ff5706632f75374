//! Makes a directory of what the database says of the operator's queries.

use crate::{
    config::{Layout, Query, QuerySet},
    directory::{
        account::ShownState,
        facade::Directory,
        kind::{GROUPS, KINDS, Kind, PRIVATE_GROUPS, USERS},
        mapping::{entry::EntryMaker, projection::Projection},
        membership::Memberships,
        naming::tree::Tree,
        preparation::prepare,
        queries::{EntryQuery, QueryProblem, describe},
        source::{
            accounts::Accounts,
            listing::Listing,
            lookup::Lookup,
            one_user::OneUser,
            private_groups::{PrivateGroups, PrivateGroupsQuery},
        },
        sql_source::SqlSource,
    },
    model::dn::Dn,
    sql::{Database, OperatorQuery},
};
use std::sync::Arc;

impl Directory {
    /// Has the database describe the queries, builds the directory on them, and has the database prepare its statements.
    ///
    /// # Errors
    /// Every problem of every query, each with the name of its variable.
    pub async fn build(
        database: &Database,
        base: &Dn,
        layout: &Layout,
        queries: &QuerySet<OperatorQuery>,
    ) -> Result<Directory, Vec<QueryProblem>> {
        Self::with_kinds(database, (base, layout), queries, Vec::new()).await
    }

    /// The same with further kinds of entries, each with what lists them.
    ///
    /// # Errors
    /// Every problem of every query, each with the name of its variable.
    pub(super) async fn with_kinds(
        database: &Database,
        (base, layout): (&Dn, &Layout),
        queries: &QuerySet<OperatorQuery>,
        further: Vec<(Kind, EntryQuery)>,
    ) -> Result<Directory, Vec<QueryProblem>> {
        let (schema, queries) = describe(database, queries).await?;
        let kinds: Vec<Kind> = KINDS.into_iter().chain(further.iter().map(|(kind, _)| *kind)).collect();
        let tree = Arc::new(Tree::new(base.clone(), layout, &kinds, &schema));
        let shown = queries.all_users.shown_account_columns(&queries.one_user);
        let listing = |kind: Kind, query: EntryQuery| {
            let shown = if kind == &USERS { shown.as_slice() } else { &[] };
            let projection = Projection::of_entries(&query.columns, shown);
            let state = (!shown.is_empty()).then(|| ShownState::new(&projection, &layout.refused_words));
            let maker = EntryMaker::new(kind, Arc::clone(&tree), Arc::clone(&schema), projection);
            let maker = match state {
                Some(state) => maker.with_account_state(Arc::new(state)),
                None => maker,
            };
            Listing::new(database.clone(), query, maker)
        };
        let one = |problem| vec![problem];
        let users = EntryQuery::of(Query::AllUsers, &queries.all_users).map_err(one)?;
        let users = Arc::new(listing(&USERS, users));
        let groups = EntryQuery::of(Query::AllGroups, &queries.all_groups).map_err(one)?;
        let groups = Arc::new(listing(&GROUPS, groups));
        let by_member = EntryQuery::of(Query::GroupsByMember, &queries.groups_by_member).map_err(one)?;
        let memberships = Memberships::new(&users, &groups, by_member, queries.all_memberships.clone());
        let memberships = memberships.await.map_err(one)?;
        let one_user = OneUser::new(database.clone(), &queries.one_user, &users).map(Arc::new);
        let accounts = Accounts::new(Arc::clone(&users), one_user.clone());
        let lookup = Arc::new(Lookup::new(users, groups, one_user));
        let private_groups = match layout.private_groups {
            true => PrivateGroupsQuery::describe(database, &queries.all_users, &queries.all_groups)
                .await
                .map_err(|error| vec![QueryProblem::of_database(Query::AllGroups, &error)])?,
            false => PrivateGroupsQuery::Off,
        };
        let (private_groups, no_private_groups) = match private_groups {
            PrivateGroupsQuery::Off => (None, None),
            PrivateGroupsQuery::Impossible(why) => (None, Some(why)),
            PrivateGroupsQuery::Listed(query) => {
                let listing = listing(&PRIVATE_GROUPS, *query);
                (Some(PrivateGroups::new(listing, Arc::clone(&lookup))), None)
            }
        };
        let further = further.into_iter();
        let further: Vec<Listing> = further.map(|(kind, query)| listing(kind, query)).collect();
        let is_there = |kind: &Kind| *kind != &PRIVATE_GROUPS || private_groups.is_some();
        let source = SqlSource {
            kinds: kinds.into_iter().filter(is_there).collect(),
            further,
            database: database.clone(),
            schema,
            tree,
            lookup,
            private_groups,
            memberships,
            accounts,
        };
        let directory = Directory {
            source: Arc::new(source),
            no_private_groups,
            queries,
        };
        prepare(&directory).await?;
        Ok(directory)
    }
}
