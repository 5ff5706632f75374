//! TLS to the database. A URI asks for it in many words, and each wish leaves a range of modes. All wishes together must
//! leave at least one; the weakest of those is taken.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde_json::Value;

use super::parameters::{Meaning, boolean};

/// What TLS to the database must prove, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it.
    #[default]
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate of a known authority.
    VerifyCa,
    /// TLS, with a certificate of a known authority for this host.
    VerifyFull,
}

impl TlsMode {
    /// As `sslmode` spells it.
    pub fn word(self) -> &'static str {
        match self {
            TlsMode::Disable => "disable",
            TlsMode::Prefer => "prefer",
            TlsMode::Require => "require",
            TlsMode::VerifyCa => "verify-ca",
            TlsMode::VerifyFull => "verify-full",
        }
    }

    /// The words of `sslmode` (PostgreSQL) and `ssl-mode` (MySQL), in any case, and yes and no. None for other words.
    pub fn from_word(word: &str) -> Option<TlsMode> {
        match word.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => Some(TlsMode::Disable),
            "prefer" | "preferred" | "allow" => Some(TlsMode::Prefer),
            "require" | "required" => Some(TlsMode::Require),
            "verify-ca" => Some(TlsMode::VerifyCa),
            "verify-full" | "verify-identity" => Some(TlsMode::VerifyFull),
            other => boolean(other).map(|on| if on { TlsMode::Require } else { TlsMode::Disable }),
        }
    }
}

/// TLS to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// What it must prove. None: the driver decides (where the server has it; PostgreSQL's `PGSSLMODE`).
    pub mode: Option<TlsMode>,
    /// True when the URI says so itself, and what was asked for beside it is something else.
    pub overrules: bool,
    /// What the operator should know about it, each a sentence.
    pub remarks: Vec<&'static str>,
    /// The authorities to believe, besides the system's.
    pub ca: Option<Pem>,
    /// Our certificate.
    pub certificate: Option<Pem>,
    /// Its key.
    pub key: Option<Pem>,
}

/// Certificates or a key.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// In this file.
    File(PathBuf),
    /// This text.
    Inline(Vec<u8>),
}

impl fmt::Debug for Pem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(path) => write!(formatter, "{}", path.display()),
            Pem::Inline(_) => formatter.write_str("PEM"),
        }
    }
}

/// All wishes of one URI.
#[derive(Default)]
pub(super) struct Wishes {
    wishes: Vec<Wish>,
    ca: Option<Pem>,
    /// The system's authorities and no other.
    system: bool,
    certificate: Option<Pem>,
    key: Option<Pem>,
}

/// From least to most, asked for by a parameter.
struct Wish {
    name: String,
    found: String,
    least: TlsMode,
    most: TlsMode,
    /// False where it only goes with TLS and does not ask for it.
    decides: bool,
}

impl Wish {
    /// Encryption, and not a word about certificates.
    fn is_mere_require(&self) -> bool {
        self.least == TlsMode::Require && TlsMode::from_word(&self.found) == Some(TlsMode::Require)
    }
}

const NAMES_DO_NOT_COUNT: &str = "`verify-ca` does not compare the server's name, and the system's authorities are \
     believed beside those of a file: a certificate of any of them passes for the database's; sslmode=verify-full also \
     compares the name";

/// For the words that verify in other drivers (`ssl=true` of node-postgres and PgJDBC).
const NOT_VERIFIED: &str = "TLS to the database is encrypted, and the server's certificate is not verified: \
     sslmode=verify-full does that (sslrootcert names the file of your own authority); ssl=no-verify instead says that \
     any certificate will do";

/// What is wrong with text that [`has_certificate`] refuses.
pub const WITHOUT_CERTIFICATE: &str = "has no certificate in it (PEM text with `BEGIN CERTIFICATE`)";

/// Whether there is a certificate in PEM text; none is added to the system's authorities otherwise, and nobody notices.
pub fn has_certificate(pem: &[u8]) -> bool {
    x509_parser::pem::Pem::iter_from_buffer(pem)
        .flatten()
        .any(|part| part.label == "CERTIFICATE" && part.parse_x509().is_ok())
}

const WORDS: &str = "one of disable, prefer, require, verify-ca, verify-full";

