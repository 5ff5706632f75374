//! What a bind knows of an account, and whether its columns refuse it.

use crate::{
    config::{RefusedWords, Secret, names},
    directory::{
        account::{
            expiry::expiry,
            status::{Standing, is_unset},
        },
        error::DirectoryError,
        kind::role::Role,
        mapping::projection::Projection,
        naming::tree::Name,
    },
    model::{time::Timestamp, value::Cell},
    sql::Budget,
};
use futures::future::BoxFuture;
use std::fmt;

/// A user as a bind needs it.
pub struct Account {
    /// The DN of the user's entry, which becomes the session's identity however it was typed.
    pub dn: String,
    /// The user's name, as the entry spells it.
    pub username: String,
    /// The user's number; none where the row has none.
    pub number: Option<i128>,
    /// The stored hash; none when the row has none.
    pub password: Option<Secret>,
    /// There is something in the password column that is no text.
    pub password_unreadable: bool,
    /// The secret of the codes that change with time; none when the row has none, or one that is no text.
    pub totp_secret: Option<Secret>,
    /// The links of a chain of the user's own; empty where the user has none.
    pub own_chain: Vec<String>,
    /// Why the account may not bind, whatever the password; none when it may.
    pub refusal: Option<Refusal>,
}

/// What a bind DN was found to mean.
pub enum AccountOutcome {
    /// A user.
    Account(Account),
    /// No user's DN.
    NotAUser,
    /// A user's DN, and no such user; the text says more where there is more to say.
    Unknown(&'static str),
}

/// Where accounts come from.
pub trait AccountSource: Send + Sync {
    /// The account of the user with this name. `refused` are the words of a status that refuse binds.
    fn account<'a>(
        &'a self,
        name: &'a Name,
        refused: &'a RefusedWords,
        budget: Budget,
    ) -> BoxFuture<'a, Result<AccountOutcome, DirectoryError>>;
}

/// Why an account may not bind. It is written to the server's log and never told to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The word of `status` that refuses.
    Status(String),
    /// `enabled` says no.
    Disabled,
    /// `locked` says yes.
    Locked,
    /// `expires_at` is past.
    Expired,
    /// The value of this column cannot be read.
    Unreadable(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Status(word) => write!(f, "status {word}"),
            Refusal::Disabled => f.write_str("disabled"),
            Refusal::Locked => f.write_str("locked"),
            Refusal::Expired => f.write_str("expired"),
            Refusal::Unreadable(column) => write!(f, "{column} cannot be read"),
        }
    }
}

/// The account columns of one row; absent columns are [`Cell::Null`].
#[derive(Debug, Default)]
pub struct AccountColumns {
    /// `status`.
    pub status: Cell,
    /// `enabled`.
    pub enabled: Cell,
    /// `locked`.
    pub locked: Cell,
    /// `expires_at`.
    pub expires_at: Cell,
    /// `auth_backends`.
    pub auth_backends: Cell,
}

impl AccountColumns {
    /// The account columns of a row, taken out of it.
    pub fn take(projection: &Projection, row: &mut [Cell]) -> Self {
        AccountColumns {
            status: projection.take(row, Role::Status),
            enabled: projection.take(row, Role::Enabled),
            locked: projection.take(row, Role::Locked),
            expires_at: projection.take(row, Role::ExpiresAt),
            auth_backends: projection.take(row, Role::AuthBackends),
        }
    }

    /// Why the account may not bind at `now`. What is absent allows, what cannot be read refuses.
    pub fn refusal(&self, words: &RefusedWords, now: Timestamp) -> Option<Refusal> {
        let status = || match words.judge(&self.status) {
            Standing::Allowed => None,
            Standing::Refused(word) => Some(Refusal::Status(word)),
            Standing::Unreadable => Some(Refusal::Unreadable("status")),
        };
        let enabled = || refuses(&self.enabled, false, Refusal::Disabled, "enabled");
        let locked = || refuses(&self.locked, true, Refusal::Locked, "locked");
        let expired = || {
            if is_unset(&self.expires_at) {
                return None;
            }
            match expiry(&self.expires_at) {
                Some(expiry) if expiry > now => None,
                Some(_) => Some(Refusal::Expired),
                None => Some(Refusal::Unreadable("expires_at")),
            }
        };
        let chain = || {
            self.own_chain()
                .is_none()
                .then_some(Refusal::Unreadable("auth_backends"))
        };
        status()
            .or_else(enabled)
            .or_else(locked)
            .or_else(expired)
            .or_else(chain)
    }

