//! The password modify operation (RFC 3062): an extended request and response with values of their own.

use super::ber::{self, BerError, Reader};
use super::fault::{Fault, text};
use super::secret_bytes::SecretBytes;
use bytes::BytesMut;
use zeroize::Zeroizing;

/// The operation's OID.
pub const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

const USER_IDENTITY: u8 = ber::context(0);
const OLD_PASSWORD: u8 = ber::context(1);
const NEW_PASSWORD: u8 = ber::context(2);
const GENERATED_PASSWORD: u8 = ber::context(0);

/// RFC 3062 section 2.1. What is absent and what is empty are different things.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub struct PasswordModifyRequest {
    /// Whose password; absent for the one who asks.
    pub user: Option<String>,
    /// The present password.
    pub old: Option<SecretBytes>,
    /// The one wanted; absent where the server is to make one.
    pub new: Option<SecretBytes>,
}

impl PasswordModifyRequest {
    /// The DN of the user: written as such, or as an authorization identity (RFC 4513 section 5.2.1.8). None for the one who
    /// asks; an empty one is nobody's, and clients send it for that.
    pub fn user_dn(&self) -> Option<&str> {
        let user = self.user.as_deref().filter(|user| !user.is_empty())?;
        let prefix = user.get(..3).filter(|prefix| prefix.eq_ignore_ascii_case("dn:"));
        Some(prefix.and_then(|_| user.get(3..)).unwrap_or(user))
    }
}

/// Decodes the request's value; without a value, all of it is absent. A value that does not decode is answered, as it is
/// no part of the message's structure.
pub(super) fn decode_password_modify(value: Option<&[u8]>) -> Result<PasswordModifyRequest, Fault> {
    let Some(value) = value else {
        return Ok(PasswordModifyRequest::default());
    };
    let (user, old, new) = parts(value).map_err(|error| Fault::value(error.0))?;
    Ok(PasswordModifyRequest {
        user: user.map(text).transpose()?,
        old: old.map(SecretBytes::from),
        new: new.map(SecretBytes::from),
    })
}

type Parts<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, Option<&'a [u8]>);

fn parts(value: &[u8]) -> Result<Parts<'_>, BerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.constructed(ber::SEQUENCE)?;
    if !outer.is_empty() {
        return Err(BerError("octets after the value"));
    }
    let user = reader.optional(USER_IDENTITY)?;
    let old = reader.optional(OLD_PASSWORD)?;
    let new = reader.optional(NEW_PASSWORD)?;
    reader.finish(&[USER_IDENTITY, OLD_PASSWORD, NEW_PASSWORD])?;
    Ok((user, old, new))
}

/// The value of a response that tells a password which the server made (section 2.2).
pub fn generated_password_value(generated: &str) -> Zeroizing<Vec<u8>> {
    let content = ber::size(generated.len());
    let mut value = BytesMut::with_capacity(ber::size(content));
    ber::put_header(&mut value, ber::SEQUENCE, content);
    ber::put_octets(&mut value, GENERATED_PASSWORD, generated.as_bytes());
    Zeroizing::new(value.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::protocol::ResultCode;

    fn decode(value: &[u8]) -> PasswordModifyRequest {
        decode_password_modify(Some(value)).unwrap()
    }

    #[test]
    fn what_ldappasswd_and_sssd_send() {
        assert_eq!(decode_password_modify(None).unwrap(), PasswordModifyRequest::default());
        assert_eq!(decode(&[0x30, 0]), PasswordModifyRequest::default());
        let whole = decode(b"\x30\x10\x80\x04cn=a\x81\x03old\x82\x03new");
        assert_eq!(whole.user.as_deref(), Some("cn=a"));
        assert_eq!(whole.old.as_ref().unwrap().as_bytes(), b"old");
        assert_eq!(whole.new.as_ref().unwrap().as_bytes(), b"new");
        assert!(!format!("{whole:?}").contains("old\""), "{whole:?}");
        let empty = decode(b"\x30\x02\x82\x00");
        assert_eq!((empty.old, empty.new), (None, Some(SecretBytes::from(&b""[..]))));
        assert_eq!(decode(b"\x30\x04\x81\x02\xff\x00").old.unwrap().as_bytes(), [0xff, 0]);
    }

    #[test]
    fn values_that_do_not_decode_are_answered() {
        let refused: [&[u8]; 10] = [
            b"",
            b"\x04\x00",
            b"\x30\x01",
            b"\x30\x00\x00",
            b"\x30\x02\xa0\x00",
            b"\x30\x04\x82\x00\x81\x00",
            b"\x30\x04\x80\x00\x80\x00",
            b"\x30\x03\x81\x05a",
            b"\x30\x80\x00\x00",
            b"\x30\x03\x80\x01\xff",
        ];
        for value in refused {
            let refused = decode_password_modify(Some(value));
            assert!(
                matches!(refused, Err(Fault::Unusable(ResultCode::ProtocolError, _))),
                "{value:02x?}: {refused:?}"
            );
        }
        // An extension nobody knows yet.
        assert_eq!(decode(b"\x30\x05\x82\x01x\x8f\x00").new.unwrap().as_bytes(), b"x");
    }

    #[test]
    fn whose_password() {
        for (user, dn) in [
            (None, None),
            (Some(""), None),
            (Some("uid=a,dc=x"), Some("uid=a,dc=x")),
            (Some("dn:uid=a,dc=x"), Some("uid=a,dc=x")),
            (Some("DN:uid=a"), Some("uid=a")),
            (Some("dn:"), Some("")),
            (Some("u:alice"), Some("u:alice")),
            (Some("dnä"), Some("dnä")),
        ] {
            let request = PasswordModifyRequest {
                user: user.map(str::to_owned),
                ..PasswordModifyRequest::default()
            };
            assert_eq!(request.user_dn(), dn);
        }
    }

    #[test]
    fn a_generated_password() {
        assert_eq!(*generated_password_value("secret"), b"\x30\x08\x80\x06secret");
    }
}
