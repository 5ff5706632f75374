//! Makes a directory of what the database says of the operator's queries.

use crate::{
    config::{Layout, Query, QuerySet},
    directory::{
        facade::Directory,
        kind::Kind,
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
        let (schema, queries) = describe(database, queries).await?;
        let tree = Arc::new(Tree::new(base.clone(), layout, &schema));
        let listing = |kind, query: EntryQuery| {
            let projection = Projection::of_entries(&query.columns);
            let maker = EntryMaker::new(kind, Arc::clone(&tree), Arc::clone(&schema), projection);
            Listing::new(database.clone(), query, maker)
        };
        let one = |problem| vec![problem];
        let users = EntryQuery::of(Query::AllUsers, &queries.all_users).map_err(one)?;
        let users = Arc::new(listing(Kind::User, users));
        let groups = EntryQuery::of(Query::AllGroups, &queries.all_groups).map_err(one)?;
        let groups = Arc::new(listing(Kind::Group, groups));
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
                let listing = listing(Kind::PrivateGroup, *query);
                (Some(PrivateGroups::new(listing, Arc::clone(&lookup))), None)
            }
        };
        let source = SqlSource {
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
