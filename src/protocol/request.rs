//! The requests of RFC 4511 section 4: their types, and how their content is decoded.
//!
//! Values stay as they came: a DN is a text here, and a filter's values are octets. Later rooms find out what they mean.

use super::ber::{self, BerError, Element, Reader};
use super::fault::{Fault, ProtocolError, text};
use super::filter::decode_filter;
use super::modify::{ModifyRequest, decode_modify};
use super::password_modify::{PASSWORD_MODIFY, PasswordModifyRequest, decode_password_modify};
use super::response::ResponseKind;
use super::result_code::ResultCode;
use super::secret_bytes::SecretBytes;
use crate::model::filter::Filter;
use crate::model::scope::Scope;
use bytes::Bytes;
use std::fmt;

/// The identifier octet of a bind request.
pub(super) const BIND: u8 = 0x60;
/// Requests that may hold passwords.
pub(super) const WITH_SECRETS: [u8; 4] = [BIND, MODIFY, ADD, EXTENDED];
/// The identifier octet of an unbind request.
pub(super) const UNBIND: u8 = 0x42;
const SEARCH: u8 = 0x63;
const MODIFY: u8 = 0x66;
const ADD: u8 = 0x68;
const DELETE: u8 = 0x4a;
const MODIFY_DN: u8 = 0x6c;
const COMPARE: u8 = 0x6e;
const ABANDON: u8 = 0x50;
const EXTENDED: u8 = 0x77;

/// `maxInt` of RFC 4511 section 4.1.1.
const MAX_INT: i64 = 2_147_483_647;
/// More attributes than any client asks for; each costs more memory than it takes octets on the wire.
const MAX_ATTRIBUTES: usize = 4_096;
/// What SSSD asks for of a user, and some.
const USUAL_ATTRIBUTES: usize = 40;

/// A request of any kind. `Debug` shows no values that may be secret.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub enum Request {
    /// Section 4.2.
    Bind(BindRequest),
    /// Section 4.3; no answer.
    Unbind,
    /// Section 4.5.
    Search(SearchRequest),
    /// Section 4.10.
    Compare(CompareRequest),
    /// Section 4.11, with the id of the operation that is not wanted any more; no answer. An id that no operation can
    /// have arrives as 0.
    Abandon(i32),
    /// Section 4.12.
    Extended(ExtendedRequest),
    /// RFC 3062, an extended request whose value holds passwords: nothing of it is kept elsewhere.
    PasswordModify(PasswordModifyRequest),
    /// Section 4.6.
    Modify(ModifyRequest),
    /// Section 4.7. Checked for its structure only, as all such writes are refused.
    Add,
    /// Section 4.8; as `Add`.
    Delete,
    /// Section 4.9; as `Add`.
    ModifyDn,
}

impl Request {
    /// Which response ends this operation; `None` where there is none.
    pub fn response_kind(&self) -> Option<ResponseKind> {
        Some(match self {
            Request::Bind(_) => ResponseKind::Bind,
            Request::Search(_) => ResponseKind::SearchResultDone,
            Request::Compare(_) => ResponseKind::Compare,
            Request::Extended(_) | Request::PasswordModify(_) => ResponseKind::Extended,
            Request::Add => ResponseKind::Add,
            Request::Modify(_) => ResponseKind::Modify,
            Request::Delete => ResponseKind::Delete,
            Request::ModifyDn => ResponseKind::ModifyDn,
            Request::Unbind | Request::Abandon(_) => return None,
        })
    }

    /// The RFC's name of the operation, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Bind(_) => "bind",
            Request::Unbind => "unbind",
            Request::Search(_) => "search",
            Request::Compare(_) => "compare",
            Request::Abandon(_) => "abandon",
            Request::Extended(_) | Request::PasswordModify(_) => "extended",
            Request::Add => "add",
            Request::Modify(_) => "modify",
            Request::Delete => "delete",
            Request::ModifyDn => "modifyDN",
        }
    }
}

/// Section 4.2.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct BindRequest {
    /// 1 to 127. What is not 3 is refused by the bind operation, which also makes the connection anonymous.
    pub version: u8,
    /// The DN to bind as; empty for an anonymous bind.
    pub name: String,
    /// How the name is proved.
    pub credentials: Credentials,
}

/// The two ways of RFC 4511 to prove a name.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub enum Credentials {
    /// A password.
    Simple(SecretBytes),
    /// SASL; its credentials are not kept, as no mechanism is supported.
    Sasl {
        /// The mechanism's name.
        mechanism: String,
    },
}

/// When aliases are followed (section 4.5.1.3). There are none in this directory, so all are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DerefAliases {
    /// Not at all.
    Never,
    /// Below the base.
    InSearching,
    /// On the way to the base.
    FindingBaseObject,
    /// Both.
    Always,
}

