//! Approvals that count for later binds (`NOTIFICATION_REMEMBER`).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::auth::keyed_digest::Digest;

/// Approvals that are remembered at a time; then the oldest go.
const APPROVALS: usize = 10_000;

/// Approvals, each by the digest of the user, the address and the stored hash that it counts for, with when it was given.
#[derive(Debug)]
pub(super) struct Remembered {
    lifetime: Option<Duration>,
    approvals: Mutex<HashMap<Digest, Instant>>,
}

impl Remembered {
    /// Remembers for so long; without a time nothing is remembered.
    pub(super) fn new(lifetime: Option<Duration>) -> Self {
        Remembered {
            lifetime,
            approvals: Mutex::default(),
        }
    }

    /// Whether there is an approval that still counts.
    pub(super) fn covers(&self, digest: &Digest) -> bool {
        let Some(lifetime) = self.lifetime else {
            return false;
        };
        let approvals = self.approvals.lock().unwrap_or_else(PoisonError::into_inner);
        approvals.get(digest).is_some_and(|given| given.elapsed() < lifetime)
    }

    /// An approval was given now.
    pub(super) fn approved(&self, digest: Digest) {
        let Some(lifetime) = self.lifetime else {
            return;
        };
        let mut approvals = self.approvals.lock().unwrap_or_else(PoisonError::into_inner);
        if approvals.len() >= APPROVALS && !approvals.contains_key(&digest) {
            approvals.retain(|_, given| given.elapsed() < lifetime);
            let oldest = approvals.iter().min_by_key(|(_, given)| **given);
            if let Some(oldest) = oldest
                .map(|(oldest, _)| *oldest)
                .filter(|_| approvals.len() >= APPROVALS)
            {
                approvals.remove(&oldest);
            }
        }
        approvals.insert(digest, Instant::now());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn an_approval_counts_for_its_time_and_no_other_digest() {
        let remembered = Remembered::new(Some(Duration::from_secs(60)));
        remembered.approved([1; 32]);
        assert!(remembered.covers(&[1; 32]) && !remembered.covers(&[2; 32]));
        advance(Duration::from_secs(59)).await;
        assert!(remembered.covers(&[1; 32]), "a bind that it covers does not prolong it");
        advance(Duration::from_secs(1)).await;
        assert!(!remembered.covers(&[1; 32]));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_remembered_without_the_setting_and_memory_is_bounded() {
        let off = Remembered::new(None);
        off.approved([1; 32]);
        assert!(!off.covers(&[1; 32]) && off.approvals.lock().unwrap().is_empty());
        let on = Remembered::new(Some(Duration::from_secs(3600)));
        let digest = |number: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&(number as u64).to_be_bytes());
            digest
        };
        for number in 0..APPROVALS + 5 {
            on.approved(digest(number));
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(on.approvals.lock().unwrap().len(), APPROVALS);
        assert!(!on.covers(&digest(4)) && on.covers(&digest(5)));
    }
}
