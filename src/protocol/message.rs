//! The envelope of every request (RFC 4511 section 4.1.1): where a message ends, its id, operation and controls.
//!
//! A message is complete and good; or well-formed, with a value that cannot be used, which is answered; or broken, which
//! ends the connection with a Notice of Disconnection. The first problem found in a message decides.

use super::ber::{self, Reader};
use super::control::{Control, decode_controls};
use super::fault::{Fault, ProtocolError};
use super::filter::max_elements;
use super::request::{self, Request};
use super::response::ResponseKind;
use super::result_code::ResultCode;
use bytes::{Bytes, BytesMut};
use zeroize::Zeroize;

/// A request with its envelope.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Message {
    /// Names the request in its answers; never 0.
    pub id: i32,
    /// What is asked for.
    pub request: Request,
    /// In the order they were sent.
    pub controls: Vec<Control>,
}

/// What `decode` found at the start of the buffer.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub enum Decoded {
    /// The message is not complete: read more and ask again. Asking costs no more than a look at the length.
    Incomplete,
    /// A request.
    Message(Message),
    /// A well-formed request with a value that cannot be used. It is answered, and the connection lives.
    Unusable(Unusable),
}

/// A request with a value that cannot be used, and its answer.
/// A refused bind leaves the connection anonymous like any failed one (RFC 4511 section 4.2.1).
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Unusable {
    /// The request's message id.
    pub id: i32,
    /// Which response answers it.
    pub response: ResponseKind,
    /// The result code of the answer.
    pub code: ResultCode,
    /// The diagnostic message of the answer.
    pub text: &'static str,
}

/// Octets of the first of the messages that `octets` consists of; all of them where that is no whole message.
pub fn first_message(octets: &[u8]) -> usize {
    match ber::header(octets) {
        Ok(Some(header)) => header.header.saturating_add(header.content).min(octets.len()),
        _ => octets.len(),
    }
}

/// Takes one message off the start of `buffer`, if it is there completely.
///
/// `max` is the largest message, header included, that is worth waiting for. After an error the buffer's content is
/// meaningless.
pub fn decode(buffer: &mut BytesMut, max: usize) -> Result<Decoded, ProtocolError> {
    // Whatever is no LDAP at all (a TLS handshake, HTTP) is recognised by its first octet.
    if buffer.first().is_some_and(|tag| *tag != ber::SEQUENCE) {
        return Err(ProtocolError::new("not an LDAP message"));
    }
    let Some(header) = ber::header(buffer)? else {
        return Ok(Decoded::Incomplete);
    };
    let total = match header.header.checked_add(header.content) {
        Some(total) if total <= max => total,
        _ => return Err(ProtocolError::new("message is too large")),
    };
    if buffer.len() < total {
        return Ok(Decoded::Incomplete);
    }
    let mut frame = buffer.split_to(total);
    if operation_tag(&frame).is_some_and(|tag| request::WITH_SECRETS.contains(&tag)) {
        decode_and_wipe(&mut frame, max_elements(max))
    } else {
        let frame = frame.freeze();
        decode_frame(&frame, &frame, max_elements(max))
    }
}

/// The tag of the operation in a complete message, if the structure is right that far.
fn operation_tag(frame: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(frame).constructed(ber::SEQUENCE).ok()?;
    reader.element().ok()?;
    reader.element().ok().map(|operation| operation.tag)
}

/// Decodes a message that may hold passwords: all parts are copied, and the frame is wiped, because the memory of the read
/// buffer is used again and again.
fn decode_and_wipe(frame: &mut [u8], elements: usize) -> Result<Decoded, ProtocolError> {
    let decoded = decode_frame(frame, &Bytes::new(), elements);
    frame.zeroize();
    decoded
}

