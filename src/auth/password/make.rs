//! New hashes for the password column, in the schemes that are worth making.

use zeroize::Zeroizing;

use super::{argon2, bcrypt, crypt, password_hash::MAX_PASSWORD_BYTES};
use crate::config::PasswordScheme;

/// A new hash could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The password is empty or longer than the scheme takes.
    #[error("the password must have 1 to {0} bytes")]
    Length(usize),
    /// The scheme takes C strings.
    #[error("the password must have no NUL character")]
    Nul,
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// Others were before it for too long.
    #[error("too many new passwords wait for their hashes")]
    TooLate,
    /// The computation failed, for lack of memory.
    #[error("the hash could not be computed")]
    Compute,
}

/// The longest password of which the scheme uses every byte.
pub fn longest_password(scheme: PasswordScheme) -> usize {
    match scheme {
        PasswordScheme::Argon2id => MAX_PASSWORD_BYTES,
        PasswordScheme::Bcrypt => bcrypt::KEY_BYTES,
        PasswordScheme::Sha512Crypt => crypt::MAX_PASSPHRASE_BYTES,
    }
}

/// Hashes a password for a password column. Takes as long as a verification.
///
/// # Errors
/// The scheme cannot take the password, or the hash could not be made.
pub fn hash_password(scheme: PasswordScheme, password: &[u8]) -> Result<String, HashError> {
    let longest = longest_password(scheme);
    if password.is_empty() || password.len() > longest {
        return Err(HashError::Length(longest));
    }
    if scheme != PasswordScheme::Argon2id && password.contains(&0) {
        return Err(HashError::Nul);
    }
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(HashError::Random)?;
    let made = match scheme {
        PasswordScheme::Argon2id => argon2::make(password, &salt),
        PasswordScheme::Bcrypt => bcrypt::make(password, &salt),
        PasswordScheme::Sha512Crypt => crypt::make_sha512(password, &salt),
    };
    made.ok_or(HashError::Compute)
}

const SALT_BYTES: usize = 16;

/// Characters that nobody takes for others.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password of `length` characters for somebody to type once: five bits of chance each.
///
/// # Errors
/// The system gave no random bytes.
pub fn generate_password(length: usize) -> Result<Zeroizing<String>, HashError> {
    let mut random = Zeroizing::new(vec![0_u8; length]);
    getrandom::fill(&mut random).map_err(HashError::Random)?;
    let characters = random
        .iter()
        .filter_map(|octet| READABLE.get(usize::from(*octet) % READABLE.len()));
    let mut generated = Zeroizing::new(String::with_capacity(length));
    generated.extend(characters.map(|character| char::from(*character)));
    Ok(generated)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::auth::password::{Verdict, schemes};

    const ALL: [(PasswordScheme, &str); 3] = [
        (PasswordScheme::Argon2id, "$argon2id$v=19$m=65536,t=3,p=4$"),
        (PasswordScheme::Bcrypt, "$2b$12$"),
        (PasswordScheme::Sha512Crypt, "$6$rounds=200000$"),
    ];

    #[test]
    fn what_is_made_verifies_and_is_another_each_time() {
        for (scheme, beginning) in ALL {
            let stored = hash_password(scheme, "Pässword".as_bytes()).unwrap();
            assert!(stored.starts_with(beginning), "{scheme:?}");
            assert_ne!(stored, hash_password(scheme, "Pässword".as_bytes()).unwrap());
            let parsed = schemes::parse(&stored).ok().unwrap();
            assert_eq!(parsed.verify("Pässword".as_bytes()), Verdict::Match, "{scheme:?}");
            assert_eq!(parsed.verify("pässword".as_bytes()), Verdict::Mismatch, "{scheme:?}");
        }
    }

    #[test]
    fn every_byte_of_a_password_counts_or_it_is_refused() {
        for (scheme, _) in ALL {
            assert!(hash_password(scheme, b"").is_err());
            assert!(hash_password(scheme, &vec![b'x'; longest_password(scheme) + 1]).is_err());
        }
        assert!(hash_password(PasswordScheme::Bcrypt, b"a\0b").is_err());
    }

    #[test]
    fn generated_passwords() {
        let one = generate_password(20).unwrap();
        assert_eq!(one.chars().count(), 20);
        assert_ne!(one, generate_password(20).unwrap());
    }
}
