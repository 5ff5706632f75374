//! What the operator must know of the push service: the log has each of its error codes once a minute at most.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::warn;

/// How long a code is not told again.
const PAUSE: Duration = Duration::from_secs(60);
/// Codes that are told apart: the service chooses them. The others share one place.
const CODES: usize = 64;

/// The service was reached and asked nobody, or answered what is not understood.
pub(super) const REFUSED: &str = "refused";
/// The service was not reached, or failed.
pub(super) const UNAVAILABLE: &str = "cannot be asked";

/// Why the service did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The service's code for it, or a word of ours.
    pub(super) code: String,
    /// What it says about it. Holds no secret.
    pub(super) text: String,
    /// Whether the user may have been asked all the same.
    pub(super) asked: bool,
}

/// When each code was last told.
#[derive(Debug, Default)]
pub(super) struct Complaints(Mutex<HashMap<String, Instant>>);

impl Complaints {
    /// Tells it, unless its code was told within the last minute. `what` is one of [`REFUSED`] and [`UNAVAILABLE`].
    pub(super) fn tell(&self, what: &str, complaint: &Complaint, username: &str) {
        if self.is_due(&complaint.code) {
            let Complaint { code, text, .. } = complaint;
            warn!(
                code,
                text,
                user = username,
                "the push service {what} (told once a minute)"
            );
        }
    }

    fn is_due(&self, code: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, last| last.elapsed() < PAUSE);
        let code = if told.len() < CODES || told.contains_key(code) {
            code
        } else {
            ""
        };
        if told.contains_key(code) {
            return false;
        }
        told.insert(code.to_owned(), Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_code_is_told_once_a_minute() {
        let complaints = Complaints::default();
        assert!(complaints.is_due("no-devices"));
        assert!(complaints.is_due("user-not-found"));
        assert!(!complaints.is_due("no-devices"));
        advance(Duration::from_secs(59)).await;
        assert!(!complaints.is_due("no-devices"));
        advance(Duration::from_secs(1)).await;
        assert!(complaints.is_due("no-devices"));
        assert!(!complaints.is_due("no-devices"));
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_codes_there_are() {
        let complaints = Complaints::default();
        let told = (0..1000).filter(|code| complaints.is_due(&code.to_string())).count();
        assert_eq!(told, CODES + 1);
    }
}
