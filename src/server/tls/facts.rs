//! What the certificates of a chain say: whose they are, who signed whom, and what a client may miss.

use std::net::IpAddr;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate,
    error::X509Error,
    extensions::{GeneralName, ParsedExtension},
    parse_x509_certificate,
};

use super::validity::Validity;

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whom it names.
    pub subject: String,
    /// Who signed it, by its own words.
    pub issuer: String,
    /// The host names and addresses that it is valid for (subjectAltName).
    pub names: Vec<String>,
    /// From when until when.
    pub validity: Validity,
    /// Which certificate of the same chain has signed it, by its position; itself among them.
    pub signer: Option<usize>,
    /// It may be a server's: it names no purposes, or that one among them.
    pub is_for_servers: bool,
    /// It says where its issuer's certificate is, as those of public authorities do.
    pub names_issuers_place: bool,
}

/// What stands in the settings where nobody gave the server's name.
const NO_NAME_GIVEN: &str = "localhost";

impl CertificateFacts {
    /// Whether a client that calls the server so accepts the certificate (RFC 6125 6.4: a star stands for one whole label).
    pub fn is_for(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.names.iter().any(|own| own.parse() == Ok(address));
        }
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(domain) => name
                .split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain)),
            None => own.eq_ignore_ascii_case(name),
        })
    }

    /// Why clients that call the server `common_name` (LDAP_COMMON_NAME) refuse the certificate for its names; None where they
    /// do not, and where nobody gave that name.
    pub fn names_remark(&self, common_name: &str) -> Option<String> {
        let origin = &self.validity.whose;
        let is_given = !common_name.is_empty() && common_name != NO_NAME_GIVEN;
        if self.names.is_empty() {
            return Some(format!(
                "{origin} has no names (subjectAltName): many clients look nowhere else and refuse it"
            ));
        }
        (is_given && !self.is_for(common_name)).then(|| {
            format!(
                "{origin} is not for LDAP_COMMON_NAME ({common_name}), only for {}: clients that call the server {common_name}, \
                 such as SSSD, refuse it",
                self.names.join(", ")
            )
        })
    }
}

/// What the certificates say, in their order; those that cannot be read are left out. `origin` says where they are from.
pub(super) fn facts_of(chain: &[CertificateDer<'_>], origin: &str) -> Vec<CertificateFacts> {
    let parsed: Vec<X509Certificate<'_>> = chain
        .iter()
        .filter_map(|der| Some(parse_x509_certificate(der).ok()?.1))
        .collect();
    let facts = parsed.iter().enumerate().map(|(position, certificate)| {
        let subject = plain(&certificate.subject().to_string());
        let kind = match (position, certificate.subject() == certificate.issuer()) {
            (0, _) => "the certificate",
            (_, true) => "the authority's certificate",
            (_, false) => "the intermediate certificate",
        };
        CertificateFacts {
            validity: Validity {
                whose: format!("{origin}: {kind} of {subject}"),
                not_before: certificate.validity().not_before.timestamp(),
                not_after: certificate.validity().not_after.timestamp(),
            },
            issuer: plain(&certificate.issuer().to_string()),
            subject,
            names: names_of(certificate),
            signer: signer(certificate, &parsed),
            is_for_servers: is_for_servers(certificate),
            names_issuers_place: has_issuers_place(certificate),
        }
    });
    facts.collect()
}

/// The validities of the certificates in a PEM text, for files of authorities. `origin` says where it is from.
pub fn validities_in(pem: &str, origin: &str) -> Vec<Validity> {
    let mut text = pem.as_bytes();
    let certificates: Vec<_> = rustls_pemfile::certs(&mut text).filter_map(Result::ok).collect();
    let facts = facts_of(&certificates, origin).into_iter();
    facts
        .map(|fact| Validity {
            whose: format!("{origin}: the certificate of {}", fact.subject),
            ..fact.validity
        })
        .collect()
}

/// The validities of the certificates that a server has shown, in DER; `origin` says who that is.
pub fn validities_shown(chain: impl IntoIterator<Item = impl AsRef<[u8]>>, origin: &str) -> Vec<Validity> {
    let shown = chain.into_iter();
    let shown: Vec<CertificateDer<'_>> = shown.map(|der| CertificateDer::from(der.as_ref().to_vec())).collect();
    let facts = facts_of(&shown, origin).into_iter();
    facts.map(|fact| fact.validity).collect()
}

/// The host names and addresses that a certificate is valid for.
pub(super) fn names_of(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(octets) => match *octets {
            [a, b, c, d] => Some(IpAddr::from([*a, *b, *c, *d]).to_string()),
            octets => Some(IpAddr::from(<[u8; 16]>::try_from(octets).ok()?).to_string()),
        },
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}

/// Whoever made the certificate may have put anything into its names.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { '?' } else { character })
        .collect()
}

fn signer(certificate: &X509Certificate<'_>, chain: &[X509Certificate<'_>]) -> Option<usize> {
    let has_signed = |signer: &X509Certificate<'_>| {
        certificate.issuer().as_raw() == signer.subject().as_raw()
            && match certificate.verify_signature(Some(signer.public_key())) {
                Ok(()) => true,
                // Signed in a way that cannot be verified here: the name alone counts.
                Err(X509Error::SignatureUnsupportedAlgorithm) => true,
                Err(_) => false,
            }
    };
    chain.iter().position(has_signed)
}

fn is_for_servers(certificate: &X509Certificate<'_>) -> bool {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) => usage.value.any || usage.value.server_auth,
        Ok(None) | Err(_) => true,
    }
}

fn has_issuers_place(certificate: &X509Certificate<'_>) -> bool {
    certificate
        .extensions()
        .iter()
        .any(|extension| matches!(extension.parsed_extension(), ParsedExtension::AuthorityInfoAccess(_)))
}