impl Wishes {
    /// Takes one parameter. The error says what would be right.
    pub(super) fn take(&mut self, meaning: Meaning, name: &str, value: &str) -> Result<(), String> {
        use TlsMode::{Disable, Require, VerifyCa, VerifyFull};
        let yes = || boolean(value).ok_or_else(|| "must be true or false".to_owned());
        let (least, most) = match meaning {
            Meaning::Tls if value.starts_with('{') => return self.object(name, value),
            Meaning::Tls => mode(name, value)?,
            Meaning::RequireTls if yes()? => (Require, VerifyFull),
            Meaning::VerifyCertificate => match (value.to_ascii_lowercase().as_str(), boolean(value)) {
                ("strict", _) => (VerifyFull, VerifyFull),
                ("accept_invalid_certs", _) | (_, Some(false)) => return self.limit(name, value, Require),
                (_, Some(true)) => (VerifyCa, VerifyFull),
                _ => return Err("must be true or false".to_owned()),
            },
            Meaning::TrustCertificate if yes()? => return self.limit(name, value, Require),
            Meaning::TrustCertificate => (VerifyFull, VerifyFull),
            Meaning::TrustHostName if yes()? => return self.limit(name, value, VerifyCa),
            Meaning::TrustHostName => (VerifyFull, VerifyFull),
            Meaning::Ca if value.eq_ignore_ascii_case("system") => {
                self.system = true;
                (VerifyFull, VerifyFull)
            }
            Meaning::Ca => {
                self.ca = Some(pem(value)?);
                return Ok(());
            }
            Meaning::Certificate => {
                self.certificate = Some(pem(value)?);
                return Ok(());
            }
            Meaning::Key => {
                self.key = Some(pem(value)?);
                return Ok(());
            }
            // Older versions are never used.
            Meaning::TlsVersions if versions(value).any(|version| version == "1.2") => return Ok(()),
            Meaning::TlsVersions => return Err("TLS 1.2 and 1.3 are used: must list TLSv1.2".to_owned()),
            Meaning::LowestTlsVersion
                if versions(value).all(|version| ["1", "1.0", "1.1", "1.2"].contains(&version)) =>
            {
                return Ok(());
            }
            Meaning::LowestTlsVersion => return Err("TLS 1.2 and 1.3 are used: must be TLSv1.2".to_owned()),
            _ => return Ok(()),
        };
        self.add(name, value, least..=most, !(least == Disable && most == VerifyFull));
        Ok(())
    }

    fn add(&mut self, name: &str, found: &str, modes: RangeInclusive<TlsMode>, decides: bool) {
        self.wishes.push(Wish {
            name: name.to_owned(),
            found: shown(found),
            least: *modes.start(),
            most: *modes.end(),
            decides,
        });
    }

    fn limit(&mut self, name: &str, found: &str, most: TlsMode) -> Result<(), String> {
        self.add(name, found, TlsMode::Disable..=most, false);
        Ok(())
    }

    /// `ssl={"rejectUnauthorized":true}`, as Node's drivers take it.
    fn object(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Ok(Value::Object(object)) = serde_json::from_str(value) else {
            return Err("begins with `{` and is no JSON object".to_owned());
        };
        let (mut verifies, mut identity) = (true, None);
        for (key, value) in &object {
            let switch = || {
                let shown = name_shown(key);
                value
                    .as_bool()
                    .ok_or_else(|| format!("its `{shown}` must be true or false"))
            };
            match (key.as_str(), value) {
                ("rejectUnauthorized", _) => verifies = switch()?,
                ("verifyIdentity", _) => identity = Some(switch()?),
                // The drivers do not know it, and use TLS whatever it says.
                ("require", Value::Bool(true)) => {}
                ("require", _) => {
                    return Err("its `require` must be true: an object asks for TLS (none: ssl=false)".to_owned());
                }
                ("ca", Value::String(text)) => self.ca = Some(pem(text)?),
                ("cert", Value::String(text)) => self.certificate = Some(pem(text)?),
                ("key", Value::String(text)) => self.key = Some(pem(text)?),
                ("minVersion", Value::String(text)) => self.take(Meaning::LowestTlsVersion, name, text)?,
                _ => {
                    return Err(format!(
                        "its `{}` is not known: rejectUnauthorized, verifyIdentity, ca, cert, key and minVersion are",
                        name_shown(key)
                    ));
                }
            }
        }
        let mode = match (verifies, identity) {
            (false, Some(true)) => {
                return Err(
                    "its `rejectUnauthorized` (false) and `verifyIdentity` (true) contradict each other".to_owned(),
                );
            }
            (false, _) => TlsMode::Require,
            (true, Some(false)) => TlsMode::VerifyCa,
            (true, _) => TlsMode::VerifyFull,
        };
        self.add(name, "an object", mode..=mode, true);
        Ok(())
    }

    /// Encryption was asked for, and nobody said that any certificate will do.
    fn is_mere_require(&self) -> bool {
        let says_any = |wish: &Wish| wish.most == TlsMode::Require && !wish.is_mere_require();
        self.wishes.iter().any(Wish::is_mere_require) && !self.wishes.iter().any(says_any)
    }

