//! The codes that have been used: each lets in once (RFC 6238 5.2).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The most codes that are remembered. So many people cannot sign in within the time that a code lasts.
pub const MOST_CODES: usize = 65_536;
/// A code is remembered so much longer than it can be accepted, in seconds: the clock may be set back.
const MARGIN: u64 = 10 * 60;

/// The codes that have been used, of all users. Of one replica: the other does not know of them.
#[derive(Debug, Default)]
pub(super) struct UsedCodes(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    /// By the user's name: the codes, each with the second at which it is forgotten.
    of_users: HashMap<String, Vec<(Vec<u8>, u64)>>,
    codes: usize,
    /// With so many codes the old ones are looked for.
    tidy_at: usize,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It was not used before, and is now.
    First,
    /// It was used before.
    Again,
    /// So many codes are remembered that this one could not be: it is not used.
    TooMany,
}

impl UsedCodes {
    /// Uses a code that would be accepted until the second `end`; `now` in the same count. Of several at the same time one is
    /// the first.
    pub fn use_up(&self, user: &str, code: &[u8], end: u64, now: u64) -> Use {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.codes >= used.tidy_at.clamp(64, MOST_CODES) {
            used.tidy(now);
        }
        if used
            .of_users
            .get(user)
            .is_some_and(|codes| codes.iter().any(|(used, _)| used == code))
        {
            return Use::Again;
        }
        if used.codes >= MOST_CODES {
            return Use::TooMany;
        }
        let codes = used.of_users.entry(user.to_owned()).or_default();
        codes.push((code.to_vec(), end.saturating_add(MARGIN)));
        used.codes += 1;
        Use::First
    }
}

impl Used {
    fn tidy(&mut self, now: u64) {
        self.of_users.retain(|_, codes| {
            codes.retain(|(_, forgotten)| *forgotten > now);
            !codes.is_empty()
        });
        self.codes = self.of_users.values().map(Vec::len).sum();
        self.tidy_at = 2 * self.codes;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_code_lets_in_once() {
        let used = UsedCodes::default();
        assert_eq!(used.use_up("alice", b"123456", 90, 10), Use::First);
        assert_eq!(used.use_up("alice", b"123456", 90, 11), Use::Again);
        assert_eq!(used.use_up("bob", b"123456", 90, 11), Use::First);
        assert_eq!(used.use_up("alice", b"654321", 120, 11), Use::First);
        // The clock was set on, and back again.
        assert_eq!(used.use_up("alice", b"123456", 90, 80), Use::Again);
        assert_eq!(used.use_up("alice", b"123456", 90, 10), Use::Again);
    }

    #[test]
    fn of_many_at_the_same_time_one_is_the_first() {
        let used = Arc::new(UsedCodes::default());
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let used = Arc::clone(&used);
                std::thread::spawn(move || used.use_up("alice", b"123456", 90, 10))
            })
            .collect();
        let outcomes: Vec<Use> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Use::First).count(), 1);
    }

    #[test]
    fn memory_is_bounded_and_a_full_one_admits_nobody_twice() {
        let used = UsedCodes::default();
        for number in 0..MOST_CODES {
            assert_eq!(used.use_up(&number.to_string(), b"123456", 90, 10), Use::First);
        }
        assert_eq!(used.use_up("alice", b"123456", 90, 10), Use::TooMany);
        assert_eq!(used.use_up("7", b"123456", 90, 10), Use::Again);
        // When they are too old to be accepted there is room again.
        assert_eq!(used.use_up("alice", b"123456", 2090, 2000), Use::First);
        assert_eq!(used.0.lock().unwrap().codes, 1);
    }
}
