//! What the password policy control says of an account (draft-behera-ldap-password-policy section 6.2).

use crate::{directory::account::Refusal, protocol::PasswordPolicyError};

/// Why an account may not sign in. Only for whoever has given its password.
pub(super) fn of_account(refusal: &Refusal) -> PasswordPolicyError {
    match refusal {
        Refusal::Expired => PasswordPolicyError::PasswordExpired,
        Refusal::Status(_) | Refusal::Disabled | Refusal::Locked | Refusal::Unreadable(_) => {
            PasswordPolicyError::AccountLocked
        }
    }
}
