//! What `check` says of the certificate that clients are shown, and of the authorities that the gateway itself verifies
//! others by: whose they are, until when they are valid, and why a client may refuse them.

use std::{fs, path::Path};

use super::report::{Fault, Report};
use crate::{
    config::{Config, RealmSettings, TlsSettings, TlsVersion},
    server::tls::{
        self, CertificateFacts,
        validity::{Standing, date, now, span},
    },
};

/// Looks at the certificate of the listener.
pub fn check(config: &Config, report: &mut Report) {
    if config.network.unencrypted {
        report.section("Certificate", vec!["none: LDAP_UNENCRYPTED is true".to_owned()]);
        return;
    }
    let sources = [
        "LDAP_CERT_CONTENT",
        "LDAP_KEY_CONTENT",
        "LDAP_CERT_PATH",
        "LDAP_KEY_PATH",
        "LDAP_UNENCRYPTED",
    ];
    if report.has_wrong_setting(&sources) {
        return;
    }
    let mut settings = config.tls.clone();
    if report.has_wrong_setting(&["TLS_MIN_VERSION", "TLS_MAX_VERSION"]) {
        // Nobody can say whether the suites fit the versions. The pair can still be looked at.
        settings.min_version = TlsVersion::V1_2;
        settings.max_version = TlsVersion::V1_3;
        settings.ciphers = None;
    }
    match tls::check(&settings) {
        Ok(setup) => {
            for warning in &setup.warnings {
                report.warn(warning.clone());
            }
            // `check` makes one too, and throws it away.
            if setup.self_made {
                report.section("Certificate", vec!["made when the gateway starts".to_owned()]);
                return;
            }
            let mut lines = vec![format!("from {}; the key belongs to it", setup.origin)];
            lines.extend(setup.facts.first().map(of_server).into_iter().flatten());
            lines.push(format!("SHA-256 fingerprint {}", setup.fingerprint));
            lines.push(chain(&setup.facts));
            if setup.is_renewed {
                lines.push("made by the gateway, which makes another when it starts".to_owned());
                report.section("Certificate", lines);
                return;
            }
            report.section("Certificate", lines);
            judge(&setup.facts, &settings, report);
            judge_chain(&setup.origin, &setup.facts, report);
        }
        Err(errors) => {
            for error in errors.0 {
                report.fault(Fault::Settings, error.to_string());
            }
        }
    }
}

/// What the server's own certificate says.
fn of_server(leaf: &CertificateFacts) -> Vec<String> {
    let now = now();
    let names = match leaf.names.is_empty() {
        true => "no names (subjectAltName)".to_owned(),
        false => leaf.names.join(", "),
    };
    let (from, to) = (leaf.validity.not_before, leaf.validity.not_after);
    let left = match leaf.validity.standing(now) {
        Standing::Good | Standing::EndsSoon => format!("{} left", span(to.saturating_sub(now))),
        Standing::Ended => format!("ended {} ago", span(now.saturating_sub(to))),
        Standing::NotYetValid => format!("begins in {}", span(from.saturating_sub(now))),
    };
    vec![
        format!("subject: {}", leaf.subject),
        format!("names: {names}"),
        format!("valid from {} until {}: {left}", date(from), date(to)),
        format!("issuer: {}", leaf.issuer),
    ]
}

/// Where the chain leads.
fn chain(facts: &[CertificateFacts]) -> String {
    let path = path(facts);
    let subjects: Vec<&str> = path.iter().map(|certificate| certificate.subject.as_str()).collect();
    let Some(last) = path.last() else {
        return "chain: it cannot be read".to_owned();
    };
    let end = match (last.signer, path.len()) {
        (Some(_), 1) => "which signed itself: clients must be given this very certificate".to_owned(),
        (Some(_), _) => "which signed itself: complete".to_owned(),
        (None, _) => format!("signed by {}, which clients must know", last.issuer),
    };
    format!("chain: {}, {end}", subjects.join(", signed by "))
}

