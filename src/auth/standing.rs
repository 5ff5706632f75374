//! What is known of who binds, before the password is looked at.

/// Who is hashed for sooner when many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The name has signed in from there before.
    Familiar,
    /// Nothing is known.
    #[default]
    New,
    /// Binds from there have failed.
    Failing,
}
