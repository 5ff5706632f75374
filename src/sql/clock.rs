//! The database's clock beside ours: columns that end accounts, and times that applications write, are of the one, what is
//! decided by them is of the other.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{database::Database, error::SqlError};

/// So many seconds apart, two clocks are still the same.
pub const TOLERANCE: u64 = 60;

/// How far the database's clock is ahead of ours, in seconds, as far as that is certain: the answer's way takes time. None
/// where it has our clock.
///
/// # Errors
/// The database could not be asked.
pub async fn offset(database: &Database) -> Result<Option<i64>, SqlError> {
    let (before, begun) = (SystemTime::now(), Instant::now());
    let Some(theirs) = database.time().await? else {
        return Ok(None);
    };
    Ok(Some(ahead(theirs, seconds(before), begun.elapsed())))
}

/// How far `theirs` is ahead of a clock that said `ours` when it was asked for, `way` before the answer came.
fn ahead(theirs: i64, ours: i64, way: Duration) -> i64 {
    let latest = ours.saturating_add(i64::try_from(way.as_secs()).unwrap_or(i64::MAX));
    // They looked at their clock at some time in between.
    match theirs {
        theirs if theirs > latest => theirs.saturating_sub(latest),
        theirs if theirs < ours => theirs.saturating_sub(ours),
        _ => 0,
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What is to be said of a database whose clock is so many seconds ahead of ours; None where both are the same.
pub fn remark(offset: i64) -> Option<String> {
    let seconds = offset.unsigned_abs();
    if seconds <= TOLERANCE {
        return None;
    }
    let way = if offset > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "the database's clock is {seconds} s {way} this machine's: one of them is wrong, or both. By this machine's are judged \
         expires_at, certificates and the codes of totp"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn clocks_differ_by_what_the_way_does_not_explain() {
        let way = Duration::from_millis(2_500);
        for (theirs, ours, apart) in [
            (100, 100, 0),
            (102, 100, 0),
            (103, 100, 1),
            (99, 100, -1),
            (7300, 100, 7198),
        ] {
            assert_eq!(ahead(theirs, ours, way), apart, "{theirs} {ours}");
        }
    }

    #[test]
    fn more_than_a_minute_is_told_with_its_direction() {
        for same in [0, 60, -60] {
            assert_eq!(remark(same), None);
        }
        assert!(remark(61).unwrap().contains("61 s ahead of this machine's"));
        assert!(remark(-7200).unwrap().contains("7200 s behind this machine's"));
    }
}
