//! The failures that are remembered, and what they say about the next bind.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use super::{
    pace::{Failures, Moment, Pace, millis},
    table::{Entry, Owner, Table},
};
use crate::auth::{source_network::SourceNetwork, standing::Standing};

/// Entries of each table. One takes at most 48 octets.
const ENTRIES: usize = 65_536;
/// The sources from which an account has signed in stand in so many sets of the table at most: there is room for those of a
/// service account, and nobody who has a password can push out those of many others.
const PARTS: u64 = 512;
/// All failures that cost nothing: guessing from very many addresses at very many accounts.
const ALL_FREE: u32 = 1_000;
/// So many binds of one source may be under way at a time at accounts that have not signed in from there: those that have
/// wait behind no more.
const UNDER_WAY: u64 = 32;
/// After each of these times one failure is forgotten: of those at one account, of those of one source, of all.
const ACCOUNT_FORGETS: Duration = Duration::from_secs(60);
const SOURCE_FORGETS: Duration = Duration::from_secs(30);
const ALL_FORGET: Duration = Duration::from_millis(600);

/// How many failures cost nothing, and how long a bind is delayed at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Failures of one source at one account.
    pub own: u32,
    /// Failures at one account. Of each source no more count than `own`.
    pub account: u32,
    /// Failures of one source.
    pub source: u32,
    /// The longest delay.
    pub longest: Duration,
}

/// Who binds, from where: the keys of the tables. Names are kept as keyed digests alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub source: SourceNetwork,
    /// Many people are behind this address: it is not judged by all of their failures.
    pub shared: bool,
    account: u64,
    own: u64,
}

impl Attempt {
    /// The account and the source in one.
    pub(super) fn own(&self) -> u64 {
        self.own
    }
}

/// A source from which an account has logged in.
#[derive(Clone, Copy, Default)]
struct Familiar {
    last_login: Moment,
    failures: Failures,
}

impl Entry for Familiar {
    fn worth(&self) -> u64 {
        self.last_login
    }
}

impl Entry for Failures {
    fn worth(&self) -> u64 {
        Failures::worth(*self)
    }
}

pub(super) struct Counts {
    own_pace: Pace,
    account_pace: Pace,
    source_pace: Pace,
    all_pace: Pace,
    /// Only successes make entries here, so only owners push each other out.
    familiar: Table<Familiar>,
    own: Table<Failures>,
    accounts: Table<Failures>,
    sources: Table<Failures>,
    all: Failures,
    keys: RandomState,
}

/// What a failure has changed, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Nothing new.
    Nothing,
    /// From now on the account's binds from this source are delayed.
    Own,
    /// From now on the account's binds from sources that are new to it are delayed.
    Account,
    /// From now on the source's binds are delayed.
    Source,
    /// From now on all binds from sources that are new to the account are delayed.
    All,
}

impl Counts {
    pub(super) fn new(limits: Limits) -> Self {
        Counts {
            own_pace: Pace::new(limits.own, ACCOUNT_FORGETS, limits.longest),
            account_pace: Pace::new(limits.account, ACCOUNT_FORGETS, limits.longest),
            source_pace: Pace::new(limits.source, SOURCE_FORGETS, limits.longest),
            all_pace: Pace::new(ALL_FREE, ALL_FORGET, limits.longest),
            familiar: Table::new(ENTRIES),
            own: Table::new(ENTRIES),
            accounts: Table::new(ENTRIES),
            sources: Table::new(ENTRIES),
            all: Failures::default(),
            keys: RandomState::new(),
        }
    }

    pub(super) fn attempt(&self, account: &str, source: SourceNetwork, shared: bool) -> Attempt {
        Attempt {
            source,
            shared,
            account: self.keys.hash_one(account),
            own: self.keys.hash_one((account, source)),
        }
    }

    fn source_key(&self, attempt: &Attempt) -> u64 {
        self.keys.hash_one(attempt.source)
    }

    fn familiar(&self, attempt: &Attempt) -> Option<Familiar> {
        self.familiar.get(Self::part_of(attempt), attempt.own)
    }

    fn put_familiar(&mut self, attempt: &Attempt, familiar: Familiar) {
        self.familiar.put(Self::part_of(attempt), attempt.own, familiar);
    }

    /// Which part of the account's sources this one is in.
    fn part_of(attempt: &Attempt) -> Owner {
        Owner::part(attempt.account, attempt.own % PARTS)
    }

    fn own_failures(&self, attempt: &Attempt) -> Failures {
        self.own
            .get(Owner::of_one_set(attempt.own), attempt.own)
            .unwrap_or_default()
    }