/// Decodes one complete message. Values share the memory of `shared` where they lie in it and are copied otherwise.
fn decode_frame(frame: &[u8], shared: &Bytes, elements: usize) -> Result<Decoded, ProtocolError> {
    let mut reader = Reader::new(frame).constructed(ber::SEQUENCE)?;
    // RFC 4511 section 4.1.1.1: 0 is for unsolicited notifications. Without an id there is nothing to answer to.
    let id = reader
        .integer()?
        .and_then(|id| i32::try_from(id).ok())
        .filter(|id| *id > 0);
    let id = id.ok_or(ProtocolError::new("message id is out of range"))?;
    let operation = reader.element()?;
    let response = request::response_kind(operation.tag)?;
    let controls = reader.optional(ber::context_constructed(0))?;
    reader.finish(&[ber::INTEGER, ber::context_constructed(0)])?;

    let decoded = request::decode_request(operation, shared, elements).and_then(|request| {
        let controls = controls.map(|content| decode_controls(content, shared)).transpose()?;
        Ok(Message {
            id,
            request,
            controls: controls.unwrap_or_default(),
        })
    });
    match (decoded, response) {
        (Ok(message), _) => Ok(Decoded::Message(message)),
        (Err(Fault::Broken(error)), _) => Err(error),
        (Err(Fault::Unusable(code, text)), Some(response)) => Ok(Decoded::Unusable(Unusable {
            id,
            response,
            code,
            text,
        })),
        // Unbind and Abandon have no answer. Unbind means the same whatever its controls say; an Abandon that cannot
        // be understood must not be performed, and no operation has the id 0.
        (Err(Fault::Unusable(..)), None) => {
            let request = if operation.tag == request::UNBIND {
                Request::Unbind
            } else {
                Request::Abandon(0)
            };
            Ok(Decoded::Message(Message {
                id,
                request,
                controls: Vec::new(),
            }))
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::super::tests::{message, unusable};
    use super::*;

    const MAX: usize = 1 << 20;

    fn decode_all(octets: &[u8]) -> Result<Decoded, ProtocolError> {
        decode(&mut BytesMut::from(octets), MAX)
    }

    fn text_of(octets: &[u8]) -> &'static str {
        decode_all(octets).unwrap_err().text
    }

    #[test]
    fn the_rest_of_the_buffer_is_left_alone() {
        let unbind = [0x30, 5, 2, 1, 3, 0x42, 0];
        let mut buffer = BytesMut::from(&[&unbind[..], &unbind[..3]].concat()[..]);
        let expected = Message {
            id: 3,
            request: Request::Unbind,
            controls: Vec::new(),
        };
        assert_eq!(decode(&mut buffer, MAX).unwrap(), Decoded::Message(expected));
        assert_eq!(&buffer[..], &unbind[..3]);
        assert_eq!(decode(&mut buffer, MAX).unwrap(), Decoded::Incomplete);
        assert_eq!(&buffer[..], &unbind[..3]);
    }

    #[test]
    fn oversize_is_refused_by_its_header_alone() {
        let mut header = BytesMut::from(&[0x30, 0x83, 0x01, 0x00, 0x00][..]);
        assert_eq!(decode(&mut header.clone(), 0x10005).unwrap(), Decoded::Incomplete);
        assert_eq!(decode(&mut header, 0x10004).unwrap_err().text, "message is too large");
        assert_eq!(text_of(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), "message is too large");
    }

    #[test]
    fn foreign_protocols_are_recognised_at_once() {
        assert_eq!(text_of(&[0x16]), "not an LDAP message");
        assert_eq!(text_of(b"G"), "not an LDAP message");
        assert_eq!(text_of(&[0x30, 0x80]), "indefinite length");
        assert_eq!(decode_all(&[]).unwrap(), Decoded::Incomplete);
    }

    #[test]
    fn message_ids() {
        let with_id = |id: &[u8]| [&[0x30, 4 + id.len() as u8, 2, id.len() as u8][..], id, &[0x42, 0]].concat();
        assert_eq!(message(&with_id(&[0x7f, 0xff, 0xff, 0xff])).id, i32::MAX);
        assert_eq!(message(&with_id(&[0, 0, 0, 7])).id, 7);
        assert_eq!(message(&with_id(&[0, 0xff])).id, 255);
        for id in [&[0][..], &[0xff], &[0x80, 0, 0, 0], &[0, 0x80, 0, 0, 0], &[1; 9]] {
            assert_eq!(text_of(&with_id(id)), "message id is out of range", "{id:?}");
        }
        assert!(decode_all(&with_id(&[])).is_err());
    }

    #[test]
    fn operations_that_are_no_request() {
        // A SearchResultDone, an unknown application tag, a universal tag, the wrong form of a known one.
        for tag in [0x65, 0x7e, 0x04, 0x62, 0x43, 0x70, 0x6a, 0xa0] {
            assert_eq!(
                text_of(&[0x30, 5, 2, 1, 1, tag, 0]),
                "the operation is no request",
                "{tag:02x}"
            );
        }
    }

    #[test]
    fn broken_envelopes() {
        assert!(decode_all(&[0x30, 0]).is_err());
        assert!(decode_all(&[0x30, 3, 2, 1, 1]).is_err());
        // The operation is longer than the message.
        assert!(decode_all(&[0x30, 5, 2, 1, 1, 0x42, 1]).is_err());
        // Controls of the primitive form, twice, and a stray octet at the end.
        assert!(decode_all(&[0x30, 7, 2, 1, 1, 0x42, 0, 0x80, 0]).is_err());
        assert!(decode_all(&[0x30, 9, 2, 1, 1, 0x42, 0, 0xa0, 0, 0xa0, 0]).is_err());
        assert!(decode_all(&[0x30, 6, 2, 1, 1, 0x42, 0, 0xa0]).is_err());
        // An extension of the envelope and an empty list of controls are neither.
        assert_eq!(
            message(&[0x30, 9, 2, 1, 1, 0x42, 0, 0xa0, 0, 0x8b, 0]).request,
            Request::Unbind
        );
    }

    #[test]
    fn bad_controls_are_answered_where_there_is_an_answer() {
        let bad = [0xa0, 5, 0x30, 3, 4, 1, 0xff];
        let with = |operation: &[u8]| {
            [
                &[0x30, (3 + operation.len() + bad.len()) as u8, 2, 1, 9][..],
                operation,
                &bad,
            ]
            .concat()
        };
        assert_eq!(
            unusable(&with(&[0x4a, 4, b'c', b'=', b'a', b'b'])),
            (9, ResponseKind::Delete, ResultCode::ProtocolError)
        );
        assert_eq!(message(&with(&[0x42, 0])).request, Request::Unbind);
        // The abandon of operation 5 is not performed.
        assert_eq!(message(&with(&[0x50, 1, 5])).request, Request::Abandon(0));
    }

    #[test]
    fn a_bind_leaves_no_password_in_the_buffer() {
        let octets = b"\x30\x16\x02\x01\x01\x60\x11\x02\x01\x03\x04\x04cn=a\x80\x06pw\xffpw!";
        assert_eq!(operation_tag(octets), Some(request::BIND));
        let mut frame = octets.to_vec();
        let decoded = decode_and_wipe(&mut frame, max_elements(MAX)).unwrap();
        assert!(frame.iter().all(|octet| *octet == 0));
        assert_eq!(decoded, decode_all(octets).unwrap());
        assert!(!format!("{decoded:?}").contains("pw"));
        let Decoded::Message(Message {
            request: Request::Bind(bind),
            ..
        }) = decoded
        else {
            panic!()
        };
        assert!(matches!(bind.credentials, request::Credentials::Simple(word) if word.as_bytes() == b"pw\xffpw!"));
    }
}
