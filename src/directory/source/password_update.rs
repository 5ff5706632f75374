//! Changes a password by the operator's statement, in one transaction: the row is read, the statement run, and the row read
//! again, both times by the one-user query. Only if it then has the new hash, the change stays.

use crate::{
    config::Query,
    directory::{
        account::{PasswordChange, PasswordChangeError, PasswordStore},
        kind::role::Role,
        queries::QueryProblem,
        source::password_row::PasswordRow,
    },
    sql::{
        Arg, BoundStatement, Budget, Database, Engine, OperatorStatement, OperatorStatements, Rollback, SqlError,
        Transaction, TransactionError, UnitOfWork,
    },
};
use futures::future::BoxFuture;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The parameters of `SQL_UPDATE_PASSWORD`, each at its position.
pub const PARAMETERS: [&str; 3] = ["password", "username", "uid_number"];
const PASSWORD: usize = 0;
const USERNAME: usize = 1;
const NUMBER: usize = 2;

/// SQLSTATE `indeterminate_datatype`.
const UNKNOWN_TYPE: &str = "42P18";
/// MariaDB: the tables of engines without transactions. A view has no engine.
const NO_TRANSACTIONS: &str = "SELECT CAST(t.table_name AS CHAR) FROM information_schema.tables t \
     LEFT JOIN information_schema.engines e ON e.engine = t.engine \
     WHERE t.table_schema = DATABASE() AND t.engine IS NOT NULL AND COALESCE(e.transactions, 'NO') <> 'YES'";
/// When the row is looked at after a commit of unknown outcome: the server may still be about to finish it.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_millis(900)];

/// The statement, ready to be run.
pub struct PasswordUpdate {
    row: PasswordRow,
    statements: Vec<BoundStatement>,
    /// How long one change may take.
    hold: Duration,
}

/// Reads the text of `SQL_UPDATE_PASSWORD`.
///
/// # Errors
/// What is wrong with it without asking the database.
pub fn parse_password_update(text: &str, engine: Engine) -> Result<OperatorStatements, QueryProblem> {
    let problem = |text| QueryProblem {
        query: Query::UpdatePassword,
        text,
        unreachable: false,
        refused: None,
    };
    let statements =
        OperatorStatements::parse(text, engine, &PARAMETERS).map_err(|error| problem(error.to_string()))?;
    if !statements.uses(PASSWORD) {
        return Err(problem("no statement has the parameter :password".to_owned()));
    }
    if !statements.uses(USERNAME) && !statements.uses(NUMBER) {
        return Err(problem(
            "no statement says whose password: it needs :username or :uid_number".to_owned(),
        ));
    }
    Ok(statements)
}

impl PasswordUpdate {
    /// Has the database prepare the statements.
    ///
    /// # Errors
    /// What is wrong with them, or that the database could not be asked.
    pub async fn describe(
        row: Option<PasswordRow>,
        statements: &OperatorStatements,
        hold: Duration,
    ) -> Result<Self, QueryProblem> {
        let problem = |text: &str| QueryProblem {
            query: Query::UpdatePassword,
            text: text.to_owned(),
            unreachable: false,
            refused: None,
        };
        let row = row.ok_or_else(|| problem("SQL_QUERY_ONE_USER cannot be asked"))?;
        if !row.has(Role::Password) {
            return Err(problem(
                "SQL_QUERY_ONE_USER has no column password, so nobody could see that a password was changed",
            ));
        }
        if statements.uses(NUMBER) && row.has_own_number && !row.has(Role::Number) {
            return Err(problem(
                "it uses :uid_number, and SQL_QUERY_ONE_USER has no column uid_number",
            ));
        }
        let mut bound = Vec::new();
        for statement in statements.each() {
            let described = describe_statement(&row.database, statement).await;
            bound.push(described.map_err(|error| {
                let sql = statement.to_describe();
                QueryProblem::refused(Query::UpdatePassword, &sql, &error)
            })?);
        }
        Ok(PasswordUpdate {
            row,
            statements: bound,
            hold,
        })
    }

    async fn resolve(&self, change: &PasswordChange, error: SqlError) -> Result<(), PasswordChangeError> {
        for pause in LOOKS {
            sleep(pause).await;
            let budget = Budget::bind(Instant::now() + self.hold);
            match self.row.has_new_hash(change, budget).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(failure) => return Err(PasswordChangeError::Unknown(failure)),
            }
        }
        Err(PasswordChangeError::NotDone(error))
    }

    /// The tables named in the statements that cannot undo a change (MyISAM of MariaDB, for one).
    ///
    /// # Errors
    /// The database could not say.
    pub async fn tables_without_transactions(&self, statements: &OperatorStatements) -> Result<Vec<String>, SqlError> {
        let database = &self.row.database;
        if database.engine() != Engine::MySql {
            return Ok(Vec::new());
        }
        let budget = Budget::bind(Instant::now() + self.hold);
        let rows = database.fetch(NO_TRANSACTIONS, &[], budget).await?;
        let tables = rows
            .into_iter()
            .filter_map(|row| Some(row.first()?.to_text()?.into_owned()));
        let words: Vec<&str> = statements.words().collect();
        let is_named = |table: &String| words.iter().any(|word| word.eq_ignore_ascii_case(table));
        Ok(tables.filter(is_named).collect())
    }

    /// Does everything that a change does, and undoes it: what is wrong shows, and nothing stays.
    ///
    /// # Errors
    /// What would go wrong.
    pub async fn rehearse(&self, change: &PasswordChange) -> Result<(), PasswordChangeError> {
        let work = Work {
            update: self,
            change,
            rehearsal: true,
        };
        let deadline = Instant::now() + self.hold;
        match self.row.database.transaction(&work, deadline).await {
            Ok(()) | Err(TransactionError::Refused(Refusal::Rehearsed)) => Ok(()),
            Err(TransactionError::Refused(Refusal::Error(error))) => Err(error),
            Err(TransactionError::Failed(error) | TransactionError::Unknown(error)) => Err(failed(error)),
        }
    }
}

