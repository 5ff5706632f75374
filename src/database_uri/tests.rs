#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use super::*;
use std::path::PathBuf;
use std::time::Duration;

fn server(uri: &str) -> ServerUri {
    match DatabaseUri::parse(uri, None) {
        Ok(DatabaseUri::Server(server)) => *server,
        other => panic!("{uri}: {other:?}"),
    }
}

fn tcp(name: &str, port: u16) -> Host {
    Host::Tcp(name.to_owned(), (port > 0).then_some(port))
}

fn problems(uri: &str) -> Vec<String> {
    DatabaseUri::parse(uri, None).expect_err(uri)
}

#[test]
fn hosts() {
    let socket = |path: &str, port: u16| Host::Socket(PathBuf::from(path), (port > 0).then_some(port));
    for (uri, hosts) in [
        ("postgres://u:p@h:5432/d", vec![tcp("h", 5432)]),
        ("postgres://u:p@[::1]:5432/d", vec![tcp("::1", 5432)]),
        ("mysql://u:p@[::1]:3306/d", vec![tcp("::1", 3306)]),
        ("mariadb://u:p@[fe80::1%25eth0]/d", vec![tcp("fe80::1%eth0", 0)]),
        ("postgres://h1:5432,h2/d", vec![tcp("h1", 5432), tcp("h2", 0)]),
        (
            "mysql://u@h1,[::1]:3307,h3:1/d",
            vec![tcp("h1", 0), tcp("::1", 3307), tcp("h3", 1)],
        ),
        ("postgres:///d", vec![Host::Usual(None)]),
        ("postgres://", vec![Host::Usual(None)]),
        ("postgres:///d?host=", vec![Host::Usual(None)]),
        ("postgres:///d?port=5433", vec![Host::Usual(Some(5433))]),
        (
            "postgres://u:p@/d?host=/run/postgresql",
            vec![socket("/run/postgresql", 0)],
        ),
        (
            "postgres://u:p@/d?host=%2Frun%2Fpostgresql&port=5433",
            vec![socket("/run/postgresql", 5433)],
        ),
        (
            "postgres://u:p@%2Frun%2Fpostgresql/d",
            vec![socket("/run/postgresql", 0)],
        ),
        (
            "postgres://u:p@%2Frun%2Fpostgresql:5433/d",
            vec![socket("/run/postgresql", 5433)],
        ),
        (
            "postgres://u:p@localhost/d?host=/cloudsql/a:b:c",
            vec![socket("/cloudsql/a:b:c", 0)],
        ),
        ("postgres:///d?host=/run/.s.PGSQL.5433", vec![socket("/run", 5433)]),
        (
            "postgres:///d?host=a,b,/run&port=1,,3",
            vec![tcp("a", 1), tcp("b", 0), socket("/run", 3)],
        ),
        ("postgres:///d?host=a,b&port=7", vec![tcp("a", 7), tcp("b", 7)]),
        (
            "postgres:///d?hostaddr=127.0.0.1,::1",
            vec![tcp("127.0.0.1", 0), tcp("::1", 0)],
        ),
        ("postgres:///d?host=::1", vec![tcp("::1", 0)]),
        (
            "mysql://u:p@/d?socket=/run/mysqld/mysqld.sock",
            vec![socket("/run/mysqld/mysqld.sock", 0)],
        ),
        (
            "mysql://u:p@localhost/d?socketPath=%2Frun%2Fm.sock",
            vec![socket("/run/m.sock", 0)],
        ),
        ("mysql://u:p@%2Frun%2Fm.sock/d", vec![socket("/run/m.sock", 0)]),
    ] {
        assert_eq!(server(uri).hosts, hosts, "{uri}");
    }
}