    /// What they come to, and what `beside` them was asked for.
    pub(super) fn settle(mut self, beside: Option<TlsMode>, problems: &mut Vec<String>) -> Tls {
        use TlsMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
        if let Some(ca) = &self.ca {
            if let Pem::Inline(text) = ca
                && !has_certificate(text)
            {
                problems.push(format!("its `ca` {WITHOUT_CERTIFICATE}"));
            }
            // As in libpq: a known authority makes `require` verify.
            for wish in self.wishes.iter_mut().filter(|wish| wish.is_mere_require()) {
                wish.most = VerifyFull;
            }
            self.add("sslrootcert", "a file", VerifyCa..=VerifyFull, true);
        }
        if self.ca.is_some() && self.system {
            problems.push("`sslrootcert` names a file and `system`: give one of them".to_owned());
        }
        match (&self.certificate, &self.key) {
            (Some(_), None) => problems.push("`sslcert` needs `sslkey`, the key of that certificate".to_owned()),
            (None, Some(_)) => problems.push("`sslkey` needs `sslcert`, the certificate of that key".to_owned()),
            (Some(_), Some(_)) => self.add("sslcert", "a file", Prefer..=VerifyFull, false),
            (None, None) => {}
        }
        let strictest = self.wishes.iter().max_by_key(|wish| wish.least);
        let loosest = self.wishes.iter().min_by_key(|wish| wish.most);
        let (least, most) = match (strictest, loosest) {
            (Some(strict), Some(loose)) if strict.least > loose.most => {
                problems.push(format!(
                    "`{}` ({}) and `{}` ({}) contradict each other: leave one of them out",
                    strict.name, strict.found, loose.name, loose.found
                ));
                (strict.least, strict.least)
            }
            (Some(strict), Some(loose)) => (strict.least, loose.most),
            _ => (Disable, VerifyFull),
        };
        // The system's authorities are believed as well: only the name tells our server from all that they know.
        let least_done = if self.ca.is_some() { most } else { least };
        let is_decided = self.wishes.iter().any(|wish| wish.decides);
        let (mode, overrules) = match beside {
            Some(beside) if (least..=most).contains(&beside) => (Some(beside), false),
            Some(beside) if !is_decided => {
                problems.push(format!(
                    "its parameters about certificates need TLS from {} to {}, and SQL_SSL asks for {}",
                    least.word(),
                    most.word(),
                    beside.word()
                ));
                (Some(beside), false)
            }
            Some(_) => (Some(least_done), true),
            None => (is_decided.then_some(least_done), false),
        };
        let remarks = match mode {
            Some(VerifyCa) => vec![NAMES_DO_NOT_COUNT],
            Some(Require) if self.is_mere_require() => vec![NOT_VERIFIED],
            _ => Vec::new(),
        };
        Tls {
            mode,
            overrules,
            remarks,
            ca: self.ca,
            certificate: self.certificate,
            key: self.key,
        }
    }
}

/// The words for a mode, in all spellings; a mere yes leaves room for better.
fn mode(name: &str, value: &str) -> Result<(TlsMode, TlsMode), String> {
    let lower = value.to_ascii_lowercase().replace('_', "-");
    let is_switch = !name.to_ascii_lowercase().ends_with("mode");
    match (lower.as_str(), boolean(&lower)) {
        ("no-verify" | "skip-verify" | "trust", _) => Ok((TlsMode::Require, TlsMode::Require)),
        (_, Some(true)) => Ok((TlsMode::Require, TlsMode::VerifyFull)),
        (_, Some(false)) => Ok((TlsMode::Disable, TlsMode::Disable)),
        _ => match TlsMode::from_word(&lower) {
            Some(mode) => Ok((mode, mode)),
            None if is_switch => Err(format!("must be true, false or {WORDS}")),
            None => Err(format!("must be {WORDS}")),
        },
    }
}

/// `TLSv1.2,TLSv1.3` as numbers.
fn versions(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(|version| version.trim_start_matches(|c: char| !c.is_ascii_digit()).trim())
}

/// A file's name, or the certificates themselves.
fn pem(value: &str) -> Result<Pem, String> {
    if value.contains("-----BEGIN") {
        return Ok(Pem::Inline(value.as_bytes().to_vec()));
    }
    let is_elsewhere = value.split_once(':').is_some_and(|(scheme, _)| scheme.len() > 1);
    if is_elsewhere || value.contains(char::is_control) || value.starts_with('{') {
        return Err("must be the path of a PEM file".to_owned());
    }
    Ok(Pem::File(PathBuf::from(value)))
}

/// A value that may be shown: a word or a number. Anything else may be a part of a password.
pub(super) fn shown(value: &str) -> String {
    let is_word = value.bytes().all(|c| c.is_ascii_alphabetic() || b"-_".contains(&c));
    let is_number = value.bytes().all(|c| c.is_ascii_digit());
    if value.is_empty() {
        "nothing".to_owned()
    } else if (is_word && value.len() <= 24) || (is_number && value.len() <= 6) {
        value.to_owned()
    } else {
        "a value that is not shown".to_owned()
    }
}

/// A name that may be shown: one without digits, which a part of a password would rather have.
pub(super) fn name_shown(name: &str) -> String {
    let is_name = name.len() <= 48 && name.bytes().all(|c| c.is_ascii_alphabetic() || b"-_.[]".contains(&c));
    if is_name {
        name.to_owned()
    } else {
        "a name that is not shown".to_owned()
    }
}
