//! What `SQL_UPDATE_PASSWORD` would do: it is tried on a user, in a transaction that is undone.

use super::report::{Fault, Report};
use crate::{
    auth::password::{generate_password, hash_password},
    config::{Engine, PasswordChangeSettings, Query, RealmSettings},
    directory::{
        Directory, PasswordRow, PasswordUpdate,
        account::{PasswordChange, PasswordChangeError},
        diagnostics::sample::{Sample, sample},
        kind::USERS,
        parse_password_update,
        queries::QueryProblem,
    },
    sql::{Database, OperatorStatements, StatementError, hint},
};

/// Characters of the password that nobody gets.
const LENGTH: usize = 20;

/// The statements, if there are any; what is wrong with their text is a fault.
pub fn parse(realm: &RealmSettings, engine: Engine, report: &mut Report) -> Option<OperatorStatements> {
    let text = realm.policy.password_changes.update.as_deref()?;
    match parse_password_update(text, engine) {
        Ok(statements) => Some(statements),
        Err(problem) => {
            report.fault(Fault::Settings, placed(realm, &problem));
            None
        }
    }
}

/// Has the database prepare the statements, and tries them on a user.
pub async fn check(
    realm: &RealmSettings,
    statements: &OperatorStatements,
    (directory, row): (&Directory, Option<PasswordRow>),
    report: &mut Report,
) {
    let database = row.as_ref().map(|row| row.database.clone());
    let update = match PasswordUpdate::describe(row, statements, realm.policy.bind_hold).await {
        Ok(update) => update,
        Err(problem) => {
            let problem = match &database {
                Some(database) => problem.with_hint(database).await,
                None => problem,
            };
            return report.fault(Fault::Database, placed(realm, &problem));
        }
    };
    let place = realm.place(Query::UpdatePassword.variable());
    match update.tables_without_transactions(statements).await {
        Ok(tables) if tables.is_empty() => {}
        // It must not even be tried there.
        Ok(tables) => {
            let text = "know no transactions, so a change that goes wrong could not be undone: use InnoDB";
            return report.fault(Fault::Database, format!("{place}: {} {text}", tables.join(", ")));
        }
        Err(error) => return report.fault(Fault::Database, format!("{place}: {}", error.detail())),
    }
    let users = match sample(directory).await {
        Ok(users) => users,
        Err(error) => return report.fault(Fault::Database, format!("{place}: {}", error.detail())),
    };
    let Some(change) = rehearsal(directory, &users, &realm.policy.password_changes) else {
        return report.advise(format!("{place}: it was not tried, because there is no user"));
    };
    match update.rehearse(&change).await {
        Ok(()) => {
            let user = &change.username;
            let line = format!("they can be changed: SQL_UPDATE_PASSWORD was tried on {user}, and undone");
            report.section("Changing passwords", vec![line]);
        }
        Err(error) => {
            let hint = match (&error, &database) {
                (PasswordChangeError::Refused(error), Some(database)) => hint_at(statements, error, database).await,
                _ => String::new(),
            };
            let text = format!("{place}: tried on {}: {error}{hint}", change.username);
            report.fault(Fault::Database, text);
        }
    }
}

/// What would put a refused statement right, as the end of a sentence.
async fn hint_at(statements: &OperatorStatements, error: &StatementError, database: &Database) -> String {
    for statement in statements.each() {
        if let Some(hint) = hint(database, &statement.to_describe(), error).await {
            return format!(": {hint}");
        }
    }
    String::new()
}

/// A change for the first user, to a hash of the length that new ones have.
fn rehearsal(directory: &Directory, users: &Sample, settings: &PasswordChangeSettings) -> Option<PasswordChange> {
    let (username, number) = users.first(directory, &USERS)?;
    let nobodys = generate_password(LENGTH).ok()?;
    let hash = hash_password(settings.scheme, nobodys.as_bytes()).ok()?;
    Some(PasswordChange::of_user(username, number, hash))
}

fn placed(realm: &RealmSettings, problem: &QueryProblem) -> String {
    format!("{}: {}", realm.place(problem.query.variable()), problem.text)
}
