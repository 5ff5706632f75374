//! How failures turn into a delay, and how they are forgotten.

use std::time::Duration;

/// The first delay; each further failure doubles it.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// A moment, in milliseconds since the counting began. 0 is before everything.
pub(super) type Moment = u64;

/// What the failures of one kind of key (account, source, …) cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// So many failures cost nothing.
    free: u64,
    /// More are not counted: the delay is at its longest then, and what is remembered ends some day.
    most: u64,
    /// After this time one failure is forgotten.
    forgotten_after: u64,
    /// The longest delay.
    longest: Duration,
}

impl Pace {
    /// `free` failures cost nothing, then the delay doubles from 1 s to `longest`. One is forgotten after each
    /// `forgotten_after`.
    pub(super) fn new(free: u32, forgotten_after: Duration, longest: Duration) -> Self {
        let free = u64::from(free.max(1));
        let mut doublings = 0;
        while FIRST_DELAY.saturating_mul(1 << doublings) < longest && doublings < 16 {
            doublings += 1;
        }
        Pace {
            free,
            most: free + doublings,
            forgotten_after: millis(forgotten_after).max(1),
            longest,
        }
    }
}

/// The failures of one key. The number is in the time at which the last of them will be forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Failures {
    /// When none will be left.
    forgotten_at: Moment,
    /// The next bind is not looked at before.
    next: Moment,
}

impl Failures {
    /// How many there are.
    pub(super) fn count(self, pace: Pace, now: Moment) -> u64 {
        self.forgotten_at.saturating_sub(now).div_ceil(pace.forgotten_after)
    }

    /// How many more binds may be under way before their outcome is known.
    pub(super) fn room(self, pace: Pace, now: Moment) -> u64 {
        pace.free.saturating_sub(self.count(pace, now)).max(1)
    }

    /// Whether binds are delayed.
    pub(super) fn is_delayed(self, pace: Pace, now: Moment) -> bool {
        self.count(pace, now) >= pace.free
    }

    /// How long a bind is delayed after the failures so far.
    pub(super) fn delay(self, pace: Pace, now: Moment) -> Duration {
        match self.count(pace, now).checked_sub(pace.free) {
            None => Duration::ZERO,
            Some(beyond) => {
                let doublings = u32::try_from(beyond.min(30)).unwrap_or(30);
                FIRST_DELAY.saturating_mul(1 << doublings).min(pace.longest)
            }
        }
    }

    /// When the next bind may be looked at; `now` where nothing delays it.
    pub(super) fn next(self, pace: Pace, now: Moment) -> Moment {
        if self.is_delayed(pace, now) {
            self.next.max(now)
        } else {
            now
        }
    }

    /// A bind failed.
    pub(super) fn add(&mut self, pace: Pace, now: Moment) {
        let most = now.saturating_add(pace.most.saturating_mul(pace.forgotten_after));
        let one_more = self.forgotten_at.max(now).saturating_add(pace.forgotten_after);
        self.forgotten_at = one_more.min(most);
        self.take_turn(pace, now);
    }

    /// A bind is looked at now: the one after it waits for as long as the failures say.
    pub(super) fn take_turn(&mut self, pace: Pace, now: Moment) {
        let next = now.saturating_add(millis(self.delay(pace, now)));
        self.next = self.next.max(next);
    }

    /// When nothing of them counts any more: the worth of remembering them.
    pub(super) fn worth(self) -> Moment {
        self.forgotten_at.max(self.next)
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_first_few_are_free_then_the_delay_doubles_to_its_longest() {
        let pace = Pace::new(5, MINUTE, Duration::from_secs(30));
        let mut failures = Failures::default();
        let delays = (0..14).map(|_| {
            let delay = failures.delay(pace, 1_000).as_secs();
            failures.add(pace, 1_000);
            delay
        });
        assert_eq!(
            delays.collect::<Vec<_>>(),
            [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30, 30]
        );
    }

    #[test]
    fn failures_are_forgotten_one_by_one() {
        let pace = Pace::new(5, MINUTE, Duration::from_secs(30));
        let mut failures = Failures::default();
        for _ in 0..100 {
            failures.add(pace, 0);
        }
        assert_eq!(failures.count(pace, 0), 10);
        let minute = 60 * 1_000;
        assert_eq!(failures.count(pace, minute), 9);
        assert_eq!(failures.delay(pace, 2 * minute), Duration::from_secs(8));
        assert!(failures.is_delayed(pace, 5 * minute));
        assert!(!failures.is_delayed(pace, 6 * minute));
        assert_eq!(failures.count(pace, 10 * minute), 0);
    }

    proptest! {
        /// No failure makes a delay shorter, no waiting makes one longer, and nobody waits longer than the longest.
        #[test]
        fn delays_grow_with_failures_and_shrink_with_time(
            free in 1_u32..50, longest in 0_u64..60, steps in prop::collection::vec(0_u64..200_000, 1..60), later in 0_u64..1_000_000
        ) {
            let pace = Pace::new(free, MINUTE, Duration::from_secs(longest));
            let (mut failures, mut now) = (Failures::default(), 0);
            for step in steps {
                now += step;
                let before = failures.delay(pace, now);
                failures.add(pace, now);
                let after = failures.delay(pace, now);
                prop_assert!(before <= after && after <= Duration::from_secs(longest));
                prop_assert!(failures.next(pace, now) - now <= longest * 1_000);
                prop_assert!(failures.delay(pace, now + later) <= after);
                prop_assert!(failures.room(pace, now) >= 1);
            }
            // All is forgotten some day.
            let end = failures.worth();
            prop_assert!(end <= now + (u64::from(free) + 17) * 60_000);
            prop_assert_eq!(failures.count(pace, end), 0);
        }
    }
}
