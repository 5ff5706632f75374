//! The certificate directory of a gateway that nobody gave a certificate: an authority (`ca.pem`, `ca.key`) and a leaf
//! that it has signed, made where they are not there, shared by replicas that share the directory, and renewed in time.
//!
//! Each file is written whole under another name and moved into place, so a reader sees the old or the new one. A leaf is
//! renewed with its key, so the two files of a pair never have to change at once. Who writes holds the directory's lock.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};

use super::{
    authority::{Authority, Pair, RENEWED_BEFORE_DAYS, joined, made_here, own_names},
    certificate::{Certificate, Create, PAIRS, Pem, assemble, pair, pair_in, read},
    error::TlsError,
};

/// What clients are given.
const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";
/// How often the lock is tried, and the time between: a pair is made in milliseconds, but a file system that has no locks
/// must not keep the gateway from starting.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// The pair of the directory, renewed if it must be; or a new one.
pub(super) fn load(
    common_name: &str,
    directory: &Path,
    create: Create,
    warnings: &mut Vec<String>,
) -> Result<Certificate, Vec<TlsError>> {
    let found = match pair(directory, warnings) {
        Err(TlsError::HalfPair { .. }) => {
            // Perhaps somebody else is writing the other half.
            let _lock = (create != Create::InMemory).then(|| Lock::of(directory));
            let found = pair(directory, warnings);
            if let Err(TlsError::HalfPair { .. }) = found
                && let Some(certificate) = complete(common_name, directory, create, warnings)
            {
                return Ok(certificate);
            }
            found
        }
        found => found,
    };
    match found.map_err(|error| vec![error])? {
        Some((certificate, key)) => {
            let mut found = assemble(read("", &certificate), read("", &key), warnings)?;
            found.is_renewed = must_renew(common_name, directory, &found);
            if create == Create::InMemory || !found.is_renewed {
                return Ok(found);
            }
            let pair = KeptPair {
                certificate,
                key,
                found,
            };
            renew(common_name, directory, pair, warnings)
        }
        None if create == Create::RenewOnly => Err(vec![TlsError::NoPair(directory.display().to_string())]),
        None => make(common_name, directory, create, warnings),
    }
}

/// The certificate of a key that a start has left alone that was killed before it wrote the other file; None where it may
/// be another's: no authority of ours is beside it, or a pair is served already, which somebody is replacing.
fn complete(common_name: &str, directory: &Path, create: Create, warnings: &mut Vec<String>) -> Option<Certificate> {
    let (certificate, key) = PAIRS.first()?;
    let (certificate, key) = (directory.join(certificate), directory.join(key));
    // A link that leads nowhere is not ours.
    if create == Create::RenewOnly || fs::symlink_metadata(&certificate).is_ok() {
        return None;
    }
    let authority = existing(directory).ok()??;
    let text = read("", &key).ok()?.text;
    let pair = authority
        .sign(common_name, &own_names(common_name), Some(&text), true)
        .ok()?;
    let mut made = certificate_of(&pair, warnings).ok()?;
    made.self_made = true;
    let how = match create {
        Create::InMemory => "is made at the start".to_owned(),
        _ => match write(&certificate, &pair.certificate, 0o644) {
            Ok(()) => format!("was made; its SHA-256 fingerprint is {}", made.fingerprint),
            Err(error) => {
                made.unwritten = true;
                format!("was made for this run only: it cannot be written: {error}")
            }
        },
    };
    warnings.push(format!(
        "{}: is missing beside its key: one {how}",
        certificate.display()
    ));
    Some(made)
}

/// Whether a leaf that is only in memory is to be made anew: nobody else will.
pub(super) fn ends_soon(not_after: Option<i64>) -> bool {
    let days = i64::try_from(RENEWED_BEFORE_DAYS).unwrap_or(i64::MAX);
    let soon = chrono::Utc::now()
        .timestamp()
        .saturating_add(days.saturating_mul(86_400));
    not_after.is_some_and(|end| end < soon)
}

fn must_renew(common_name: &str, directory: &Path, found: &Certificate) -> bool {
    let Some(leaf) = found.key.cert.first().and_then(|der| made_here(der)) else {
        return false;
    };
    // Without the authority's key nobody can renew it, and it is served as it is.
    let authority = existing(directory).ok().flatten();
    authority.is_some_and(|authority| authority.must_renew(&leaf, &own_names(common_name)))
}

