//! The authority of gateways that nobody gave a certificate, and the certificates that it signs. Where these are kept is
//! `self_made`'s business.
//!
//! A certificate that is its own authority is refused by Erlang even where it is trusted; and one that many clients trust
//! by itself could not be replaced before it ends. So clients are given the authority, which lives for ten years.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Datelike, Days, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use ring::digest::{SHA256, digest};
use x509_parser::{
    certificate::X509Certificate, parse_x509_certificate, pem::parse_x509_pem, prelude::FromDer,
    x509::SubjectPublicKeyInfo,
};

use super::{error::TlsError, facts::names_of};
use crate::config::Secret;

/// A change of the authority costs a visit to each client.
const AUTHORITY_DAYS: u64 = 3650;
/// As long as the authorities of the web let them live.
const LEAF_DAYS: u64 = 365;
/// A leaf that has less left is renewed: a machine that is off for a season comes back with a good one.
pub(super) const RENEWED_BEFORE_DAYS: u64 = 120;
/// In the subject of a leaf: it was made here and may be renewed.
const MADE_HERE: &str = "made by ldap-gateway";
/// RFC 5280 appendix A.1, ub-common-name-length.
const LONGEST_COMMON_NAME: usize = 64;
/// Names of a leaf that replicas share: containers get a new host name with each start.
const MOST_NAMES: usize = 64;

/// A certificate, what its authority is behind it, and the key as PEM text.
pub(super) struct Pair {
    pub certificate: String,
    pub key: Secret,
}

/// Who signs.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate as PEM text: what clients are given.
    pub certificate: String,
    /// Its key as PEM text.
    pub key: Secret,
    public_key: Vec<u8>,
    not_after: DateTime<Utc>,
}

fn failed(error: rcgen::Error) -> TlsError {
    TlsError::SelfMade(error.to_string())
}

impl Authority {
    /// A new one.
    pub fn make() -> Result<Self, TlsError> {
        Self::with_key(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?)
    }

    /// One whose key is there and whose certificate is not.
    pub fn of_key(key: &str) -> Result<Self, TlsError> {
        Self::with_key(KeyPair::from_pem(key).map_err(failed)?)
    }

    fn with_key(key: KeyPair) -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // Clients tell authorities apart by their names, and a site may have had another one.
        let own: String = digest(&SHA256, key.public_key_raw())
            .as_ref()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("ldap-gateway authority {own}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, in_days(AUTHORITY_DAYS));
        let certificate = params.self_signed(&key).map_err(failed)?;
        Self::read(&certificate.pem(), &key.serialize_pem())
    }

