//! `ldap`: the upstream LDAP server that verifies passwords.
//!
//! The Node gateway's names are understood: `LDAP_URL`, `LDAP_BIND_DN`, `LDAP_BIND_PASSWORD` and `LDAP_AUTH_BASE_DN` are
//! aliases, `AD_DOMAIN` gives what is not given otherwise.

use std::fs;
use std::path::PathBuf;

use url::{Host, Url};

use super::errors::{Problem, Warning};
use super::parse::Reader;
use crate::database_uri::Secret;
use crate::model::dn::Dn;
use crate::model::filter::Filter;

/// What stands for the user's name in a template.
pub const USERNAME: &str = "{username}";

/// An attribute may have a blank in its value and none in its name: so a template shows that the name goes into a value.
const SAMPLE: &str = "a b";

const URI: &str = "UPSTREAM_LDAP_URI";
const BIND_DN: &str = "UPSTREAM_LDAP_BIND_DN";
const SEARCH_BASE: &str = "UPSTREAM_LDAP_SEARCH_BASE";
const SEARCH_FILTER: &str = "UPSTREAM_LDAP_SEARCH_FILTER";
const SEARCH_DN: &str = "UPSTREAM_LDAP_SEARCH_DN";
const SEARCH_PASSWORD: &str = "UPSTREAM_LDAP_SEARCH_PASSWORD";
const INSECURE: &str = "UPSTREAM_LDAP_INSECURE";
const CA_PATH: &str = "UPSTREAM_LDAP_CA_PATH";

/// Where and as whom a password is tried.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// `UPSTREAM_LDAP_URI`: in this order. Never empty.
    pub servers: Vec<UpstreamServer>,
    /// Whose password it is there.
    pub user: UpstreamUser,
    /// `UPSTREAM_LDAP_CA_PATH`: the authorities of the servers' certificates, instead of the system's.
    pub ca_path: Option<PathBuf>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamServer {
    /// `ldap://host:port` or `ldaps://host:port`.
    pub uri: String,
    /// How the connection is encrypted.
    pub encryption: UpstreamEncryption,
}

/// How the connection to a server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamEncryption {
    /// From its beginning.
    Tls,
    /// By StartTLS (RFC 4511 4.14).
    StartTls,
    /// Not at all: `UPSTREAM_LDAP_INSECURE`.
    None,
}

/// How a user is named there. Templates have [`USERNAME`] in the name's place.
#[derive(Clone, Debug)]
pub enum UpstreamUser {
    /// By a DN.
    Dn(String),
    /// By a name that is no DN, as Active Directory takes it: `{username}@ad.example.com`, `EXAMPLE\{username}`.
    Login(String),
    /// By the DN of the only entry that is found.
    Search(UpstreamSearch),
}

/// How a user is searched for.
#[derive(Clone, Debug)]
pub struct UpstreamSearch {
    /// The base, with everything below it.
    pub base: String,
    /// The template of the filter.
    pub filter: String,
    /// Who searches, and that one's password; anonymously where absent.
    pub account: Option<(String, Secret)>,
}

impl UpstreamSettings {
    /// None where nothing is given, or only by the Node gateway's names while no chain `is_asked` for it: its other links
    /// left them alone.
    pub(super) fn read(reader: &mut Reader, is_asked: bool) -> Option<Self> {
        let own = [
            URI,
            BIND_DN,
            SEARCH_BASE,
            SEARCH_FILTER,
            SEARCH_DN,
            SEARCH_PASSWORD,
            INSECURE,
            CA_PATH,
        ];
        let is_own = |name: &&str| {
            reader
                .variable(name)
                .is_some_and(|variable| variable.starts_with("UPSTREAM_"))
        };
        let is_given = own.iter().any(is_own);
        let domain = reader.text("AD_DOMAIN");
        if !is_given && !is_asked {
            // They are known all the same.
            reader.asked.extend(own);
            return None;
        }
        let servers = servers(reader, domain.as_deref());
        let user = user(reader, domain.as_deref());
        let ca_path = ca_path(reader);
        Some(UpstreamSettings {
            servers: servers?,
            user: user?,
            ca_path,
        })
    }
}

