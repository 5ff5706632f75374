//! Points in time as directories write them (Generalized Time, UTC Time) and as databases print them.
//!
//! All times are kept in UTC. Time zones are numeric offsets only.

use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time, UTC, with nanoseconds. A leap second is the first second of the next minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

impl Timestamp {
    /// The present.
    #[must_use]
    pub fn now() -> Self {
        // A clock before 1970 is as good as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos(),
        }
    }

    /// Reads every form of Generalized Time (RFC 4517 section 3.3.13): minutes and seconds may be
    /// missing, the last part given may have a fraction, the zone is `Z` or an offset.
    #[must_use]
    pub fn parse_generalized(value: &[u8]) -> Option<Self> {
        let mut reader = Reader(value);
        let year = reader.number(4)?;
        let days = reader.month_and_day(year)?;
        let mut seconds = days * DAY + reader.below(24)? * HOUR;
        let mut unit = HOUR;
        if reader.at_digit() {
            seconds += reader.below(60)? * MINUTE;
            unit = MINUTE;
            if reader.at_digit() {
                seconds += reader.below(61)?;
                unit = 1;
            }
        }
        let nanos = if reader.skip(b'.') || reader.skip(b',') {
            reader.fraction(unit)?
        } else {
            0
        };
        let offset = if reader.skip(b'Z') { 0 } else { reader.offset()? };
        reader.finish(seconds - offset, nanos)
    }

    /// Reads UTC Time (RFC 4517 section 3.3.34). Years from 50 on are in the 20th century, as in X.509.
    #[must_use]
    pub fn parse_utc_time(value: &[u8]) -> Option<Self> {
        let mut reader = Reader(value);
        let year = match reader.number(2)? {
            year @ 50.. => 1900 + year,
            year => 2000 + year,
        };
        let days = reader.month_and_day(year)?;
        let mut seconds = days * DAY + reader.below(24)? * HOUR + reader.below(60)? * MINUTE;
        if reader.at_digit() {
            seconds += reader.below(60)?;
        }
        let offset = if reader.0.is_empty() || reader.skip(b'Z') {
            0
        } else {
            reader.offset()?
        };
        reader.finish(seconds - offset, 0)
    }

    /// Reads ISO 8601 and what databases print: `2024-01-02`, `2024-01-02 03:04[:05[.678]]` with `T` or a
    /// space, followed by nothing, `Z` or an offset `+02`, `+02:00`, `+0200`, also after a space. Without
    /// an offset it is UTC.
    #[must_use]
    pub fn parse_sql(text: &str) -> Option<Self> {
        let mut reader = Reader(text.trim().as_bytes());
        let year = reader.number(4)?;
        reader.skip(b'-').then_some(())?;
        let month = reader.number(2)?;
        reader.skip(b'-').then_some(())?;
        let mut seconds = days_from_civil(year, month, reader.number(2)?)? * DAY;
        if reader.0.is_empty() {
            return reader.finish(seconds, 0);
        }
        (reader.skip(b'T') || reader.skip(b't') || reader.skip(b' ')).then_some(())?;
        seconds += reader.below(24)? * HOUR;
        reader.skip(b':').then_some(())?;
        seconds += reader.below(60)? * MINUTE;
        let mut nanos = 0;
        if reader.skip(b':') {
            seconds += reader.below(61)?;
            if reader.skip(b'.') || reader.skip(b',') {
                nanos = reader.fraction(1)?;
            }
        }
        reader.skip(b' ');
        let offset = if reader.0.is_empty() || reader.skip(b'Z') || reader.skip(b'z') || reader.skip_utc() {
            0
        } else {
            reader.offset()?
        };
        reader.finish(seconds - offset, nanos)
    }

    /// `YYYYMMDDHHMMSSZ`, as directories serve it; the fraction is cut. `None` outside the years 0 to 9999.
    #[must_use]
    pub fn to_generalized(self) -> Option<String> {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY))?;
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / HOUR, second % HOUR / MINUTE, second % MINUTE);
        // By hand: an entry has two of them, and formatting each took as long as finding its columns.
        let mut text = String::with_capacity("YYYYMMDDHHMMSSZ".len());
        for two in [year / 100, year % 100, month, day, hour, minute, second] {
            text.extend([two / 10, two % 10].map(|digit| char::from(b'0' + u8::try_from(digit).unwrap_or_default())));
        }
        text.push('Z');
        Some(text)
    }

    /// Whole days since 1970-01-01, as the shadow attributes count them.
    #[must_use]
    pub fn days(self) -> i64 {
        self.seconds.div_euclid(DAY)
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn at_digit(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    fn skip(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_utc(&mut self) -> bool {
        [b"UTC", b"GMT"]
            .into_iter()
            .any(|zone| self.0.strip_prefix(zone).map(|rest| self.0 = rest).is_some())
    }

    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
        })
    }

    /// Two digits below the limit.
    fn below(&mut self, limit: i64) -> Option<i64> {
        self.number(2).filter(|number| *number < limit)
    }

    fn month_and_day(&mut self, year: i64) -> Option<i64> {
        let month = self.number(2)?;
        days_from_civil(year, month, self.number(2)?)
    }

    /// One or more digits after the point, as nanoseconds of a unit of so many seconds. Digits that can
    /// make no nanosecond are read and dropped.
    fn fraction(&mut self, unit: i64) -> Option<i64> {
        self.at_digit().then_some(())?;
        let (mut sum, mut scale) = (0_i64, i64::from(NANOS) * unit);
        while let Some((digit, rest)) = self.0.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
            // Every unit is divisible by ten at least nine times or its rest is below a nanosecond.
            sum += scale * i64::from(digit - b'0') / 10;
            scale /= 10;
            self.0 = rest;
        }
        Some(sum)
    }

    /// `+HH`, `+HHMM` or `+HH:MM`, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let sign = if self.skip(b'-') {
            -1
        } else {
            self.skip(b'+').then_some(1)?
        };
        let mut offset = self.below(24)? * HOUR;
        if self.skip(b':') || self.at_digit() {
            offset += self.below(60)? * MINUTE;
        }
        Some(sign * offset)
    }

    /// Nothing may be left. A fraction of an hour or minute carries into the seconds.
    fn finish(self, seconds: i64, nanos: i64) -> Option<Timestamp> {
        self.0.is_empty().then_some(())?;
        let carry = nanos / i64::from(NANOS);
        let nanos = u32::try_from(nanos % i64::from(NANOS)).ok()?;
        Some(Timestamp {
            seconds: seconds + carry,
            nanos,
        })
    }
}