/// The server's certificate, who signed it, who signed that one, and so on.
fn path(facts: &[CertificateFacts]) -> Vec<&CertificateFacts> {
    let mut path: Vec<&CertificateFacts> = Vec::new();
    let mut next = facts.first();
    while let Some(certificate) = next.filter(|certificate| !path.contains(certificate)) {
        path.push(certificate);
        next = certificate.signer.and_then(|signer| facts.get(signer));
    }
    path
}

/// Says why clients may refuse the server's certificate, or one that it depends on.
fn judge(facts: &[CertificateFacts], settings: &TlsSettings, report: &mut Report) {
    let now = now();
    for certificate in facts {
        let Some(remark) = certificate.validity.remark(now) else {
            continue;
        };
        match certificate.validity.standing(now) {
            Standing::Good | Standing::EndsSoon => report.warn(remark),
            Standing::Ended | Standing::NotYetValid => report.fault(Fault::Clients, remark),
        }
    }
    let Some(leaf) = facts.first() else {
        return;
    };
    let origin = &leaf.validity.whose;
    if let Some(remark) = leaf.names_remark(&settings.common_name) {
        report.warn(remark);
    }
    if !leaf.is_for_servers {
        report.warn(format!(
            "{origin} is not for servers (extendedKeyUsage has no serverAuth): clients refuse it"
        ));
    }
}

/// Says what is odd about the order and the end of the file.
fn judge_chain(origin: &str, facts: &[CertificateFacts], report: &mut Report) {
    let path = path(facts);
    let in_order = path.iter().zip(facts).all(|(wanted, found)| *wanted == found);
    let unused = facts.iter().filter(|certificate| !path.contains(certificate));
    let unused: Vec<&str> = unused.map(|certificate| certificate.subject.as_str()).collect();
    if !in_order {
        report.warn(format!(
            "{origin}: the certificates are not in order; each must stand directly behind the one that it signed, or some \
             clients do not find it"
        ));
    }
    if !unused.is_empty() {
        report.warn(format!(
            "{origin}: has signed none of the others: {}; the chain may lack the one that did",
            unused.join(" and ")
        ));
    }
    let is_alone = path.len() == 1 && unused.is_empty();
    if let Some(leaf) = path.first().filter(|leaf| is_alone && leaf.signer.is_none()) {
        let text = format!(
            "{origin}: has the server's own certificate alone, not the one of its issuer {}",
            leaf.issuer
        );
        match leaf.names_issuers_place {
            // Public authorities sign with intermediate certificates, which clients do not have.
            true => report.warn(format!(
                "{text}: where clients do not know that one, they refuse the server; give the whole chain (fullchain.pem)"
            )),
            false => report.advise(format!("{text}: clients must have that one, or the file must")),
        }
    }
}

/// Looks at the authorities by which the gateway verifies a realm's database, push service and upstream servers.
pub fn check_authorities(realm: &RealmSettings, report: &mut Report) {
    let mut files: Vec<(&str, String)> = Vec::new();
    let mut add = |setting, path: &Path| {
        files.extend(fs::read_to_string(path).ok().map(|text| (setting, text)));
    };
    if let Some(path) = realm
        .auth
        .notification
        .as_ref()
        .and_then(|service| service.ca_path.as_ref())
    {
        add("NOTIFICATION_CA_PATH", path);
    }
    if let Some(path) = realm
        .auth
        .upstream
        .as_ref()
        .and_then(|upstream| upstream.ca_path.as_ref())
    {
        add("UPSTREAM_LDAP_CA_PATH", path);
    }
    let of_database = realm.database.certificates().into_iter();
    files.extend(of_database.map(|text| ("SQL_URI", text)));
    for (setting, text) in files {
        for remark in tls::validity::remarks(&tls::validities_in(&text, setting), now()) {
            report.warn(remark);
        }
    }
}
