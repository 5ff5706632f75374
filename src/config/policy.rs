//! Policy: the decisions of the operator that operations obey.

use std::time::Duration;

use super::access::Access;
use super::bind_names::BindNames;
use super::parse::Reader;
use super::passwords::PasswordChangeSettings;
use super::refused_words::RefusedWords;

/// Limits and choices of the operations.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who may read what.
    pub access: Access,
    /// `BIND_DN`: which DNs name a user in a bind.
    pub bind_dn: BindDn,
    /// `BIND_NAMES`: which names that are no DN name a user in a bind.
    pub bind_names: BindNames,
    /// `ACCOUNT_STATUS_REFUSED`: the words of a status that refuse a bind.
    pub refused_words: RefusedWords,
    /// `BIND_HOLD`: how long a bind waits for a database that is away.
    pub bind_hold: Duration,
    /// `SCAN_TIMEOUT`: how long a scan waits for its next row.
    pub scan_timeout: Duration,
    /// `ON_DATABASE_FAILURE`: how a search ends that the database cannot answer.
    pub on_database_failure: OnDatabaseFailure,
    /// `LOG_FILTERS`: whether the log shows the values of filters. It never shows those of passwords.
    pub log_filter_values: bool,
    /// How passwords are changed.
    pub password_changes: PasswordChangeSettings,
}

impl Policy {
    /// How long a lookup waits for a database that is away. SSSD gives a search up after 6 s and is then offline for
    /// 60-90 s; this leaves the answer time to travel.
    pub const LOOKUP_HOLD: Duration = Duration::from_millis(4500);

    pub(super) fn read(reader: &mut Reader, access: Access) -> Self {
        Policy {
            access,
            bind_dn: reader.choice("BIND_DN", &[("lenient", BindDn::Lenient), ("exact", BindDn::Exact)]),
            bind_names: BindNames::read(reader),
            refused_words: RefusedWords::read(reader),
            bind_hold: reader.duration("BIND_HOLD"),
            scan_timeout: reader.duration("SCAN_TIMEOUT"),
            on_database_failure: reader.choice(
                "ON_DATABASE_FAILURE",
                &[
                    ("disconnect", OnDatabaseFailure::Disconnect),
                    ("unavailable", OnDatabaseFailure::Unavailable),
                ],
            ),
            log_filter_values: reader.choice("LOG_FILTERS", &[("shape", false), ("values", true)]),
            password_changes: PasswordChangeSettings::read(reader),
        }
    }
}

/// Which DNs name a user in a bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BindDn {
    /// The user's own DN, or any DN below the base whose first RDN is a single value: that is the user's name.
    #[default]
    Lenient,
    /// The user's own DN only.
    Exact,
}

/// How a search ends that the database cannot answer. It never ends with success: clients would delete the missing users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDatabaseFailure {
    /// With a Notice of Disconnection and a closed connection: clients ask the other replica and believe nothing.
    #[default]
    Disconnect,
    /// With result code 52, `unavailable`.
    Unavailable,
}
