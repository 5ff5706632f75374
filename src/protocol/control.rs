//! Controls (RFC 4511 section 4.1.11) and the values of those that are supported.
//!
//! Which control may go with which operation, and what an unknown one means, is decided by the operations.

use super::ber::{self, BerError, Reader};
use super::fault::{Fault, text};
use super::filter::decode_filter;
use crate::model::filter::Filter;
use bytes::{Bytes, BytesMut};
use std::fmt;

/// Simple paged results, RFC 2696.
pub const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// ManageDsaIT, RFC 3296; JNDI sends it with every search.
pub const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";

/// Assertion, RFC 4528.
pub const ASSERTION: &str = "1.3.6.1.1.12";
/// Don't use copy, RFC 6171.
pub const DONT_USE_COPY: &str = "1.3.6.1.1.22";

/// Filters and substrings in an assertion, which is about one entry.
const ASSERTION_ELEMENTS: usize = 2_048;
/// More controls than any client sends with one message.
const MAX_CONTROLS: usize = 64;

/// One control of a request or response.
#[derive(Clone, PartialEq, Eq)]
pub struct Control {
    /// Which control.
    pub oid: String,
    /// The operation is only wanted with this control.
    pub critical: bool,
    /// The control's own encoding, if it has any; absent and empty are different things.
    pub value: Option<Bytes>,
}

/// Values may be cookies or credentials: only their length is shown.
impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("oid", &self.oid)
            .field("critical", &self.critical)
            .field(
                "value",
                &self.value.as_ref().map(|value| format!("{} octets", value.len())),
            )
            .finish()
    }
}

impl Control {
    /// A control for a response, where criticality has no meaning and is left out (RFC 4511 section 4.1.11).
    pub fn response(oid: &str, value: Option<Bytes>) -> Self {
        Control {
            oid: oid.to_owned(),
            critical: false,
            value,
        }
    }

    fn content_size(&self) -> usize {
        ber::size(self.oid.len())
            + if self.critical { ber::size(1) } else { 0 }
            + self.value.as_ref().map_or(0, |value| ber::size(value.len()))
    }

    fn put(&self, buffer: &mut BytesMut) {
        ber::put_header(buffer, ber::SEQUENCE, self.content_size());
        ber::put_octets(buffer, ber::OCTET_STRING, self.oid.as_bytes());
        if self.critical {
            ber::put_octets(buffer, ber::BOOLEAN, &[0xff]);
        }
        if let Some(value) = &self.value {
            ber::put_octets(buffer, ber::OCTET_STRING, value);
        }
    }
}

/// Reads the content of `controls [0]`.
pub(super) fn decode_controls(content: &[u8], frame: &Bytes) -> Result<Vec<Control>, Fault> {
    let mut reader = Reader::new(content);
    let mut controls = Vec::new();
    while !reader.is_empty() {
        if controls.len() == MAX_CONTROLS {
            return Err(Fault::too_much("too many controls"));
        }
        let mut control = reader.constructed(ber::SEQUENCE)?;
        let oid = text(control.octets()?)?;
        // An explicit FALSE is not what RFC 4511 section 5.1 wants to see, but GitLab's library sends it.
        let critical = control
            .optional(ber::BOOLEAN)?
            .map(ber::boolean)
            .transpose()?
            .unwrap_or(false);
        let value = control
            .optional(ber::OCTET_STRING)?
            .map(|value| ber::share(frame, value));
        control.finish(&[ber::BOOLEAN, ber::OCTET_STRING])?;
        controls.push(Control { oid, critical, value });
    }
    Ok(controls)
}

/// How many octets `controls [0]` takes; none at all when there are no controls.
pub(super) fn controls_size(controls: &[Control]) -> usize {
    if controls.is_empty() {
        0
    } else {
        ber::size(controls_content_size(controls))
    }
}

fn controls_content_size(controls: &[Control]) -> usize {
    controls.iter().map(|control| ber::size(control.content_size())).sum()
}

