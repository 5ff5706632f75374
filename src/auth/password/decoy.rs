//! What is hashed for a name that has no hash: the scheme that a user of this name might have.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use super::{
    argon2,
    password_hash::{PasswordHash, Scheme},
};

/// So many users are remembered, of all that were seen: those whose names have the smallest digests.
const SAMPLE: usize = 1_024;
/// So many kinds of hashes are told apart.
const KINDS: usize = 64;

/// A scheme with its cost, and the lengths of salt and hash: what decides how long a verification takes.
struct Kind {
    scheme: Arc<dyn Scheme>,
    /// Scheme and cost as text, by which they are compared.
    text: String,
    salt: usize,
    hash: usize,
    /// How many users of the sample have it.
    users: u32,
    /// Differs from kind to kind, and stays while the kind is known.
    number: u64,
}

/// The kinds of hashes that were seen here, never a salt, a hash or a name.
///
/// A name without a hash is always given the same kind, and of many such names each kind gets its share, as it has among
/// users. So neither one bind nor many tell such a name from a user's.
pub(super) struct Decoys {
    kinds: Vec<Kind>,
    /// By the digest of a user's name, the number of the kind. Kept: the smallest digests.
    sample: BTreeMap<u64, u64>,
    last_number: u64,
    keys: RandomState,
}

impl Default for Decoys {
    fn default() -> Self {
        Decoys {
            kinds: Vec::new(),
            sample: BTreeMap::new(),
            last_number: 0,
            keys: RandomState::new(),
        }
    }
}

impl Decoys {
    /// A user's hash was seen. Those that are too large to be wasted on names of nobody are left out.
    pub(super) fn saw(&mut self, name: &str, hash: &PasswordHash) {
        let digest = self.keys.hash_one(name);
        let known = self.sample.get(&digest).copied();
        let is_sampled = self.sample.len() < SAMPLE
            || known.is_some()
            || self.sample.last_key_value().is_some_and(|(last, _)| digest < *last);
        if hash.is_large() || !is_sampled {
            return;
        }
        let Some(number) = self.kind(hash) else { return };
        if known == Some(number) {
            return;
        }
        let replaced = self.sample.insert(digest, number);
        let pushed_out = (self.sample.len() > SAMPLE).then(|| self.sample.pop_last()).flatten();
        self.count(number, 1);
        for less in [replaced, pushed_out.map(|(_, number)| number)].into_iter().flatten() {
            self.count(less, -1);
        }
        self.kinds.retain(|kind| kind.users > 0);
    }

    /// The kind's number; none where there are too many kinds.
    fn kind(&mut self, hash: &PasswordHash) -> Option<u64> {
        let text = format!("{:?}", hash.scheme);
        let same = |kind: &&Kind| kind.salt == hash.salt.len() && kind.hash == hash.hash.len() && kind.text == text;
        if let Some(kind) = self.kinds.iter().find(same) {
            return Some(kind.number);
        }
        if self.kinds.len() >= KINDS {
            return None;
        }
        self.last_number += 1;
        self.kinds.push(Kind {
            scheme: Arc::clone(&hash.scheme),
            text,
            salt: hash.salt.len(),
            hash: hash.hash.len(),
            users: 0,
            number: self.last_number,
        });
        Some(self.last_number)
    }

