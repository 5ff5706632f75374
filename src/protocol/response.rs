//! Answers (RFC 4511 sections 4.1.9, 4.2.2, 4.5.2, 4.12, 4.4), written straight into the connection's buffer.
//!
//! Lengths are added up first, so each answer takes one reservation and one pass, without a tree and without a copy
//! of any value. What may be shown was decided before.

use super::ber;
use super::control::{Control, controls_size, put_controls};
use super::result_code::ResultCode;
use crate::model::entry::{Entry, Selection};
use crate::model::schema::Schema;
use crate::model::value::Value;
use bytes::{BufMut, BytesMut};

/// The responseName of a Notice of Disconnection (section 4.4.1).
pub const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

const SEARCH_RESULT_ENTRY: u8 = 0x64;
const RESPONSE_NAME: u8 = ber::context(10);
const RESPONSE_VALUE: u8 = ber::context(11);

/// The responses that end an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseKind {
    /// BindResponse.
    Bind,
    /// SearchResultDone.
    SearchResultDone,
    /// ModifyResponse.
    Modify,
    /// AddResponse.
    Add,
    /// DelResponse.
    Delete,
    /// ModifyDNResponse.
    ModifyDn,
    /// CompareResponse.
    Compare,
    /// ExtendedResponse.
    Extended,
}

impl ResponseKind {
    const fn tag(self) -> u8 {
        match self {
            ResponseKind::Bind => 0x61,
            ResponseKind::SearchResultDone => 0x65,
            ResponseKind::Modify => 0x67,
            ResponseKind::Add => 0x69,
            ResponseKind::Delete => 0x6b,
            ResponseKind::ModifyDn => 0x6d,
            ResponseKind::Compare => 0x6f,
            ResponseKind::Extended => 0x78,
        }
    }
}

/// The LDAPResult that every response contains (section 4.1.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapResult {
    /// How it ended.
    pub code: ResultCode,
    /// With noSuchObject and its kin: the deepest entry that exists above the name, else empty.
    pub matched_dn: String,
    /// The diagnostic message: for people, and for no eyes that should not see SQL, hosts or files.
    pub text: String,
}

impl LdapResult {
    /// A result without a matched DN.
    pub fn new(code: ResultCode, text: impl Into<String>) -> Self {
        LdapResult {
            code,
            matched_dn: String::new(),
            text: text.into(),
        }
    }

    /// Done, with nothing to say.
    pub fn success() -> Self {
        LdapResult::new(ResultCode::Success, "")
    }

    /// The same with a matched DN.
    #[must_use]
    pub fn with_matched_dn(mut self, matched_dn: impl Into<String>) -> Self {
        self.matched_dn = matched_dn.into();
        self
    }

    fn size(&self) -> usize {
        ber::size(ber::integer_size(self.code.number().into()))
            + ber::size(self.matched_dn.len())
            + ber::size(self.text.len())
    }

    fn put(&self, buffer: &mut BytesMut) {
        ber::put_integer(buffer, ber::ENUMERATED, self.code.number().into());
        ber::put_octets(buffer, ber::OCTET_STRING, self.matched_dn.as_bytes());
        ber::put_octets(buffer, ber::OCTET_STRING, self.text.as_bytes());
    }
}

impl From<ResultCode> for LdapResult {
    fn from(code: ResultCode) -> Self {
        LdapResult::new(code, "")
    }
}

/// Appends the responses to one request, each with the request's message ID.
#[derive(Debug)]
pub struct ResponseWriter<'a> {
    buffer: &'a mut BytesMut,
    id: i32,
}

/// How the entries of one search are shown.
#[derive(Debug)]
pub struct EntryFormat<'a> {
    /// The schema that names the attributes.
    pub schema: &'a Schema,
    /// The attributes that are wanted.
    pub selection: &'a Selection,
    /// Attribute descriptions without values.
    pub types_only: bool,
}

impl<'a> ResponseWriter<'a> {
    /// Responses to the request with this message ID.
    pub fn new(buffer: &'a mut BytesMut, id: i32) -> Self {
        Self { buffer, id }
    }