#[test]
fn wrong_hosts_are_named() {
    for (uri, text) in [
        ("postgres://u:p@h:port/d", "the host: its port is not a number"),
        (
            "postgres://u:p@h:99999/d",
            "its port is `99999`, which is not from 1 to 65535",
        ),
        ("postgres://u:p@h:0/d", "its port is `0`"),
        ("postgres://u:p@h1:5432,h2:x/d", "host 2 of the list: its port"),
        ("postgres://u:p@h1,,h3/d", "host 2 of the list: its name is missing"),
        ("postgres://u:p@::1:5432/d", "must stand in brackets"),
        ("postgres://u:p@[::1/d", "without a `]`"),
        ("postgres://u:p@[::1]5432/d", "after its `]`"),
        ("postgres://u:p@exa mple/d", "no host name"),
        ("mysql://u:p@/d", "names no host"),
        ("postgres:///d?host=a,b&port=1,2,3", "3 ports for 2 hosts"),
        ("postgres:///d?host=a&hostaddr=1.2.3.4", "give one of them"),
        ("postgres:///d?hostaddr=a", "no address"),
        ("postgres://scott:hun/ter2@h/d", "must be written %23"),
        ("postgres://scott:hun?ter2@h/d", "must be written %23"),
        ("postgres://scott:hun#ter2@h/d", "must be written %23"),
        ("postgres://h/d#sslmode=require", "`#`"),
        ("postgres:u:p@h/d", "`//`"),
        ("jdbc:postgresql://h/d", "without jdbc:"),
        ("\"postgres://u:hunter2@h/d\"", "stands in quotes"),
        ("postgresql+psycopg2://h/d", "without +driver"),
    ] {
        let found = problems(uri);
        assert!(found.len() == 1 && found[0].contains(text), "{uri}: {found:?}");
        // A hint at the password only where it may be the reason.
        assert_eq!(
            found[0].contains("password"),
            text.contains("%23") || uri.contains('#'),
            "{uri}: {found:?}"
        );
    }
}

/// Wherever an unencoded password breaks a URI, the hint at the encoding is all that is said.
#[test]
fn passwords_that_break_a_uri_are_told_how_to_be_written() {
    let ends = ["@h/d", "@h:5432/d", "@h1:5432,h2/d", "@[::1]/d?sslmode=require"];
    for scheme in ["postgres", "postgresql", "mysql", "mariadb"] {
        for end in ends {
            for password in [
                "hun/ter2",
                "hun?ter2",
                "hun#ter2",
                "/hunter2",
                "#hunter2",
                "?hunter2",
                "hunter2/",
                "hun@ter/2",
                "hun/ter@2",
                "hun@te?r=2",
                "hun@te?sslmode=r2",
                "hun:ter/2",
                "hun%FFter2",
                "hun%0Ater2",
                "1234/5",
                "1234#5",
            ] {
                let uri = format!("{scheme}://scott:{password}{end}");
                let found = problems(&uri).join("; ");
                assert!(found.contains("%40") || found.contains("%25"), "{uri}: {found}");
                for part in ["hun", "ter2", "1234", "scott"] {
                    assert!(!found.contains(part), "{uri}: {found}");
                }
            }
            // These do not break it.
            for password in [
                "hun@ter2",
                "hun:ter2",
                "hun ter2",
                "hun%ter2",
                "hun[t]er,2",
                "hun%40ter2",
            ] {
                let uri = format!("{scheme}://scott:{password}{end}");
                let found = server(&uri);
                let written = found.password.as_ref().map(Secret::reveal).unwrap_or_default();
                assert_eq!(written, password.replace("%40", "@"), "{uri}");
                assert_eq!(found.is_password_encoded, password.contains("%40"), "{uri}");
            }
        }
        // A URI that ends before its `@`: what seems to be the host is the user.
        for uri in ["scott:hunter2", "scott:123456", "scott:0"] {
            let found = problems(&format!("{scheme}://{uri}")).join("; ");
            assert!(found.contains("%40"), "{uri}: {found}");
            for part in ["hunter2", "123456", "`0`", "scott"] {
                assert!(!found.contains(part), "{uri}: {found}");
            }
        }
    }
    // Nothing to do with a password.
    for uri in [
        "postgres://u:p@h:port/d",
        "mysql://u:p@/d",
        "postgres://u:p@h/d?sslmode=x",
    ] {
        let found = problems(uri).join("; ");
        assert!(!found.contains("%40"), "{uri}: {found}");
    }
    assert!(problems("sqlite:/a?b.db")[0].contains("%3F"));
}