const NANOS: u32 = 1_000_000_000;

/// Days since 1970-01-01 in the proleptic Gregorian calendar; `None` for a day that does not exist.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The reverse; `None` outside the years 0 to 9999.
fn civil_from_days(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (0..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn generalized(text: &str) -> Option<Timestamp> {
        Timestamp::parse_generalized(text.as_bytes())
    }

    fn at(seconds: i64, nanos: u32) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos })
    }

    #[test]
    fn the_examples_of_rfc_4517() {
        // Section 3.3.13: both are the same moment.
        assert_eq!(generalized("199412161032Z"), at(787_573_920, 0));
        assert_eq!(generalized("199412160532-0500"), generalized("199412161032Z"));
        // Section 3.3.34.
        assert_eq!(Timestamp::parse_utc_time(b"9412161032Z"), generalized("199412161032Z"));
        assert_eq!(
            Timestamp::parse_utc_time(b"9412160532-0500"),
            generalized("199412161032Z")
        );
        assert_eq!(
            Timestamp::parse_utc_time(b"491231235959"),
            generalized("20491231235959Z")
        );
    }

    #[test]
    fn fractions_belong_to_the_last_part() {
        assert_eq!(generalized("1970010100.5Z"), at(1_800, 0));
        assert_eq!(generalized("197001010000,25Z"), at(15, 0));
        assert_eq!(generalized("19700101000001.123456789Z"), at(1, 123_456_789));
        assert_eq!(
            generalized("19700101000001.1234567899999999999999Z"),
            at(1, 123_456_789)
        );
        assert_eq!(generalized("19700101000001.Z"), None);
    }

    #[test]
    fn what_is_no_generalized_time() {
        for text in [
            "",
            "Z",
            "20240101",
            "2024010100",
            "20241301000000Z",
            "20240230000000Z",
            "20230229000000Z",
            "20240101240000Z",
            "20240101006000Z",
            "20240101000061Z",
            "20240101000000z",
            "20240101000000Z ",
            "20240101000000+2400",
            "20240101000000+",
            "2024-01-01",
            "+0240101000000Z",
        ] {
            assert_eq!(generalized(text), None, "{text}");
        }
        assert_eq!(generalized("20240229000000Z"), at(1_709_164_800, 0));
        assert_eq!(
            generalized("20161231235960Z"),
            generalized("20170101000000Z"),
            "leap second"
        );
        assert_eq!(generalized("2024010102+02"), generalized("20240101000000Z"));
    }

    #[test]
    fn what_databases_print() {
        let expected = at(1_704_164_645, 600_000_000);
        for text in [
            "2024-01-02 03:04:05.6",
            "2024-01-02T03:04:05.6Z",
            "2024-01-02 05:04:05.600+02",
            "2024-01-02 05:04:05.6+02:00",
            "2024-01-02 05:04:05.600 +0200",
            "2024-01-01T22:04:05.6-05:00",
            "2024-01-02 03:04:05.600000 +00:00",
            " 2024-01-02 03:04:05.6 UTC ",
        ] {
            assert_eq!(Timestamp::parse_sql(text), expected, "{text}");
        }
        assert_eq!(Timestamp::parse_sql("2024-01-02"), at(1_704_153_600, 0));
        assert_eq!(Timestamp::parse_sql("2024-01-02 03:04"), at(1_704_164_640, 0));
        for text in [
            "",
            "0000-00-00 00:00:00",
            "2024-02-30",
            "2024-01-02 ",
            "2024-01-02 3:04",
            "tomorrow",
            "infinity",
            "1704164645",
        ] {
            let parsed = Timestamp::parse_sql(text);
            assert_eq!(parsed.is_some(), text == "2024-01-02 ", "{text}");
        }
    }

    #[test]
    fn what_directories_serve() {
        assert_eq!(
            Timestamp { seconds: 0, nanos: 999 }.to_generalized().unwrap(),
            "19700101000000Z"
        );
        assert_eq!(
            Timestamp { seconds: -1, nanos: 0 }.to_generalized().unwrap(),
            "19691231235959Z"
        );
        for seconds in [i64::MAX, i64::MIN] {
            assert_eq!(Timestamp { seconds, nanos: 0 }.to_generalized(), None);
        }
        assert_eq!(Timestamp { seconds: -1, nanos: 0 }.days(), -1);
    }

    proptest! {
        #[test]
        fn written_and_read_again(seconds in -62_167_219_200_i64..253_402_300_800) {
            let time = Timestamp { seconds, nanos: 0 };
            let text = time.to_generalized().unwrap();
            prop_assert_eq!(generalized(&text), Some(time));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(bytes: Vec<u8>, text in "[0-9TZ:.+ -]{0,32}") {
            let _ = Timestamp::parse_generalized(&bytes);
            let _ = Timestamp::parse_utc_time(&bytes);
            let _ = Timestamp::parse_generalized(text.as_bytes());
            let _ = Timestamp::parse_sql(&text);
        }
    }
}
