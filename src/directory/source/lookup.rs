//! Finding one entry by name, and one account for a bind, however the name was spelled.
//!
//! uid and cn are caseIgnoreMatch while most databases compare exactly: the spelling that was asked for and its
//! lower case are tried by the fast query first, and only a miss looks at every spelling.

use crate::{
    config::RefusedWords,
    directory::{
        Directory,
        account::{Account, AccountColumns, AccountOutcome, AccountSource},
        error::DirectoryError,
        fetch::none_for_the_name,
        kind::{Kind, role::Role},
        naming::tree::Name,
        source::{
            duplicates::Precedence,
            listing::{Key, Listing},
        },
    },
    model::{time::Timestamp, value::Cell},
    sql::{Budget, Predicate, Row},
};
use futures::future::BoxFuture;

/// Rows of a superset read at a time; more than one chunk only where many names are not plain ASCII.
const SPELLINGS: u32 = 500;

impl Directory {
    /// The row of the entry with this name; none when there is no such entry.
    pub(crate) async fn find(&self, kind: Kind, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        let found = match kind {
            Kind::User => match &self.one_user {
                Some(one_user) => one_user.find(name, budget).await?,
                None => None,
            },
            Kind::Group => self.groups.find_spelled(name, budget).await?,
            Kind::PrivateGroup => {
                let found = Box::pin(self.any_group(name, budget)).await?;
                return Ok(found
                    .filter(|(kind, _)| *kind == Kind::PrivateGroup)
                    .map(|(_, row)| row));
            }
        };
        if found.is_some() {
            return Ok(found);
        }
        let source = self.source(kind);
        Box::pin(self.any_spelling(source, name, budget)).await
    }

    /// The rows of one kind.
    pub(crate) fn source(&self, kind: Kind) -> &Listing {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
            // Without them nothing asks for theirs (`Directory::kinds`).
            Kind::PrivateGroup => self.private_source.as_ref().unwrap_or(&self.groups),
        }
    }

    /// Of all rows whose name equals the asked one under caseIgnoreMatch, the one with the lowest number.
    async fn any_spelling(&self, source: &Listing, name: &Name, budget: Budget) -> Result<Option<Row>, DirectoryError> {
        let projection = source.maker().projection();
        let predicate = Predicate::EqualsIgnoreCase {
            column: source.name_column(),
            prepared: name.prepared.clone(),
        };
        let mut best: Option<(Precedence, Row)> = None;
        let mut after: Option<Key> = None;
        loop {
            let chunk = source.chunk(&predicate, after.as_ref(), SPELLINGS, budget).await?;
            for row in chunk.rows {
                if let Some(precedence) = Precedence::of(projection, &row, name)
                    && best.as_ref().is_none_or(|(least, _)| precedence < *least)
                {
                    best = Some((precedence, row));
                }
            }
            after = chunk.next;
            if after.is_none() {
                return Ok(best.map(|(_, row)| row));
            }
        }
    }

    /// The account of the user with this name. All spellings are always looked at, so that nobody becomes `alice` by
    /// registering `Alice`; the row of the one-user query is needed too, so a condition there is honoured.
    async fn account_named(
        &self,
        name: &Name,
        refused: &RefusedWords,
        budget: Budget,
    ) -> Result<AccountOutcome, DirectoryError> {
        let winner = self.any_spelling(&self.users, name, budget).await?;
        let projection = self.users.maker().projection();
        let winner = winner.and_then(|row| Some((projection.name(&row)?, projection.number(&row))));
        // Also for a name that nobody has: an unknown user must not be answered sooner.
        let spelled = winner.as_ref().map_or(name.spelled.as_str(), |(spelled, _)| spelled);
        let Some(one_user) = &self.one_user else {
            return Ok(AccountOutcome::Unknown("SQL_QUERY_ONE_USER cannot be asked"));
        };
        let rows = one_user.account_rows(spelled, budget).await;
        let Some((spelled, number)) = winner else {
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
        let password = stored_hash(password);
        Ok(AccountOutcome::Account(Account {
            dn: self.tree.entry_dn(Kind::User, &spelled),
            password_unreadable: has_password && password.is_none(),
            password,
            refusal: AccountColumns::take(own, &mut row).refusal(refused, Timestamp::now()),
        }))
    }
}

impl AccountSource for Directory {
    fn account<'a>(
        &'a self,
        name: &'a Name,
        refused: &'a RefusedWords,
        budget: Budget,
    ) -> BoxFuture<'a, Result<AccountOutcome, DirectoryError>> {
        Box::pin(self.account_named(name, refused, budget))
    }
}

/// Binary columns hold hashes too.
pub(crate) fn stored_hash(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Bytes(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
    // CHAR(n) columns pad with blanks; no hash ends in one.
    .map(|hash| hash.trim().to_owned())
    .filter(|hash| !hash.is_empty())
}