    /// One that is there, made here or by somebody else.
    pub fn read(certificate: &str, key: &str) -> Result<Self, TlsError> {
        let wrong = |reason: &str| TlsError::SelfMade(format!("the authority cannot be used: {reason}"));
        let signing = KeyPair::from_pem(key).map_err(|_| wrong("its key is no key in PKCS#8"))?;
        let (_, pem) = parse_x509_pem(certificate.as_bytes()).map_err(|_| wrong("its certificate is no PEM text"))?;
        let parsed = pem
            .parse_x509()
            .map_err(|_| wrong("its certificate is no certificate"))?;
        if parsed.public_key().subject_public_key.data.as_ref() != signing.public_key_raw() {
            return Err(wrong("its key does not belong to its certificate"));
        }
        if !parsed.is_ca() {
            return Err(wrong("its certificate is not one of an authority (CA:TRUE)"));
        }
        let not_after = DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0).unwrap_or_default();
        if not_after <= Utc::now() {
            return Err(wrong("its certificate has ended"));
        }
        Ok(Self {
            public_key: parsed.public_key().raw.to_vec(),
            issuer: Issuer::from_ca_cert_pem(certificate, signing).map_err(failed)?,
            certificate: certificate.to_owned(),
            key: Secret::new(key.to_owned()),
            not_after,
        })
    }

    /// Signs a P-256 certificate, X.509 v3 and no authority, for a server of these names; with the key that is there
    /// already, if any. What is only in memory ends with its authority: nobody else can renew it.
    pub fn sign(&self, common_name: &str, names: &[String], key: Option<&str>, kept: bool) -> Result<Pair, TlsError> {
        let mut params = CertificateParams::new(names).map_err(failed)?;
        let mut subject = DistinguishedName::new();
        let short = common_name.chars().count() <= LONGEST_COMMON_NAME && !common_name.is_empty();
        subject.push(DnType::CommonName, if short { common_name } else { "ldap-gateway" });
        subject.push(DnType::OrganizationalUnitName, MADE_HERE);
        params.distinguished_name = subject;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // By default it is made of the key, and a renewed certificate of the same key needs another.
        params.serial_number = Some(serial_number()?);
        set_validity(&mut params, if kept { self.end_of_leaf() } else { self.not_after });
        let key = match key {
            Some(pem) => KeyPair::from_pem(pem),
            None => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        }
        .map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Pair {
            // With the authority behind it, the file can be given to clients as well.
            certificate: certificate.pem() + &self.certificate,
            key: Secret::new(key.serialize_pem()),
        })
    }

    fn end_of_leaf(&self) -> DateTime<Utc> {
        in_days(LEAF_DAYS).min(self.not_after)
    }

    /// Whether a leaf that was made here is to be made anew: it ends soon, lacks a name, or another authority signed it.
    pub fn must_renew(&self, leaf: &X509Certificate<'_>, names: &[String]) -> bool {
        let end = leaf.validity().not_after.timestamp();
        let ends_soon = end < in_days(RENEWED_BEFORE_DAYS).timestamp();
        let is_prolonged = self.end_of_leaf().timestamp() > end + 86_400;
        let have = names_of(leaf);
        (ends_soon && is_prolonged) || names.iter().any(|name| !have.contains(name)) || !self.has_signed(leaf)
    }

    fn has_signed(&self, leaf: &X509Certificate<'_>) -> bool {
        SubjectPublicKeyInfo::from_der(&self.public_key).is_ok_and(|(_, key)| leaf.verify_signature(Some(&key)).is_ok())
    }
}

/// The leaf, where it was made here.
pub(super) fn made_here(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (_, leaf) = parse_x509_certificate(der).ok()?;
    let is_ours = leaf
        .subject()
        .iter_organizational_unit()
        .any(|unit| unit.as_str().is_ok_and(|unit| unit == MADE_HERE));
    is_ours.then_some(leaf)
}

/// Our names, and those that the leaf of somebody who shares it has.
pub(super) fn joined(names: &[String], leaf: &X509Certificate<'_>) -> Vec<String> {
    let others = names_of(leaf).into_iter().filter(|name| !names.contains(name));
    names.iter().cloned().chain(others).take(MOST_NAMES).collect()
}

fn serial_number() -> Result<rcgen::SerialNumber, TlsError> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).map_err(|error| TlsError::SelfMade(error.to_string()))?;
    // Positive, and never shorter.
    if let Some(first) = octets.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(rcgen::SerialNumber::from_slice(&octets))
}

fn in_days(days: u64) -> DateTime<Utc> {
    let now = Utc::now();
    now.checked_add_days(Days::new(days)).unwrap_or(now)
}

fn set_validity(params: &mut CertificateParams, until: DateTime<Utc>) {
    let day = |time: DateTime<Utc>| {
        let part = |number: u32| u8::try_from(number).unwrap_or(1);
        date_time_ymd(time.year(), part(time.month()), part(time.day()))
    };
    // A day of tolerance: the clocks of a new machine and of its clients differ.
    let now = Utc::now();
    params.not_before = day(now.checked_sub_days(Days::new(1)).unwrap_or(now));
    params.not_after = day(until);
}

/// Every name a client may use for this server.
pub(super) fn own_names(common_name: &str) -> Vec<String> {
    names(common_name, host_name().as_deref())
}