    /// The links of a chain of the user's own, which replaces that of all. Empty items are none, and where nothing is left
    /// there is no such chain. None where the value cannot be read.
    pub fn own_chain(&self) -> Option<Vec<String>> {
        if is_unset(&self.auth_backends) {
            return Some(Vec::new());
        }
        let items = self.auth_backends.items().filter(|item| !is_unset(item));
        let texts: Option<Vec<_>> = items.map(Cell::to_text).collect();
        let texts = texts?;
        Some(texts.iter().flat_map(|text| names(text)).map(str::to_owned).collect())
    }
}

/// The refusal of a column that refuses when it is `refusing`.
fn refuses(cell: &Cell, refusing: bool, refusal: Refusal, column: &'static str) -> Option<Refusal> {
    if is_unset(cell) {
        return None;
    }
    match truth(cell) {
        Some(value) => (value == refusing).then_some(refusal),
        None => Some(Refusal::Unreadable(column)),
    }
}

/// A negative number is a truth value to some and the opposite to others.
fn truth(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Integer(number) if *number < 0 => None,
        other => other.to_boolean(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::directory::account::decision::*;

    const NOW: Timestamp = Timestamp {
        seconds: 1_700_000_000,
        nanos: 0,
    };

    fn refusal(change: impl FnOnce(&mut AccountColumns)) -> Option<Refusal> {
        let mut columns = AccountColumns::default();
        change(&mut columns);
        columns.refusal(&RefusedWords::new(["pending", "banned"]), NOW)
    }

    fn may_bind(change: impl FnOnce(&mut AccountColumns)) -> bool {
        refusal(change).is_none()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn what_is_absent_allows() {
        assert!(may_bind(|_| {}));
        assert!(may_bind(|columns| columns.enabled = text("")));
        assert!(may_bind(|columns| columns.expires_at = Cell::List(Vec::new())));
    }

    #[test]
    fn status_refuses_the_words_of_a_list() {
        assert_eq!(
            refusal(|columns| columns.status = text(" PENDING ")),
            Some(Refusal::Status("pending".to_owned()))
        );
        assert!(may_bind(|columns| columns.status = text("active")));
        assert!(may_bind(|columns| columns.status = text("not pending")));
    }

    #[test]
    fn truth_values_come_in_many_forms() {
        for yes in [
            Cell::Boolean(true),
            Cell::Integer(1),
            Cell::Integer(2),
            Cell::Bytes(vec![1]),
            text("t"),
            text("YES "),
            text("on"),
        ] {
            assert!(may_bind(|columns| columns.enabled = yes.clone()), "{yes:?}");
            assert_eq!(
                refusal(|columns| columns.locked = yes.clone()),
                Some(Refusal::Locked),
                "{yes:?}"
            );
        }
        for no in [
            Cell::Boolean(false),
            Cell::Integer(0),
            Cell::Bytes(vec![0]),
            text("f"),
            text(" No"),
            text("off"),
        ] {
            assert_eq!(
                refusal(|columns| columns.enabled = no.clone()),
                Some(Refusal::Disabled),
                "{no:?}"
            );
            assert!(may_bind(|columns| columns.locked = no.clone()), "{no:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_refuses() {
        for unreadable in [
            Cell::Unreadable,
            Cell::Bytes(vec![0xff]),
            Cell::List(vec![text("a"), text("b")]),
            Cell::List(vec![Cell::Unreadable]),
        ] {
            let refused = |column, change: fn(&mut AccountColumns, Cell)| {
                assert_eq!(
                    refusal(|columns| change(columns, unreadable.clone())),
                    Some(Refusal::Unreadable(column)),
                    "{unreadable:?}"
                );
            };
            refused("status", |columns, cell| columns.status = cell);
            refused("enabled", |columns, cell| columns.enabled = cell);
            refused("locked", |columns, cell| columns.locked = cell);
            refused("expires_at", |columns, cell| columns.expires_at = cell);
        }
        for unreadable in [
            Cell::Unreadable,
            Cell::Bytes(vec![0xff]),
            Cell::List(vec![text("sql"), Cell::Unreadable]),
        ] {
            assert_eq!(
                refusal(|columns| columns.auth_backends = unreadable.clone()),
                Some(Refusal::Unreadable("auth_backends"))
            );
        }
        for odd in ["perhaps", "2", "1.0", "00", "-1", "wahr", "TRUE!", "  "] {
            assert!(!may_bind(|columns| columns.enabled = text(odd)), "{odd}");
            assert!(!may_bind(|columns| columns.locked = text(odd)), "{odd}");
        }
        assert!(!may_bind(|columns| columns.enabled = Cell::Integer(-1)));
        assert!(!may_bind(|columns| columns.locked = Cell::Integer(-1)));
        assert!(!may_bind(|columns| columns.expires_at = text("soon")));
        assert!(!may_bind(|columns| columns.expires_at = text("  ")));
    }

    #[test]
    fn expiry_is_a_time_in_the_past() {
        let at = |seconds, nanos| Cell::Time(Timestamp { seconds, nanos });
        assert!(!may_bind(|columns| columns.expires_at = at(1_699_999_999, 0)));
        assert!(!may_bind(|columns| columns.expires_at = at(1_700_000_000, 0)));
        assert!(may_bind(|columns| columns.expires_at = at(1_700_000_000, 1)));
        assert!(!may_bind(|columns| columns.expires_at = text("2020-01-01 00:00:00")));
        assert!(may_bind(|columns| columns.expires_at = text("2120-01-01")));
        for yesterday in [1_699_913_600, 1_699_913_600_000, 1_699_913_600_000_000_i128] {
            assert!(!may_bind(|columns| columns.expires_at = Cell::Integer(yesterday)));
            assert!(!may_bind(|columns| columns.expires_at = text(&yesterday.to_string())));
            let tomorrow = yesterday + yesterday / 10_000;
            assert!(may_bind(|columns| columns.expires_at = Cell::Integer(tomorrow)));
        }
    }

    proptest::proptest! {
        /// Once expired, always expired.
        #[test]
        fn expiry_is_monotone_in_time(value: i64, earlier in 0..4_000_000_000_i64, later in 0..4_000_000_000_i64) {
            proptest::prop_assume!(earlier <= later);
            let columns = AccountColumns { expires_at: Cell::Integer(value.into()), ..AccountColumns::default() };
            let refused = |seconds| columns.refusal(&RefusedWords::new([]), Timestamp { seconds, nanos: 0 }).is_some();
            proptest::prop_assert!(!refused(earlier) || refused(later));
        }
    }

    #[test]
    fn a_chain_of_ones_own_is_a_list_of_names() {
        let chain = |cell: Cell| {
            let columns = AccountColumns {
                auth_backends: cell,
                ..AccountColumns::default()
            };
            columns.own_chain()
        };
        for none in [
            Cell::Null,
            text(""),
            text(","),
            text(" , , "),
            Cell::List(vec![text(""), text(" "), Cell::Null]),
        ] {
            assert_eq!(chain(none.clone()), Some(Vec::new()), "{none:?}");
        }
        let sql = Some(vec!["sql".to_owned()]);
        for cell in [
            text("sql"),
            text("sql,"),
            text(" ,sql"),
            Cell::List(vec![text("sql"), text(""), Cell::Null]),
        ] {
            assert_eq!(chain(cell.clone()), sql, "{cell:?}");
        }
        assert_eq!(
            chain(text("sql, totp")),
            Some(vec!["sql".to_owned(), "totp".to_owned()])
        );
        assert_eq!(chain(text("sql totp")), Some(vec!["sql totp".to_owned()]));
        assert_eq!(chain(Cell::List(vec![text("sql"), Cell::Bytes(vec![0xff])])), None);
        assert_eq!(chain(Cell::List(vec![text("sql"), Cell::Unreadable])), None);
    }
}
