//! The operator's database as described at one moment: what it serves, and what its queries were found to be.

use crate::{
    config::QuerySet,
    directory::{
        account::AccountSource,
        entry_source::EntrySource,
        kind::Kind,
        pushdown::predicate::{NoAnswers, narrow},
        queries::DescribedQuery,
        source::{one_user::OneUser, password_row::PasswordRow},
        sql_source::SqlSource,
    },
    model::{filter::Filter, schema::Schema},
    sql::Predicate,
};
use std::{fmt, sync::Arc};

/// The directory as last described. It is replaced as a whole when the database is described again.
pub struct Directory {
    pub(super) source: Arc<SqlSource>,
    /// Why there are no private groups though the settings ask for them.
    pub(super) no_private_groups: Option<String>,
    pub(super) queries: QuerySet<DescribedQuery>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.base_text())
    }
}

impl Directory {
    /// Where a realm's entries and accounts come from.
    pub fn source(&self) -> Arc<impl EntrySource + AccountSource + use<>> {
        Arc::clone(&self.source)
    }

    /// Everything an answer can refer to.
    pub fn schema(&self) -> &Schema {
        &self.source.schema
    }

    /// The naming context, as it stands at the end of every DN.
    pub fn base_text(&self) -> &str {
        self.source.tree.base_text()
    }

    /// What the operator's queries were found to be.
    pub fn queries(&self) -> &QuerySet<DescribedQuery> {
        &self.queries
    }

    /// The kinds of entries that rows are made into, in the order in which searches give them.
    pub fn kinds(&self) -> &[Kind] {
        self.source.kinds()
    }

    /// Why there are no private groups though the settings ask for them.
    pub fn no_private_groups(&self) -> Option<&str> {
        self.no_private_groups.as_deref()
    }

    /// How the row with a user's password is found; none where the one-user query cannot be asked.
    pub fn password_row(&self) -> Option<PasswordRow> {
        self.source.accounts.one_user().map(OneUser::password_row)
    }

    /// How whole groups are read.
    pub fn membership_form(&self) -> &'static str {
        self.source.memberships.name()
    }

    /// Whether users without a mail address get one.
    pub fn makes_addresses_up(&self) -> bool {
        self.source.tree.mail_fallback().is_some()
    }

    /// What a filter narrows the rows of a kind to by itself, memberships left open.
    pub fn narrowed(&self, kind: Kind, filter: &Filter) -> Predicate {
        let filter = filter.resolve(&self.source.schema).matching();
        narrow(self.source.listing(kind), &filter, &NoAnswers)
    }
}
