//! When an account ends: the values of `expires_at` as databases and applications write them.
//!
//! What is unclear ends early, never late: a number that can be read in two ways is the earlier of the two, what
//! cannot be read at all is nothing, and the caller refuses.

use crate::model::{time::Timestamp, value::Cell};

/// The last second of the year 9999. A number of seconds beyond it is none: it has another unit.
const LAST: i128 = 253_402_300_799;
const NANOS: i128 = 1_000_000_000;
/// Seconds from 1601, where Windows counts from in units of 100 ns, to 1970.
const WINDOWS_EPOCH: i128 = 11_644_473_600;

/// The moment from which an account may no longer bind; none where the value is no moment.
pub(crate) fn expiry(cell: &Cell) -> Option<Timestamp> {
    match cell {
        Cell::Time(time) => Some(*time),
        Cell::Integer(number) => of_number(*number),
        Cell::Text(text) => of_text(text),
        Cell::Bytes(bytes) => of_text(std::str::from_utf8(bytes).ok()?),
        Cell::Null | Cell::Unreadable | Cell::Boolean(_) | Cell::List(_) => None,
    }
}

fn of_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time = Timestamp::parse_sql(text).or_else(|| Timestamp::parse_generalized(text.as_bytes()));
    // A fraction of a second more makes nobody's account last longer than it should by anything that counts.
    time.or_else(|| match text.split_once('.') {
        None => of_number(text.parse().ok()?),
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit.is_ascii_digit()) => {
            of_number(whole.parse().ok()?)
        }
        Some(_) => None,
    })
}

/// Seconds since 1970; beyond the year 9999 milliseconds, beyond that in milliseconds microseconds.
fn of_number(number: i128) -> Option<Timestamp> {
    let unit = [1, 1_000, 1_000_000]
        .into_iter()
        .find(|unit| number.div_euclid(*unit) <= LAST)?;
    let plain = timestamp(number.div_euclid(unit), number.rem_euclid(unit) * (NANOS / unit));
    [plain, calendar(number), windows(number)].into_iter().flatten().min()
}

fn timestamp(seconds: i128, nanos: i128) -> Option<Timestamp> {
    // Before everything is as good as any other past.
    Some(Timestamp {
        seconds: i64::try_from(seconds.max(i64::MIN.into())).ok()?,
        nanos: u32::try_from(nanos).ok()?,
    })
}

