//! Search filters from BER (RFC 4511 section 4.5.1.7).
//!
//! Depth and number of elements are limited here, so that whatever walks a filter later may recurse.

use super::ber::{self, BerError, Element, Reader};
use super::fault::{Fault, text};
use crate::model::filter::{Filter, MAX_DEPTH};
use bytes::Bytes;

/// Filters and substrings in one filter. Clients OR together some thousand names; each element costs up to some thousand
/// octets of memory, until the search is answered, for the two it may take on the wire.
pub(super) const MAX_ELEMENTS: usize = 32_768;
/// So a filter may have one element for each so many octets that its message might have: who has not bound may send
/// less of both.
pub(super) const OCTETS_AN_ELEMENT: usize = 32;

/// How many elements filters in a message of at most `octets` may have.
pub(super) const fn max_elements(octets: usize) -> usize {
    let elements = octets / OCTETS_AN_ELEMENT;
    if elements < MAX_ELEMENTS {
        elements
    } else {
        MAX_ELEMENTS
    }
}

const AND: u8 = ber::context_constructed(0);
const OR: u8 = ber::context_constructed(1);
const NOT: u8 = ber::context_constructed(2);
const EQUALITY: u8 = ber::context_constructed(3);
const SUBSTRINGS: u8 = ber::context_constructed(4);
const GREATER_OR_EQUAL: u8 = ber::context_constructed(5);
const LESS_OR_EQUAL: u8 = ber::context_constructed(6);
const PRESENT: u8 = ber::context(7);
const APPROX: u8 = ber::context_constructed(8);
const EXTENSIBLE: u8 = ber::context_constructed(9);

const INITIAL: u8 = ber::context(0);
const ANY: u8 = ber::context(1);
const FINAL: u8 = ber::context(2);

const MATCHING_RULE: u8 = ber::context(1);
const TYPE: u8 = ber::context(2);
const MATCH_VALUE: u8 = ber::context(3);
const DN_ATTRIBUTES: u8 = ber::context(4);

/// Decodes the filter that is the reader's next element, of at most so many elements of its own.
pub(super) fn decode_filter(reader: &mut Reader<'_>, frame: &Bytes, elements: usize) -> Result<Filter, Fault> {
    if reader.is_empty() {
        return Err(BerError("a component is missing").into());
    }
    Decoder {
        frame,
        elements_left: elements,
    }
    .filter(reader, MAX_DEPTH - 1)
}

struct Decoder<'f> {
    frame: &'f Bytes,
    elements_left: usize,
}

