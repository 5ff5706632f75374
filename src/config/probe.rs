//! The settings of the command `probe`.

use super::directory::entry_dn;
use super::errors::Problem;
use super::parse::Reader;
use crate::database_uri::Secret;

/// Whom `probe` binds as.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// `PROBE_BIND_DN`
    pub dn: String,
    /// `PROBE_BIND_PASSWORD`
    pub password: Secret,
}

impl ProbeSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        reader.half_given("PROBE_BIND_DN", "PROBE_BIND_PASSWORD");
        let dn = reader.text("PROBE_BIND_DN");
        let password = reader.secret("PROBE_BIND_PASSWORD");
        if let Some(text) = &dn
            && let Err(why) = entry_dn(text)
        {
            let right = format!("a DN: {why}");
            reader.problems.push(Problem::wrong("PROBE_BIND_DN", text, &right));
        }
        Some(ProbeSettings {
            dn: dn?,
            password: password?,
        })
    }
}
