//! Changing a password: by the password modify operation (RFC 3062), or by a modify of `userPassword` (RFC 4511 4.6).
//!
//! Both say whose password, what the present one is and what the new one shall be (`password_modify`, `modify`). `change` does
//! it, for both alike: who may, whether the present one is right, whether the new one keeps the `rules`, and one line in the
//! log. Where hashes are kept, and by which statement they change, is the directory's business.

mod change;
mod modify;
mod password_modify;
mod rules;

pub(super) use modify::modify;
pub(super) use password_modify::password_modify;