fn servers(reader: &mut Reader, domain: Option<&str>) -> Option<Vec<UpstreamServer>> {
    let is_insecure = reader.boolean(INSECURE);
    let right = "`ldaps://host` or `ldap://host` with nothing behind but a port, several with blanks or commas between \
        them; an IPv6 address only without TLS";
    // It may be a password, and is not shown.
    if reader.given(URI).is_some_and(|text| text.contains('@')) {
        let text = "has an `@`: a URI here has no user and password, which are UPSTREAM_LDAP_SEARCH_DN and \
            UPSTREAM_LDAP_SEARCH_PASSWORD; it must be `ldaps://host` or `ldap://host`, and a port perhaps";
        reader.problems.push(Problem::other(URI, text));
        reader.asked.insert(URI);
        return None;
    }
    let given = reader.parsed(URI, right, |text| {
        let uris = text.split([',', ' ', '\t', '\n']).filter(|uri| !uri.is_empty());
        let servers: Option<Vec<_>> = uris.map(|uri| server(uri, is_insecure)).collect();
        servers.filter(|servers| !servers.is_empty())
    });
    let servers = match (given, domain) {
        (Some(servers), _) => servers,
        (None, Some(domain)) if !reader.is_given(URI) => {
            let server = server(&format!("ldap://{domain}"), is_insecure);
            if server.is_none() {
                reader
                    .problems
                    .push(Problem::wrong("AD_DOMAIN", domain, "a domain, such as ad.example.com"));
            }
            vec![server?]
        }
        (None, _) => {
            if !reader.is_given(URI) {
                reader.problems.push(Problem::other(
                    URI,
                    "is missing, though AUTH_BACKENDS or another setting needs it",
                ));
            }
            return None;
        }
    };
    if servers
        .iter()
        .any(|server| server.encryption == UpstreamEncryption::None)
    {
        let text = "is true: passwords cross the network to the upstream LDAP server readable";
        reader.warnings.push(Warning::new(INSECURE, text));
    }
    Some(servers)
}

fn server(text: &str, is_insecure: bool) -> Option<UpstreamServer> {
    let uri = Url::parse(text).ok()?;
    let encryption = match (uri.scheme(), is_insecure) {
        ("ldaps", _) => UpstreamEncryption::Tls,
        ("ldap", false) => UpstreamEncryption::StartTls,
        ("ldap", true) => UpstreamEncryption::None,
        _ => return None,
    };
    let host = uri.host().filter(|host| host.to_string() != "")?;
    // The client of ldap3 takes the brackets for a part of the name that the certificate must have.
    let is_nameless = matches!(host, Host::Ipv6(_)) && encryption != UpstreamEncryption::None;
    let is_more = !matches!(uri.path(), "" | "/")
        || uri.query().is_some()
        || uri.fragment().is_some()
        || !uri.username().is_empty()
        || uri.password().is_some();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    (!is_more && !is_nameless).then(|| UpstreamServer {
        uri: format!("{}://{host}{port}", uri.scheme()),
        encryption,
    })
}

fn user(reader: &mut Reader, domain: Option<&str>) -> Option<UpstreamUser> {
    let right = format!(
        "a DN with {USERNAME} in a value, such as `uid={USERNAME},ou=people,dc=example,dc=com`, or a login name as \
         `{USERNAME}@ad.example.com`"
    );
    let template = reader.parsed(BIND_DN, &right, template);
    let search = search(reader, domain);
    let searches = [SEARCH_BASE, SEARCH_FILTER, SEARCH_DN, SEARCH_PASSWORD];
    let search_given = searches
        .iter()
        .find_map(|name| reader.variable(name))
        .map(str::to_owned);
    match (reader.is_given(BIND_DN), search_given, domain) {
        (true, Some(other), _) => {
            let text = format!("is given and so is {other}: users are named by a template or found by a search");
            reader.problems.push(Problem::other(BIND_DN, text));
            None
        }
        (true, None, _) => template,
        (false, Some(_), _) => search.map(UpstreamUser::Search),
        (false, None, Some(domain)) => Some(UpstreamUser::Login(format!("{USERNAME}@{domain}"))),
        (false, None, None) => {
            let text = format!("is missing: it or {SEARCH_BASE} says how a user is named upstream");
            reader.problems.push(Problem::other(BIND_DN, text));
            None
        }
    }
}

