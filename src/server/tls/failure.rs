//! Why a handshake failed, in words for whoever set up the client or the gateway.

use std::io;

use tokio_rustls::rustls::{AlertDescription, Error, PeerIncompatible};

use super::client_hello::offer_in;
use crate::metrics::ConnectionFailure;

/// Why a handshake failed: as it is counted, and as it is told. `opening` is what the client sent first.
pub fn explain(error: &io::Error, opening: &[u8]) -> (ConnectionFailure, String) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::AlertReceived(alert)) => of_alert(*alert),
        Some(Error::PeerIncompatible(why)) => {
            let cause = match why {
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired => ConnectionFailure::NoCommonVersion,
                _ => ConnectionFailure::NoCommonCipher,
            };
            let what = match cause {
                ConnectionFailure::NoCommonVersion => "no common TLS version (TLS_MIN_VERSION, TLS_MAX_VERSION)",
                _ => {
                    "no common cipher suite, key exchange or signature (TLS_CIPHERS, the kind of the certificate's key)"
                }
            };
            (cause, format!("{what}{}", offered(opening)))
        }
        Some(other) => (ConnectionFailure::Other, format!("{other}{}", offered(opening))),
        None if error.kind() == io::ErrorKind::TimedOut => {
            let text = "the client did not finish its handshake in time";
            (ConnectionFailure::TimedOut, text.to_owned())
        }
        None => {
            let text = format!(
                "the client closed the connection during the handshake ({error}): does it trust the certificate?"
            );
            (ConnectionFailure::ClosedInHandshake, text)
        }
    }
}

/// The client says in an alert (RFC 8446 6.2) what it does not like.
fn of_alert(alert: AlertDescription) -> (ConnectionFailure, String) {
    let (cause, why) = match alert {
        AlertDescription::UnknownCA => (
            ConnectionFailure::CertificateNotTrusted,
            "it does not know who issued the certificate: give it the authority's certificate, and the gateway the whole chain",
        ),
        AlertDescription::CertificateExpired => (
            ConnectionFailure::CertificateExpired,
            "the certificate has ended, or is not valid yet by the client's clock",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
        | AlertDescription::UnrecognisedName => (
            ConnectionFailure::CertificateNotTrusted,
            "it refuses the certificate: is the name that it calls the server among the certificate's, and its authority known?",
        ),
        AlertDescription::ProtocolVersion => (
            ConnectionFailure::NoCommonVersion,
            "no common TLS version (TLS_MIN_VERSION, TLS_MAX_VERSION)",
        ),
        AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::IllegalParameter
        | AlertDescription::MissingExtension => (
            ConnectionFailure::NoCommonCipher,
            "no common cipher suite, key exchange or signature (TLS_CIPHERS)",
        ),
        AlertDescription::CloseNotify | AlertDescription::UserCanceled => (
            ConnectionFailure::ClosedInHandshake,
            "it closed the connection during the handshake: does it trust the certificate?",
        ),
        _ => (ConnectionFailure::Other, "it gave up"),
    };
    (cause, format!("the client says {alert:?}: {why}"))
}

fn offered(opening: &[u8]) -> String {
    offer_in(opening).map_or_else(String::new, |offer| format!("; the client offers {offer}"))
}
