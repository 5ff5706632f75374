//! Verifies a password against a hash as user tables hold them, and makes new hashes.
//!
//! A stored value is hostile input: it may be plain text, cut off, or ask for more memory than the machine has.
//! Whatever it holds, [`Verifier`] answers: it does not panic, and its work is bounded. Plain text never matches.
//! Everything here is pure and blocking; async code goes through [`super::hashing_pool`].
//!
//! - `schemes`: the list of all schemes. A stored value is recognised there and handed to the file of its scheme.
//! - `argon2`, `bcrypt`, `crypt`, `digest`, `pbkdf2`, `yescrypt`: one file for each family of schemes; `prehashed`: bcrypt
//!   over a digest.
//! - `applications`: the forms in which applications write these, one file for each application.
//! - `unnamed`: values that do not say which scheme they are of.
//! - `password_hash`: what these files make, how much work a hash may ask for, and how it is compared.
//! - `make`: new hashes.
//! - `rfc2307`: a hash as other directories write it.
//! - `verifier`: the same work for users who do not exist; `decoy`: which work that is.

mod applications;
mod argon2;
mod bcrypt;
mod crypt;
mod decoy;
mod digest;
mod encoding;
mod make;
mod password_hash;
mod pbkdf2;
mod prehashed;
mod rfc2307;
mod schemes;
mod unnamed;
mod verifier;
mod yescrypt;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests;

pub use make::{HashError, generate_password, hash_password, longest_password};
pub use password_hash::{MAX_PASSWORD_BYTES, Verdict};
pub use rfc2307::rfc2307;
pub use schemes::{Classified, classify};
pub use verifier::{Verification, Verifier};
