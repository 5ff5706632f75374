//! What a client speaks, by its first octets: where that is not what the port speaks, an operator wants to know which of
//! the two is set up wrong.

/// What somebody seems to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// A TLS record with a handshake message (RFC 8446 5.1).
    Tls,
    /// An LDAP message that asks for StartTLS (RFC 4511 4.14).
    StartTls,
    /// Another LDAP message: a SEQUENCE.
    Ldap,
    /// A request of HTTP.
    Http,
    /// The greeting of SSH.
    Ssh,
    /// The line or the block that a load balancer puts before a connection.
    ProxyProtocol,
    /// Something else.
    Other,
}

/// The name of the StartTLS operation.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// How requests of HTTP begin.
const HTTP: [&[u8]; 8] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"CONNECT ",
    b"DELETE ",
    b"PRI * HTTP",
];
/// How both versions of the PROXY protocol begin.
const PROXY: [&[u8]; 2] = [b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"];

impl Opening {
    /// What these octets are the beginning of, as far as there are any.
    pub(super) fn of(octets: &[u8]) -> Self {
        // Few of them may have arrived.
        let begins =
            |pattern: &[u8]| !octets.is_empty() && (octets.starts_with(pattern) || pattern.starts_with(octets));
        match octets {
            [0x16] | [0x16, 0x03, ..] => Opening::Tls,
            [0x30, ..] if octets.windows(START_TLS.len()).any(|window| window == START_TLS) => Opening::StartTls,
            [0x30, ..] => Opening::Ldap,
            _ if PROXY.iter().any(|pattern| begins(pattern)) => Opening::ProxyProtocol,
            _ if HTTP.iter().any(|pattern| begins(pattern)) => Opening::Http,
            _ if begins(b"SSH-") => Opening::Ssh,
            _ => Opening::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_octets_tell_what_is_spoken() {
        for (octets, opening) in [
            (&b"\x16\x03\x01\x02\x00\x01"[..], Opening::Tls),
            (b"\x16", Opening::Tls),
            (
                b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
                Opening::Ldap,
            ),
            (b"0", Opening::Ldap),
            (
                b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
                Opening::StartTls,
            ),
            (b"GET / HTTP/1.1\r\n", Opening::Http),
            (b"G", Opening::Http),
            (b"PRI * HTTP/2.0\r\n", Opening::Http),
            (b"SSH-2.0-OpenSSH_10", Opening::Ssh),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Opening::ProxyProtocol),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", Opening::ProxyProtocol),
            (b"\x15\x03\x01\x00\x02", Opening::Other),
            (b"GETX", Opening::Other),
            (b"", Opening::Other),
        ] {
            assert_eq!(Opening::of(octets), opening, "{octets:?}");
        }
    }
}
