//! The Basic Encoding Rules as RFC 4511 section 5.1 narrows them: definite lengths, primitive octet strings.
//!
//! A borrowing reader over one complete message, and writers that append to a buffer. Knows nothing of LDAP messages.

use bytes::{BufMut, Bytes, BytesMut};

/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;

/// The bit of an identifier octet that says "constructed".
const CONSTRUCTED: u8 = 0x20;

/// The identifier octet of a primitive context-specific element.
pub const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The identifier octet of a constructed context-specific element.
pub const fn context_constructed(number: u8) -> u8 {
    0x80 | CONSTRUCTED | number
}

/// The encoding itself is wrong, so nothing after it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BerError(pub &'static str);

/// An element that was read: its identifier octet and its content.
///
/// A tag number above 30 takes more octets; LDAP has none, so such an element keeps only its first octet, which
/// equals none of the known tags.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// The (first) identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
}

/// The start of an element whose content may not be there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The (first) identifier octet.
    pub tag: u8,
    /// Octets taken by identifier and length.
    pub header: usize,
    /// Octets of content.
    pub content: usize,
}

/// Reads identifier and length; `None` while they are incomplete.
///
/// Lengths may have leading zeros (LDAP does not ask for DER), up to the four octets a 32-bit length can use.
pub fn header(input: &[u8]) -> Result<Option<Header>, BerError> {
    let mut octets = input.iter().copied().enumerate();
    let Some((_, tag)) = octets.next() else {
        return Ok(None);
    };
    if tag & 0x1f == 0x1f {
        // The number continues while the high bit is set; nobody has use for more than four octets of it.
        loop {
            match octets.next() {
                None => return Ok(None),
                Some((at, _)) if at > 4 => return Err(BerError("tag number is too long")),
                Some((_, octet)) if octet & 0x80 == 0 => break,
                Some(_) => {}
            }
        }
    }
    let Some((at, first)) = octets.next() else {
        return Ok(None);
    };
    match first {
        0x00..=0x7f => Ok(Some(Header {
            tag,
            header: at + 1,
            content: usize::from(first),
        })),
        0x80 => Err(BerError("indefinite length")),
        0x81..=0x84 => {
            let mut content = 0_usize;
            for _ in 0..first & 0x7f {
                let Some((_, octet)) = octets.next() else {
                    return Ok(None);
                };
                content = content.checked_mul(256).ok_or(BerError("length is too large"))? | usize::from(octet);
            }
            Ok(Some(Header {
                tag,
                header: at + 1 + usize::from(first & 0x7f),
                content,
            }))
        }
        _ => Err(BerError("length is longer than four octets")),
    }
}

/// Walks over the elements of one constructed element's content, without copying.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads the elements that `content` consists of.
    pub fn new(content: &'a [u8]) -> Self {
        Reader { rest: content }
    }

    /// Nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element, whatever it is.
    pub fn element(&mut self) -> Result<Element<'a>, BerError> {
        const TRUNCATED: BerError = BerError("element is longer than what contains it");
        // Nearly all: one octet each of identifier and length.
        if let [tag, length @ 0..=0x7f, rest @ ..] = self.rest
            && tag & 0x1f != 0x1f
        {
            let (content, rest) = rest.split_at_checked(usize::from(*length)).ok_or(TRUNCATED)?;
            self.rest = rest;
            return Ok(Element { tag: *tag, content });
        }
        let found = header(self.rest)?.ok_or(TRUNCATED)?;
        let (_, content) = self.rest.split_at_checked(found.header).ok_or(TRUNCATED)?;
        let (content, rest) = content.split_at_checked(found.content).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(Element {
            tag: found.tag,
            content,
        })
    }

    /// The content of the next element, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], BerError> {
        if self.rest.is_empty() {
            return Err(BerError("a component is missing"));
        }
        let element = self.element()?;
        if element.tag == tag {
            Ok(element.content)
        } else {
            Err(BerError("a component has the wrong tag"))
        }
    }

    /// The content of the next element if it has this tag. The right number in the wrong form (primitive for
    /// constructed or the other way round, RFC 4511 section 5.1) is an error and not an absent component.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, BerError> {
        match self.rest.first() {
            Some(next) if *next == tag => self.expect(tag).map(Some),
            Some(next) if next & !CONSTRUCTED == tag & !CONSTRUCTED => Err(BerError("a component has the wrong form")),
            _ => Ok(None),
        }
    }

    /// The components of the next element, a constructed one of this tag.
    pub fn constructed(&mut self, tag: u8) -> Result<Reader<'a>, BerError> {
        self.expect(tag).map(Reader::new)
    }

    /// The octets of the next element, an OCTET STRING.
    pub fn octets(&mut self) -> Result<&'a [u8], BerError> {
        self.expect(OCTET_STRING)
    }

    /// The value of the next element, an INTEGER; `None` if it is too large for 64 bits.
    pub fn integer(&mut self) -> Result<Option<i64>, BerError> {
        self.expect(INTEGER).and_then(integer)
    }

    /// The value of the next element, an ENUMERATED; `None` if it is too large for 64 bits.
    pub fn enumerated(&mut self) -> Result<Option<i64>, BerError> {
        self.expect(ENUMERATED).and_then(integer)
    }

    /// Ends a SEQUENCE. All of LDAP's are extensible ("extensibility is implied", RFC 4511 section 4): trailing
    /// components with tags nobody knows are ignored, a known one in the wrong place is an error.
    pub fn finish(mut self, known: &[u8]) -> Result<(), BerError> {
        while !self.is_empty() {
            let element = self.element()?;
            if known.iter().any(|tag| tag & !CONSTRUCTED == element.tag & !CONSTRUCTED) {
                return Err(BerError("a component is repeated or out of place"));
            }
        }
        Ok(())
    }
}

