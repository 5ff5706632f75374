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
        naming::{
            fixed::FixedEntries,
            subschema::Capabilities,
            tree::{Place, Tree},
        },
        queries::{DescribedQuery, EntryQuery, QueryProblem},
        search::{
            begin::{SearchOutcome, Searched, begin},
            query::SearchQuery,
        },
        source::{listing::Listing, one_user::OneUser, private_groups::PrivateGroups},
    },
    model::{
        dn::Dn,
        filter::{Filter, ResolvedFilter},
        schema::Schema,
        scope::Scope,
    },
    sql::{Database, OperatorQuery, State},
};
use std::{fmt, mem, panic::resume_unwind, sync::Arc};
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

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
    /// A search below the empty base is one of the whole directory.
    empty_base: bool,
    fixed: FixedEntries,
    queries: QuerySet<DescribedQuery>,
    /// Turns at preparing large filters.
    preparing: Arc<Semaphore>,
}

/// Filters of more octets than this are prepared on a thread of their own.
const LARGE_FILTER: usize = 64 * 1024;
/// So many at a time.
const PREPARING: usize = 2;

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
        capabilities: Capabilities,
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
            fixed: FixedEntries::new(&schema, &tree, capabilities),
            // A base that is empty itself can only be asked for so.
            empty_base: layout.empty_base || base.is_root(),
            preparing: Arc::new(Semaphore::new(PREPARING)),
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

    /// Begins a search.
    ///
    /// # Errors
    /// The database could not say whether the base exists, or the search cannot be resumed where it is asked to.
    pub async fn search(&self, mut query: SearchQuery) -> Result<SearchOutcome<'_>, DirectoryError> {
        let filter = mem::replace(&mut query.filter, Filter::And(Vec::new()));
        let filter = self.prepared(filter).await;
        let searched = Searched {
            schema: &self.schema,
            tree: &self.tree,
            fixed: &self.fixed,
            source: self,
            empty_base: self.empty_base,
        };
        begin(searched, filter, &query).await
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

    /// Whether the database answers as far as is known. While it does not, nothing that is empty may look complete.
    pub fn is_reachable(&self) -> bool {
        self.database.state() == State::Serving
    }

    /// The DN that a text is, if the schema knows all of it.
    pub fn read_dn(&self, text: &str) -> Option<Arc<Dn>> {
        self.tree.read(text, &self.schema)
    }

    /// What a DN names.
    pub fn locate(&self, dn: &Dn) -> Place {
        self.tree.locate(dn, &self.schema)
    }

    /// Whether a search reads the whole directory because its base is empty and the operator wants that.
    pub fn is_whole_by_empty_base(&self, base: &Dn, scope: Scope) -> bool {
        self.empty_base && base.is_root() && scope != Scope::Base
    }

    /// What a filter means here. A large one is prepared beside the threads that serve everybody, few at a time: folding
    /// and normalising some megabytes takes a second.
    pub async fn prepared(&self, filter: Filter) -> ResolvedFilter {
        if filter.weight() <= LARGE_FILTER {
            return filter.resolve(&self.schema);
        }
        let turn = Arc::clone(&self.preparing).acquire_owned().await;
        let schema = Arc::clone(&self.schema);
        let prepared = spawn_blocking(move || {
            let _turn = turn;
            filter.resolve(&schema)
        });
        match prepared.await.map_err(JoinError::try_into_panic) {
            Ok(prepared) => prepared,
            Err(Ok(panic)) => resume_unwind(panic),
            // The gateway ends.
            Err(Err(_)) => std::future::pending().await,
        }
    }

    /// The root DSE and the subschema can be read by anybody: clients need them before they bind. With any other
    /// scope an empty base names no entry, or means the whole directory.
    pub fn is_public(&self, dn: &Dn, scope: Scope) -> bool {
        match self.tree.locate(dn, &self.schema) {
            Place::RootDse => scope == Scope::Base,
            Place::Subschema => true,
            _ => false,
        }
    }
}
