//! Answers, octet by octet.

use super::*;
use crate::model::entry::{Entry, Selection};
use crate::model::schema::{Schema, ids};
use bytes::Bytes;

fn written(write: impl FnOnce(&mut BytesMut)) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    write(&mut buffer);
    buffer.to_vec()
}

#[test]
fn a_result_as_in_rfc_4511_section_5_1() {
    let done = written(|buffer| {
        ResponseWriter::new(buffer, 2).result(ResponseKind::SearchResultDone, &LdapResult::success(), &[])
    });
    assert_eq!(done, [0x30, 12, 2, 1, 2, 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0]);
    let absent = LdapResult::new(ResultCode::NoSuchObject, "no").with_matched_dn("dc=x");
    let absent = written(|buffer| ResponseWriter::new(buffer, 300).result(ResponseKind::Compare, &absent, &[]));
    assert_eq!(
        absent,
        b"\x30\x13\x02\x02\x01\x2c\x6f\x0d\x0a\x01\x20\x04\x04dc=x\x04\x02no"
    );
    let refresh = LdapResult::from(ResultCode::SyncRefreshRequired);
    let refresh =
        written(|buffer| ResponseWriter::new(buffer, 1).result(ResponseKind::SearchResultDone, &refresh, &[]));
    assert_eq!(refresh, [0x30, 13, 2, 1, 1, 0x65, 8, 0x0a, 2, 0x10, 0, 4, 0, 4, 0]);
}

#[test]
fn a_page_ends_with_its_control() {
    let control = PagedResults {
        size: 0,
        cookie: Bytes::from_static(b"ck"),
    }
    .control();
    let done = written(|buffer| {
        ResponseWriter::new(buffer, 2).result(ResponseKind::SearchResultDone, &LdapResult::success(), &[control])
    });
    let expected = b"\x30\x33\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00\
                     \xa0\x25\x30\x23\x04\x161.2.840.113556.1.4.319\x04\x09\x30\x07\x02\x01\x00\x04\x02ck";
    assert_eq!(done, expected);
}

#[test]
fn a_notice_of_disconnection() {
    let notice = written(|buffer| write_notice_of_disconnection(buffer, ResultCode::Unavailable, "bye"));
    let expected = b"\x30\x27\x02\x01\x00\x78\x22\x0a\x01\x34\x04\x00\x04\x03bye\x8a\x161.3.6.1.4.1.1466.20036";
    assert_eq!(notice, expected);
}

#[test]
fn who_am_i_answers_with_a_value_only() {
    let result = LdapResult::success();
    let nobody = written(|buffer| ResponseWriter::new(buffer, 3).extended(&result, None, Some(b""), &[]));
    assert_eq!(nobody, [0x30, 14, 2, 1, 3, 0x78, 9, 0x0a, 1, 0, 4, 0, 4, 0, 0x8b, 0]);
}

#[test]
fn an_entry_under_its_canonical_names() {
    let schema = Schema::standard();
    let mut entry = Entry::new("cn=a");
    entry.push(ids::CN, "a");
    entry.push(ids::GIVEN_NAME, "b");
    entry.push(ids::GIVEN_NAME, "");
    entry.push(ids::SN, "not asked for");
    let selection = Selection::new(&schema, &["GIVENNAME".to_owned(), "2.5.4.3".to_owned()]);
    let written_entry = |types_only| {
        let format = EntryFormat {
            schema: &schema,
            selection: &selection,
            types_only,
        };
        written(|buffer| ResponseWriter::new(buffer, 7).entry(&entry, &format))
    };
    let expected = b"\x30\x2c\x02\x01\x07\x64\x27\x04\x04cn=a\x30\x1f\
                     \x30\x09\x04\x02cn\x31\x03\x04\x01a\x30\x12\x04\x09givenName\x31\x05\x04\x01b\x04\x00";
    assert_eq!(written_entry(false), expected);
    let types = b"\x30\x24\x02\x01\x07\x64\x1f\x04\x04cn=a\x30\x17\
                  \x30\x06\x04\x02cn\x31\x00\x30\x0d\x04\x09givenName\x31\x00";
    assert_eq!(written_entry(true), types);
}
