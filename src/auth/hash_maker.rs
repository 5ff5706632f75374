//! Makes hashes of new passwords, off the async threads and one at a time: who changes a password has been verified, and
//! must not take the threads from those who sign in. Each user waits with one of them at a time, so whoever asks for hundreds
//! keeps nobody else waiting.

use super::{
    password::{HashError, hash_password},
    user_turns::UserTurns,
};
use crate::config::PasswordScheme;
use std::{sync::Arc, time::Instant};
use tokio::{sync::Semaphore, time::timeout_at};
use zeroize::Zeroizing;

/// Makes hashes, one at a time.
#[derive(Debug)]
pub struct HashMaker {
    users: UserTurns,
    place: Arc<Semaphore>,
}

impl Default for HashMaker {
    fn default() -> Self {
        HashMaker {
            users: UserTurns::default(),
            place: Arc::new(Semaphore::new(1)),
        }
    }
}

/// A password that is to be hashed.
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    /// Who asks for it and takes a turn.
    pub asker: &'a str,
    /// How it is hashed.
    pub scheme: PasswordScheme,
    /// The password.
    pub password: &'a [u8],
    /// By then it must have begun.
    pub until: Instant,
}

impl HashMaker {
    /// The hash of a new password. Who gives up waiting leaves the queue.
    ///
    /// # Errors
    /// The scheme cannot take the password, its turn did not come in time, or the hash could not be made.
    pub async fn hash(&self, new: NewPassword<'_>) -> Result<String, HashError> {
        let turn = async {
            let own = self.users.take(new.asker).await;
            (own, Arc::clone(&self.place).acquire_owned().await)
        };
        let turn = timeout_at(new.until.into(), turn).await;
        let (_own, place) = turn.map_err(|_| HashError::TooLate)?;
        let (scheme, password) = (new.scheme, Zeroizing::new(new.password.to_vec()));
        let making = tokio::task::spawn_blocking(move || {
            let _place = place;
            hash_password(scheme, &password)
        });
        making.await.unwrap_or(Err(HashError::Compute))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use futures::{FutureExt, future::join_all};
    use std::time::Duration;

    fn new(asker: &str, until: Instant) -> NewPassword<'_> {
        NewPassword {
            asker,
            scheme: PasswordScheme::Sha512Crypt,
            password: b"secret",
            until,
        }
    }

    #[tokio::test]
    async fn who_asks_for_many_keeps_nobody_waiting() {
        let maker = HashMaker::default();
        let soon = Instant::now() + Duration::from_secs(60);
        let taken = Arc::clone(&maker.place).acquire_owned().await.unwrap();
        let mut many = Box::pin(join_all((0..50).map(|_| maker.hash(new("mallory", soon)))));
        assert!((&mut many).now_or_never().is_none());
        let mut one = Box::pin(maker.hash(new("alice", soon)));
        assert!((&mut one).now_or_never().is_none());
        drop(taken);
        // One of the fifty was first, and the others wait behind her.
        let first = tokio::select! {
            biased;
            made = &mut one => made.is_ok(),
            _ = &mut many => false,
        };
        assert!(first);
    }

    #[tokio::test]
    async fn a_turn_comes_in_time_or_not_at_all() {
        let maker = HashMaker::default();
        let _taken = Arc::clone(&maker.place).acquire_owned().await.unwrap();
        let late = maker
            .hash(new("alice", Instant::now() + Duration::from_millis(20)))
            .await;
        assert!(matches!(late, Err(HashError::TooLate)));
    }
}
