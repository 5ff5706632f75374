//! Makes hashes of new passwords, off the async threads and one at a time: who changes a password has been verified, and
//! must not take the threads from those who sign in.

use super::password::{HashError, hash_password};
use crate::config::PasswordScheme;
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Makes hashes, one at a time.
#[derive(Debug)]
pub struct HashMaker(Arc<Semaphore>);

impl Default for HashMaker {
    fn default() -> Self {
        HashMaker(Arc::new(Semaphore::new(1)))
    }
}

impl HashMaker {
    /// The hash of a new password. Who gives up waiting leaves the queue.
    ///
    /// # Errors
    /// The scheme cannot take the password, or the hash could not be made.
    pub async fn hash(&self, scheme: PasswordScheme, password: &[u8]) -> Result<String, HashError> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let password = Zeroizing::new(password.to_vec());
        let making = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash_password(scheme, &password)
        });
        making.await.unwrap_or(Err(HashError::Compute))
    }
}
