//! What PHP's `password_hash` makes, behind the prefixes of Nextcloud, MediaWiki and Django, and WordPress's bcrypt.

use crate::auth::password::{
    argon2::{self, Algorithm},
    bcrypt::{self, KeySetup},
    password_hash::{MALFORMED, PasswordHash, Reason},
    prehashed::{self, Prehash},
};

const ARGON2: [(&str, Algorithm); 2] = [("$argon2id$", Algorithm::Argon2id), ("$argon2i$", Algorithm::Argon2i)];
const BCRYPT: [&str; 3] = ["$2y$", "$2a$", "$2b$"];

/// `$2y$…`, `$argon2i$…` or `$argon2id$…`; whichever it is, `password_verify` looks at the hash itself.
pub(in crate::auth::password) fn parse(value: &str) -> Result<PasswordHash, Reason> {
    if let Some(rest) = BCRYPT.iter().find_map(|beginning| value.strip_prefix(beginning)) {
        return bcrypt::parse(KeySetup::Correct, rest);
    }
    let found = ARGON2
        .into_iter()
        .find_map(|(beginning, variant)| Some((value.strip_prefix(beginning)?, variant)));
    let (rest, variant) = found.ok_or(MALFORMED)?;
    argon2::parse(variant, rest)
}

/// `CC$…`, bcrypt over a digest.
pub(in crate::auth::password) fn parse_wordpress(rest: &str) -> Result<PasswordHash, Reason> {
    prehashed::parse(Prehash::WordPress, rest)
}
