#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
//! Whole messages: raw octets from the RFC and from clients, properties, and `ldap3_proto` as an independent peer.

mod hostile;
mod peer;
mod requests;
mod responses;

use super::*;
use bytes::BytesMut;

/// Decodes one message that must be there completely.
pub(super) fn decoded(octets: &[u8]) -> Decoded {
    let mut buffer = BytesMut::from(octets);
    let decoded = decode(&mut buffer, 1 << 24).unwrap();
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
        Decoded::Unusable(Unusable { id, response, code, .. }) => (id, response, code),
        other => panic!("{other:?}"),
    }
}

fn broken(octets: &[u8]) -> &'static str {
    let mut buffer = BytesMut::from(octets);
    match decode(&mut buffer, 1 << 24) {
        Err(error) => error.text,
        Ok(other) => panic!("{other:?} from {octets:02x?}"),
    }
}

/// An element made of parts, with lengths as the encoder under test does not write them: four octets.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag, 0x84];
    element.extend((content.len() as u32).to_be_bytes());
    element.extend(content);
    element
}

/// A message with the id 1.
fn envelope(operation: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[2, 1, 1], operation])
}

/// A search below `dc=x` for everybody's everything, with one component replaced.
fn search_with(position: usize, component: &[u8]) -> Vec<u8> {
    let mut components: Vec<&[u8]> = vec![
        b"\x04\x04dc=x",
        &[0x0a, 1, 2],
        &[0x0a, 1, 0],
        &[2, 1, 0],
        &[2, 1, 0],
        &[1, 1, 0],
        b"\x87\x0bobjectClass",
        &[0x30, 0],
    ];
    components[position] = component;
    envelope(&tlv(0x63, &components))
}
