//! The directory: entries made of rows, found by name or by filter, and accounts for binds.
//!
//! A [`Directory`] is what was described at one moment: queries, columns, schema. It is replaced as a whole when the
//! database is described again. It knows SQL results, not connections to clients.

pub mod account;
pub mod diagnostics;
pub mod entry_source;
pub mod error;
mod fetch;
pub mod kind;
pub mod mapping;
pub mod membership;
pub mod naming;
mod preparation;
pub mod pushdown;
pub mod queries;
pub mod realm;
pub mod search;
pub mod source;
mod sql_source;

pub use crate::directory::error::DirectoryError;
use crate::{
    config::{Layout, Query, QuerySet},
    directory::{
        kind::Kind,
        mapping::{entry::EntryMaker, projection::Projection},
        membership::Memberships,
        naming::tree::Tree,
        queries::{DescribedQuery, EntryQuery, QueryProblem},
        source::{listing::Listing, one_user::OneUser, private_groups::PrivateGroups},
    },
    model::{dn::Dn, schema::Schema},
    sql::{Database, OperatorQuery},
};
use std::{fmt, sync::Arc};

/// The directory as last described.
pub struct Directory {
    database: Database,
    schema: Arc<Schema>,
    tree: Arc<Tree>,
    users: Arc<Listing>,
    groups: Arc<Listing>,
    private_groups: PrivateGroups,
    private_source: Option<Listing>,
    one_user: Option<OneUser>,
    memberships: Memberships,
    queries: QuerySet<DescribedQuery>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.tree.base_text())
    }
}

impl Directory {
    /// Describes the queries and builds the directory on them.
    ///
    /// # Errors
    /// Every problem of every query, each with the name of its variable.
    pub async fn describe(
        database: &Database,
        base: &Dn,
        layout: &Layout,
        queries: &QuerySet<OperatorQuery>,
    ) -> Result<Directory, Vec<QueryProblem>> {
        let (schema, queries) = queries::describe(database, queries).await?;
        let tree = Arc::new(Tree::new(base.clone(), layout, &schema));
        let QuerySet {
            all_users,
            one_user,
            all_groups,
            groups_by_member,
            all_memberships,
        } = &queries;
        let source = |kind, query: EntryQuery| {
            let projection = Projection::of_entries(&query.columns);
            let maker = EntryMaker::new(kind, Arc::clone(&tree), Arc::clone(&schema), projection);
            Listing::new(database.clone(), query, maker)
        };
        let named = |which, query: &DescribedQuery| match query.name_column(which) {
            Ok(name) => Ok(EntryQuery::new(query.clone(), name)),
            Err(problem) => Err(vec![problem]),
        };
        let users = Arc::new(source(Kind::User, named(Query::AllUsers, all_users)?));
        let groups = Arc::new(source(Kind::Group, named(Query::AllGroups, all_groups)?));
        let by_member = named(Query::GroupsByMember, groups_by_member)?;
        let memberships = Memberships::new(&users, &groups, by_member, all_memberships.clone())
            .await
            .map_err(|problem| vec![problem])?;
        let private_groups = match layout.private_groups {
            true => PrivateGroups::new(database, all_users, all_groups)
                .await
                .map_err(|error| vec![QueryProblem::of_database(Query::AllGroups, &error)])?,
            false => PrivateGroups::Off,
        };
        let private_source = private_groups
            .listing()
            .map(|listing| source(Kind::PrivateGroup, listing.clone()));
        let one_user = OneUser::new(database.clone(), one_user, &users);
        let directory = Directory {
            database: database.clone(),
            one_user,
            users,
            groups,
            private_groups,
            private_source,
            memberships,
            schema,
            tree,
            queries,
        };
        preparation::prepare(&directory).await?;
        Ok(directory)
    }

    /// Everything an answer can refer to.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The naming context, as it stands at the end of every DN.
    pub fn base_text(&self) -> &str {
        self.tree.base_text()
    }

    /// What the operator's queries were found to be.
    pub fn queries(&self) -> &QuerySet<DescribedQuery> {
        &self.queries
    }

    /// The kinds of entries that rows are made into, in the order in which searches give them.
    pub fn kinds(&self) -> &'static [Kind] {
        match self.private_source {
            Some(_) => &[Kind::User, Kind::Group, Kind::PrivateGroup],
            None => &[Kind::User, Kind::Group],
        }
    }

    /// How whole groups are read.
    pub fn membership_form(&self) -> &'static str {
        self.memberships.name()
    }

    /// Whether users without a mail address get one.
    pub fn makes_addresses_up(&self) -> bool {
        self.tree.mail_fallback().is_some()
    }
}
