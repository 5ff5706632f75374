//! What a client offers in its first message (RFC 8446 4.1.2), for the log: rustls tells only that nothing of it fits.

use tokio_rustls::rustls::{CipherSuite, ProtocolVersion};

/// Suites that are named; clients offer dozens.
const NAMED: usize = 8;
/// The extension with the versions (RFC 8446 4.2.1).
const SUPPORTED_VERSIONS: u16 = 43;

/// The versions and cipher suites of the message that these octets are the beginning of; None where they are none.
pub(super) fn offer_in(octets: &[u8]) -> Option<String> {
    let mut hello = Octets(octets);
    // The record's header and the message's: types, the record's version, and lengths.
    let header = hello.take(9)?;
    let ([0x16, 0x03, ..], Some(0x01)) = (header, header.get(5).copied()) else {
        return None;
    };
    let legacy_version = hello.number()?;
    hello.take(32)?;
    hello.short()?;
    let length = hello.number()?;
    let suites = hello.up_to(length.into());
    let mut versions = vec![legacy_version];
    if let Some(own) = extensions(&mut hello) {
        versions = own;
    }
    let versions: Vec<String> = versions
        .into_iter()
        .filter(|version| !is_grease(*version))
        .map(version_name)
        .collect();
    let numbers = suites.chunks_exact(2).filter_map(|pair| Octets(pair).number());
    // SCSV values are no suites (RFC 5746 3.3, RFC 7507 2).
    let real = numbers.filter(|suite| !is_grease(*suite) && !matches!(suite, 0x00ff | 0x5600));
    let suites: Vec<String> = real.map(suite_name).collect();
    let more = match suites.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<&str> = suites.iter().take(NAMED).map(String::as_str).collect();
    Some(format!("{} with {}{more}", versions.join(", "), named.join(", ")))
}

/// The versions in the extension for them; None where there is none.
fn extensions(hello: &mut Octets<'_>) -> Option<Vec<u16>> {
    hello.short()?;
    hello.number()?;
    loop {
        let (kind, length) = (hello.number()?, hello.number()?);
        let mut value = Octets(hello.take(length.into())?);
        if kind == SUPPORTED_VERSIONS {
            let listed = value.short()?;
            return Some(
                listed
                    .chunks_exact(2)
                    .filter_map(|pair| Octets(pair).number())
                    .collect(),
            );
        }
    }
}

/// Values that mean nothing, so that servers get used to such (RFC 8701).
fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

fn version_name(version: u16) -> String {
    match ProtocolVersion::from(version) {
        ProtocolVersion::SSLv3 => "SSL 3.0".to_owned(),
        ProtocolVersion::TLSv1_0 => "TLS 1.0".to_owned(),
        ProtocolVersion::TLSv1_1 => "TLS 1.1".to_owned(),
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        _ => format!("version {version:#06x}"),
    }
}

fn suite_name(suite: u16) -> String {
    CipherSuite::from(suite)
        .as_str()
        .map_or_else(|| format!("suite {suite:#06x}"), str::to_owned)
}

/// What is left to read.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many, or those that are there.
    fn up_to(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> Option<u16> {
        match *self.take(2)? {
            [high, low] => Some(u16::from_be_bytes([high, low])),
            _ => None,
        }
    }

    /// A value with its length in one octet before it.
    fn short(&mut self) -> Option<&'a [u8]> {
        let length = *self.take(1)?.first()?;
        self.take(length.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hello(version: [u8; 2], suites: &[u8], extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_vec();
        body.extend([7; 32]);
        body.extend([2, 9, 9]);
        body.extend(u16::try_from(suites.len()).unwrap().to_be_bytes());
        body.extend(suites);
        body.extend([1, 0]);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let length = u16::try_from(body.len()).unwrap();
        let mut octets = vec![0x16, 3, 1];
        octets.extend((length + 4).to_be_bytes());
        octets.extend([1, 0]);
        octets.extend(length.to_be_bytes());
        octets.extend(body);
        octets
    }

    #[test]
    fn versions_and_suites_are_named() {
        let old = hello([3, 2], &[0x00, 0x2f, 0xc0, 0x14, 0x00, 0xff], &[]);
        assert_eq!(
            offer_in(&old).unwrap(),
            "TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
        );
        let extensions = [0, 0, 0, 1, 5, 0, 43, 0, 7, 6, 0x1a, 0x1a, 3, 4, 3, 3];
        let new = hello([3, 3], &[0x0a, 0x0a, 0x13, 0x01, 0xfa, 0x01], &extensions);
        assert_eq!(
            offer_in(&new).unwrap(),
            "TLS 1.3, TLS 1.2 with TLS13_AES_128_GCM_SHA256, suite 0xfa01"
        );
    }

    #[test]
    fn whatever_is_cut_off_or_foreign_is_no_harm() {
        let whole = hello([3, 3], &[0x13, 0x01], &[0, 43, 0, 3, 2, 3, 4]);
        for end in 0..whole.len() {
            let _ = offer_in(whole.get(..end).unwrap());
        }
        for foreign in [&b"GET / HTTP/1.1\r\n"[..], b"", &[0x16; 80], &[0xff; 600]] {
            assert_eq!(offer_in(foreign), None);
        }
    }
}
