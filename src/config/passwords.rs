//! Changing passwords: by which statement, and what a new one must be like.

use super::parse::{Reader, boolean};

/// How passwords are changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChangeSettings {
    /// `SQL_UPDATE_PASSWORD`: the statements that set a password hash; absent where passwords cannot be changed.
    pub update: Option<String>,
    /// `PASSWORD_SCHEME`: how a new password is hashed.
    pub scheme: PasswordScheme,
    /// `PASSWORD_MIN_LENGTH`: the fewest characters of a new password.
    pub min_length: usize,
    /// `LDAP_UNENCRYPTED`: the operator lets passwords cross the network readable.
    pub unencrypted: bool,
}

/// How a new password is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordScheme {
    /// `$argon2id$`, with the parameters of Node's `argon2` package.
    #[default]
    Argon2id,
    /// `$2b$`.
    Bcrypt,
    /// `$6$`, which crypt(3) of every Linux machine knows.
    Sha512Crypt,
}

/// As it is where no setting is given.
impl Default for PasswordChangeSettings {
    fn default() -> Self {
        PasswordChangeSettings {
            update: None,
            scheme: PasswordScheme::Argon2id,
            min_length: 8,
            unencrypted: false,
        }
    }
}

impl PasswordChangeSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let schemes = [
            ("argon2id", PasswordScheme::Argon2id),
            ("bcrypt", PasswordScheme::Bcrypt),
            ("sha512-crypt", PasswordScheme::Sha512Crypt),
        ];
        PasswordChangeSettings {
            update: reader.text("SQL_UPDATE_PASSWORD"),
            scheme: reader.choice("PASSWORD_SCHEME", &schemes),
            min_length: reader.number("PASSWORD_MIN_LENGTH", 1, 64).unwrap_or_default(),
            // What is wrong with it is noted elsewhere.
            unencrypted: reader.given("LDAP_UNENCRYPTED").and_then(boolean).unwrap_or(false),
        }
    }
}
