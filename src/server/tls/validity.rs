//! Whether a certificate is valid now: what is told of one that has ended, ends soon, or is not valid yet. It is told at
//! the start, by `check`, once a day while the gateway runs, on `/readyz` and in the metrics.

use chrono::DateTime;

/// A certificate that has less left is worth a warning, in seconds.
pub(super) const SOON: i64 = 14 * 86_400;
/// Between two warnings about the same, in seconds.
const DAILY: i64 = 86_400;

/// From when until when a certificate is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Which certificate, as the beginning of a sentence.
    pub whose: String,
    /// In seconds since 1970.
    pub not_before: i64,
    /// In seconds since 1970.
    pub not_after: i64,
}

/// How it stands with a certificate at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is valid and has two weeks left at least.
    Good,
    /// It is valid and ends in less than two weeks.
    EndsSoon,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Ended,
}

impl Validity {
    /// How it stands at `now`, in seconds since 1970.
    pub fn standing(&self, now: i64) -> Standing {
        match () {
            () if now < self.not_before => Standing::NotYetValid,
            () if now > self.not_after => Standing::Ended,
            () if self.not_after.saturating_sub(now) < SOON => Standing::EndsSoon,
            () => Standing::Good,
        }
    }

    /// What is to be said of it at `now`; None where it is good.
    pub fn remark(&self, now: i64) -> Option<String> {
        let Validity {
            whose,
            not_before,
            not_after,
        } = self;
        match self.standing(now) {
            Standing::Good => None,
            Standing::EndsSoon => Some(format!(
                "{whose} ends in {}, on {}: replace it before",
                span(not_after.saturating_sub(now)),
                date(*not_after)
            )),
            Standing::Ended => Some(format!(
                "{whose} has ended: it was valid until {}, {} ago; clients that verify it refuse it",
                date(*not_after),
                span(now.saturating_sub(*not_after))
            )),
            Standing::NotYetValid => Some(format!(
                "{whose} is not valid yet: it begins on {}, in {}; this machine's clock says {}, is that right?",
                date(*not_before),
                span(not_before.saturating_sub(now)),
                date(now)
            )),
        }
    }
}

/// What is to be said of some certificates at `now`, in their order.
pub fn remarks(validities: &[Validity], now: i64) -> Vec<String> {
    validities.iter().filter_map(|validity| validity.remark(now)).collect()
}

/// Now, in seconds since 1970.
pub fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// A date for people, in UTC.
pub fn date(seconds: i64) -> String {
    match DateTime::from_timestamp(seconds, 0) {
        Some(time) => time.format("%Y-%m-%d %H:%M UTC").to_string(),
        None => format!("{seconds} s after 1970"),
    }
}

/// A time span in its largest unit.
pub fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        172_800.. => (seconds / 86_400, "day"),
        7_200.. => (seconds / 3_600, "hour"),
        120.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Says when something is to be said again: at once where it is something else, and once a day.
#[derive(Debug, Default)]
pub(super) struct Daily {
    /// What was said, as far as a change of it is news, and when.
    last: Option<(Vec<(String, Standing)>, i64)>,
}

impl Daily {
    /// What is to be said of the certificates at `now`.
    pub(super) fn due(&mut self, validities: &[Validity], now: i64) -> Vec<String> {
        let standings: Vec<(String, Standing)> = validities
            .iter()
            .map(|validity| (validity.whose.clone(), validity.standing(now)))
            .collect();
        let is_due = match &self.last {
            None => true,
            // A clock that was set back begins a new day.
            Some((before, said)) => *before != standings || !(*said..said.saturating_add(DAILY)).contains(&now),
        };
        if !is_due {
            return Vec::new();
        }
        self.last = Some((standings, now));
        remarks(validities, now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: i64 = 1_800_000_000;

    fn valid(from: i64, to: i64) -> Validity {
        Validity {
            whose: "the certificate".to_owned(),
            not_before: NOW + from,
            not_after: NOW + to,
        }
    }

    #[test]
    fn a_certificate_is_good_or_it_is_told_what_it_is() {
        for (from, to, standing, told) in [
            (-DAY, 14 * DAY, Standing::Good, ""),
            (-DAY, 14 * DAY - 1, Standing::EndsSoon, "ends in 13 days"),
            (-DAY, 3_600, Standing::EndsSoon, "ends in 60 minutes"),
            (-DAY, 0, Standing::EndsSoon, "ends in 0 seconds"),
            (
                -DAY,
                -1,
                Standing::Ended,
                "has ended: it was valid until 2027-01-15 07:59 UTC, 1 second ago",
            ),
            (-9 * DAY, -3 * DAY, Standing::Ended, "3 days ago"),
            (1, DAY, Standing::NotYetValid, "is not valid yet"),
            (
                5 * DAY,
                9 * DAY,
                Standing::NotYetValid,
                "in 5 days; this machine's clock says 2027-01-15 08:00 UTC, is that right?",
            ),
        ] {
            let validity = valid(from, to);
            assert_eq!(validity.standing(NOW), standing, "{from} {to}");
            let remark = validity.remark(NOW).unwrap_or_default();
            assert!(
                remark.contains(told) && remark.is_empty() == told.is_empty(),
                "{remark}"
            );
        }
    }

    #[test]
    fn it_is_told_once_a_day_and_when_it_changes() {
        let mut daily = Daily::default();
        let soon = [valid(-DAY, 5 * DAY)];
        assert_eq!(daily.due(&soon, NOW).len(), 1);
        assert_eq!(daily.due(&soon, NOW + 1), Vec::<String>::new());
        assert_eq!(daily.due(&soon, NOW + DAY - 1), Vec::<String>::new());
        assert_eq!(daily.due(&soon, NOW + DAY).len(), 1);
        // It ends within that day: that is news.
        let ended = daily.due(&soon, NOW + 5 * DAY + 1);
        assert!(ended.first().unwrap().contains("has ended"), "{ended:?}");
        assert_eq!(daily.due(&soon, NOW + 5 * DAY + 2), Vec::<String>::new());
        // Replaced by a good one, nothing is said; a clock set back is a new day.
        assert_eq!(
            daily.due(&[valid(-DAY, 90 * DAY)], NOW + 5 * DAY + 3),
            Vec::<String>::new()
        );
        assert_eq!(daily.due(&soon, NOW + 5 * DAY + 4).len(), 1);
        assert_eq!(daily.due(&soon, NOW).len(), 1);
    }
}
