//! What the password policy control says of an account (draft-behera-ldap-password-policy section 6.2).

use crate::{directory::account::Refusal, protocol::PasswordPolicyError};

/// Why an account may not sign in. Only for whoever has given its password.
///
/// An account whose time is over is locked, too (section 7.1). It is not `passwordExpired`: SSSD then lets the user in as far
/// as PAM's `auth` goes, to choose a new password, and many programs ask for no more than that.
pub(super) fn of_account(refusal: &Refusal) -> PasswordPolicyError {
    match refusal {
        Refusal::Expired | Refusal::Status(_) | Refusal::Disabled | Refusal::Locked | Refusal::Unreadable(_) => {
            PasswordPolicyError::AccountLocked
        }
    }
}
