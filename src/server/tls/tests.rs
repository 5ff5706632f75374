#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, HandshakeKind, ProtocolVersion, ServerConnection,
    SignatureScheme, SupportedProtocolVersion,
};

use super::certificate::Create;
use super::setup::{build, not_after};
use super::*;
use crate::config::{CertificateSource, Secret, TlsSettings, TlsVersion};
use crate::server::tls::error::{TlsError, TlsErrors};
use crate::server::tls::setup::TlsSetup;

/// Runs the `openssl` command, the foreign tool that makes the keys of these tests.
fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .current_dir(directory)
        .args(arguments.split_whitespace())
        .output()
        .expect("these tests need the openssl command");
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn self_signed_by_openssl(directory: &Path, key: &str, certificate: &str) {
    openssl(
        directory,
        &format!("req -x509 -new -key {key} -out {certificate} -subj /CN=test -days 2"),
    );
}

fn settings(certificate: CertificateSource) -> TlsSettings {
    TlsSettings {
        certificate,
        min_version: TlsVersion::V1_2,
        max_version: TlsVersion::V1_3,
        ciphers: None,
        common_name: "ldap1.example.com".into(),
    }
}

fn files(directory: &Path, certificate: &str, key: &str) -> TlsSettings {
    settings(CertificateSource::Files {
        certificate: directory.join(certificate),
        key: directory.join(key),
    })
}

fn content(certificate: &str, key: &str) -> TlsSettings {
    settings(CertificateSource::Content {
        certificate: certificate.into(),
        key: Secret::new(key),
    })
}

fn error(settings: &TlsSettings) -> TlsError {
    let mut errors = server_config(settings).expect_err("an error").0;
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// Takes any certificate: these tests look at handshakes, not at trust.
#[derive(Debug)]
struct TrustAnything;

impl ServerCertVerifier for TrustAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // X.509 v1 certificates are not parsed by rustls; OpenSSL clients take them.
        let _ = (message, cert, signature);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let _ = (message, cert, signature);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client(versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAnything))
        .with_no_client_auth();
    config.enable_sni = false;
    Arc::new(config)
}

/// A whole handshake in memory, without SNI.
fn handshake(client: &Arc<ClientConfig>, server: &TlsSetup) -> Result<(ProtocolVersion, HandshakeKind), Error> {
    let name = ServerName::try_from("ldap1.example.com").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(&server.config)).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = bytes.as_slice();
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = bytes.as_slice();
        while !bytes.is_empty() {
            client.read_tls(&mut bytes).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok((server.protocol_version().unwrap(), server.handshake_kind().unwrap()))
}

#[test]
fn keys_of_every_usual_form_serve_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    openssl(
        path,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-pkcs8.pem",
    );
    openssl(path, "rsa -in rsa-pkcs8.pem -traditional -out rsa-pkcs1.pem");
    openssl(path, "ecparam -name prime256v1 -genkey -out ec-sec1.pem");
    openssl(path, "pkcs8 -topk8 -nocrypt -in ec-sec1.pem -out ec-pkcs8.pem");
    openssl(path, "ecparam -name secp384r1 -genkey -noout -out ec384.pem");
    for (key, certificate) in [
        ("rsa-pkcs8.pem", "rsa.crt"),
        ("ec-sec1.pem", "ec.crt"),
        ("ec384.pem", "ec384.crt"),
    ] {
        self_signed_by_openssl(path, key, certificate);
    }
    for (certificate, key, begins) in [
        ("rsa.crt", "rsa-pkcs8.pem", "BEGIN PRIVATE KEY"),
        ("rsa.crt", "rsa-pkcs1.pem", "BEGIN RSA PRIVATE KEY"),
        ("ec.crt", "ec-sec1.pem", "BEGIN EC PRIVATE KEY"),
        ("ec.crt", "ec-pkcs8.pem", "BEGIN PRIVATE KEY"),
        ("ec384.crt", "ec384.pem", "BEGIN EC PRIVATE KEY"),
    ] {
        let text = std::fs::read_to_string(path.join(key)).unwrap();
        assert!(text.contains(begins), "{key}");
        let setup = server_config(&files(path, certificate, key)).unwrap();
        assert_eq!(setup.warnings, Vec::<String>::new());
        for version in [&TLS12, &TLS13] {
            assert_eq!(
                handshake(&client(&[version]), &setup).unwrap().0,
                version.version,
                "{key}"
            );
        }
        let inline = std::fs::read_to_string(path.join(certificate)).unwrap();
        server_config(&content(&inline, &text)).unwrap();
        server_config(&content(&inline.replace('\n', "\\n"), &text.replace('\n', "\\r\\n"))).unwrap();
    }
    let rsa_with_ec = error(&files(path, "rsa.crt", "ec-sec1.pem"));
    assert!(matches!(rsa_with_ec, TlsError::Mismatch { .. }), "{rsa_with_ec}");
    assert!(rsa_with_ec.to_string().starts_with("LDAP_KEY_PATH ("), "{rsa_with_ec}");
}

