//! What a new password must be like. Knows neither the present one nor where passwords are kept.

use crate::{
    auth::password::longest_password,
    config::PasswordChangeSettings,
    protocol::{LdapResult, PasswordPolicyError, ResultCode},
};

/// Why a new password is not taken: the answer, and the same for the password policy control.
pub(super) type Broken = (LdapResult, PasswordPolicyError);

/// Checks a new password of the user with this name, which is the text that a client has typed. SSSD shows the texts to
/// the user.
///
/// # Errors
/// The first rule that is broken.
pub(super) fn check(new: &[u8], username: &str, settings: &PasswordChangeSettings) -> Result<(), Broken> {
    let quality = PasswordPolicyError::InsufficientPasswordQuality;
    let Ok(text) = str::from_utf8(new) else {
        return Err(broken("the new password is not UTF-8".to_owned(), quality));
    };
    if text.chars().any(char::is_control) {
        return Err(broken("the new password has control characters".to_owned(), quality));
    }
    let least = settings.min_length;
    if text.chars().count() < least {
        let text = format!("the new password is too short: it needs {least} characters at least");
        return Err(broken(text, PasswordPolicyError::PasswordTooShort));
    }
    let longest = longest_password(settings.scheme);
    if text.len() > longest {
        let text = format!("the new password is too long: it may have {longest} bytes at most");
        return Err(broken(text, quality));
    }
    if text.trim().to_lowercase() == username.trim().to_lowercase() {
        return Err(broken(
            "the new password must not be the user's name".to_owned(),
            quality,
        ));
    }
    Ok(())
}

/// The new password is the present one.
pub(super) fn same() -> Broken {
    broken(
        "the new password must not be the present one".to_owned(),
        PasswordPolicyError::PasswordInHistory,
    )
}

fn broken(text: String, error: PasswordPolicyError) -> Broken {
    (LdapResult::new(ResultCode::ConstraintViolation, text), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PasswordScheme;

    #[test]
    fn each_rule() {
        let settings = |scheme| PasswordChangeSettings {
            update: None,
            scheme,
            min_length: 8,
            unencrypted: false,
        };
        let code = |new: &[u8], scheme| check(new, "Annalena", &settings(scheme)).err().map(|(_, error)| error);
        use PasswordPolicyError::{InsufficientPasswordQuality as Quality, PasswordTooShort as Short};
        use PasswordScheme::{Argon2id, Bcrypt, Sha512Crypt};
        for (new, scheme, expected) in [
            (&b"12345678"[..], Argon2id, None),
            ("ääääääää".as_bytes(), Argon2id, None),
            (b" with blanks ", Argon2id, None),
            (b"1234567", Argon2id, Some(Short)),
            ("äääääää".as_bytes(), Argon2id, Some(Short)),
            (b"", Argon2id, Some(Short)),
            (b"12345678\xff", Argon2id, Some(Quality)),
            (b"12345678\n", Argon2id, Some(Quality)),
            (b"1234\x005678", Argon2id, Some(Quality)),
            ("12345678\u{85}".as_bytes(), Argon2id, Some(Quality)),
            (b"annalena", Argon2id, Some(Quality)),
            (b" ANNALENA", Argon2id, Some(Quality)),
            (b"annalena1", Argon2id, None),
            (&[b'x'; 4096], Argon2id, None),
            (&[b'x'; 4097], Argon2id, Some(Quality)),
            (&[b'x'; 72], Bcrypt, None),
            (&[b'x'; 73], Bcrypt, Some(Quality)),
            (&[b'x'; 513], Sha512Crypt, Some(Quality)),
        ] {
            assert_eq!(code(new, scheme), expected, "{:?}", String::from_utf8_lossy(new));
        }
    }
}