/// Decodes the content of a BOOLEAN. Any octet but zero is TRUE, as BER has it; RFC 4511 section 5.1 asks senders for
/// FF, but the meaning of another one is not in doubt.
pub fn boolean(content: &[u8]) -> Result<bool, BerError> {
    match content {
        [octet] => Ok(*octet != 0),
        _ => Err(BerError("a BOOLEAN is not one octet")),
    }
}

/// Decodes the content of an INTEGER or ENUMERATED, two's complement; `None` if it is longer than 64 bits.
pub fn integer(content: &[u8]) -> Result<Option<i64>, BerError> {
    let first = content.first().ok_or(BerError("an INTEGER has no content"))?;
    if content.len() > 8 {
        return Ok(None);
    }
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(Some(
        content
            .iter()
            .fold(sign, |value, octet| (value << 8) | i64::from(*octet)),
    ))
}

/// A part of `frame` as a handle of its own that shares the memory. A part that lies elsewhere is copied, which is how
/// messages with passwords are kept apart from the buffer that will be wiped.
pub fn share(frame: &Bytes, part: &[u8]) -> Bytes {
    let offset = (part.as_ptr() as usize).checked_sub(frame.as_ptr() as usize);
    match offset.and_then(|offset| Some((offset, offset.checked_add(part.len())?))) {
        Some((start, end)) if end <= frame.len() => frame.slice(start..end),
        _ => Bytes::copy_from_slice(part),
    }
}

/// How many octets identifier, length and content take together, for a content of this length.
pub const fn size(content: usize) -> usize {
    let length = match content {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xff_ffff => 4,
        _ => 5,
    };
    1 + length + content
}

/// Appends identifier and length (the shortest form) of an element whose content the caller appends next.
///
/// A content of four gigabytes or more cannot be written in LDAP's lengths; messages are far below.
pub fn put_header(buffer: &mut BytesMut, tag: u8, content: usize) {
    let [.., a, b, c, d] = (content as u64).to_be_bytes();
    match size(content) - content {
        2 => buffer.put_slice(&[tag, d]),
        3 => buffer.put_slice(&[tag, 0x81, d]),
        4 => buffer.put_slice(&[tag, 0x82, c, d]),
        5 => buffer.put_slice(&[tag, 0x83, b, c, d]),
        _ => buffer.put_slice(&[tag, 0x84, a, b, c, d]),
    }
}

/// Appends a primitive element with these octets.
pub fn put_octets(buffer: &mut BytesMut, tag: u8, octets: &[u8]) {
    put_header(buffer, tag, octets.len());
    buffer.put_slice(octets);
}

/// How many content octets an INTEGER takes.
pub const fn integer_size(value: i64) -> usize {
    let bits = if value < 0 {
        65 - value.leading_ones()
    } else {
        65 - value.leading_zeros()
    };
    bits.div_ceil(8) as usize
}

