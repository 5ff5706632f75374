//! What entries show of an account, in the words of clients: the day on which it ends, and whether it may bind.

use crate::{
    config::RefusedWords,
    directory::{
        account::{decision::AccountColumns, expiry::expiry, status::is_unset},
        kind::role::Role,
        mapping::{account_state::AccountState, projection::Projection},
    },
    model::{time::Timestamp, value::Cell},
};

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// The account columns among those that entries are made of.
#[derive(Debug)]
pub(crate) struct ShownState {
    projection: Projection,
    words: RefusedWords,
}

impl ShownState {
    /// Those of rows that `projection` describes. `words` are those of a status that refuse.
    pub fn new(projection: &Projection, words: &RefusedWords) -> Self {
        ShownState {
            projection: projection.clone(),
            words: words.clone(),
        }
    }
}

impl AccountState for ShownState {
    fn is_locked(&self, row: &[Cell]) -> bool {
        let cell = |role| self.projection.cell(row, role).cloned().unwrap_or_default();
        let columns = AccountColumns {
            status: cell(Role::Status),
            enabled: cell(Role::Enabled),
            locked: cell(Role::Locked),
            expires_at: cell(Role::ExpiresAt),
            auth_backends: Cell::Null,
        };
        columns.refusal(&self.words, Timestamp::now()).is_some()
    }

    /// shadow(5) counts whole days, and clients take an account for ended from the beginning of this one: early, never late.
    /// Days before 1970 mean "never" to them, and so does day 0. What cannot be read ended long ago.
    fn expiry_day(&self, row: &[Cell]) -> Option<i64> {
        let cell = self.projection.cell(row, Role::ExpiresAt)?;
        if is_unset(cell) {
            return None;
        }
        let day = expiry(cell).map_or(1, |expiry| expiry.seconds.div_euclid(DAY));
        Some(day.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::mapping::columns::ColumnUse;

    #[test]
    fn the_day_is_early_and_never_means_never_by_mistake() {
        let columns = [ColumnUse {
            column: "expires_at".to_owned(),
            role: Ok(Role::ExpiresAt),
        }];
        let projection = Projection::of_entries(&columns, &[Role::ExpiresAt]);
        let state = ShownState::new(&projection, &RefusedWords::new([]));
        let text = |text: &str| Cell::Text(text.to_owned());
        for (cell, day, locked) in [
            (Cell::Null, None, false),
            (text(""), None, false),
            (text("2100-01-01"), Some(47_482), false),
            (text("2100-01-01 23:59:59"), Some(47_482), false),
            (text("2020-01-01"), Some(18_262), true),
            (Cell::Integer(0), Some(1), true),
            (Cell::Integer(-86_400), Some(1), true),
            (text("next year"), Some(1), true),
            (Cell::Unreadable, Some(1), true),
        ] {
            let row = [cell];
            assert_eq!(
                (state.expiry_day(&row), state.is_locked(&row)),
                (day, locked),
                "{row:?}"
            );
        }
    }
}