/// Section 4.5.1.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct SearchRequest {
    /// The base object's DN.
    pub base: String,
    /// How far to look.
    pub scope: Scope,
    /// When to follow aliases.
    pub deref_aliases: DerefAliases,
    /// The most entries the client wants; 0 for no limit.
    pub size_limit: u32,
    /// The most seconds the client waits; 0 for no limit.
    pub time_limit: u32,
    /// Attribute descriptions without values.
    pub types_only: bool,
    /// What entries must match.
    pub filter: Filter,
    /// The attributes wanted, UTF-8; empty for all user attributes.
    pub attributes: Vec<Bytes>,
}

/// The filter's values may be anything, also passwords: only its shape is shown.
impl fmt::Debug for SearchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchRequest")
            .field("base", &self.base)
            .field("scope", &self.scope)
            .field("size_limit", &self.size_limit)
            .field("time_limit", &self.time_limit)
            .field("types_only", &self.types_only)
            .field("filter", &self.filter.shape())
            .field("attributes", &self.attributes)
            .finish_non_exhaustive()
    }
}

/// Section 4.10.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct CompareRequest {
    /// The entry's DN.
    pub entry: String,
    /// The attribute description.
    pub attribute: String,
    /// The assertion value.
    pub value: Bytes,
}

/// The value may be somebody's guess at a password: it is not shown.
impl fmt::Debug for CompareRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompareRequest")
            .field("entry", &self.entry)
            .field("attribute", &self.attribute)
            .finish_non_exhaustive()
    }
}

/// Section 4.12.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct ExtendedRequest {
    /// The operation's OID.
    pub name: String,
    /// Its own encoding; absent and empty are different things.
    pub value: Option<Bytes>,
}

/// The value may hold passwords: it is not shown.
impl fmt::Debug for ExtendedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtendedRequest")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Which response belongs to an operation's tag: an error for a tag that is no request, `None` for the requests
/// without a response.
pub(super) fn response_kind(tag: u8) -> Result<Option<ResponseKind>, ProtocolError> {
    Ok(Some(match tag {
        BIND => ResponseKind::Bind,
        SEARCH => ResponseKind::SearchResultDone,
        MODIFY => ResponseKind::Modify,
        ADD => ResponseKind::Add,
        DELETE => ResponseKind::Delete,
        MODIFY_DN => ResponseKind::ModifyDn,
        COMPARE => ResponseKind::Compare,
        EXTENDED => ResponseKind::Extended,
        UNBIND | ABANDON => return Ok(None),
        _ => return Err(ProtocolError::new("the operation is no request")),
    }))
}

/// Decodes an operation; a filter in it may have so many elements.
pub(super) fn decode_request(operation: Element<'_>, frame: &Bytes, elements: usize) -> Result<Request, Fault> {
    let reader = Reader::new(operation.content);
    match operation.tag {
        BIND => decode_bind(reader).map(Request::Bind),
        SEARCH => decode_search(reader, frame, elements).map(Request::Search),
        COMPARE => decode_compare(reader, frame).map(Request::Compare),
        EXTENDED => decode_extended(reader, frame),
        ADD => check_add(reader).map(|()| Request::Add),
        MODIFY => decode_modify(reader).map(Request::Modify),
        MODIFY_DN => check_modify_dn(reader).map(|()| Request::ModifyDn),
        DELETE => text(operation.content).map(|_| Request::Delete),
        ABANDON => {
            let id = ber::integer(operation.content)?.and_then(|id| i32::try_from(id).ok());
            Ok(Request::Abandon(id.filter(|id| *id > 0).unwrap_or(0)))
        }
        UNBIND if operation.content.is_empty() => Ok(Request::Unbind),
        UNBIND => Err(BerError("a NULL has content").into()),
        _ => Err(BerError("the operation is no request").into()),
    }
}

fn decode_bind(mut reader: Reader<'_>) -> Result<BindRequest, Fault> {
    let version = reader.integer()?.and_then(|version| u8::try_from(version).ok());
    let name = reader.octets()?;
    let choice = if reader.is_empty() {
        None
    } else {
        Some(reader.element()?)
    };
    let choice = choice.ok_or(BerError("a component is missing"))?;
    reader.finish(&[ber::INTEGER, ber::OCTET_STRING, SIMPLE, SASL])?;
    let version = version.filter(|version| (1..=127).contains(version));
    let version = version.ok_or(Fault::value("version is out of range"))?;
    let name = text(name)?;
    let credentials = match choice.tag {
        SIMPLE => Credentials::Simple(choice.content.into()),
        SASL => {
            let mut sasl = Reader::new(choice.content);
            let mechanism = sasl.octets()?;
            sasl.optional(ber::OCTET_STRING)?;
            sasl.finish(&[ber::OCTET_STRING])?;
            Credentials::Sasl {
                mechanism: text(mechanism)?,
            }
        }
        SIMPLE_CONSTRUCTED | SASL_PRIMITIVE => {
            return Err(BerError("a component has the wrong form").into());
        }
        // Section 4.2: "servers ... MUST return authMethodNotSupported" for choices they do not know.
        _ => {
            let text = "authentication choice is unknown";
            return Err(Fault::Unusable(ResultCode::AuthMethodNotSupported, text));
        }
    };
    Ok(BindRequest {
        version,
        name,
        credentials,
    })
}

