//! Passwords that are kept elsewhere than the users: in another table, perhaps of another database, which a query of its own
//! finds by the user's name.

use crate::{
    config::{Query, RefusedWords, Secret},
    directory::{
        account::{AccountColumns, AccountOutcome, AccountSource},
        error::DirectoryError,
        fetch::{none_for_foreign_text, none_for_the_name},
        kind::role::Role,
        mapping::projection::Projection,
        naming::tree::Name,
        queries::{DescribedQuery, QueryProblem, describe_passwords},
        source::{accounts::stored_text, password_row::PasswordRow},
    },
    model::{time::Timestamp, value::Cell},
    sql::{Arg, Budget, Database, OperatorQuery, Predicate, QueryTable, Row, SqlError, Statement},
};
use futures::future::BoxFuture;
use std::sync::Arc;

/// A name, also of users that have numbers for names.
const A_NAME: &str = "1";

/// The query that finds a user's password, as its database described it.
#[derive(Debug)]
pub struct Passwords {
    database: Database,
    sql: String,
    binds: usize,
    projection: Projection,
}

impl Passwords {
    /// Has the database describe the query, and prepare the statement that is made of it.
    ///
    /// # Errors
    /// Everything that is wrong with the query.
    pub async fn describe(database: &Database, query: &OperatorQuery) -> Result<Self, Vec<QueryProblem>> {
        let described = describe_passwords(database, query).await?;
        let passwords = Passwords::new(database, &described).ok_or_else(|| {
            vec![QueryProblem {
                query: Query::OneUser,
                text: "no statement can be made of it".to_owned(),
                unreachable: false,
                refused: None,
            }]
        })?;
        let problem = |error: SqlError| match error.is_value_error() {
            true => Ok(()),
            false => Err(vec![QueryProblem::refused(
                Query::OneUser,
                &query.to_describe(),
                &error,
            )]),
        };
        database.describe(&passwords.sql).await.map(drop).or_else(problem)?;
        // A statement that was prepared before is not looked at again, and what may not be read shows only when it is run.
        database.ask_once(&passwords.trial()).await.map(drop).or_else(problem)?;
        Ok(passwords)
    }

    /// A statement that shows whether the query works: it looks for a name that hardly anybody has.
    pub fn trial(&self) -> Statement {
        Statement {
            sql: self.sql.clone(),
            args: vec![Arg::Text(A_NAME.to_owned()); self.binds],
        }
    }

    fn new(database: &Database, query: &DescribedQuery) -> Option<Self> {
        let projection = Projection::of_accounts(&query.columns);
        let table = QueryTable::lookup(&query.query, &query.described, "")?;
        let statement = table.select(&projection.columns, &Predicate::True)?;
        Some(Passwords {
            database: database.clone(),
            sql: statement.sql,
            binds: statement.args.len(),
            projection,
        })
    }

    /// The same, for whoever runs it in a transaction.
    pub fn row_of_a_user(&self) -> PasswordRow {
        PasswordRow {
            database: self.database.clone(),
            sql: self.sql.clone(),
            binds: self.binds,
            projection: self.projection.clone(),
            has_own_number: false,
        }
    }

    /// The accounts of `accounts`, each with the password that is found here.
    pub fn of(self, accounts: Arc<dyn AccountSource>) -> Arc<dyn AccountSource> {
        Arc::new(KeptElsewhere {
            accounts,
            passwords: self,
        })
    }

    /// The row of the user whose name is spelled so. Of several that differ nobody can say whose password is meant.
    async fn row(&self, name: &str, budget: Budget) -> Result<Result<Row, &'static str>, SqlError> {
        let rows = match name.contains('\0') {
            true => Vec::new(),
            false => {
                let args = vec![Arg::Text(name.to_owned()); self.binds];
                none_for_foreign_text(self.database.fetch(&self.sql, &args, budget).await)?
            }
        };
        // A query without a column for the name has found by it.
        let has_name = self.projection.position(Role::Name).is_some();
        let mut rows = rows
            .into_iter()
            .filter(|row| !has_name || self.projection.name(row).as_deref() == Some(name));
        let Some(row) = rows.next() else {
            return Ok(Err("no row with a password"));
        };
        Ok(match rows.any(|other| other != row) {
            true => Err("several rows with a password, which differ"),
            false => Ok(row),
        })
    }
}

struct KeptElsewhere {
    accounts: Arc<dyn AccountSource>,
    passwords: Passwords,
}

impl AccountSource for KeptElsewhere {
    fn account<'a>(
        &'a self,
        name: &'a Name,
        refused: &'a RefusedWords,
        budget: Budget,
    ) -> BoxFuture<'a, Result<AccountOutcome, DirectoryError>> {
        Box::pin(async move {
            let found = self.accounts.account(name, refused, budget).await?;
            let AccountOutcome::Account(mut account) = found else {
                // Asked all the same: an unknown user must not be answered sooner.
                let row = self.passwords.row(&name.spelled, budget).await;
                none_for_the_name(row.map(|_| Vec::new()))?;
                return Ok(found);
            };
            let own = &self.passwords.projection;
            let mut row = match self.passwords.row(&account.username, budget).await? {
                Ok(row) => row,
                Err(why) => return Ok(AccountOutcome::Unknown(why)),
            };
            let password = own.take(&mut row, Role::Password);
            let has_password = password == Cell::Unreadable || !password.is_absent();
            account.password = stored_text(password).map(Secret::new);
            account.password_unreadable = has_password && account.password.is_none();
            if let Some(secret) = stored_text(own.take(&mut row, Role::TotpSecret)) {
                account.totp_secret = Some(Secret::new(secret));
            }
            let columns = AccountColumns::take(own, &mut row);
            // Whichever of the two rows refuses.
            account.refusal = account.refusal.or_else(|| columns.refusal(refused, Timestamp::now()));
            if let Some(chain) = columns.own_chain().filter(|chain| !chain.is_empty()) {
                account.own_chain = chain;
            }
            Ok(AccountOutcome::Account(account))
        })
    }
}
