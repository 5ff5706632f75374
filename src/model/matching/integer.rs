//! Whole numbers of any size in their text form (RFC 4517 sections 3.3.16, 4.2.19 and 4.2.20).

use std::cmp::Ordering;

use crate::model::schema::Syntax;

/// Compares two numbers without making them numbers. `None` when the first one is none.
pub(super) fn compare(stored: &[u8], asserted: &str) -> Option<Ordering> {
    Syntax::Integer.is_valid(stored).then_some(())?;
    let (stored_negative, stored) = split(stored);
    let (asserted_negative, asserted) = split(asserted.as_bytes());
    // Without superfluous zeros the longer number is the greater one.
    let by_size = stored.len().cmp(&asserted.len()).then_with(|| stored.cmp(asserted));
    Some(match (stored_negative, asserted_negative) {
        (false, false) => by_size,
        (true, true) => by_size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// The number for bit rules. Bits of larger numbers are not asked for in practice: Undefined.
pub(super) fn small(value: &[u8]) -> Option<i128> {
    Syntax::Integer.is_valid(value).then_some(())?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn split(number: &[u8]) -> (bool, &[u8]) {
    number
        .strip_prefix(b"-")
        .map_or((false, number), |digits| (true, digits))
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

    #[test]
    fn larger_than_any_machine_word() {
        let huge = "9".repeat(60);
        assert_eq!(compare(huge.as_bytes(), "5"), Some(Ordering::Greater));
        assert_eq!(compare(format!("-{huge}").as_bytes(), "-5"), Some(Ordering::Less));
        assert_eq!(compare(huge.as_bytes(), &huge), Some(Ordering::Equal));
        assert_eq!(small(huge.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn text_order_is_number_order(one: i128, other: i128) {
            for (one, other) in [(one, other), (one % 100, other % 100)] {
                let compared = compare(one.to_string().as_bytes(), &other.to_string());
                prop_assert_eq!(compared, Some(one.cmp(&other)));
                prop_assert_eq!(small(one.to_string().as_bytes()), Some(one));
            }
        }
    }
}