/// Appends `controls [0]`.
pub(super) fn put_controls(buffer: &mut BytesMut, controls: &[Control]) {
    if controls.is_empty() {
        return;
    }
    ber::put_header(buffer, ber::context_constructed(0), controls_content_size(controls));
    for control in controls {
        control.put(buffer);
    }
}

/// A control's value that does not decode; the operation is answered with protocolError and the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ControlValueError(pub &'static str);

impl From<BerError> for ControlValueError {
    fn from(error: BerError) -> Self {
        ControlValueError(error.0)
    }
}

/// The value of the paged results control (RFC 2696 section 2), the same in requests and responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagedResults {
    /// Request: entries wanted in this page. Response: an estimate of the whole, 0 for unknown.
    pub size: u32,
    /// Where to go on; empty in the first request and in the last response.
    pub cookie: Bytes,
}

impl PagedResults {
    /// Decodes the control's value.
    pub fn decode(value: &Bytes) -> Result<Self, ControlValueError> {
        let mut outer = Reader::new(value);
        let mut reader = outer.constructed(ber::SEQUENCE)?;
        if !outer.is_empty() {
            return Err(ControlValueError("octets after the value"));
        }
        let size = reader.integer()?;
        let cookie = ber::share(value, reader.octets()?);
        reader.finish(&[ber::INTEGER, ber::OCTET_STRING])?;
        let size = size
            .and_then(|size| i32::try_from(size).ok())
            .and_then(|size| u32::try_from(size).ok());
        Ok(PagedResults {
            size: size.ok_or(ControlValueError("page size is out of range"))?,
            cookie,
        })
    }

    /// The response control with this value.
    pub fn control(&self) -> Control {
        let content = ber::size(ber::integer_size(self.size.into())) + ber::size(self.cookie.len());
        let mut value = BytesMut::with_capacity(ber::size(content));
        ber::put_header(&mut value, ber::SEQUENCE, content);
        ber::put_integer(&mut value, ber::INTEGER, self.size.into());
        ber::put_octets(&mut value, ber::OCTET_STRING, &self.cookie);
        Control::response(PAGED_RESULTS, Some(value.freeze()))
    }
}

