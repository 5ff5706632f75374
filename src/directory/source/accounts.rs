//! Finds the account that a user binds with.

use crate::{
    config::{RefusedWords, Secret},
    directory::{
        account::{Account, AccountColumns, AccountOutcome},
        fetch::none_for_the_name,
        kind::{USERS, role::Role},
        naming::tree::Name,
        source::{listing::Listing, one_user::OneUser},
    },
    model::{time::Timestamp, value::Cell},
    sql::{Budget, SqlError},
};
use std::sync::Arc;

pub(crate) use super::password_row::stored_text;

/// Finds accounts.
pub(crate) struct Accounts {
    users: Arc<Listing>,
    one_user: Option<Arc<OneUser>>,
}

impl Accounts {
    /// Accounts of these users, read by the one-user query.
    pub fn new(users: Arc<Listing>, one_user: Option<Arc<OneUser>>) -> Self {
        Accounts { users, one_user }
    }

    /// The one-user query, where it can be asked.
    pub fn one_user(&self) -> Option<&OneUser> {
        self.one_user.as_deref()
    }

    /// The account of the user with this name. All spellings are always looked at, so that nobody becomes `alice` by
    /// registering `Alice`; the row of the one-user query is needed too, so a condition there is honoured.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn find(&self, name: &Name, refused: &RefusedWords, budget: Budget) -> Result<AccountOutcome, SqlError> {
        let found = self.users.find_in_any_spelling(name, budget).await?;
        let maker = self.users.maker();
        let projection = maker.projection();
        let found = found.and_then(|row| Some((projection.name(&row)?, projection.number(&row))));
        // Also for a name that nobody has: an unknown user must not be answered sooner.
        let spelled = found.as_ref().map_or(name.spelled.as_str(), |(spelled, _)| spelled);
        let Some(one_user) = &self.one_user else {
            return Ok(AccountOutcome::Unknown("SQL_QUERY_ONE_USER cannot be asked"));
        };
        let rows = one_user.account_rows(spelled, budget).await;
        let Some((spelled, number)) = found else {
            none_for_the_name(rows)?;
            return Ok(AccountOutcome::Unknown(""));
        };
        // The name is one that all-users has: what does not fit is not the client's doing, and no wrong password.
        let rows = rows?;
        let own = one_user.account_projection();
        let mut own_rows = rows.into_iter().filter(|row| {
            own.name(row).as_ref() == Some(&spelled)
                && (own.position(Role::Number).is_none() || own.number(row) == number)
        });
        let Some(mut row) = own_rows.next() else {
            return Ok(AccountOutcome::Unknown("SQL_QUERY_ONE_USER has no such row"));
        };
        // Of two that differ nobody can say whose password is meant.
        if own_rows.any(|other| other != row) {
            return Ok(AccountOutcome::Unknown(
                "SQL_QUERY_ONE_USER has several rows that differ",
            ));
        }
        let password = own.take(&mut row, Role::Password);
        let has_password = password == Cell::Unreadable || !password.is_absent();
        let password = stored_text(password);
        let totp_secret = stored_text(own.take(&mut row, Role::TotpSecret));
        let columns = AccountColumns::take(own, &mut row);
        Ok(AccountOutcome::Account(Account {
            dn: maker.tree().entry_dn(&USERS, &spelled),
            username: spelled,
            number,
            password_unreadable: has_password && password.is_none(),
            password: password.map(Secret::new),
            totp_secret: totp_secret.map(Secret::new),
            own_chain: columns.own_chain().unwrap_or_default(),
            refusal: columns.refusal(refused, Timestamp::now()),
        }))
    }
}