fn template(text: &str) -> Option<UpstreamUser> {
    let sample = filled(text)?;
    if Dn::parse(&sample).is_ok_and(|dn| !dn.is_root()) {
        return Some(UpstreamUser::Dn(text.to_owned()));
    }
    let is_login = text.contains(['@', '\\']) && !text.contains(['=', ',', ';', '"']);
    is_login.then(|| UpstreamUser::Login(text.to_owned()))
}

/// A template with a sample in the name's place; None without one, or with some other place for something.
fn filled(template: &str) -> Option<String> {
    let sample = template.replace(USERNAME, SAMPLE);
    (template.contains(USERNAME) && !sample.contains(['{', '}'])).then_some(sample)
}

fn search(reader: &mut Reader, domain: Option<&str>) -> Option<UpstreamSearch> {
    let right = format!("a filter with {USERNAME} in a value, such as `(uid={USERNAME})`");
    let filter = reader.parsed(SEARCH_FILTER, &right, |text| {
        let text = match text.starts_with('(') {
            true => text.to_owned(),
            false => format!("({text})"),
        };
        Filter::parse(&filled(&text)?).is_ok().then_some(text)
    });
    let base = reader.parsed(SEARCH_BASE, "a DN", |text| {
        Dn::parse(text).ok().map(|_| text.to_owned())
    });
    let account = (reader.text(SEARCH_DN), reader.secret(SEARCH_PASSWORD));
    reader.half_given(SEARCH_DN, SEARCH_PASSWORD);
    let is_node = |name: &str| {
        reader
            .variable(name)
            .is_some_and(|variable| variable.starts_with("LDAP_"))
    };
    // That gateway searched in Active Directory, in its last versions below the base of the directory itself.
    let is_node_search = is_node(SEARCH_BASE) || is_node(SEARCH_DN) || domain.is_some();
    let base = match base {
        None if is_node(SEARCH_DN) && !reader.is_given(SEARCH_BASE) => reader.text("LDAP_BASE_DN"),
        base => base,
    };
    let is_any = [SEARCH_FILTER, SEARCH_DN, SEARCH_PASSWORD]
        .iter()
        .any(|name| reader.is_given(name));
    if base.is_none() && !reader.is_given(SEARCH_BASE) && is_any {
        reader.problems.push(Problem::other(
            SEARCH_BASE,
            "is missing: users are searched for below it",
        ));
    }
    let default = if is_node_search {
        "(sAMAccountName={username})"
    } else {
        "(uid={username})"
    };
    Some(UpstreamSearch {
        base: base?,
        filter: filter.unwrap_or_else(|| default.to_owned()),
        account: match account {
            (Some(dn), Some(password)) => Some((dn, password)),
            _ => None,
        },
    })
}

