//! The self-signed pair for gateways that nobody gave a certificate.
//! Must not know: where it is kept.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Datelike, Days, Utc};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};

use super::TlsError;
use crate::config::Secret;

/// Clients pin the certificate (there is no authority to ask), so a change costs a visit to each.
const VALID_DAYS: u64 = 3650;

/// RFC 5280 appendix A.1, ub-common-name-length.
const LONGEST_COMMON_NAME: usize = 64;

/// A certificate and its key as PEM text.
pub(super) struct Pair {
    pub certificate: String,
    pub key: Secret,
}

/// Makes a P-256 pair, X.509 v3 and no authority, for this server by every name it may be called.
pub(super) fn make(common_name: &str) -> Result<Pair, TlsError> {
    let failed = |error: rcgen::Error| TlsError::SelfSigned(error.to_string());
    let mut params = CertificateParams::new(names(common_name, host_name().as_deref())).map_err(failed)?;
    let mut subject = DistinguishedName::new();
    let short = common_name.chars().count() <= LONGEST_COMMON_NAME && !common_name.is_empty();
    subject.push(DnType::CommonName, if short { common_name } else { "ldap-gateway" });
    params.distinguished_name = subject;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day of tolerance: the clocks of a new machine and of its clients differ.
    let now = Utc::now();
    let (from, until) = (
        now.checked_sub_days(Days::new(1)),
        now.checked_add_days(Days::new(VALID_DAYS)),
    );
    params.not_before = from.map_or(params.not_before, |day| {
        date_time_ymd(day.year(), month(day), day_of_month(day))
    });
    params.not_after = until.map_or(params.not_after, |day| {
        date_time_ymd(day.year(), month(day), day_of_month(day))
    });
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: Secret::new(key.serialize_pem()),
    })
}

fn month(time: DateTime<Utc>) -> u8 {
    time.month().try_into().unwrap_or(1)
}

fn day_of_month(time: DateTime<Utc>) -> u8 {
    time.day().try_into().unwrap_or(1)
}

/// Every name a client may use, as subject alternative names; what cannot be one is left out.
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

    #[test]
    fn odd_common_names_do_not_matter() {
        for name in ["", "My Server", "ünïcode", &"x".repeat(300), "10.0.0.1"] {
            assert!(make(name).is_ok(), "{name}");
        }
    }
}