/// Decodes the value of the assertion control (RFC 4528 section 3), a filter.
pub fn decode_assertion(value: &Bytes) -> Result<Filter, ControlValueError> {
    let mut reader = Reader::new(value);
    let filter = decode_filter(&mut reader, value, ASSERTION_ELEMENTS).map_err(|fault| match fault {
        Fault::Broken(_) => ControlValueError("the assertion is no filter"),
        Fault::Unusable(_, text) => ControlValueError(text),
    })?;
    match reader.is_empty() {
        true => Ok(filter),
        false => Err(ControlValueError("octets after the value")),
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
    use super::*;
    use crate::protocol::ResultCode;

    fn decode(content: &[u8]) -> Result<Vec<Control>, Fault> {
        decode_controls(content, &Bytes::new())
    }

    #[test]
    fn sssd_paged_results() {
        let value = Bytes::from_static(&[0x30, 0x06, 0x02, 0x02, 0x03, 0xe8, 0x04, 0x00]);
        let page = PagedResults::decode(&value).unwrap();
        assert_eq!(
            page,
            PagedResults {
                size: 1000,
                cookie: Bytes::new()
            }
        );
        assert_eq!(
            page.control(),
            Control {
                oid: PAGED_RESULTS.into(),
                critical: false,
                value: Some(value)
            }
        );
    }

    #[test]
    fn paged_results_values_out_of_range_or_broken() {
        let refused: &[&[u8]] = &[
            &[],
            &[0x30, 0x05, 0x02, 0x01, 0xff, 0x04, 0x00],
            &[0x30, 0x08, 0x02, 0x04, 0x80, 0, 0, 0, 0x04, 0x00],
            &[0x30, 0x09, 0x02, 0x05, 0, 0x80, 0, 0, 0, 0x04, 0x00],
            &[0x30, 0x03, 0x02, 0x01, 0x01],
            &[0x30, 0x05, 0x02, 0x01, 0x01, 0x04, 0x00, 0x00],
            &[0x04, 0x00],
        ];
        for value in refused {
            assert!(
                PagedResults::decode(&Bytes::copy_from_slice(value)).is_err(),
                "{value:02x?}"
            );
        }
        let largest = Bytes::from_static(&[0x30, 0x08, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff, 0x04, 0x00]);
        assert_eq!(PagedResults::decode(&largest).unwrap().size, 0x7fff_ffff);
    }

    #[test]
    fn criticality_absent_true_and_explicitly_false() {
        let absent = decode(b"\x30\x05\x04\x03\x31\x2e\x32").unwrap();
        assert_eq!(
            absent,
            [Control {
                oid: "1.2".into(),
                critical: false,
                value: None
            }]
        );
        let explicit = decode(b"\x30\x0a\x04\x03\x31\x2e\x32\x01\x01\x00\x04\x00").unwrap();
        assert_eq!(
            explicit,
            [Control {
                oid: "1.2".into(),
                critical: false,
                value: Some(Bytes::new())
            }]
        );
        let critical = decode(b"\x30\x08\x04\x03\x31\x2e\x32\x01\x01\xff").unwrap();
        assert_eq!(
            critical,
            [Control {
                oid: "1.2".into(),
                critical: true,
                value: None
            }]
        );
    }

    #[test]
    fn a_misplaced_criticality_is_not_lost() {
        // The value before the criticality: ignoring the second would turn a critical control into an optional one.
        let broken = decode(b"\x30\x0a\x04\x03\x31\x2e\x32\x04\x00\x01\x01\xff");
        assert!(matches!(broken, Err(Fault::Broken(_))), "{broken:?}");
        // An extension nobody knows yet is ignored.
        assert_eq!(decode(b"\x30\x07\x04\x03\x31\x2e\x32\x8f\x00").unwrap().len(), 1);
    }

    #[test]
    fn text_and_number_of_controls() {
        let refused = decode(b"\x30\x03\x04\x01\xff");
        assert!(
            matches!(refused, Err(Fault::Unusable(ResultCode::ProtocolError, _))),
            "{refused:?}"
        );
        let many = b"\x30\x02\x04\x00".repeat(MAX_CONTROLS);
        assert_eq!(decode(&many).unwrap().len(), MAX_CONTROLS);
        let too_many = decode(&b"\x30\x02\x04\x00".repeat(MAX_CONTROLS + 1));
        assert!(
            matches!(too_many, Err(Fault::Unusable(ResultCode::UnwillingToPerform, _))),
            "{too_many:?}"
        );
    }

    #[test]
    fn written_controls_are_read_back() {
        let controls = [
            Control {
                oid: "1.2".into(),
                critical: true,
                value: Some(Bytes::from_static(b"v")),
            },
            Control {
                oid: "1.3.6.1.4.1.42.2.27.8.5.1".into(),
                critical: false,
                value: None,
            },
        ];
        let mut buffer = BytesMut::new();
        put_controls(&mut buffer, &controls);
        assert_eq!(buffer.len(), controls_size(&controls));
        let content = Reader::new(&buffer).expect(ber::context_constructed(0)).unwrap();
        assert_eq!(decode(content).unwrap(), controls);
        buffer.clear();
        put_controls(&mut buffer, &[]);
        assert!(buffer.is_empty());
        assert_eq!(controls_size(&[]), 0);
    }

    #[test]
    fn values_are_not_shown() {
        let control = Control {
            oid: "1.2".into(),
            critical: false,
            value: Some(Bytes::from_static(b"cookie!")),
        };
        assert!(!format!("{control:?}").contains("cookie"));
    }
}
