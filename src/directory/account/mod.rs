//! Whether a user may bind, by the columns that are never served. `decision` says it, column by column; `status` knows the
//! words that refuse, `expiry` when an account ends. What cannot be read refuses. The password is checked elsewhere.

mod decision;
mod expiry;
mod status;

pub use decision::{Account, AccountColumns, AccountOutcome, AccountSource, Refusal};
pub use status::Standing;
