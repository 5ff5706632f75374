//! Whether a user may bind, by the columns that are never served. `decision` says it, column by column; `status` knows the
//! words that refuse, `expiry` when an account ends. What cannot be read refuses. The password is checked elsewhere;
//! `password_change` is what a change of it is and how it may end.

mod decision;
mod expiry;
mod password_change;
mod status;

pub use decision::{Account, AccountColumns, AccountOutcome, AccountSource, Refusal};
pub use password_change::{PasswordChange, PasswordChangeError, PasswordStore};
pub use status::Standing;