/// Appends an INTEGER or ENUMERATED in its shortest form.
pub fn put_integer(buffer: &mut BytesMut, tag: u8, value: i64) {
    let octets = value.to_be_bytes();
    let size = integer_size(value);
    put_header(buffer, tag, size);
    buffer.put_slice(octets.get(octets.len() - size..).unwrap_or(&octets));
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
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_and_long_lengths() {
        let short = Header {
            tag: 0x30,
            header: 2,
            content: 5,
        };
        assert_eq!(header(&[0x30, 5]).unwrap(), Some(short));
        // Active Directory's clients write every length in four octets.
        let long = Header {
            tag: 0x30,
            header: 6,
            content: 5,
        };
        assert_eq!(header(&[0x30, 0x84, 0, 0, 0, 5]).unwrap(), Some(long));
        let large = Header {
            tag: 0x04,
            header: 6,
            content: 0xffff_ffff,
        };
        assert_eq!(header(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]).unwrap(), Some(large));
        for partial in [
            &[][..],
            &[0x30],
            &[0x30, 0x82],
            &[0x30, 0x82, 1],
            &[0x1f],
            &[0x1f, 0x81],
            &[0x1f, 0x01],
        ] {
            assert_eq!(header(partial).unwrap(), None);
        }
    }

    #[test]
    fn refused_lengths_and_tags() {
        assert_eq!(header(&[0x30, 0x80]).unwrap_err(), BerError("indefinite length"));
        assert!(header(&[0x30, 0x85]).is_err());
        assert!(header(&[0x30, 0xff]).is_err());
        assert!(header(&[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        let high = Header {
            tag: 0x1f,
            header: 4,
            content: 1,
        };
        assert_eq!(header(&[0x1f, 0x81, 0x01, 0x01]).unwrap(), Some(high));
    }

    #[test]
    fn an_element_stays_inside_what_contains_it() {
        assert!(Reader::new(&[0x04, 3, 1, 2]).element().is_err());
        assert!(Reader::new(&[0x04]).element().is_err());
        let mut reader = Reader::new(&[0x04, 1, 7, 0x04, 0]);
        assert_eq!(reader.octets().unwrap(), &[7]);
        assert_eq!(reader.octets().unwrap(), &[] as &[u8]);
        assert!(reader.is_empty());
        assert_eq!(reader.octets().unwrap_err(), BerError("a component is missing"));
    }

    #[test]
    fn the_wrong_form_is_not_an_absent_component() {
        assert!(Reader::new(&[0x24, 0]).optional(OCTET_STRING).is_err());
        assert!(Reader::new(&[0x80, 0]).optional(context_constructed(0)).is_err());
        assert_eq!(Reader::new(&[0x81, 0]).optional(context(0)).unwrap(), None);
        assert_eq!(Reader::new(&[]).optional(context(0)).unwrap(), None);
    }

    #[test]
    fn a_sequence_may_end_in_unknown_components_only() {
        assert!(
            Reader::new(&[0x9e, 1, 0, 0x3f, 0x81, 0x01, 0])
                .finish(&[OCTET_STRING])
                .is_ok()
        );
        assert!(Reader::new(&[0x9e, 2, 0]).finish(&[OCTET_STRING]).is_err());
        assert!(Reader::new(&[0x04, 0]).finish(&[OCTET_STRING]).is_err());
        assert!(Reader::new(&[0x24, 0]).finish(&[OCTET_STRING]).is_err());
        assert!(Reader::new(&[0x00]).finish(&[OCTET_STRING]).is_err());
    }

    #[test]
    fn integers_carry_their_sign() {
        assert_eq!(integer(&[0xff]).unwrap(), Some(-1));
        assert_eq!(integer(&[0x00, 0xff]).unwrap(), Some(255));
        assert_eq!(integer(&[0x80, 0, 0, 0]).unwrap(), Some(i64::from(i32::MIN)));
        assert_eq!(integer(&[0x7f, 0xff, 0xff, 0xff]).unwrap(), Some(i64::from(i32::MAX)));
        // Longer than needed, as some clients pad to four octets.
        assert_eq!(integer(&[0, 0, 0, 1]).unwrap(), Some(1));
        assert_eq!(integer(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap(), None);
        assert!(integer(&[]).is_err());
    }

    #[test]
    fn booleans_are_one_octet() {
        assert!(boolean(&[0xff]).unwrap());
        assert!(boolean(&[0x01]).unwrap());
        assert!(!boolean(&[0x00]).unwrap());
        assert!(boolean(&[]).is_err());
        assert!(boolean(&[0, 0]).is_err());
    }

    #[test]
    fn shared_parts_and_foreign_parts() {
        let frame = Bytes::from_static(b"abcdef");
        assert_eq!(share(&frame, &frame[2..4]), &b"cd"[..]);
        assert_eq!(share(&frame, &frame[2..4]).as_ptr(), frame[2..].as_ptr());
        assert_eq!(share(&frame, b"xyz"), &b"xyz"[..]);
        assert_eq!(share(&Bytes::new(), &frame), frame);
        assert_eq!(share(&frame, &frame[6..]), &b""[..]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value: i64, octets in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let mut buffer = BytesMut::new();
            put_integer(&mut buffer, INTEGER, value);
            prop_assert_eq!(buffer.len(), size(integer_size(value)));
            put_octets(&mut buffer, OCTET_STRING, &octets);
            prop_assert_eq!(buffer.len(), size(integer_size(value)) + size(octets.len()));
            let mut reader = Reader::new(&buffer);
            prop_assert_eq!(reader.integer().unwrap(), Some(value));
            prop_assert_eq!(reader.octets().unwrap(), &octets[..]);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn integers_are_shortest(value: i64) {
            let mut buffer = BytesMut::new();
            put_integer(&mut buffer, INTEGER, value);
            let content = &buffer[2..];
            if content.len() > 1 {
                prop_assert!(content[0] != 0 || content[1] & 0x80 != 0);
                prop_assert!(content[0] != 0xff || content[1] & 0x80 == 0);
            }
        }

        #[test]
        fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&octets);
            while !reader.is_empty() && reader.element().is_ok() {}
        }
    }
}