#[test]
fn sessions_are_resumed_on_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let setup = server_config(&settings(CertificateSource::Directory(directory.path().join("certs")))).unwrap();
    // Without memory of its own: the default store forgets all but 256 sessions.
    assert!(setup.config.ticketer.enabled());
    for version in [&TLS12, &TLS13] {
        let client = client(&[version]);
        assert_eq!(handshake(&client, &setup).unwrap().1, HandshakeKind::Full);
        assert_eq!(
            handshake(&client, &setup).unwrap().1,
            HandshakeKind::Resumed,
            "{version:?}"
        );
    }
}

#[test]
fn versions_are_limited_as_configured() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(CertificateSource::Directory(directory.path().into()));
    settings.min_version = TlsVersion::V1_3;
    let setup = server_config(&settings).unwrap();
    assert!(handshake(&client(&[&TLS12]), &setup).is_err());
    assert_eq!(
        handshake(&client(&[&TLS12, &TLS13]), &setup).unwrap().0,
        ProtocolVersion::TLSv1_3
    );
    (settings.min_version, settings.max_version) = (TlsVersion::V1_2, TlsVersion::V1_2);
    let setup = server_config(&settings).unwrap();
    assert_eq!(
        handshake(&client(&[&TLS12, &TLS13]), &setup).unwrap().0,
        ProtocolVersion::TLSv1_2
    );
}

#[test]
fn a_version_without_suites_is_not_offered() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(CertificateSource::Directory(directory.path().into()));
    server_config(&settings).unwrap();
    settings.ciphers = Some("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256".into());
    let setup = server_config(&settings).unwrap();
    assert_eq!(
        handshake(&client(&[&TLS12, &TLS13]), &setup).unwrap().0,
        ProtocolVersion::TLSv1_2
    );
    assert_eq!(setup.warnings.len(), 1, "{:?}", setup.warnings);
    // The key is ECDSA: what only an RSA key can use is as good as absent.
    settings.ciphers = Some("ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256".into());
    let setup = server_config(&settings).unwrap();
    assert_eq!(
        handshake(&client(&[&TLS12, &TLS13]), &setup).unwrap().0,
        ProtocolVersion::TLSv1_3
    );
    assert!(
        setup.warnings[0].contains("TLS 1.2 is not offered")
            && setup.warnings[0].contains("ECDSA key is named; there are ECDHE-ECDSA-AES256-GCM-SHA384"),
        "{:?}",
        setup.warnings
    );
    // Nothing is left; the error says for which key, and what would fit.
    settings.ciphers = Some("ECDHE-RSA-AES128-GCM-SHA256".into());
    let refused = error(&settings).to_string();
    assert!(
        refused.starts_with("TLS_CIPHERS: ")
            && refused.contains("ECDSA key")
            && refused.contains("TLS_AES_128_GCM_SHA256")
            && refused.contains("ECDHE-ECDSA-AES256-GCM-SHA384")
            && !refused.contains("ECDHE-RSA"),
        "{refused}"
    );
    // The same list with TLS 1.3 switched off.
    settings.ciphers = Some("ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256".into());
    settings.max_version = TlsVersion::V1_2;
    let refused = error(&settings).to_string();
    assert!(
        refused.contains("ECDHE-ECDSA-AES256-GCM-SHA384") && !refused.contains("TLS_AES"),
        "{refused}"
    );
    // The other way round: a list for ECDSA and an RSA key.
    openssl(directory.path(), "genrsa -out server.key 2048");
    self_signed_by_openssl(directory.path(), "server.key", "server.crt");
    settings.max_version = TlsVersion::V1_3;
    settings.ciphers = Some("ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256".into());
    let setup = server_config(&settings).unwrap();
    assert!(
        setup.warnings[0].contains("TLS 1.2 is not offered")
            && setup.warnings[0].contains("RSA key is named; there are ECDHE-RSA-AES256-GCM-SHA384"),
        "{:?}",
        setup.warnings
    );
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let mut settings = content("nothing", "nothing");
    settings.ciphers = Some("RC4-MD5".into());
    let errors = server_config(&settings).expect_err("three things").0;
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert_eq!(TlsErrors(errors).to_string().lines().count(), 3);
}