const SIMPLE: u8 = ber::context(0);
const SIMPLE_CONSTRUCTED: u8 = ber::context_constructed(0);
const SASL: u8 = ber::context_constructed(3);
const SASL_PRIMITIVE: u8 = ber::context(3);

fn decode_search(mut reader: Reader<'_>, frame: &Bytes, elements: usize) -> Result<SearchRequest, Fault> {
    let base = text(reader.octets()?)?;
    let scope = match reader.enumerated()? {
        Some(0) => Scope::Base,
        Some(1) => Scope::OneLevel,
        Some(2) => Scope::Subtree,
        Some(3) => Scope::Subordinates,
        _ => return Err(Fault::value("scope is unknown")),
    };
    let deref_aliases = match reader.enumerated()? {
        Some(0) => DerefAliases::Never,
        Some(1) => DerefAliases::InSearching,
        Some(2) => DerefAliases::FindingBaseObject,
        Some(3) => DerefAliases::Always,
        _ => return Err(Fault::value("derefAliases is unknown")),
    };
    let size_limit = limit(reader.integer()?, "sizeLimit is out of range")?;
    let time_limit = limit(reader.integer()?, "timeLimit is out of range")?;
    let types_only = ber::boolean(reader.expect(ber::BOOLEAN)?)?;
    let filter = decode_filter(&mut reader, frame, elements)?;
    let mut selection = reader.constructed(ber::SEQUENCE)?;
    let mut attributes = Vec::with_capacity(USUAL_ATTRIBUTES);
    while !selection.is_empty() {
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(Fault::too_much("too many attributes"));
        }
        let description = selection.octets()?;
        if !description.is_ascii() {
            text(description)?;
        }
        attributes.push(ber::share(frame, description));
    }
    reader.finish(&[
        ber::OCTET_STRING,
        ber::ENUMERATED,
        ber::INTEGER,
        ber::BOOLEAN,
        ber::SEQUENCE,
    ])?;
    Ok(SearchRequest {
        base,
        scope,
        deref_aliases,
        size_limit,
        time_limit,
        types_only,
        filter,
        attributes,
    })
}

fn limit(value: Option<i64>, problem: &'static str) -> Result<u32, Fault> {
    let value = value.filter(|value| (0..=MAX_INT).contains(value));
    value
        .and_then(|value| u32::try_from(value).ok())
        .ok_or(Fault::value(problem))
}

fn decode_compare(mut reader: Reader<'_>, frame: &Bytes) -> Result<CompareRequest, Fault> {
    let entry = text(reader.octets()?)?;
    let mut assertion = reader.constructed(ber::SEQUENCE)?;
    let attribute = text(assertion.octets()?)?;
    let value = ber::share(frame, assertion.octets()?);
    assertion.finish(&[ber::OCTET_STRING])?;
    reader.finish(&[ber::OCTET_STRING, ber::SEQUENCE])?;
    Ok(CompareRequest {
        entry,
        attribute,
        value,
    })
}

fn decode_extended(mut reader: Reader<'_>, frame: &Bytes) -> Result<Request, Fault> {
    let name = text(reader.expect(ber::context(0))?)?;
    let value = reader.optional(ber::context(1))?;
    reader.finish(&[ber::context(0), ber::context(1)])?;
    if name == PASSWORD_MODIFY {
        return decode_password_modify(value).map(Request::PasswordModify);
    }
    let value = value.map(|value| ber::share(frame, value));
    Ok(Request::Extended(ExtendedRequest { name, value }))
}

/// An attribute description and its values.
fn check_attribute(mut reader: Reader<'_>) -> Result<(), Fault> {
    text(reader.octets()?)?;
    let mut values = reader.constructed(ber::SET)?;
    while !values.is_empty() {
        values.octets()?;
    }
    Ok(reader.finish(&[ber::OCTET_STRING, ber::SET])?)
}

fn check_add(mut reader: Reader<'_>) -> Result<(), Fault> {
    text(reader.octets()?)?;
    let mut attributes = reader.constructed(ber::SEQUENCE)?;
    while !attributes.is_empty() {
        check_attribute(attributes.constructed(ber::SEQUENCE)?)?;
    }
    Ok(reader.finish(&[ber::OCTET_STRING, ber::SEQUENCE])?)
}

fn check_modify_dn(mut reader: Reader<'_>) -> Result<(), Fault> {
    text(reader.octets()?)?;
    text(reader.octets()?)?;
    ber::boolean(reader.expect(ber::BOOLEAN)?)?;
    if let Some(superior) = reader.optional(ber::context(0))? {
        text(superior)?;
    }
    Ok(reader.finish(&[ber::OCTET_STRING, ber::BOOLEAN, ber::context(0)])?)
}