/// The files of a pair, and what was found in them.
struct KeptPair {
    certificate: PathBuf,
    key: PathBuf,
    found: Certificate,
}

/// A new leaf with the key of the old one, which is served on where that is not possible.
fn renew(
    common_name: &str,
    directory: &Path,
    pair: KeptPair,
    warnings: &mut Vec<String>,
) -> Result<Certificate, Vec<TlsError>> {
    let (certificate, key) = (pair.certificate.as_path(), pair.key.as_path());
    let renewed = (|| {
        let _lock = Lock::of(directory);
        // Another replica may have been faster.
        let found = assemble(read("", certificate), read("", key), &mut Vec::new()).map_err(first)?;
        let (Some(authority), Some(leaf)) = (
            existing(directory)?,
            found.key.cert.first().and_then(|der| made_here(der)),
        ) else {
            return Ok(found);
        };
        let names = own_names(common_name);
        if !authority.must_renew(&leaf, &names) {
            return Ok(found);
        }
        let old_key = read("", key)?;
        let pair = authority.sign(common_name, &joined(&names, &leaf), Some(&old_key.text), true)?;
        let written = write(certificate, &pair.certificate, 0o644);
        let mut new = certificate_of(&pair, warnings).map_err(first)?;
        match written {
            Ok(()) => {}
            Err(error) => {
                new.self_made = true;
                new.unwritten = true;
                warnings.push(format!(
                    "the certificate was renewed for this run only ({} cannot be written: {error})",
                    certificate.display()
                ));
            }
        }
        Ok(new)
    })();
    Ok(renewed.unwrap_or_else(|error: TlsError| {
        warnings.push(format!("{}: cannot be renewed: {error}", certificate.display()));
        pair.found
    }))
}

fn first(errors: Vec<TlsError>) -> TlsError {
    let mut errors = errors.into_iter();
    errors.next().unwrap_or_else(|| TlsError::SelfMade(String::new()))
}

/// Makes what is not there. Where it cannot be kept it lives in memory: a read-only root is the recommended way to run a
/// container.
fn make(
    common_name: &str,
    directory: &Path,
    create: Create,
    warnings: &mut Vec<String>,
) -> Result<Certificate, Vec<TlsError>> {
    const UNCONFIGURED: &str = "no certificate is configured (LDAP_CERT_PATH, LDAP_KEY_PATH)";
    let one = |error| vec![error];
    if create == Create::InMemory {
        let (pair, _) = in_memory(common_name, directory).map_err(one)?;
        warnings.push(format!("{UNCONFIGURED}: one is made at the start"));
        let mut certificate = certificate_of(&pair, warnings)?;
        certificate.self_made = true;
        return Ok(certificate);
    }
    match keep(common_name, directory) {
        Ok(Kept::Found) => load(common_name, directory, Create::RenewOnly, warnings),
        Ok(Kept::Made(pair)) => {
            let mut certificate = certificate_of(&pair, warnings)?;
            certificate.self_made = true;
            warnings.push(format!(
                "{UNCONFIGURED}: one was made and written to {}, and clients are given {}; its SHA-256 fingerprint is {}",
                directory.display(),
                directory.join(AUTHORITY).display(),
                certificate.fingerprint
            ));
            Ok(certificate)
        }
        Err(error) => {
            let (pair, authority) = in_memory(common_name, directory).map_err(one)?;
            let mut certificate = certificate_of(&pair, warnings)?;
            certificate.self_made = true;
            let whose = match authority {
                true => format!("; clients are given {}", directory.join(AUTHORITY).display()),
                false => ", which no client can verify after the next start".to_owned(),
            };
            warnings.push(format!(
                "{UNCONFIGURED}: one was made for this run only ({} cannot be written: {error}){whose}; its SHA-256 \
                 fingerprint is {}",
                directory.display(),
                certificate.fingerprint
            ));
            Ok(certificate)
        }
    }
}

/// A pair that is not kept, and whether its authority is.
fn in_memory(common_name: &str, directory: &Path) -> Result<(Pair, bool), TlsError> {
    let existing = existing(directory).ok().flatten();
    let is_kept = existing.is_some();
    let authority = existing.map_or_else(Authority::make, Ok)?;
    let pair = authority.sign(common_name, &own_names(common_name), None, is_kept)?;
    Ok((pair, is_kept))
}