    fn account_failures(&self, attempt: &Attempt) -> Failures {
        self.accounts
            .get(Owner::of_one_set(attempt.account), attempt.account)
            .unwrap_or_default()
    }

    fn source_failures(&self, attempt: &Attempt) -> Failures {
        let key = self.source_key(attempt);
        self.sources.get(Owner::of_one_set(key), key).unwrap_or_default()
    }

    /// How many binds of this source at this account, and how many of this source's strangers, may be under way at a time.
    /// The second is none where it does not count.
    pub(super) fn room(&self, attempt: &Attempt, now: Moment) -> (u64, Option<u64>) {
        match self.familiar(attempt) {
            Some(familiar) => (familiar.failures.room(self.own_pace, now), None),
            None => {
                let own = self.own_failures(attempt).room(self.own_pace, now);
                let source = self.source_failures(attempt).room(self.source_pace, now);
                (own, (!attempt.shared).then_some(source.min(UNDER_WAY)))
            }
        }
    }

    /// Whether it is likelier to be an owner or a guesser.
    pub(super) fn standing(&self, attempt: &Attempt, now: Moment) -> Standing {
        if self.familiar(attempt).is_some() {
            return Standing::Familiar;
        }
        let failures = match attempt.shared {
            true => self.own_failures(attempt).count(self.own_pace, now),
            false => self.source_failures(attempt).count(self.source_pace, now),
        };
        if failures > 0 { Standing::Failing } else { Standing::New }
    }

    /// When this bind may be looked at: `now`, or later. `began` is when its waiting began, for the delay that all have.
    pub(super) fn due(&self, attempt: &Attempt, began: Moment, now: Moment) -> Moment {
        if let Some(familiar) = self.familiar(attempt) {
            return familiar.failures.next(self.own_pace, now);
        }
        let own = self.own_failures(attempt).next(self.own_pace, now);
        let account = self.account_failures(attempt).next(self.account_pace, now);
        let source = match attempt.shared {
            true => now,
            false => self.source_failures(attempt).next(self.source_pace, now),
        };
        // Side by side: taking turns among everybody would let strangers keep everybody out.
        let all = began.saturating_add(millis(self.all.delay(self.all_pace, now)));
        own.max(account).max(source).max(all).max(now)
    }

    /// The bind is looked at now; who else wants a turn of the same account or source waits for the delay.
    pub(super) fn take_turn(&mut self, attempt: &Attempt, now: Moment) {
        if self.familiar(attempt).is_some() {
            return;
        }
        let mut account = self.account_failures(attempt);
        if account.is_delayed(self.account_pace, now) {
            account.take_turn(self.account_pace, now);
            self.accounts
                .put(Owner::of_one_set(attempt.account), attempt.account, account);
        }
    }

    pub(super) fn failed(&mut self, attempt: &Attempt, now: Moment) -> Begins {
        if let Some(mut familiar) = self.familiar(attempt) {
            let begins = add(&mut familiar.failures, self.own_pace, now);
            self.put_familiar(attempt, familiar);
            return if begins { Begins::Own } else { Begins::Nothing };
        }
        let mut begins = Begins::Nothing;
        let mut own = self.own_failures(attempt);
        // More of them count for their source only: one address alone must not delay others.
        let counts_for_account = !own.is_delayed(self.own_pace, now);
        if add(&mut own, self.own_pace, now) {
            begins = Begins::Own;
        }
        self.own.put(Owner::of_one_set(attempt.own), attempt.own, own);
        if counts_for_account {
            let mut account = self.account_failures(attempt);
            if add(&mut account, self.account_pace, now) {
                begins = Begins::Account;
            }
            self.accounts
                .put(Owner::of_one_set(attempt.account), attempt.account, account);
        }
        if !attempt.shared {
            let key = self.source_key(attempt);
            let mut source = self.source_failures(attempt);
            if add(&mut source, self.source_pace, now) {
                begins = Begins::Source;
            }
            self.sources.put(Owner::of_one_set(key), key, source);
        }
        if add(&mut self.all, self.all_pace, now) {
            begins = Begins::All;
        }
        begins
    }

    pub(super) fn succeeded(&mut self, attempt: &Attempt, now: Moment) {
        let familiar = Familiar {
            last_login: now,
            failures: Failures::default(),
        };
        self.put_familiar(attempt, familiar);
    }
}

/// Counts a failure; whether binds are delayed from now on.
fn add(failures: &mut Failures, pace: Pace, now: Moment) -> bool {
    let before = failures.is_delayed(pace, now);
    failures.add(pace, now);
    !before && failures.is_delayed(pace, now)
}