#[test]
fn wrong_files_are_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    openssl(path, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    self_signed_by_openssl(path, "key.pem", "cert.pem");
    openssl(path, "ecparam -name prime256v1 -genkey -noout -out other.pem");
    self_signed_by_openssl(path, "other.pem", "other.crt");
    openssl(
        path,
        "pkcs8 -topk8 -in key.pem -out pkcs8-encrypted.pem -passout pass:x",
    );
    openssl(path, "ec -in key.pem -out sec1-encrypted.pem -aes128 -passout pass:x");
    openssl(
        path,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.pem",
    );
    openssl(path, "x509 -in cert.pem -outform DER -out cert.der");
    std::fs::write(
        path.join("broken.pem"),
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();

    assert!(server_config(&files(path, "cert.pem", "key.pem")).is_ok());
    assert!(matches!(
        error(&files(path, "none.pem", "key.pem")),
        TlsError::Unreadable { .. }
    ));
    assert!(matches!(
        error(&files(path, "key.pem", "key.pem")),
        TlsError::NoCertificate(_)
    ));
    assert!(matches!(
        error(&files(path, "cert.pem", "cert.pem")),
        TlsError::NoKey(_)
    ));
    assert!(matches!(
        error(&files(path, "cert.pem", "pkcs8-encrypted.pem")),
        TlsError::EncryptedKey(_)
    ));
    assert!(matches!(
        error(&files(path, "cert.pem", "sec1-encrypted.pem")),
        TlsError::EncryptedKey(_)
    ));
    assert!(matches!(
        error(&files(path, "cert.pem", "short.pem")),
        TlsError::UnusableKey { .. }
    ));
    assert!(matches!(
        error(&files(path, "cert.pem", "other.pem")),
        TlsError::Mismatch { hint: "", .. }
    ));
    assert!(matches!(
        error(&files(path, "broken.pem", "key.pem")),
        TlsError::NotPem { .. }
    ));
    assert!(matches!(
        error(&files(path, "cert.der", "key.pem")),
        TlsError::NotPem { .. }
    ));

    // One file with both, and a chain in the wrong order.
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    std::fs::write(path.join("both.pem"), read("key.pem") + &read("cert.pem")).unwrap();
    assert!(server_config(&files(path, "both.pem", "both.pem")).is_ok());
    std::fs::write(path.join("reversed.pem"), read("other.crt") + &read("cert.pem")).unwrap();
    let reversed = error(&files(path, "reversed.pem", "key.pem"));
    assert!(reversed.to_string().contains("must be the first"), "{reversed}");
}

#[test]
fn version_1_certificates_are_served_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    openssl(
        path,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
    );
    openssl(
        path,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.pem",
    );
    openssl(path, "req -new -key key.pem -out request.pem -subj /CN=test");
    openssl(path, "x509 -req -in request.pem -signkey key.pem -days 2 -out cert.pem");
    let setup = server_config(&files(path, "cert.pem", "key.pem")).unwrap();
    // OpenSSL from 3.4 on makes version 3 here: then there is nothing to warn of.
    let output = Command::new("openssl")
        .current_dir(path)
        .args(["x509", "-in", "cert.pem", "-noout", "-text"])
        .output();
    let is_version_1 = String::from_utf8(output.unwrap().stdout)
        .unwrap()
        .contains("Version: 1 ");
    assert_eq!(setup.warnings.len(), usize::from(is_version_1), "{:?}", setup.warnings);
    handshake(&client(&[&TLS13]), &setup).unwrap();
    handshake(&client(&[&TLS12]), &setup).unwrap();
    assert!(matches!(
        error(&files(path, "cert.pem", "other.pem")),
        TlsError::Mismatch { .. }
    ));
}