    fn count(&mut self, number: u64, change: i32) {
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.number == number) {
            kind.users = kind.users.saturating_add_signed(change);
        }
    }

    /// What to hash for a name that has no hash. While none was seen, it is what `hash-password` makes.
    pub(super) fn of(&self, name: &str) -> PasswordHash {
        // Weighted rendezvous hashing: each kind draws a number for the name, the lowest wins. Where the shares change a
        // little, few names change their kind.
        let draw = |kind: &&Kind| {
            let digest = self.keys.hash_one((name, kind.number));
            let uniform = (digest as f64 + 1.0) / (u64::MAX as f64 + 2.0);
            -uniform.ln() / f64::from(kind.users)
        };
        let chosen = self.kinds.iter().min_by(|one, other| draw(one).total_cmp(&draw(other)));
        match chosen {
            Some(kind) => PasswordHash {
                scheme: Arc::clone(&kind.scheme),
                salt: vec![b'.'; kind.salt],
                hash: vec![0; kind.hash],
            },
            None => argon2::default_decoy(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::auth::password::schemes;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const MD5: &str = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/";
    const SHA: &str = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
    const SSHA512: &str =
        "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
    const LARGE: &str = "$argon2id$v=19$m=262144,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn parsed(stored: &str) -> PasswordHash {
        schemes::parse(stored).ok().unwrap()
    }

    fn kind(hash: &PasswordHash) -> String {
        format!("{:?} {} {}", hash.scheme, hash.salt.len(), hash.hash.len())
    }

    fn shares(decoys: &Decoys) -> HashMap<String, u32> {
        let mut shares = HashMap::new();
        for number in 0..10_000 {
            *shares.entry(kind(&decoys.of(&format!("nobody{number}")))).or_default() += 1;
        }
        shares
    }

    #[test]
    fn before_any_hash_was_seen_it_is_what_we_make() {
        assert_eq!(kind(&Decoys::default().of("x")), kind(&argon2::default_decoy()));
    }

    #[test]
    fn nothing_of_the_user_is_in_a_decoy() {
        let mut decoys = Decoys::default();
        decoys.saw("alice", &parsed(MD5));
        let decoy = decoys.of("nobody");
        assert_eq!(kind(&decoy), kind(&parsed(MD5)));
        assert_ne!(decoy.salt, parsed(MD5).salt);
        assert_ne!(decoy.hash, parsed(MD5).hash);
    }

    #[test]
    fn each_kind_has_among_unknown_names_the_share_that_it_has_among_users() {
        let mut decoys = Decoys::default();
        // Three of four users have MD5, whoever binds how often.
        for user in 0..400 {
            let stored = if user % 4 == 0 { SSHA512 } else { MD5 };
            decoys.saw(&format!("user{user}"), &parsed(stored));
        }
        for _ in 0..5_000 {
            decoys.saw("user0", &parsed(SSHA512));
        }
        let shares = shares(&decoys);
        let of = |stored| shares[&kind(&parsed(stored))];
        assert!((7_200..7_800).contains(&of(MD5)), "{shares:?}");
        assert!((2_200..2_800).contains(&of(SSHA512)), "{shares:?}");
    }

    #[test]
    fn a_name_keeps_its_kind_and_few_change_it_where_the_shares_change() {
        let mut decoys = Decoys::default();
        for user in 0..1_000 {
            decoys.saw(&format!("user{user}"), &parsed(if user % 2 == 0 { SHA } else { MD5 }));
        }
        let of = |decoys: &Decoys| {
            (0..1_000)
                .map(|name| kind(&decoys.of(&format!("no{name}"))))
                .collect::<Vec<_>>()
        };
        let before = of(&decoys);
        assert_eq!(before, of(&decoys));
        for user in 0..20 {
            decoys.saw(&format!("user{user}"), &parsed(SSHA512));
        }
        let changed = before
            .iter()
            .zip(of(&decoys))
            .filter(|(before, after)| *before != after)
            .count();
        assert!((1..60).contains(&changed), "{changed}");
    }

    #[test]
    fn hashes_that_take_much_memory_are_no_decoys() {
        let mut decoys = Decoys::default();
        decoys.saw("rich", &parsed(LARGE));
        assert_eq!(kind(&decoys.of("nobody")), kind(&argon2::default_decoy()));
        decoys.saw("poor", &parsed(MD5));
        assert_eq!(shares(&decoys).into_keys().collect::<Vec<_>>(), [kind(&parsed(MD5))]);
    }

    #[test]
    fn a_kind_that_nobody_has_any_more_is_forgotten() {
        let mut decoys = Decoys::default();
        decoys.saw("alice", &parsed(MD5));
        decoys.saw("alice", &parsed(SHA));
        assert_eq!(shares(&decoys).into_keys().collect::<Vec<_>>(), [kind(&parsed(SHA))]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        /// Whatever is seen, memory is bounded and the counts are those of the sample.
        #[test]
        fn the_sample_is_bounded(users in prop::collection::vec((0_u32..3_000, 1_u32..100), 0..3_000)) {
            let mut decoys = Decoys::default();
            for (user, rounds) in users {
                let stored = format!("{{PBKDF2-SHA256}}{rounds}$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
                decoys.saw(&user.to_string(), &parsed(&stored));
                prop_assert!(decoys.sample.len() <= SAMPLE && decoys.kinds.len() <= KINDS);
            }
            for kind in &decoys.kinds {
                let users = decoys.sample.values().filter(|number| **number == kind.number).count();
                prop_assert_eq!(users, usize::try_from(kind.users).unwrap());
            }
            prop_assert_eq!(decoys.kinds.iter().map(|kind| kind.users).sum::<u32>() as usize, decoys.sample.len());
        }
    }
}
