//! The password policy control (draft-behera-ldap-password-policy section 6). The request control has no value; the
//! response control says what is wrong with a password or an account, as far as the client may know.

use super::ber;
use super::control::Control;
use bytes::BytesMut;

/// The OID of both controls.
pub const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// `error [1] ENUMERATED` of the response's value. The warnings of the draft are not sent: passwords have no age here, and
/// there are no grace logins.
const ERROR: u8 = ber::context(1);

/// What is wrong, in the draft's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordPolicyError {
    /// The account may not be used.
    AccountLocked = 1,
    /// This password may not be changed, or not by this client.
    PasswordModNotAllowed = 3,
    /// The present password is needed as well.
    MustSupplyOldPassword = 4,
    /// The new password breaks a rule.
    InsufficientPasswordQuality = 5,
    /// The new password is too short.
    PasswordTooShort = 6,
    /// The new password is the present one.
    PasswordInHistory = 8,
}

/// The response control; without an error its value is an empty sequence.
pub fn password_policy_response(error: Option<PasswordPolicyError>) -> Control {
    let content = error.map_or(0, |_| ber::size(1));
    let mut value = BytesMut::with_capacity(ber::size(content));
    ber::put_header(&mut value, ber::SEQUENCE, content);
    if let Some(error) = error {
        ber::put_octets(&mut value, ERROR, &[error as u8]);
    }
    Control::response(PASSWORD_POLICY, Some(value.freeze()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_as_the_draft_has_them() {
        let value = |error| password_policy_response(error).value.unwrap();
        assert_eq!(value(None)[..], [0x30, 0]);
        assert_eq!(
            value(Some(PasswordPolicyError::AccountLocked))[..],
            [0x30, 3, 0x81, 1, 1]
        );
        assert_eq!(
            value(Some(PasswordPolicyError::PasswordTooShort))[..],
            [0x30, 3, 0x81, 1, 6]
        );
        assert!(!password_policy_response(None).critical);
    }
}
