//! Why a password was not verified.

/// Why there is no verdict. None of these says anything about the password: never answer invalidCredentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// More verifications are waiting than the pool was given room for.
    #[error("too many password verifications are waiting")]
    Overloaded,
    /// Its turn did not come in time.
    #[error("the password verification waited too long")]
    TooLate,
    /// The pool is going down.
    #[error("the verification was cancelled")]
    Cancelled,
    /// The hash implementation panicked.
    #[error("the verification failed")]
    Failed,
}