impl Decoder<'_> {
    fn count(&mut self) -> Result<(), Fault> {
        let left = self.elements_left.checked_sub(1);
        self.elements_left = left.ok_or(Fault::too_much("filter has too many elements"))?;
        Ok(())
    }

    fn filter(&mut self, reader: &mut Reader<'_>, depth_left: usize) -> Result<Filter, Fault> {
        self.count()?;
        let Element { tag, content } = reader.element()?;
        Ok(match tag {
            AND => Filter::And(self.set(content, depth_left)?),
            OR => Filter::Or(self.set(content, depth_left)?),
            NOT => Filter::Not(Box::new(self.negated(content, depth_left)?)),
            EQUALITY => self.assertion(content, |attribute, value| Filter::Equality { attribute, value })?,
            GREATER_OR_EQUAL => {
                self.assertion(content, |attribute, value| Filter::GreaterOrEqual { attribute, value })?
            }
            LESS_OR_EQUAL => self.assertion(content, |attribute, value| Filter::LessOrEqual { attribute, value })?,
            APPROX => self.assertion(content, |attribute, value| Filter::Approx { attribute, value })?,
            PRESENT => Filter::Present(text(content)?),
            SUBSTRINGS => self.substrings(content)?,
            EXTENSIBLE => self.extensible(content)?,
            // The choice is extensible: the connection can go on after a kind of filter that is not known.
            0x80..=0xbf if tag & 0x1f > 9 => return Err(Fault::value("filter choice is unknown")),
            0x80..=0xbf => return Err(BerError("a filter has the wrong form").into()),
            _ => return Err(Fault::value("filter choice is unknown")),
        })
    }

    /// One level deeper, if that is still allowed.
    fn deeper(depth_left: usize) -> Result<usize, Fault> {
        depth_left
            .checked_sub(1)
            .ok_or(Fault::too_much("filter is nested too deeply"))
    }

    /// The members of an And or Or; none at all are True and False (RFC 4526).
    fn set(&mut self, content: &[u8], depth_left: usize) -> Result<Vec<Filter>, Fault> {
        let depth_left = Self::deeper(depth_left)?;
        let mut reader = Reader::new(content);
        let mut members = Vec::new();
        while !reader.is_empty() {
            members.push(self.filter(&mut reader, depth_left)?);
        }
        Ok(members)
    }

    /// Not is tagged explicitly, as a CHOICE cannot be otherwise: exactly one filter inside.
    fn negated(&mut self, content: &[u8], depth_left: usize) -> Result<Filter, Fault> {
        let depth_left = Self::deeper(depth_left)?;
        let mut reader = Reader::new(content);
        if reader.is_empty() {
            return Err(BerError("a component is missing").into());
        }
        let filter = self.filter(&mut reader, depth_left)?;
        if reader.is_empty() {
            Ok(filter)
        } else {
            Err(BerError("a Not has more than one filter").into())
        }
    }

    fn assertion(&self, content: &[u8], build: impl FnOnce(String, Bytes) -> Filter) -> Result<Filter, Fault> {
        let mut reader = Reader::new(content);
        let attribute = text(reader.octets()?)?;
        let value = ber::share(self.frame, reader.octets()?);
        reader.finish(&[ber::OCTET_STRING])?;
        Ok(build(attribute, value))
    }

    fn substrings(&mut self, content: &[u8]) -> Result<Filter, Fault> {
        const ORDER: Fault = Fault::value("substrings are out of order");
        let mut reader = Reader::new(content);
        let attribute = text(reader.octets()?)?;
        let mut parts = reader.constructed(ber::SEQUENCE)?;
        reader.finish(&[ber::OCTET_STRING, ber::SEQUENCE])?;
        if parts.is_empty() {
            return Err(Fault::value("substrings are empty"));
        }
        let (mut initial, mut any, mut last) = (None, Vec::new(), None);
        while !parts.is_empty() {
            self.count()?;
            let part = parts.element()?;
            let value = ber::share(self.frame, part.content);
            match part.tag {
                INITIAL | ANY | FINAL if last.is_some() => return Err(ORDER),
                INITIAL if initial.is_some() || !any.is_empty() => return Err(ORDER),
                INITIAL => initial = Some(value),
                ANY => any.push(value),
                FINAL => last = Some(value),
                0xa0..=0xa2 => return Err(BerError("a substring has the wrong form").into()),
                _ => return Err(Fault::value("substring choice is unknown")),
            }
        }
        Ok(Filter::Substrings {
            attribute,
            initial,
            any,
            last,
        })
    }

    fn extensible(&self, content: &[u8]) -> Result<Filter, Fault> {
        let mut reader = Reader::new(content);
        let rule = reader.optional(MATCHING_RULE)?.map(text).transpose()?;
        let attribute = reader.optional(TYPE)?.map(text).transpose()?;
        let value = ber::share(self.frame, reader.expect(MATCH_VALUE)?);
        let dn_attributes = reader
            .optional(DN_ATTRIBUTES)?
            .map(ber::boolean)
            .transpose()?
            .unwrap_or(false);
        reader.finish(&[MATCHING_RULE, TYPE, MATCH_VALUE, DN_ATTRIBUTES])?;
        if rule.is_none() && attribute.is_none() {
            // "If the matchingRule field is absent, the type field MUST be present."
            return Err(Fault::value("extensible match has neither rule nor type"));
        }
        Ok(Filter::Extensible {
            rule,
            attribute,
            value,
            dn_attributes,
        })
    }
}
