//! What decides whether a user may bind, read from the columns that are never served.

use crate::model::{time::Timestamp, value::Cell};

/// A user as a bind needs it.
pub struct Account {
    /// The DN of the user's entry, which becomes the session's identity however it was typed.
    pub dn: String,
    /// The stored hash; none when the row has none.
    pub password: Option<String>,
    /// False for pending, suspended, disabled, locked and expired accounts.
    pub may_bind: bool,
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
    /// Whether the account may bind at `now`. What is absent allows, what can not be read refuses.
    pub fn may_bind(&self, now: Timestamp) -> bool {
        !is_refusing_word(&self.status)
            && (is_unset(&self.enabled) || self.enabled.to_boolean() == Some(true))
            && (is_unset(&self.locked) || self.locked.to_boolean() == Some(false))
            && (is_unset(&self.expires_at) || time(&self.expires_at).is_some_and(|expiry| expiry > now))
            && is_password_chain(&self.auth_backends)
    }
}

/// Nothing is there; a value that could not be decoded is not nothing.
fn is_unset(cell: &Cell) -> bool {
    *cell != Cell::Unreadable && cell.is_absent()
}

/// `pending` and `suspended` refuse in any case; deployments use many other words, which do not.
fn is_refusing_word(status: &Cell) -> bool {
    if is_unset(status) {
        return false;
    }
    status.to_text().is_none_or(|word| {
        let word = word.trim();
        ["pending", "suspended"]
            .iter()
            .any(|refusing| word.eq_ignore_ascii_case(refusing))
    })
}

/// A user whose own chain names anything but `sql` can not be authenticated yet: that fails closed.
fn is_password_chain(backends: &Cell) -> bool {
    if is_unset(backends) {
        return true;
    }
    let names: Vec<String> = match backends {
        Cell::List(names) => names
            .iter()
            .map(|name| name.to_text().unwrap_or_default().into_owned())
            .collect(),
        other => other
            .to_text()
            .unwrap_or_default()
            .split(',')
            .map(str::to_owned)
            .collect(),
    };
    names.iter().all(|name| name.trim().eq_ignore_ascii_case("sql"))
}

/// SQLite and some applications store seconds since 1970.
fn time(cell: &Cell) -> Option<Timestamp> {
    match cell {
        Cell::Integer(seconds) => Some(Timestamp {
            seconds: i64::try_from(*seconds).ok()?,
            nanos: 0,
        }),
        other => other.to_time(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp {
        seconds: 1_700_000_000,
        nanos: 0,
    };

    fn may_bind(change: impl FnOnce(&mut AccountColumns)) -> bool {
        let mut columns = AccountColumns::default();
        change(&mut columns);
        columns.may_bind(NOW)
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn what_is_absent_allows() {
        assert!(may_bind(|_| {}));
        assert!(may_bind(|columns| columns.enabled = text("")));
    }

    #[test]
    fn status_refuses_two_words_in_any_case() {
        assert!(!may_bind(|columns| columns.status = text("Pending")));
        assert!(!may_bind(|columns| columns.status = text(" SUSPENDED ")));
        assert!(may_bind(|columns| columns.status = text("active")));
        assert!(may_bind(|columns| columns.status = text("not pending")));
    }

    #[test]
    fn truth_values_come_in_many_forms() {
        for yes in [
            Cell::Boolean(true),
            Cell::Integer(1),
            text("t"),
            text("YES"),
            text("on"),
        ] {
            assert!(may_bind(|columns| columns.enabled = yes.clone()), "{yes:?}");
            assert!(!may_bind(|columns| columns.locked = yes.clone()), "{yes:?}");
        }
        for no in [
            Cell::Boolean(false),
            Cell::Integer(0),
            text("f"),
            text("No"),
            text("off"),
        ] {
            assert!(!may_bind(|columns| columns.enabled = no.clone()), "{no:?}");
            assert!(may_bind(|columns| columns.locked = no.clone()), "{no:?}");
        }
    }

    #[test]
    fn what_can_not_be_read_refuses() {
        for unreadable in [
            Cell::Unreadable,
            Cell::Bytes(vec![0xff]),
            Cell::List(vec![text("a"), text("b")]),
        ] {
            assert!(
                !may_bind(|columns| columns.status = unreadable.clone()),
                "{unreadable:?}"
            );
            assert!(
                !may_bind(|columns| columns.enabled = unreadable.clone()),
                "{unreadable:?}"
            );
            assert!(
                !may_bind(|columns| columns.locked = unreadable.clone()),
                "{unreadable:?}"
            );
            assert!(
                !may_bind(|columns| columns.expires_at = unreadable.clone()),
                "{unreadable:?}"
            );
            assert!(
                !may_bind(|columns| columns.auth_backends = unreadable.clone()),
                "{unreadable:?}"
            );
        }
        assert!(!may_bind(|columns| columns.enabled = text("perhaps")));
        assert!(!may_bind(|columns| columns.locked = text("perhaps")));
        assert!(!may_bind(|columns| columns.expires_at = text("soon")));
    }

    #[test]
    fn expiry_is_a_time_in_the_past() {
        let at = |seconds| Cell::Time(Timestamp { seconds, nanos: 0 });
        assert!(!may_bind(|columns| columns.expires_at = at(1_699_999_999)));
        assert!(may_bind(|columns| columns.expires_at = at(1_700_000_001)));
        assert!(!may_bind(|columns| columns.expires_at = text("2020-01-01 00:00:00")));
        assert!(may_bind(|columns| columns.expires_at = text("2120-01-01")));
    }

    #[test]
    fn a_chain_we_do_not_have_fails_closed() {
        assert!(may_bind(|columns| columns.auth_backends = text("sql")));
        assert!(!may_bind(|columns| columns.auth_backends = text("sql,notification")));
        assert!(!may_bind(|columns| columns.auth_backends = text("ldap")));
    }
}
