//! Certificates made by openssl: an authority, and what it signs.

use crate::harness::process::run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority of two days.
pub struct Authority {
    pub certificate: PathBuf,
    key: PathBuf,
}

impl Authority {
    /// Makes `NAME.crt` and `NAME.key` in the directory.
    pub fn make(dir: &Path, name: &str) -> Authority {
        let (certificate, key) = make(dir, name, &[]);
        Authority { certificate, key }
    }

    /// Signs a certificate of a server with these names, such as `IP:127.0.0.1,DNS:localhost`, and makes its key. Both
    /// files, named `server`, stand beside the authority's.
    pub fn sign_server(&self, names: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = (self.certificate.to_string_lossy(), self.key.to_string_lossy());
        let names = format!("subjectAltName={names}");
        let is_server = "basicConstraints=critical,CA:FALSE";
        let signed = [
            "-CA",
            &certificate,
            "-CAkey",
            &key,
            "-addext",
            is_server,
            "-addext",
            &names,
        ];
        make(self.certificate.parent().unwrap(), "server", &signed)
    }
}

fn make(dir: &Path, name: &str, more: &[&str]) -> (PathBuf, PathBuf) {
    let (certificate, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-noenc", "-days", "2", "-subj", &format!("/CN={name}")]);
    openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    run(openssl
        .args(more)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate));
    (certificate, key)
}
