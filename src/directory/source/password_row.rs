//! How the row with a user's password is found: by the one-user query, or by a query of its own where passwords are kept
//! elsewhere.

use crate::{
    directory::{
        account::{PasswordChange, PasswordChangeError},
        kind::role::Role,
        mapping::projection::Projection,
    },
    model::value::Cell,
    sql::{Arg, Budget, Database, Row, SqlError},
};

/// A statement whose only value is the user's name, and what its rows hold.
#[derive(Debug, Clone)]
pub struct PasswordRow {
    pub(crate) database: Database,
    pub(crate) sql: String,
    /// How often the name is bound.
    pub(crate) binds: usize,
    pub(crate) projection: Projection,
    /// The number in a row is that of the user's entry.
    pub(crate) has_own_number: bool,
}

impl PasswordRow {
    /// Where a role stands in a row.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.projection.position(role).is_some()
    }

    /// The values of the statement.
    pub(crate) fn args(&self, name: &str) -> Vec<Arg> {
        vec![Arg::Text(name.to_owned()); self.binds]
    }

    /// The hash in the only row of the user among these.
    pub(crate) fn hash(&self, change: &PasswordChange, rows: Vec<Row>) -> Result<Option<String>, PasswordChangeError> {
        let projection = &self.projection;
        // A query without a column for the name has found by it.
        let has_name = self.has(Role::Name);
        let compares_number = self.has_own_number && self.has(Role::Number);
        let mut own = rows.into_iter().filter(|row| {
            (!has_name || projection.name(row).as_ref() == Some(&change.username))
                && (!compares_number || projection.number(row) == change.number)
        });
        let mut row = own.next().ok_or(PasswordChangeError::NoSuchUser)?;
        if own.any(|other| other != row) {
            return Err(PasswordChangeError::NoSuchUser);
        }
        Ok(stored_text(projection.take(&mut row, Role::Password)))
    }

    /// Whether the user has the new hash now; asked outside of any transaction.
    pub(crate) async fn has_new_hash(&self, change: &PasswordChange, budget: Budget) -> Result<bool, SqlError> {
        let rows = self
            .database
            .fetch(&self.sql, &self.args(&change.username), budget)
            .await?;
        Ok(matches!(self.hash(change, rows), Ok(Some(hash)) if hash == change.new.reveal()))
    }
}

/// The hash or secret in a column, if there is one: as text, or as the text's octets.
pub(crate) fn stored_text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Bytes(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
    // CHAR(n) columns pad with blanks; no hash ends in one.
    .map(|text| text.trim().to_owned())
    .filter(|text| !text.is_empty())
}