fn ca_path(reader: &mut Reader) -> Option<PathBuf> {
    let path = reader.text(CA_PATH)?;
    let text = match fs::read(&path) {
        Ok(pem) if String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") => return Some(path.into()),
        Ok(_) => format!("the file {path} has no certificate in it (PEM)"),
        Err(error) => format!("the file {path} cannot be read: {error}"),
    };
    reader.problems.push(Problem::other(CA_PATH, text));
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::EnvSource;

    fn read(variables: &[(&str, &str)], is_asked: bool) -> (Option<UpstreamSettings>, Vec<String>) {
        let source = EnvSource::new().with_variables(variables.iter().copied());
        let mut reader = Reader::new(&source);
        let settings = UpstreamSettings::read(&mut reader, is_asked);
        let problems = reader.problems.iter().map(ToString::to_string).collect();
        (settings, problems)
    }

    fn good(variables: &[(&str, &str)]) -> UpstreamSettings {
        let (settings, problems) = read(variables, true);
        assert_eq!(problems, Vec::<String>::new(), "{variables:?}");
        settings.unwrap()
    }

    const PEOPLE: (&str, &str) = (BIND_DN, "uid={username},ou=people,dc=example,dc=com");

    #[test]
    fn servers_are_encrypted_unless_somebody_says_otherwise() {
        use UpstreamEncryption::{None as Plain, StartTls, Tls};
        let servers = |uri: &str, insecure: &str| {
            let settings = good(&[(URI, uri), PEOPLE, (INSECURE, insecure)]);
            let servers = settings
                .servers
                .into_iter()
                .map(|server| (server.uri, server.encryption));
            servers.collect::<Vec<_>>()
        };
        let server = |uri: &str, encryption| (uri.to_owned(), encryption);
        assert_eq!(servers("ldaps://a", "false"), [server("ldaps://a", Tls)]);
        let several = "ldap://a:1389, ldaps://b/\tldap://10.0.0.1";
        let found = [
            server("ldap://a:1389", StartTls),
            server("ldaps://b", Tls),
            server("ldap://10.0.0.1", StartTls),
        ];
        assert_eq!(servers(several, "no"), found);
        assert_eq!(servers("LDAP://[::1]:389", "true"), [server("ldap://[::1]:389", Plain)]);
        for wrong in [
            "http://a",
            "a",
            "ldapi:///",
            "ldap://",
            "ldap:///",
            "ldap://a/dc=x",
            "ldap://a?x",
            "ldap://a#x",
            "ldap://u:p@a",
            "ldaps://[::1]",
            "ldap://[::1]",
            "ldap://a:99999",
            ",",
            "ldap://a,b",
        ] {
            let (settings, problems) = read(&[(URI, wrong), PEOPLE], true);
            assert!(settings.is_none() && problems.len() == 1, "{wrong}: {problems:?}");
            assert!(problems[0].starts_with("UPSTREAM_LDAP_URI: "), "{problems:?}");
        }
        let (_, problems) = read(&[(URI, "ldaps://cn=x:hunter2@a"), PEOPLE], true);
        assert!(
            problems[0].contains("UPSTREAM_LDAP_SEARCH_PASSWORD") && !problems[0].contains("hunter2"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_user_is_named_by_a_template_or_found() {
        let user = |variables: &[(&str, &str)]| {
            let all: Vec<_> = [(URI, "ldaps://a")].iter().chain(variables).copied().collect();
            good(&all).user
        };
        for dn in [PEOPLE.1, "CN={username}+uid={username},DC=x", "uid={username}"] {
            assert!(
                matches!(user(&[(BIND_DN, dn)]), UpstreamUser::Dn(text) if text == dn),
                "{dn}"
            );
        }
        for login in ["{username}@ad.example.com", "EXAMPLE\\{username}"] {
            assert!(
                matches!(user(&[(BIND_DN, login)]), UpstreamUser::Login(text) if text == login),
                "{login}"
            );
        }
        let UpstreamUser::Search(search) = user(&[(SEARCH_BASE, "dc=x")]) else {
            panic!()
        };
        assert_eq!((&*search.base, &*search.filter), ("dc=x", "(uid={username})"));
        assert!(search.account.is_none());
        let filter = (
            SEARCH_FILTER,
            "&(objectClass=person)(|(uid={username})(mail={username}))",
        );
        let UpstreamUser::Search(search) = user(&[
            (SEARCH_BASE, "dc=x"),
            filter,
            (SEARCH_DN, "cn=s"),
            (SEARCH_PASSWORD, "p"),
        ]) else {
            panic!()
        };
        assert_eq!(search.filter, format!("({})", filter.1));
        assert_eq!(search.account.unwrap().0, "cn=s");
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_name() {
        for (variables, name) in [
            (&[][..], URI),
            (&[PEOPLE], URI),
            (&[(URI, "ldaps://a")], BIND_DN),
            (&[(URI, "ldaps://a"), (BIND_DN, "uid=alice,dc=x")], BIND_DN),
            (&[(URI, "ldaps://a"), (BIND_DN, "{username}")], BIND_DN),
            (&[(URI, "ldaps://a"), (BIND_DN, "{username}=x,dc=x")], BIND_DN),
            (&[(URI, "ldaps://a"), (BIND_DN, "{username},dc=x")], BIND_DN),
            (&[(URI, "ldaps://a"), (BIND_DN, "uid={username},ou={ou},dc=x")], BIND_DN),
            (&[(URI, "ldaps://a"), PEOPLE, (SEARCH_BASE, "dc=x")], BIND_DN),
            (&[(URI, "ldaps://a"), (SEARCH_BASE, "x")], SEARCH_BASE),
            (&[(URI, "ldaps://a"), (SEARCH_FILTER, "(uid={username})")], SEARCH_BASE),
            (
                &[
                    (URI, "ldaps://a"),
                    (SEARCH_BASE, "dc=x"),
                    (SEARCH_FILTER, "(uid=alice)"),
                ],
                SEARCH_FILTER,
            ),
            (
                &[
                    (URI, "ldaps://a"),
                    (SEARCH_BASE, "dc=x"),
                    (SEARCH_FILTER, "(uid={username}"),
                ],
                SEARCH_FILTER,
            ),
            (
                &[
                    (URI, "ldaps://a"),
                    (SEARCH_BASE, "dc=x"),
                    (SEARCH_FILTER, "({username}=x)"),
                ],
                SEARCH_FILTER,
            ),
            (
                &[(URI, "ldaps://a"), (SEARCH_BASE, "dc=x"), (SEARCH_DN, "cn=s")],
                SEARCH_PASSWORD,
            ),
            (
                &[(URI, "ldaps://a"), (SEARCH_BASE, "dc=x"), (SEARCH_PASSWORD, "p")],
                SEARCH_DN,
            ),
            (&[(URI, "ldaps://a"), PEOPLE, (CA_PATH, "/nowhere/ca.pem")], CA_PATH),
            (&[(URI, "ldaps://a"), PEOPLE, (CA_PATH, "/etc/passwd")], CA_PATH),
        ] {
            let (_, problems) = read(variables, true);
            let of_it = problems
                .iter()
                .filter(|problem| problem.starts_with(&format!("{name}: ")))
                .count();
            assert_eq!(of_it, 1, "{variables:?}: {problems:?}");
        }
    }

    #[test]
    fn the_node_gateways_names() {
        let node = [
            ("LDAP_URL", "ldap://dc1"),
            ("LDAP_BIND_DN", "svc@ad"),
            ("LDAP_BIND_PASSWORD", "hunter2"),
        ];
        let with = |more: (&str, &str)| good(&[node[0], node[1], node[2], more]);
        for (more, base) in [
            (("LDAP_AUTH_BASE_DN", "ou=a,dc=ad"), "ou=a,dc=ad"),
            (("LDAP_BASE_DN", "dc=b"), "dc=b"),
        ] {
            let settings = with(more);
            assert_eq!(settings.servers[0].uri, "ldap://dc1");
            assert_eq!(settings.servers[0].encryption, UpstreamEncryption::StartTls);
            let UpstreamUser::Search(search) = settings.user else {
                panic!()
            };
            assert_eq!((&*search.base, &*search.filter), (base, "(sAMAccountName={username})"));
            let (dn, password) = search.account.unwrap();
            assert_eq!((&*dn, password.reveal()), ("svc@ad", "hunter2"));
        }
        let settings = good(&[("AD_DOMAIN", "ad.example.com")]);
        assert_eq!(settings.servers[0].uri, "ldap://ad.example.com");
        assert!(matches!(settings.user, UpstreamUser::Login(name) if name == "{username}@ad.example.com"));
        // Where the link is not asked for they mean nothing, whatever they are.
        let (settings, problems) = read(&[("LDAP_URL", "?"), ("LDAP_BIND_DN", "x"), ("AD_DOMAIN", "?")], false);
        assert!(settings.is_none() && problems.is_empty(), "{problems:?}");
        assert_eq!(read(&[("AD_DOMAIN", "not a domain")], true).1.len(), 1);
    }
}