    /// The response that ends an operation.
    pub fn result(&mut self, kind: ResponseKind, result: &LdapResult, controls: &[Control]) {
        self.envelope(kind.tag(), result.size(), controls_size(controls));
        result.put(self.buffer);
        put_controls(self.buffer, controls);
    }

    /// An extended response with its own name and value, where the operation defines them.
    pub fn extended(&mut self, result: &LdapResult, name: Option<&str>, value: Option<&[u8]>, controls: &[Control]) {
        let size = |part: Option<usize>| part.map_or(0, ber::size);
        let content = result.size() + size(name.map(str::len)) + size(value.map(<[u8]>::len));
        self.envelope(ResponseKind::Extended.tag(), content, controls_size(controls));
        result.put(self.buffer);
        if let Some(name) = name {
            ber::put_octets(self.buffer, RESPONSE_NAME, name.as_bytes());
        }
        if let Some(value) = value {
            ber::put_octets(self.buffer, RESPONSE_VALUE, value);
        }
        put_controls(self.buffer, controls);
    }

    /// An entry: of its attributes those that are selected and have values, under their canonical names.
    pub fn entry(&mut self, entry: &Entry, format: &EntryFormat<'_>) {
        let attributes = entry
            .attributes
            .iter()
            .filter(|attribute| format.selection.includes(format.schema, attribute.id))
            .map(|attribute| {
                (
                    format.schema.attribute_type(attribute.id).served_as(),
                    attribute.values.as_slice(),
                )
            });
        self.named_entry(&entry.dn, attributes, format.types_only);
    }

    /// An entry whose attributes are named already. The iterator is walked twice: once for the lengths.
    pub(super) fn named_entry<'e>(
        &mut self,
        dn: &str,
        attributes: impl Iterator<Item = (&'e str, &'e [Value])> + Clone,
        types_only: bool,
    ) {
        let values_size = |values: &[Value]| match types_only {
            true => 0,
            false => values.iter().map(|value| ber::size(value.len())).sum(),
        };
        // An attribute without values does not exist (RFC 4512 section 2.2).
        let attributes = attributes.filter(|(_, values)| !values.is_empty());
        let attribute_size = |name: &str, values: &[Value]| ber::size(name.len()) + ber::size(values_size(values));
        let list: usize = attributes
            .clone()
            .map(|(name, values)| ber::size(attribute_size(name, values)))
            .sum();

        self.envelope(SEARCH_RESULT_ENTRY, ber::size(dn.len()) + ber::size(list), 0);
        let buffer = &mut *self.buffer;
        ber::put_octets(buffer, ber::OCTET_STRING, dn.as_bytes());
        ber::put_header(buffer, ber::SEQUENCE, list);
        for (name, values) in attributes {
            let values_size = values_size(values);
            ber::put_header(buffer, ber::SEQUENCE, ber::size(name.len()) + ber::size(values_size));
            ber::put_octets(buffer, ber::OCTET_STRING, name.as_bytes());
            ber::put_header(buffer, ber::SET, values_size);
            if !types_only {
                for value in values {
                    ber::put_header(buffer, ber::OCTET_STRING, value.len());
                    buffer.put_slice(value);
                }
            }
        }
    }

    /// The envelope up to the operation's content, whose size must be known. Reserves room for all of it.
    fn envelope(&mut self, tag: u8, content: usize, controls: usize) {
        let id = self.id.into();
        let message = ber::size(ber::integer_size(id)) + ber::size(content) + controls;
        self.buffer.reserve(ber::size(message));
        ber::put_header(self.buffer, ber::SEQUENCE, message);
        ber::put_integer(self.buffer, ber::INTEGER, id);
        ber::put_header(self.buffer, tag, content);
    }
}

/// Appends the last message of a connection that the server ends (section 4.4.1).
pub fn write_notice_of_disconnection(buffer: &mut BytesMut, code: ResultCode, text: &str) {
    let result = LdapResult::new(code, text);
    ResponseWriter::new(buffer, 0).extended(&result, Some(NOTICE_OF_DISCONNECTION), None, &[]);
}