impl PasswordStore for PasswordUpdate {
    fn change_password<'a>(&'a self, change: &'a PasswordChange) -> BoxFuture<'a, Result<(), PasswordChangeError>> {
        Box::pin(async move {
            let work = Work {
                update: self,
                change,
                rehearsal: false,
            };
            let deadline = Instant::now() + self.hold;
            match self.row.database.transaction(&work, deadline).await {
                Ok(()) => Ok(()),
                Err(TransactionError::Refused(Refusal::Error(error))) => Err(error),
                Err(TransactionError::Refused(Refusal::Rehearsed)) => Ok(()),
                Err(TransactionError::Failed(error)) => Err(failed(error)),
                Err(TransactionError::Unknown(error)) => self.resolve(change, error).await,
            }
        })
    }
}

fn failed(error: SqlError) -> PasswordChangeError {
    match error {
        SqlError::Statement(error) => PasswordChangeError::Refused(error),
        other => PasswordChangeError::NotDone(other),
    }
}

async fn describe_statement(database: &Database, statement: &OperatorStatement) -> Result<BoundStatement, SqlError> {
    match database.describe(&statement.to_describe()).await {
        Ok(described) => Ok(statement.bound(&described.parameters)),
        // PostgreSQL cannot tell a parameter's type, as of concat(:username). It will be text.
        Err(SqlError::Statement(error)) if error.code == UNKNOWN_TYPE => {
            let described = database.describe(&statement.to_describe_as_text()).await;
            described.map_err(|_| SqlError::Statement(error))?;
            Ok(statement.bound(&[]))
        }
        Err(error) => Err(error),
    }
}

/// One change as a unit of work.
struct Work<'c> {
    update: &'c PasswordUpdate,
    change: &'c PasswordChange,
    rehearsal: bool,
}

/// Why a transaction is undone.
enum Refusal {
    Error(PasswordChangeError),
    /// Everything was right, and it was only tried.
    Rehearsed,
}

impl From<PasswordChangeError> for Rollback<Refusal> {
    fn from(error: PasswordChangeError) -> Self {
        Rollback::Refused(Refusal::Error(error))
    }
}

impl Work<'_> {
    async fn stored(&self, transaction: &mut Transaction) -> Result<Option<String>, Rollback<Refusal>> {
        let row = &self.update.row;
        let rows = transaction.fetch(&row.sql, &row.args(&self.change.username)).await?;
        Ok(row.hash(self.change, rows)?)
    }

    fn value(&self, parameter: usize) -> Result<Arg, PasswordChangeError> {
        match parameter {
            PASSWORD => Ok(Arg::Text(self.change.new.reveal().to_owned())),
            USERNAME => Ok(Arg::Text(self.change.username.clone())),
            _ => {
                let number = self.change.number.ok_or(PasswordChangeError::NoNumber)?;
                // SQLite compares a text and a number as unequal unless a column's affinity says otherwise.
                Ok(match i64::try_from(number) {
                    Ok(number) if self.update.row.database.engine() == Engine::Sqlite => Arg::Integer(number),
                    _ => Arg::Text(number.to_string()),
                })
            }
        }
    }

    async fn change(&self, transaction: &mut Transaction) -> Result<(), Rollback<Refusal>> {
        let stored = self.stored(transaction).await?;
        if let Some(present) = &self.change.present
            && stored.as_deref() != Some(present.reveal())
        {
            return Err(PasswordChangeError::ChangedMeanwhile.into());
        }
        for statement in &self.update.statements {
            let args: Result<Vec<Arg>, _> = statement.parameters.iter().map(|name| self.value(*name)).collect();
            let rows = transaction.execute(&statement.sql, &args?).await?;
            let sets_password = statement.parameters.contains(&PASSWORD);
            if let Some(most) = statement.rows_a_change.filter(|_| sets_password)
                && !(1..=most).contains(&rows)
            {
                return Err(PasswordChangeError::Ineffective(changed_rows(rows)).into());
            }
        }
        match self.stored(transaction).await? {
            Some(hash) if hash == self.change.new.reveal() => Ok(()),
            found => Err(PasswordChangeError::Ineffective(other_hash(found.as_deref(), stored.as_deref())).into()),
        }
    }
}

/// For zero rows, or more than one.
fn changed_rows(rows: u64) -> String {
    match rows {
        0 => "SQL_UPDATE_PASSWORD changes no row for the user: nothing was changed".to_owned(),
        _ => format!("SQL_UPDATE_PASSWORD would change {rows} rows, not the user's alone: nothing was changed"),
    }
}

/// What the row has after the statement. No hash is shown.
fn other_hash(found: Option<&str>, before: Option<&str>) -> String {
    let what = match found {
        None => "has no password",
        found if found == before => "still has the old one",
        Some(_) => "has another one (is the column long enough?)",
    };
    format!("after SQL_UPDATE_PASSWORD the row of SQL_QUERY_ONE_USER {what}: nothing was changed")
}

impl UnitOfWork for Work<'_> {
    type Done = ();
    type Refusal = Refusal;

    fn run<'a>(&'a self, transaction: &'a mut Transaction) -> BoxFuture<'a, Result<(), Rollback<Refusal>>> {
        Box::pin(async move {
            self.change(transaction).await?;
            match self.rehearsal {
                true => Err(Rollback::Refused(Refusal::Rehearsed)),
                false => Ok(()),
            }
        })
    }
}
