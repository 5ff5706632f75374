#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
//! Whole messages: raw octets from the RFC and from clients, properties, and `ldap3_proto` as an independent peer.

use super::*;
use bytes::BytesMut;

/// Decodes one message that must be there completely.
pub(super) fn decoded(octets: &[u8]) -> Decoded {
    let mut buffer = BytesMut::from(octets);
    let decoded = decode(&mut buffer, 1 << 20).unwrap();
    assert!(buffer.is_empty(), "octets left over");
    decoded
}

pub(super) fn message(octets: &[u8]) -> Message {
    match decoded(octets) {
        Decoded::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

pub(super) fn unusable(octets: &[u8]) -> (i32, ResponseKind, ResultCode) {
    match decoded(octets) {
        Decoded::Unusable {
            id, response, code, ..
        } => (id, response, code),
        other => panic!("{other:?}"),
    }
}
