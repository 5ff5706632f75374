//! Passwords that were verified a moment ago are not hashed again: `BIND_CACHE_TTL`.
//!
//! What is remembered is one keyed digest of the name, the stored hash and the password together, with a key that this
//! process made and that nobody else has. So a changed hash is never found, and a wrong password is not found either: it
//! costs its hash, whether or not the right one is remembered. Neither password nor hash is kept.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ring::error::Unspecified;
use tokio::time::Instant;

use super::keyed_digest::{Digest, DigestKey};

/// So many are remembered; of more, the oldest are forgotten. One takes about 100 octets.
const MOST: usize = 10_000;

/// Passwords that were verified, for a while.
pub struct BindCache {
    ttl: Duration,
    key: DigestKey,
    verified: Mutex<Verified>,
}

#[derive(Default)]
struct Verified {
    until: HashMap<Digest, Instant>,
    /// In the order in which they end. One that was verified again stands here twice.
    order: VecDeque<(Instant, Digest)>,
}

impl fmt::Debug for BindCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BindCache")
    }
}

/// A name with its stored hash and what was typed, as one digest.
pub struct Remembered(Digest);

impl BindCache {
    /// Remembers for `ttl`.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new(ttl: Duration) -> Result<Self, Unspecified> {
        Ok(BindCache {
            ttl,
            key: DigestKey::new()?,
            verified: Mutex::default(),
        })
    }

    /// The digest of a name with its stored hash and what was typed.
    pub fn digest(&self, username: &str, hash: &str, password: &[u8]) -> Remembered {
        Remembered(self.key.digest(&[username.as_bytes(), hash.as_bytes(), password]))
    }

    /// Whether this was verified a moment ago.
    pub fn knows(&self, remembered: &Remembered) -> bool {
        let now = Instant::now();
        self.lock().until.get(&remembered.0).is_some_and(|until| *until > now)
    }

    /// It has just been verified.
    pub fn remember(&self, remembered: Remembered) {
        let now = Instant::now();
        let until = now + self.ttl;
        let mut verified = self.lock();
        verified.until.insert(remembered.0, until);
        verified.order.push_back((until, remembered.0));
        while let Some((end, digest)) = verified.order.front().copied()
            && (end <= now || verified.order.len() > MOST)
        {
            verified.order.pop_front();
            if verified.until.get(&digest) == Some(&end) {
                verified.until.remove(&digest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TTL: Duration = Duration::from_secs(60);

    fn cache() -> BindCache {
        BindCache::new(TTL).unwrap()
    }

    fn remember(cache: &BindCache, username: &str, hash: &str, password: &str) {
        cache.remember(cache.digest(username, hash, password.as_bytes()));
    }

    fn knows(cache: &BindCache, username: &str, hash: &str, password: &str) -> bool {
        cache.knows(&cache.digest(username, hash, password.as_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_name_hash_and_password_are_known_for_a_while() {
        let cache = cache();
        remember(&cache, "alice", "h1", "secret");
        assert!(knows(&cache, "alice", "h1", "secret"));
        assert!(!knows(&cache, "bob", "h1", "secret"));
        assert!(!knows(&cache, "alice", "h2", "secret"));
        assert!(!knows(&cache, "alice", "h1", "Secret"));
        assert!(!knows(&cache, "alic", "eh1", "secret"));
        assert!(!knows(&cache, "alice", "h1s", "ecret"));
        tokio::time::advance(TTL - Duration::from_millis(1)).await;
        assert!(knows(&cache, "alice", "h1", "secret"));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!knows(&cache, "alice", "h1", "secret"));
    }

    #[test]
    fn each_process_has_its_own_key() {
        let (one, other) = (cache(), cache());
        let digest = |cache: &BindCache| cache.digest("alice", "h1", b"secret").0;
        assert_eq!(digest(&one), digest(&one));
        assert_ne!(digest(&one), digest(&other));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let cache = cache();
        for number in 0..MOST + 10 {
            remember(&cache, &number.to_string(), "h", "p");
        }
        let verified = cache.lock();
        assert_eq!((verified.until.len(), verified.order.len()), (MOST, MOST));
        drop(verified);
        assert!(!knows(&cache, "9", "h", "p"));
        assert!(knows(&cache, "10", "h", "p"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

        /// What is in the map is in the order too, so nothing stays for ever, whoever signs in again and again.
        #[test]
        fn nothing_stays_for_ever(names in prop::collection::vec(0_u16..20, 0..200)) {
            let cache = cache();
            for name in names {
                remember(&cache, &name.to_string(), "h", "p");
                let verified = cache.lock();
                for (digest, until) in &verified.until {
                    prop_assert!(verified.order.contains(&(*until, *digest)));
                }
            }
        }
    }
}