#[test]
fn logins() {
    let found = server("postgres://a%40b:p%3A%2F%23%@ss@h/my%20db");
    assert_eq!(found.user.as_deref(), Some("a@b"));
    assert_eq!(found.password.as_ref().map(Secret::reveal), Some("p:/#%@ss"));
    assert_eq!(found.database.as_deref(), Some("my db"));
    let found = server("postgres:///?user=u&password=a%2Bb&dbname=d");
    assert_eq!(found.user.as_deref(), Some("u"));
    assert_eq!(found.password.as_ref().map(Secret::reveal), Some("a+b"));
    assert_eq!(found.database.as_deref(), Some("d"));
    assert!(!format!("{found:?}").contains("a+b"));
    assert!(problems("postgres:///?password=hunter+2")[0].contains("`password` has a `+`"));
}

fn mode(uri: &str, ssl: Option<TlsMode>) -> Option<TlsMode> {
    match DatabaseUri::parse(uri, ssl) {
        Ok(DatabaseUri::Server(server)) => server.tls.mode,
        other => panic!("{uri}: {other:?}"),
    }
}

#[test]
fn wishes_for_tls_in_all_words() {
    use TlsMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
    for (query, expected) in [
        ("", None),
        ("sslmode=verify-full", Some(VerifyFull)),
        ("sslMode=verify-full", Some(VerifyFull)),
        ("SSLMODE=Verify-Full", Some(VerifyFull)),
        ("ssl-mode=VERIFY_IDENTITY", Some(VerifyFull)),
        ("ssl_mode=VERIFY_CA", Some(VerifyCa)),
        ("sslmode=require", Some(Require)),
        ("sslmode=REQUIRED", Some(Require)),
        ("sslmode=no-verify", Some(Require)),
        ("sslMode=trust", Some(Require)),
        ("sslmode=allow", Some(Prefer)),
        ("ssl-mode=PREFERRED", Some(Prefer)),
        ("ssl-mode=DISABLED", Some(Disable)),
        ("ssl=true", Some(Require)),
        ("ssl=1", Some(Require)),
        ("ssl=no-verify", Some(Require)),
        ("ssl=verify-full", Some(VerifyFull)),
        ("tls=true", Some(Require)),
        ("tls=skip-verify", Some(Require)),
        ("tls=preferred", Some(Prefer)),
        ("tls=false", Some(Disable)),
        ("useSSL=true", Some(Require)),
        ("useSSL=true&requireSSL=true", Some(Require)),
        ("useSSL=true&requireSSL=false", Some(Require)),
        (
            "useSSL=true&requireSSL=true&verifyServerCertificate=true",
            Some(VerifyCa),
        ),
        ("useSSL=true&verifyServerCertificate=false", Some(Require)),
        ("useSSL=false", Some(Disable)),
        ("requireSSL=true", Some(Require)),
        ("useSSL=true&trustServerCertificate=true", Some(Require)),
        ("useSSL=true&trustServerCertificate=false", Some(VerifyFull)),
        ("sslMode=verify-ca&disableSslHostnameVerification=true", Some(VerifyCa)),
        (r#"ssl={"rejectUnauthorized":true}"#, Some(VerifyFull)),
        ("ssl=%7B%22rejectUnauthorized%22%3Atrue%7D", Some(VerifyFull)),
        (r#"ssl={"rejectUnauthorized":false}"#, Some(Require)),
        (
            r#"ssl={"rejectUnauthorized":true,"verifyIdentity":false}"#,
            Some(VerifyCa),
        ),
        (r#"ssl={"require":true,"rejectUnauthorized":false}"#, Some(Require)),
        ("ssl={}", Some(VerifyFull)),
        ("sslrootcert=/ca.pem", Some(VerifyFull)),
        ("sslmode=require&sslrootcert=/ca.pem", Some(VerifyFull)),
        ("sslCA=/ca.pem&ssl=true", Some(VerifyFull)),
        ("ssl-mode=REQUIRED&ssl-ca=/ca.pem", Some(VerifyFull)),
        ("requireSSL=true&tlsCAFile=/ca.pem", Some(VerifyFull)),
        ("verifyServerCertificate=true&sslrootcert=/ca.pem", Some(VerifyFull)),
        ("sslmode=verify-ca&sslrootcert=/ca.pem", Some(VerifyCa)),
        (
            "sslrootcert=/ca.pem&disableSslHostnameVerification=true",
            Some(VerifyCa),
        ),
        ("ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem", Some(VerifyFull)),
        ("useSSL=true&serverSslCert=/ca.pem", Some(VerifyFull)),
        ("sslrootcert=system", Some(VerifyFull)),
        ("ssl=true&sslmode=verify-full", Some(VerifyFull)),
        ("enabledTLSProtocols=TLSv1.2,TLSv1.3", None),
        ("allowPublicKeyRetrieval=true", None),
    ] {
        let uri = format!("mysql://h/d?{query}");
        assert_eq!(mode(&uri, None), expected, "{uri}");
        if !query.contains("allowPublicKey") {
            let uri = format!("postgres://h/d?{query}");
            assert_eq!(mode(&uri, None), expected, "{uri}");
        }
    }
}

#[test]
fn wishes_that_contradict_each_other() {
    for query in [
        "sslmode=disable&ssl=true",
        "ssl=true&sslMode=disable",
        "sslmode=disable&sslrootcert=/ca.pem",
        "sslmode=prefer&sslrootcert=/ca.pem",
        "sslmode=require&sslrootcert=system",
        "ssl=no-verify&sslrootcert=/ca.pem",
        "useSSL=true&trustServerCertificate=true&serverSslCert=/ca.pem",
        "useSSL=false&requireSSL=true",
        "sslmode=verify-full&trustServerCertificate=true",
        "sslmode=verify-full&ssl=no-verify",
        "sslmode=verify-full&verifyServerCertificate=false",
        "sslmode=verify-full&disableSslHostnameVerification=true",
        "sslmode=disable&sslcert=/c.pem&sslkey=/k.pem",
        "sslmode=disable&ssl-mode=required",
    ] {
        for scheme in ["postgres", "mysql"] {
            let found = problems(&format!("{scheme}://h/d?{query}"));
            assert!(
                found.len() == 1 && found[0].contains("contradict"),
                "{query}: {found:?}"
            );
        }
    }
}

#[test]
fn the_setting_beside_the_uri_refines_it() {
    use TlsMode::{Disable, Require, VerifyFull};
    for (query, ssl, expected) in [
        ("", Require, Require),
        ("ssl=true", VerifyFull, VerifyFull),
        ("ssl=true", Disable, Require),
        ("sslmode=disable", VerifyFull, Disable),
        ("sslmode=verify-full", Require, VerifyFull),
        ("sslcert=/c&sslkey=/k", Require, Require),
    ] {
        assert_eq!(
            mode(&format!("postgres://h/d?{query}"), Some(ssl)),
            Some(expected),
            "{query}"
        );
    }
    assert!(DatabaseUri::parse("postgres://h/d?sslcert=/c&sslkey=/k", Some(Disable)).is_err());
}

#[test]
fn an_authority_without_a_mode_compares_names() {
    use TlsMode::{Require, VerifyCa, VerifyFull};
    let query = "sslrootcert=/ca.pem";
    for (ssl, expected) in [(Require, VerifyFull), (VerifyCa, VerifyCa), (VerifyFull, VerifyFull)] {
        let uri = format!("postgres://h/d?{query}");
        assert_eq!(mode(&uri, Some(ssl)), Some(expected), "{ssl:?}");
    }
    for (query, is_told) in [
        ("sslrootcert=/ca.pem", false),
        ("sslmode=verify-full&sslrootcert=/ca.pem", false),
        ("sslmode=verify-ca&sslrootcert=/ca.pem", true),
        ("ssl-mode=VERIFY_CA", true),
        (r#"ssl={"rejectUnauthorized":true,"verifyIdentity":false}"#, true),
    ] {
        let remarks = server(&format!("mysql://h/d?{query}")).tls.remarks;
        assert_eq!(remarks.len(), usize::from(is_told), "{query}: {remarks:?}");
        assert!(remarks.iter().all(|remark| remark.contains("verify-full")));
    }
}

#[test]
fn encryption_alone_is_told() {
    for (query, is_told) in [
        ("ssl=true", true),
        ("ssl=1", true),
        ("tls=true", true),
        ("sslmode=require", true),
        ("ssl-mode=REQUIRED", true),
        ("useSSL=true", true),
        ("useSSL=true&requireSSL=true", true),
        ("requireSSL=true", true),
        ("ssl=true&sslcert=/c&sslkey=/k", true),
        ("", false),
        ("sslmode=prefer", false),
        ("ssl=false", false),
        ("ssl=no-verify", false),
        ("sslmode=no-verify", false),
        ("tls=skip-verify", false),
        ("useSSL=true&trustServerCertificate=true", false),
        ("useSSL=true&verifyServerCertificate=false", false),
        (r#"ssl={"rejectUnauthorized":false}"#, false),
        (r#"ssl={"require":true,"rejectUnauthorized":false}"#, false),
        ("ssl=true&sslrootcert=/ca.pem", false),
        ("ssl=true&sslmode=verify-full", false),
    ] {
        for scheme in ["postgres", "mysql"] {
            let remarks = server(&format!("{scheme}://h/d?{query}")).tls.remarks;
            assert_eq!(remarks.len(), usize::from(is_told), "{query}: {remarks:?}");
            assert!(remarks.iter().all(|remark| remark.contains("sslmode=verify-full")));
        }
    }
    // Verified because of the setting beside it.
    let verified = DatabaseUri::parse("postgres://h/d?ssl=true", Some(TlsMode::VerifyFull));
    assert!(matches!(verified, Ok(DatabaseUri::Server(server)) if server.tls.remarks.is_empty()));
}

#[test]
fn an_authority_is_a_certificate() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["h".to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    assert!(has_certificate(
        format!("# our own\n{}{pem}", key.serialize_pem()).as_bytes()
    ));
    for text in [
        "",
        "certificate",
        &key.serialize_pem(),
        &pem.replace("CERT", "X CERT"),
        &pem[..90],
    ] {
        assert!(!has_certificate(text.as_bytes()), "{text}");
    }
    let uri = |pem: &str| format!("mysql://h/d?ssl={}", serde_json::json!({ "ca": pem }));
    assert_eq!(mode(&uri(&pem).replace('+', "%2B"), None), Some(TlsMode::VerifyFull));
    let found = problems(&uri("-----BEGIN CERTIFICATE-----"));
    assert!(
        found.len() == 1 && found[0].contains("no certificate in it"),
        "{found:?}"
    );
}

#[test]
fn nothing_is_dropped() {
    for (uri, names) in [
        (
            "postgres://h/d?channel_binding=require",
            vec!["channel_binding", "require"],
        ),
        (
            "postgres://h/d?gssencmode=require&sslnegotiation=direct",
            vec!["gssencmode", "sslnegotiation"],
        ),
        (
            "postgres://h/d?sslcrl=/x&sslpassword=hunter2",
            vec!["sslcrl", "sslpassword"],
        ),
        (
            "postgres://h/d?sslfactory=org.postgresql.ssl.NonValidatingFactory",
            vec!["sslfactory"],
        ),
        (
            "postgres://h/d?client_encoding=latin1&timezone=Europe/Berlin",
            vec!["client_encoding", "timezone"],
        ),
        (
            "postgres://h/d?foo=1&bar=2",
            vec!["`foo` is not known", "`bar` is not known"],
        ),
        (
            "postgres://h/d?sslmode=verify_everything",
            vec!["sslmode", "verify_everything", "verify-full"],
        ),
        ("postgres://h/d?sslmode=", vec!["sslmode", "no value"]),
        ("postgres://h/d?ssl", vec!["`ssl`", "no value"]),
        ("postgres://h/d?sslcert=/c", vec!["sslkey"]),
        ("postgres://h/d?connect_timeout=soon", vec!["connect_timeout"]),
        (
            "postgres://h/d?options=-c%20client_encoding=latin1",
            vec!["client_encoding"],
        ),
        ("postgres://h/d?options[TimeZone]=x", vec!["options[TimeZone]"]),
        ("postgres://h/d?host=a&host=b", vec!["`host` is given twice"]),
        (
            "postgres://h/d?target_session_attrs=writable",
            vec!["target_session_attrs", "read-write"],
        ),
        ("postgres:///d?host=/run&sslmode=require", vec!["Unix socket"]),
        (
            "postgres://h/d?ssl_min_protocol_version=TLSv1.3",
            vec!["ssl_min_protocol_version"],
        ),
        ("mysql://h/d?channel_binding=require", vec!["channel_binding"]),
        (
            "mysql://h/d?charset=latin1&collation=latin1_bin",
            vec!["charset", "collation"],
        ),
        (
            "mysql://h/d?connectionLimit=10",
            vec!["connectionLimit", "SQL_POOL_SIZE"],
        ),
        (
            "mysql://h/d?trustCertificateKeyStoreUrl=file:/x.jks",
            vec!["trustCertificateKeyStoreUrl", "PEM"],
        ),
        (
            r#"mysql://h/d?ssl={"rejectUnauthorised":true}"#,
            vec!["rejectUnauthorised"],
        ),
        (
            r#"mysql://h/d?ssl={"require":false,"rejectUnauthorized":true}"#,
            vec!["`require` must be true", "ssl=false"],
        ),
        (
            r#"postgres://h/d?ssl={"require":false}"#,
            vec!["`require` must be true"],
        ),
        (r#"postgres://h/d?ssl={"require":null}"#, vec!["`require` must be true"]),
        (r#"mysql://h/d?ssl={"require":"false"}"#, vec!["`require` must be true"]),
        (
            r#"mysql://h/d?ssl={"rejectUnauthorized":false,"verifyIdentity":true}"#,
            vec!["contradict"],
        ),
        (
            r#"mysql://h/d?ssl={"rejectUnauthorized":"yes"}"#,
            vec!["`rejectUnauthorized`"],
        ),
        ("mysql://h/d?ssl=Amazon%20RDS", vec!["`ssl`"]),
        ("mysql://h/d?enabledTLSProtocols=TLSv1.3", vec!["enabledTLSProtocols"]),
        ("sqlite:x?mode=everything", vec!["mode", "memory"]),
        (
            "sqlite:x?sslmode=require&_journal_mode=WAL",
            vec!["sslmode", "_journal_mode"],
        ),
        ("sqlite:x?mode=ro&mode=rw", vec!["twice"]),
    ] {
        let found = problems(uri);
        let text = found.join("\n");
        assert!(names.iter().all(|name| text.contains(name)), "{uri}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn what_is_understood() {
    let found = server(
        "postgres://h/d?application_name=my+app&connect_timeout=7&options=-c+geqo%3Doff&search_path=a,b&\
         options[work_mem]=64 MB&statement_timeout=5000&target_session_attrs=Read-Write&statement-cache-capacity=0&\
         client_encoding=UTF8&TimeZone=UTC&gssencmode=disable&channel_binding=prefer&uselibpqcompat=true",
    );
    assert_eq!(found.application_name.as_deref(), Some("my app"));
    assert_eq!(found.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(found.target, TargetSession::ReadWrite);
    assert_eq!(found.statement_cache_capacity, Some(0));
    assert_eq!(
        found.options.as_deref(),
        Some(r"-c geqo=off -c search_path=a,b -c work_mem=64\ MB -c statement_timeout=5000")
    );
    assert_eq!(
        server("postgres://h/d?schema=Public").options.as_deref(),
        Some("-c search_path=\"Public\"")
    );
    assert_eq!(
        server("postgres://h/d?targetServerType=preferSlave").target,
        TargetSession::PreferStandby
    );
    assert_eq!(
        server("mysql://h/d?connectTimeout=10000").connect_timeout,
        Some(Duration::from_secs(10))
    );
    assert_eq!(
        server("mysql://h/d?connect_timeout=10").connect_timeout,
        Some(Duration::from_secs(10))
    );
    assert_eq!(
        server("mysql://h/d?charset=utf8&timezone=+00:00&collation=utf8mb4_bin")
            .collation
            .as_deref(),
        Some("utf8mb4_bin")
    );
}

#[test]
fn addresses_without_secrets() {
    for (uri, shown) in [
        (
            "postgres://u:hunter2@h1:5432,[::1]:5433/d?sslmode=hunter2",
            Some("postgres://h1:5432,[::1]:5433/d"),
        ),
        ("mysql://u:hunter2@h/d", Some("mysql://h/d")),
        ("postgres://u:1/hunter2@h/d", None),
        ("sqlite:x", None),
    ] {
        assert_eq!(redacted(uri).as_deref(), shown, "{uri}");
    }
}
