//! Until when a certificate is valid: the one field that nobody else here reads (RFC 5280 section 4.1.2.5).

use chrono::NaiveDateTime;

use crate::protocol::ber::{self, Reader};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, `[0] EXPLICIT`.
const VERSION: u8 = ber::context_constructed(0);

/// `notAfter` of a certificate in DER, in seconds since 1970; None where it cannot be read.
pub(super) fn not_after(certificate: &[u8]) -> Option<i64> {
    let mut outer = Reader::new(certificate).constructed(ber::SEQUENCE).ok()?;
    let mut body = outer.constructed(ber::SEQUENCE).ok()?;
    body.optional(VERSION).ok()?;
    body.expect(ber::INTEGER).ok()?;
    // The signature's algorithm, and the issuer.
    body.expect(ber::SEQUENCE).ok()?;
    body.expect(ber::SEQUENCE).ok()?;
    let mut validity = body.constructed(ber::SEQUENCE).ok()?;
    validity.element().ok()?;
    let time = validity.element().ok()?;
    let text = std::str::from_utf8(time.content).ok()?;
    let text = match time.tag {
        // Section 4.1.2.5.1: two digits mean 1950 to 2049.
        UTC_TIME if text.starts_with(['5', '6', '7', '8', '9']) => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp())
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
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn both_forms_of_time_are_read() {
        let key = KeyPair::generate().unwrap();
        for (year, seconds) in [(1999, 915_148_800), (2030, 1_893_456_000), (2055, 2_682_374_400)] {
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.not_before = date_time_ymd(1998, 1, 1);
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            assert_eq!(not_after(certificate.der()), Some(seconds), "{year}");
        }
    }

    #[test]
    fn anything_else_is_nothing() {
        assert_eq!(not_after(b""), None);
        assert_eq!(not_after(&[0x30, 0x02, 0x30, 0x00]), None);
    }
}