/// `YYYYMMDDhhmm`, `YYYYMMDDhhmmss` and that with milliseconds, as numbers: they would be some other unit centuries
/// later.
fn calendar(number: i128) -> Option<Timestamp> {
    let digits = number.to_string();
    let (date, fraction) = match digits.len() {
        12 | 14 => (digits.as_str(), ""),
        17 => digits.split_at_checked(14)?,
        _ => return None,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Timestamp::parse_generalized(format!("{date}{point}{fraction}Z").as_bytes())
}

/// Active Directory's `accountExpires`: units of 100 ns since 1601, which would be microseconds in some 4,000 years.
fn windows(number: i128) -> Option<Timestamp> {
    let (per_second, nanos) = (10_000_000, 100);
    (number / per_second > WINDOWS_EPOCH).then(|| {
        let seconds = number.div_euclid(per_second) - WINDOWS_EPOCH;
        timestamp(seconds, number.rem_euclid(per_second) * nanos)
    })?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::directory::account::expiry::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Option<i64> {
        expiry(&Cell::Text(text.to_owned())).map(|time| time.seconds)
    }

    fn number(number: i128) -> Option<i64> {
        expiry(&Cell::Integer(number)).map(|time| time.seconds)
    }

    #[test]
    fn numbers_have_the_unit_in_which_they_are_before_the_year_10000() {
        let at = 1_700_000_000;
        assert_eq!(number(1_700_000_000), Some(at));
        assert_eq!(number(1_700_000_000_000), Some(at));
        assert_eq!(number(1_700_000_000_000_000), Some(at));
        assert_eq!(number(1_700_000_000_000_000_000), None, "nanoseconds");
        assert_eq!(number(253_402_300_799), Some(253_402_300_799));
        assert_eq!(number(253_402_300_800), Some(253_402_300));
        assert_eq!(number(253_402_300_799_999), Some(253_402_300_799));
        assert_eq!(number(253_402_300_800_000), Some(253_402_300));
        assert_eq!(number(253_402_300_800_000_000), None);
        for beyond in [i64::MAX.into(), u64::MAX.into(), i128::MAX] {
            assert_eq!(number(beyond), None, "{beyond}");
        }
        let time = expiry(&Cell::Integer(1_700_000_000_250)).unwrap();
        assert_eq!((time.seconds, time.nanos), (at, 250_000_000));
    }

    #[test]
    fn what_is_no_later_than_1970_is_past() {
        assert_eq!(number(0), Some(0));
        assert_eq!(number(-1), Some(-1));
        assert_eq!(number(-1_700_000_000_000), Some(-1_700_000_000_000));
        assert_eq!(number(i128::MIN), Some(i64::MIN));
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_the_earlier() {
        let date = text("2020-01-02 03:04:00");
        assert_eq!(number(202_001_020_304), date);
        assert_eq!(number(20_200_102_030_400), date);
        assert_eq!(number(20_200_102_030_400_000), date);
        // FILETIME of 2024-01-01.
        assert_eq!(number(133_485_408_000_000_000), text("2024-01-01"));
        // No dates: a month 34, a day 45.
        assert_eq!(number(20_203_402_030_400), Some(20_203_402_030));
        assert_eq!(number(4_102_444_800_000), text("2100-01-01"));
        assert_eq!(number(32_503_680_000_000), text("3000-01-01"));
    }

    #[test]
    fn texts_are_times_or_numbers() {
        assert_eq!(text(" 2030-01-02 03:04:05+02 "), Some(1_893_546_245));
        assert_eq!(text("20300102010405Z"), Some(1_893_546_245));
        assert_eq!(text("2030-01-02"), Some(1_893_542_400));
        assert_eq!(text("1700000000"), Some(1_700_000_000));
        assert_eq!(text("1700000000000"), Some(1_700_000_000));
        assert_eq!(text("1700000000.75"), Some(1_700_000_000));
        assert_eq!(text("-5"), Some(-5));
        for none in [
            " ",
            "never",
            "soon",
            "infinity",
            "-infinity",
            "Infinity",
            "inf",
            "NaN",
            "1e300",
            "1,700,000,000",
            "1.700.000.000",
            "1700000000.",
            "0x7fffffff",
            "0000-00-00 00:00:00",
            "2030-00-00",
            "2030-02-30",
            "10000-01-01",
            "99999-12-31 00:00:00",
            "31.12.2030",
            "12/31/2030",
            "2030-01-02 03:04:05 CET",
            "2030-01-02 03:04:05 PM",
            "2030-01-02 BC",
            "1 year",
            "99999999999999999999999999999999999999999999",
        ] {
            assert_eq!(text(none), None, "{none}");
        }
    }

    #[test]
    fn other_types_are_no_time() {
        for cell in [
            Cell::Null,
            Cell::Unreadable,
            Cell::Boolean(true),
            Cell::Boolean(false),
            Cell::List(vec![Cell::Integer(4_000_000_000)]),
            Cell::Bytes(vec![0xff]),
        ] {
            assert_eq!(expiry(&cell), None, "{cell:?}");
        }
        let bytes = Cell::Bytes(b"2030-01-02".to_vec());
        assert_eq!(expiry(&bytes).map(|time| time.seconds), text("2030-01-02"));
    }

    proptest! {
        /// Within one unit a larger number is never earlier, unless it is a date.
        #[test]
        fn expiry_is_monotone(low in 0..=LAST, high in 0..=LAST, unit in prop::sample::select(vec![1, 1_000, 1_000_000])) {
            let least = match unit { 1 => 0, unit => LAST / 1_000 + 1 + i128::from(unit == 1_000_000) };
            prop_assume!(low <= high && low >= least);
            let read = |seconds: i128| of_number(seconds * unit);
            let plain = |seconds: i128| calendar(seconds * unit).is_none() && windows(seconds * unit).is_none();
            prop_assume!(plain(low) && plain(high));
            prop_assert!(read(low) <= read(high));
        }

        /// However a number is read, it is never later than seconds, the largest unit, would make it, and never beyond
        /// the year 9999.
        #[test]
        fn no_number_lasts_longer_than_in_seconds(number: i64) {
            if let Some(time) = of_number(number.into()) {
                prop_assert!(time.seconds <= number.max(0));
                prop_assert!(i128::from(time.seconds) <= LAST);
            }
        }

        /// A number and the same number as a text are one moment.
        #[test]
        fn a_number_and_its_text_are_one(number: i64) {
            let text = expiry(&Cell::Text(number.to_string()));
            prop_assert_eq!(text, expiry(&Cell::Integer(number.into())));
        }
    }
}
