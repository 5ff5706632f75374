//! The operator's decisions that operations obey, as plain values.

use std::time::Duration;

use crate::directory::account::RefusedWords;

/// Which DNs name a user in a bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindDn {
    /// The user's own DN, or any DN below the base whose first RDN is a single value: that is the user's name.
    Lenient,
    /// The user's own DN only.
    Exact,
}

/// What a search gets that the database could not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDatabaseFailure {
    /// Notice of Disconnection and a closed connection: clients ask the other replica and believe nothing.
    Disconnect,
    /// Result code 52.
    Unavailable,
}

/// Limits and choices of the operations.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Refuse searches and compares of anonymous sessions, root DSE and subschema excepted.
    pub require_auth_for_search: bool,
    /// Which DNs name a user in a bind.
    pub bind_dn: BindDn,
    /// The words of a status that refuse a bind.
    pub refused_words: RefusedWords,
    /// What a search gets that the database could not answer.
    pub on_database_failure: OnDatabaseFailure,
    /// Whether the log shows the values of filters, those of passwords excepted.
    pub log_filter_values: bool,
    /// How long a lookup is held while the database is away.
    pub lookup_hold: Duration,
    /// How long a bind is held while the database is away.
    pub bind_hold: Duration,
    /// How long a scan waits for its next row.
    pub scan_timeout: Duration,
}

/// SSSD gives a search up after 6 s and is then offline for 60-90 s; this leaves the answer time to travel.
pub const LOOKUP_HOLD: Duration = Duration::from_millis(4500);