/// What can be a subject alternative name.
fn names(common_name: &str, host_name: Option<&str>) -> Vec<String> {
    let all = [
        Some(common_name),
        host_name,
        Some("localhost"),
        Some("127.0.0.1"),
        Some("::1"),
    ];
    let mut seen = BTreeSet::new();
    all.into_iter()
        .flatten()
        .map(|name| name.trim().trim_end_matches('.').to_ascii_lowercase())
        .filter(|name| is_host(name) && seen.insert(name.clone()))
        .collect()
}

fn is_host(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
        || (name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            }))
}

/// The machine's own name, where the system has it in a file (Linux).
fn host_name() -> Option<String> {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
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

    #[test]
    fn names_are_unique_and_possible() {
        assert_eq!(
            names("ldap1.Example.com.", Some("box\n")),
            ["ldap1.example.com", "box", "localhost", "127.0.0.1", "::1"]
        );
        assert_eq!(
            names("LOCALHOST", Some("not a host")),
            ["localhost", "127.0.0.1", "::1"]
        );
        assert_eq!(names("", None), ["localhost", "127.0.0.1", "::1"]);
    }

    fn leaf_of(pair: &Pair) -> Vec<u8> {
        parse_x509_pem(pair.certificate.as_bytes()).unwrap().1.contents
    }

    #[test]
    fn odd_common_names_do_not_matter() {
        let authority = Authority::make().unwrap();
        for name in ["", "My Server", "ünïcode", &"x".repeat(300), "10.0.0.1"] {
            let names = own_names(name);
            let leaf = leaf_of(&authority.sign(name, &names, None, true).unwrap());
            assert!(!authority.must_renew(&made_here(&leaf).unwrap(), &names), "{name}");
        }
    }

    #[test]
    fn a_leaf_is_renewed_for_another_name_or_authority_and_keeps_its_key() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (authority, other) = (Authority::make().unwrap(), Authority::make().unwrap());
        let (one, two) = (names(&["one.example", "::1"]), names(&["two.example"]));
        let first = authority.sign("one", &one, None, true).unwrap();
        let leaf = leaf_of(&first);
        let parsed = made_here(&leaf).unwrap();
        assert!(!authority.must_renew(&parsed, &one) && authority.must_renew(&parsed, &two));
        assert!(other.must_renew(&parsed, &one));
        let both = joined(&two, &parsed);
        assert_eq!(both, names(&["two.example", "one.example", "::1"]));
        let second = authority.sign("two", &both, Some(first.key.reveal()), true).unwrap();
        assert_eq!(first.key.reveal(), second.key.reveal());
        let second = leaf_of(&second);
        let second = made_here(&second).unwrap();
        assert!(!authority.must_renew(&second, &one) && !authority.must_renew(&second, &two));
        assert_ne!(parsed.raw_serial(), second.raw_serial());
    }

    #[test]
    fn an_authority_is_read_again_or_refused_with_the_reason() {
        let (one, other) = (Authority::make().unwrap(), Authority::make().unwrap());
        let again = Authority::read(&one.certificate, one.key.reveal()).unwrap();
        let names = own_names("x");
        let leaf = leaf_of(&again.sign("x", &names, None, true).unwrap());
        assert!(one.has_signed(&made_here(&leaf).unwrap()));
        // Only its certificate is lost.
        let remade = Authority::of_key(one.key.reveal()).unwrap();
        assert!(remade.has_signed(&made_here(&leaf).unwrap()));
        let refused = |certificate: &str, key: &str| match Authority::read(certificate, key) {
            Ok(_) => panic!("taken"),
            Err(error) => error.to_string(),
        };
        assert!(refused(&one.certificate, other.key.reveal()).contains("does not belong"));
        let pair = one.sign("x", &names, None, true).unwrap();
        assert!(refused(&pair.certificate, pair.key.reveal()).contains("CA:TRUE"));
        assert!(refused("nonsense", one.key.reveal()).contains("PEM"));
    }

    #[test]
    fn certificates_of_others_are_not_ours() {
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        assert!(made_here(pair.cert.der()).is_none() && made_here(b"").is_none());
    }
}
