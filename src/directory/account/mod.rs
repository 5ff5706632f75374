//! Whether a user may bind, by the columns that are never served. `decision` says it, column by column; `status` knows the
//! words that refuse, `expiry` when an account ends, `shown` what entries tell of it. What cannot be read refuses. The password is checked elsewhere;
//! `password_change` is what a change of it is and how it may end.

mod decision;
mod expiry;
mod password_change;
mod shown;
mod status;

pub use decision::{Account, AccountColumns, AccountOutcome, AccountSource, Refusal};
pub use password_change::{PasswordChange, PasswordChangeError, PasswordStore};
pub(crate) use shown::ShownState;
pub use status::Standing;