#[test]
fn a_pair_and_its_authority_are_made_once_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let certs = directory.path().join("certs");
    let settings = settings(CertificateSource::Directory(certs.clone()));
    let checked = check(&settings).unwrap();
    assert_eq!(checked.warnings.len(), 1);
    assert!(!certs.exists(), "check leaves nothing behind");

    let first = server_config(&settings).unwrap();
    assert!(first.warnings[0].contains(&first.fingerprint), "{:?}", first.warnings);
    let second = server_config(&settings).unwrap();
    assert_eq!(first.fingerprint, second.fingerprint);
    assert_eq!(second.warnings, Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(certs.join("server.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let mode = |name: &str| {
        let permissions = std::fs::metadata(certs.join(name)).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777
    };
    assert_eq!((mode("ca.key"), mode("ca.pem")), (0o600, 0o644));
    assert_eq!(std::fs::read_dir(&certs).unwrap().count(), 4);

    let output = Command::new("openssl")
        .current_dir(&certs)
        .args([
            "x509",
            "-in",
            "server.crt",
            "-noout",
            "-text",
            "-fingerprint",
            "-sha256",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "Version: 3",
        "CA:FALSE",
        "DNS:ldap1.example.com",
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
        "prime256v1",
        "CN = ldap1.example.com",
        "TLS Web Server Authentication",
        first.fingerprint.as_str(),
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    openssl(
        &certs,
        "verify -x509_strict -CAfile ca.pem -purpose sslserver -verify_hostname localhost server.crt",
    );
    // The file of the pair is good for clients that are given that.
    openssl(&certs, "verify -CAfile server.crt -purpose sslserver server.crt");
}

#[test]
fn a_start_that_was_killed_between_its_two_files_is_completed() {
    let directory = tempfile::tempdir().unwrap();
    let certs = directory.path().join("certs");
    let settings = settings(CertificateSource::Directory(certs.clone()));
    let first = server_config(&settings).unwrap();
    let key = std::fs::read(certs.join("server.key")).unwrap();
    std::fs::remove_file(certs.join("server.crt")).unwrap();
    // `check` says the same, and writes nothing.
    let checked = check(&settings).unwrap();
    assert!(checked.warnings[0].contains("beside its key"), "{:?}", checked.warnings);
    assert!(!certs.join("server.crt").exists());
    // While another one is served, somebody is replacing it.
    let running = build(&settings, Create::RenewOnly).unwrap_err();
    assert!(matches!(running.0[0], TlsError::HalfPair { .. }));
    let second = server_config(&settings).unwrap();
    assert!(
        second.warnings[0].contains(&second.fingerprint),
        "{:?}",
        second.warnings
    );
    assert_ne!(first.fingerprint, second.fingerprint);
    assert_eq!(std::fs::read(certs.join("server.key")).unwrap(), key);
    handshake(&client(&[&TLS13]), &second).unwrap();
    openssl(
        &certs,
        "verify -CAfile ca.pem -purpose sslserver -verify_hostname localhost server.crt",
    );
    let third = server_config(&settings).unwrap();
    assert_eq!((third.fingerprint, third.warnings), (second.fingerprint, Vec::new()));

    // A certificate without its key, a link that leads nowhere, and a key without our authority are somebody else's.
    let (crt, key) = (certs.join("server.crt"), certs.join("server.key"));
    std::fs::rename(&key, certs.join("kept")).unwrap();
    assert!(matches!(error(&settings), TlsError::HalfPair { .. }));
    std::fs::rename(certs.join("kept"), &key).unwrap();
    std::fs::remove_file(&crt).unwrap();
    std::os::unix::fs::symlink("nowhere", &crt).unwrap();
    assert!(matches!(error(&settings), TlsError::HalfPair { .. }));
    std::fs::remove_file(&crt).unwrap();
    std::fs::remove_file(certs.join("ca.key")).unwrap();
    assert!(matches!(error(&settings), TlsError::HalfPair { .. }));
}

#[test]
fn what_cannot_be_written_is_not_made_again_each_hour() {
    const HOUR: Duration = Duration::from_secs(3600);
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(CertificateSource::Directory(directory.path().join("certs")));
    let mut served = server_config(&settings).unwrap();
    assert!(reload::is_due(HOUR, &served) && !reload::is_due(HOUR / 2, &served));
    served.unwritten = true;
    assert!(!reload::is_due(HOUR * 9, &served));
    // 119 days.
    served.not_after = Some(chrono::Utc::now().timestamp() + 119 * 86_400);
    assert!(reload::is_due(HOUR, &served));
}

#[test]
fn the_end_of_a_certificate_is_read_in_both_forms_of_time() {
    let key = rcgen::KeyPair::generate().unwrap();
    for (year, seconds) in [(1999, 915_148_800), (2030, 1_893_456_000), (2055, 2_682_374_400)] {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1998, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        assert_eq!(not_after(certificate.der()), Some(seconds), "{year}");
    }
    assert_eq!((not_after(b""), not_after(&[0x30, 0x02, 0x30, 0x00])), (None, None));
}

#[test]
fn a_directory_that_cannot_be_written_keeps_the_pair_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let setup = server_config(&settings(CertificateSource::Directory(file.join("certs")))).unwrap();
    assert!(setup.warnings[0].contains("for this run only"), "{:?}", setup.warnings);
    handshake(&client(&[&TLS13]), &setup).unwrap();
}

#[test]
fn pairs_of_other_tools_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    openssl(path, "ecparam -name prime256v1 -genkey -noout -out privkey.pem");
    self_signed_by_openssl(path, "privkey.pem", "fullchain.pem");
    let setup = server_config(&settings(CertificateSource::Directory(path.into()))).unwrap();
    assert_eq!(setup.warnings, Vec::<String>::new());
    assert!(!path.join("server.crt").exists());
}

#[test]
fn the_pair_of_the_node_gateway_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let (cert, certs) = (directory.path().join("cert"), directory.path().join("certs"));
    std::fs::create_dir(&cert).unwrap();
    let settings = settings(CertificateSource::Directory(certs.clone()));
    // As it makes it: RSA.
    openssl(&cert, "genrsa -out server.key 2048");
    assert!(
        matches!(error(&settings), TlsError::HalfPair { .. }),
        "half a pair is an error there too"
    );
    self_signed_by_openssl(&cert, "server.key", "server.crt");
    let theirs = server_config(&settings).unwrap();
    assert!(!theirs.self_made);
    assert_eq!(theirs.warnings, Vec::<String>::new());
    assert!(!certs.exists(), "no other one is made");
    handshake(&client(&[&TLS12]), &theirs).unwrap();
    assert!(
        certificate::files(&settings).contains(&cert.join("server.crt")),
        "its replacement is noticed"
    );
    // One that somebody puts where ours is comes first, and the other one is said to be idle.
    std::fs::create_dir(&certs).unwrap();
    openssl(&certs, "ecparam -name prime256v1 -genkey -noout -out key.pem");
    self_signed_by_openssl(&certs, "key.pem", "cert.pem");
    let ours = server_config(&settings).unwrap();
    assert_ne!(ours.fingerprint, theirs.fingerprint);
    assert_eq!(ours.warnings.len(), 1, "{:?}", ours.warnings);
    assert!(
        ours.warnings[0].contains("cert/server.crt is not used"),
        "{:?}",
        ours.warnings
    );
    // Half a pair in our directory is no reason to serve the other one.
    std::fs::remove_file(certs.join("key.pem")).unwrap();
    assert!(matches!(error(&settings), TlsError::HalfPair { .. }));
}