fn certificate_of(pair: &Pair, warnings: &mut Vec<String>) -> Result<Certificate, Vec<TlsError>> {
    let pem = |text: &str| {
        Ok(Pem {
            text: text.to_owned(),
            origin: "the certificate that was made".into(),
        })
    };
    assemble(pem(&pair.certificate), pem(pair.key.reveal()), warnings)
}

/// What became of a directory without a pair.
enum Kept {
    /// Somebody else has made one meanwhile.
    Found,
    /// It has one now.
    Made(Pair),
}

/// Writes the authority, if it is not there, and a pair under the first of [`PAIRS`]; only the owner may read the keys.
fn keep(common_name: &str, directory: &Path) -> io::Result<Kept> {
    let Some((certificate, key)) = PAIRS.first() else {
        return Err(ErrorKind::Unsupported.into());
    };
    fs::create_dir_all(directory)?;
    let _lock = Lock::of(directory);
    if pair_in(directory, PAIRS).is_ok_and(|pair| pair.is_some()) {
        return Ok(Kept::Found);
    }
    let authority = match existing(directory).map_err(io::Error::other)? {
        Some(authority) => authority,
        None => new_authority(directory)?,
    };
    let names = own_names(common_name);
    let pair = authority
        .sign(common_name, &names, None, true)
        .map_err(io::Error::other)?;
    write(&directory.join(key), pair.key.reveal(), 0o600)?;
    let written = write(&directory.join(certificate), &pair.certificate, 0o644);
    if written.is_err() {
        // Half a pair would end the next start. The first error is the one to tell.
        let _ = fs::remove_file(directory.join(key));
    }
    written.map(|()| Kept::Made(pair))
}

/// The authority of the directory, whoever made it; None where there is not even its key.
fn existing(directory: &Path) -> Result<Option<Authority>, TlsError> {
    let (certificate, key) = (directory.join(AUTHORITY), directory.join(AUTHORITY_KEY));
    match (certificate.exists(), key.exists()) {
        (true, true) => {
            let of = |error: TlsError| match error {
                TlsError::SelfMade(reason) => TlsError::SelfMade(format!("{}: {reason}", certificate.display())),
                other => other,
            };
            let authority = Authority::read(&read("", &certificate)?.text, &read("", &key)?.text);
            authority.map_err(of).map(Some)
        }
        (false, _) => Ok(None),
        // It may be the authority of something else; it is not ours to replace.
        (true, false) => Err(TlsError::HalfPair {
            found: certificate.display().to_string(),
            missing: key.display().to_string(),
        }),
    }
}

fn new_authority(directory: &Path) -> io::Result<Authority> {
    let (certificate, key) = (directory.join(AUTHORITY), directory.join(AUTHORITY_KEY));
    let authority = match key.exists() {
        // Written by a start that came no further.
        true => {
            let key = read("", &key).map_err(io::Error::other)?;
            Authority::of_key(&key.text).map_err(io::Error::other)?
        }
        false => {
            let authority = Authority::make().map_err(io::Error::other)?;
            write(&key, authority.key.reveal(), 0o600)?;
            authority
        }
    };
    write(&certificate, &authority.certificate, 0o644)?;
    Ok(authority)
}

/// Puts a file in its place, whole or not at all. What is there is replaced, a link by the file itself.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = beside(path)?;
    let written = write_new(&new, text, mode).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // Nothing to do about a failure here: the first error is the one to tell.
        let _ = fs::remove_file(&new);
    }
    written
}

/// A name that nobody can foresee, so that none is in its place, such as what a start that was killed has left.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut octets = [0; 8];
    getrandom::fill(&mut octets).map_err(io::Error::other)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{:016x}", u64::from_ne_bytes(octets)));
    Ok(path.with_file_name(name))
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    // A name that exists, be it of a link, is refused.
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The directory's lock, while it lives. It leaves no file behind.
struct Lock(#[allow(dead_code)] Option<File>);

impl Lock {
    fn of(directory: &Path) -> Lock {
        let Ok(file) = File::open(directory) else {
            return Lock(None);
        };
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Lock(Some(file)),
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(PAUSE),
                // Not every file system has locks.
                Err(_) => break,
            }
        }
        Lock(None)
    }
}
