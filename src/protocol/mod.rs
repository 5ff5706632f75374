//! LDAP messages (RFC 4511): octets to requests, answers to octets.
//!
//! Everything here is pure: no sockets, no tasks, no policy. Nothing here knows whether a request is allowed, what a DN
//! means, or which controls are supported. `decode` and [`ResponseWriter`] are the ways in.
//!
//! `ldap3_proto` is only a peer in the tests: its decoder ends the stream at the first value it cannot use, loses signs and
//! criticality, and takes text only.

pub(crate) mod ber;
pub(crate) mod control;
mod fault;
mod filter;
pub(crate) mod message;
mod modify;
mod password_modify;
mod password_policy;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod result_code;
mod secret_bytes;
#[cfg(test)]
mod tests;

pub use control::{Control, PagedResults};
pub use fault::ProtocolError;
pub use message::{Decoded, Message, Unusable, decode, first_message};
pub use modify::{Change, ChangeOperation, ModifyRequest};
pub use password_modify::{PASSWORD_MODIFY, PasswordModifyRequest, generated_password_value};
pub use password_policy::{PASSWORD_POLICY, PasswordPolicyError, password_policy_response};
pub use request::{BindRequest, CompareRequest, Credentials, DerefAliases, ExtendedRequest, Request, SearchRequest};
pub use response::{
    EntryFormat, LdapResult, NOTICE_OF_DISCONNECTION, ResponseKind, ResponseWriter, write_notice_of_disconnection,
};
pub use result_code::ResultCode;
pub use secret_bytes::SecretBytes;
