//! The one-user query: the fast way to an entry by name, and the only way to an account.

use crate::{
    directory::{
        fetch::{none_for_foreign_text, none_for_the_name},
        mapping::projection::Projection,
        naming::tree::Name,
        queries::DescribedQuery,
        source::{
            duplicates::pick,
            listing::{Listing, spellings},
            password_row::PasswordRow,
        },
    },
    sql::{Arg, Budget, Database, Predicate, QueryTable, Row, SqlError, Statement},
};

/// The one-user query.
pub struct OneUser {
    database: Database,
    /// Finds an entry: the columns of the all-users query that searches read; None when it has not all of them.
    entry: Option<Lookup>,
    projection: Projection,
    account: Lookup,
    account_projection: Projection,
}

/// A statement whose only value is the name.
struct Lookup {
    sql: String,
    binds: usize,
}

impl Lookup {
    fn new(query: &DescribedQuery, columns: &[usize]) -> Option<Self> {
        let statement = QueryTable::lookup(&query.query, &query.described, "")?.select(columns, &Predicate::True)?;
        Some(Lookup {
            sql: statement.sql,
            binds: statement.args.len(),
        })
    }

    async fn rows(&self, database: &Database, name: &str, budget: Budget) -> Result<Vec<Row>, SqlError> {
        if name.contains('\0') {
            return Ok(Vec::new());
        }
        let args = vec![Arg::Text(name.to_owned()); self.binds];
        none_for_foreign_text(database.fetch(&self.sql, &args, budget).await)
    }
}

impl OneUser {
    /// The query that `query` describes; rows it finds stand for rows of `users`.
    pub fn new(database: Database, query: &DescribedQuery, users: &Listing) -> Option<Self> {
        let account_projection = Projection::of_accounts(&query.columns);
        // The same roles in the same order as all-users rows, so that one maker serves both.
        let columns: Option<Vec<usize>> = users
            .maker()
            .projection()
            .roles()
            .iter()
            .map(|role| query.column(*role))
            .collect();
        let entry = match columns {
            Some(columns) => Some(Lookup::new(query, &columns)?),
            None => None,
        };
        Some(OneUser {
            database,
            entry,
            projection: users.maker().projection().clone(),
            account: Lookup::new(query, &account_projection.columns)?,
            account_projection,
        })
    }

    /// The row of the user with the asked name, if this query finds it in the asked spelling or in lower case. None
    /// also where this query lacks a column that entries need.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, name: &Name, budget: Budget) -> Result<Option<Row>, SqlError> {
        let Some(entry) = &self.entry else {
            return Ok(None);
        };
        for spelling in spellings(name) {
            // A miss is no answer: all-users is asked next.
            let rows = none_for_the_name(entry.rows(&self.database, &spelling, budget).await)?;
            if let Some(row) = pick(&self.projection, rows, name) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The statements that it is asked by.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        let lookups = self.entry.iter().chain([&self.account]);
        lookups.map(|lookup| lookup.sql.as_str())
    }

    /// The statement that a bind asks for a name.
    pub fn statement_of_account(&self, name: &str) -> Statement {
        Statement {
            sql: self.account.sql.clone(),
            args: vec![Arg::Text(name.to_owned()); self.account.binds],
        }
    }

    /// Whether it has all columns that entries need.
    pub fn finds_entries(&self) -> bool {
        self.entry.is_some()
    }

    /// The rows that a bind needs, for a name spelled as the database spells it.
    ///
    /// # Errors
    /// The database could not answer in time, or the name or a row does not fit the query.
    pub async fn account_rows(&self, name: &str, budget: Budget) -> Result<Vec<Row>, SqlError> {
        self.account.rows(&self.database, name, budget).await
    }

    /// The same, for whoever runs it in a transaction.
    pub fn password_row(&self) -> PasswordRow {
        PasswordRow {
            database: self.database.clone(),
            sql: self.account.sql.clone(),
            binds: self.account.binds,
            projection: self.account_projection.clone(),
            has_own_number: true,
        }
    }

    /// What the rows of [`OneUser::account_rows`] hold.
    pub fn account_projection(&self) -> &Projection {
        &self.account_projection
    }
}
