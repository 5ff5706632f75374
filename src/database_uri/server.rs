//! URIs of servers: the part before the parameters, the parameters, and what they mean together.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::address::{self, ESCAPE, Parts, decoded};
use super::engine::Engine;
use super::parameters::{Meaning, meaning};
use super::secret::Secret;
use super::tls::{Tls, TlsMode, Wishes, name_shown, shown};
use super::uri::{DatabaseUri, Host, ServerUri, TargetSession};

/// What has been read so far.
struct Reading {
    engine: Engine,
    uri: ServerUri,
    has_login: bool,
    wishes: Wishes,
    /// Parameters about the address: lists that belong together.
    host: Option<String>,
    host_address: Option<String>,
    port: Option<String>,
    socket: Option<String>,
    seen: Vec<(Meaning, String)>,
    problems: Vec<String>,
}

/// Reads what follows the scheme and its colon.
pub(super) fn parse(engine: Engine, rest: &str, ssl: Option<TlsMode>) -> Result<DatabaseUri, Vec<String>> {
    let parts = address::split(rest).map_err(|why| vec![why])?;
    let mut reading = Reading::new(engine);
    reading.has_login = parts.user.is_some() || parts.query.contains("user=");
    reading.login(&parts);
    for pair in parts.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        reading.parameter(&percent_decode_str(name).decode_utf8_lossy(), value);
    }
    reading.hosts(parts.hosts);
    let Reading {
        mut uri,
        wishes,
        mut problems,
        ..
    } = reading;
    uri.tls = wishes.settle(ssl, &mut problems);
    encryptable(&uri, &mut problems);
    match problems.is_empty() {
        true => Ok(DatabaseUri::Server(Box::new(uri))),
        // Then the parameters may be the end of a password, and nothing of them may be shown.
        false if parts.query.contains('@') => Err(vec![format!("cannot be taken apart: {ESCAPE}")]),
        false => Err(problems),
    }
}

impl Reading {
    fn new(engine: Engine) -> Reading {
        Reading {
            engine,
            uri: ServerUri {
                engine,
                hosts: Vec::new(),
                target: TargetSession::default(),
                user: None,
                password: None,
                is_password_encoded: false,
                database: None,
                tls: Tls::default(),
                application_name: None,
                options: None,
                connect_timeout: None,
                statement_cache_capacity: None,
                collation: None,
            },
            has_login: false,
            wishes: Wishes::default(),
            host: None,
            host_address: None,
            port: None,
            socket: None,
            seen: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn login(&mut self, parts: &Parts<'_>) {
        let mut part = |text: Option<&str>, what, hint: &str| {
            let text = text.filter(|text| !text.is_empty())?;
            let decoded = decoded(text, what);
            decoded.map_err(|why| self.problems.push(format!("{why}{hint}"))).ok()
        };
        let percent = "; a `%` that is one must be written %25";
        self.uri.user = part(parts.user, "the user name", percent);
        let password = part(parts.password, "the password", percent);
        self.uri.is_password_encoded = password.as_deref() != parts.password.filter(|text| !text.is_empty());
        self.uri.password = password.map(Secret::new);
        self.uri.database = part(Some(parts.database), "the database's name", "");
    }

    fn parameter(&mut self, name: &str, raw: &str) {
        let fault = match self.decided(name, raw) {
            Ok(()) => return,
            Err(fault) => fault,
        };
        self.problems.push(format!("`{}` {fault}", name_shown(name)));
    }

    fn decided(&mut self, name: &str, raw: &str) -> Result<(), String> {
        let option = name.strip_prefix("options[").and_then(|name| name.strip_suffix(']'));
        let meaning = match option {
            Some(_) if self.engine == Engine::PostgreSql => Meaning::Options,
            _ => meaning(self.engine, name)
                .ok_or_else(|| format!("is not known to this gateway ({}): leave it out", self.engine()))?,
        };
        let value = self.value(meaning, raw)?;
        if let Meaning::Unsupported(advice) = meaning {
            return Err(format!("is not supported: {advice}"));
        }
        let is_address = matches!(
            meaning,
            Meaning::Host | Meaning::HostAddress | Meaning::Port | Meaning::Socket
        ) || matches!(meaning, Meaning::User | Meaning::Password | Meaning::Database);
        if value.is_empty() {
            // As if it was not there, as in libpq.
            return if is_address {
                Ok(())
            } else {
                Err("has no value: give it one, or leave it out".to_owned())
            };
        }
        // Several wishes for TLS are weighed against each other, and options add up.
        let adds = matches!(
            meaning,
            Meaning::Options | Meaning::Setting(_) | Meaning::Tls | Meaning::Only(..)
        );
        let same = |other: &&(Meaning, String)| other.0 == meaning;
        match self.seen.iter().find(same).filter(|_| !adds) {
            Some((_, other)) if *other != value => {
                return Err("is given twice, with two values".to_owned());
            }
            Some(_) => return Ok(()),
            None => self.seen.push((meaning, value.clone())),
        }
        let known = self.take(meaning, name, option, &value);
        known.map_err(|right| match meaning {
            Meaning::Password => right,
            _ => format!("is {}: {right}", shown(&value)),
        })
    }

    /// A value, decoded.
    fn value(&self, meaning: Meaning, raw: &str) -> Result<String, String> {
        let is_blank = matches!(
            meaning,
            Meaning::Options | Meaning::SearchPath | Meaning::ApplicationName | Meaning::FallbackApplicationName
        );
        // Forms write a blank so, libpq takes it as it stands.
        let raw = match meaning {
            _ if is_blank => raw.replace('+', " "),
            Meaning::Only(..) | Meaning::Unsupported(_) => raw.to_owned(),
            _ if raw.contains('+') => {
                return Err("has a `+`, which some read as a blank: write %2B or %20".to_owned());
            }
            _ => raw.to_owned(),
        };
        let may_have_lines = matches!(meaning, Meaning::Ca | Meaning::Certificate | Meaning::Key);
        match percent_decode_str(&raw).decode_utf8() {
            Ok(value) if value.chars().any(char::is_control) && !may_have_lines => {
                Err("has a control character".to_owned())
            }
            Ok(value) => Ok(value.into_owned()),
            Err(_) => Err("is not UTF-8 when it is decoded".to_owned()),
        }
    }

    fn engine(&self) -> &'static str {
        match self.engine {
            Engine::PostgreSql => "with PostgreSQL",
            _ => "with MariaDB and MySQL",
        }
    }

    /// Takes a parameter that is not about TLS. The error says what would be right.
    fn take(&mut self, meaning: Meaning, name: &str, option: Option<&str>, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned());
        let uri = &mut self.uri;
        match meaning {
            Meaning::Host => self.host = text(),
            Meaning::HostAddress => self.host_address = text(),
            Meaning::Port => self.port = text(),
            Meaning::Socket => self.socket = text(),
            Meaning::User => uri.user = text(),
            Meaning::Password => uri.password = text().map(Secret::new),
            Meaning::Database => uri.database = text(),
            Meaning::TargetSession => uri.target = target(value)?,
            Meaning::ApplicationName => uri.application_name = text(),
            Meaning::FallbackApplicationName => {
                uri.application_name.get_or_insert(value.to_owned());
            }
            Meaning::ConnectTimeout { milliseconds } => {
                let number: u64 = value.parse().map_err(|_| "must be a whole number".to_owned())?;
                let time = if milliseconds {
                    Duration::from_millis(number)
                } else {
                    Duration::from_secs(number)
                };
                uri.connect_timeout = (number > 0).then_some(time);
            }
            Meaning::StatementCache => {
                let number: u16 = value
                    .parse()
                    .map_err(|_| "must be a number from 0 to 65535".to_owned())?;
                uri.statement_cache_capacity = Some(number.into());
            }
            Meaning::Collation => {
                let is_name = value.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
                if !is_name || !value.starts_with("utf8mb4") {
                    return Err("must be a collation of utf8mb4".to_owned());
                }
                uri.collation = text();
            }
            Meaning::Options => self.options(option, value)?,
            Meaning::SearchPath => self.setting("search_path", value),
            Meaning::Schema => self.setting("search_path", &format!("\"{}\"", value.replace('"', "\"\""))),
            Meaning::Setting(setting) => {
                if !value.bytes().all(|c| c.is_ascii_alphanumeric()) {
                    return Err("must be a number of milliseconds".to_owned());
                }
                self.setting(setting, value);
            }
            Meaning::Only(values, advice) => {
                if !values.contains(&value.to_ascii_lowercase().as_str()) {
                    return Err(format!("must be one of {}, or left out; {advice}", values.join(", ")));
                }
            }
            _ => self.wishes.take(meaning, name, value)?,
        }
        Ok(())
    }

    /// `options=-c a=b` as it stands, or `options[a]=b`.
    fn options(&mut self, name: Option<&str>, value: &str) -> Result<(), String> {
        let ours = ["client_encoding", "timezone", "datestyle", "extra_float_digits"];
        let text = name.unwrap_or(value).to_ascii_lowercase().replace('-', "_");
        if let Some(found) = ours.iter().find(|ours| text.contains(**ours)) {
            return Err(format!("must not set {found}, which is always the same here"));
        }
        match name {
            Some(name) if name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.".contains(&c)) => {
                self.setting(name, value)
            }
            Some(_) => return Err("must have the name of a setting in its brackets".to_owned()),
            None => self.add_options(value),
        }
        Ok(())
    }

    fn setting(&mut self, name: &str, value: &str) {
        let escaped = value.replace('\\', "\\\\").replace(' ', "\\ ");
        self.add_options(&format!("-c {name}={escaped}"));
    }

    fn add_options(&mut self, text: &str) {
        let options = self.uri.options.get_or_insert_default();
        if !options.is_empty() {
            options.push(' ');
        }
        options.push_str(text);
    }

    /// The hosts before the path, or those of the parameters, which replace them as in libpq.
    fn hosts(&mut self, before_path: &str) {
        let mut hosts = address::hosts(self.engine, before_path, self.has_login, &mut self.problems);
        let list = |text: &Option<String>| -> Vec<String> {
            let items = text.iter().flat_map(|text| text.split(','));
            items.map(|item| item.trim().to_owned()).collect()
        };
        let (names, addresses, ports) = (list(&self.host), list(&self.host_address), list(&self.port));
        let mut problem = |why: String| self.problems.push(why);
        if !names.is_empty() && !addresses.is_empty() {
            problem("`host` and `hostaddr` are given: give one of them".to_owned());
        }
        if let Some(odd) = addresses
            .iter()
            .position(|address| address.parse::<std::net::IpAddr>().is_err())
        {
            problem(format!("`hostaddr`: number {} is no address", odd + 1));
        }
        if !names.is_empty() || !addresses.is_empty() {
            hosts.clear();
            for (at, name) in names.iter().chain(&addresses).enumerate() {
                match address::host(self.engine, name, None) {
                    Ok(host) => hosts.push(host),
                    Err(why) => problem(format!("`host`: in number {} {why}", at + 1)),
                }
            }
        }
        if let Some(path) = &self.socket {
            if path.starts_with('/') {
                hosts = vec![address::socket(self.engine, path, None)];
            } else {
                problem("the socket must be a path that begins with /".to_owned());
            }
        }
        if hosts.is_empty() && self.engine == Engine::PostgreSql {
            hosts.push(Host::Usual(None));
        } else if hosts.is_empty() && before_path.is_empty() && names.is_empty() {
            problem("names no host (a Unix socket is named with ?socket=/run/mysqld/mysqld.sock)".to_owned());
        }
        if !ports.is_empty() && ports.len() != 1 && ports.len() != hosts.len() {
            problem(format!(
                "`port`: there are {} ports for {} hosts",
                ports.len(),
                hosts.len()
            ));
        }
        for (at, host) in hosts.iter_mut().enumerate() {
            let Some(text) = ports.get(at).or(ports.first().filter(|_| ports.len() == 1)) else {
                continue;
            };
            match (address::port(text), host) {
                (Ok(port), Host::Tcp(_, old) | Host::Socket(_, old) | Host::Usual(old)) => *old = Some(port),
                (Err(_), _) if text.is_empty() => {}
                (Err(why), _) => problem(format!("`port`: {why}")),
            }
        }
        self.uri.hosts = hosts;
    }
}

/// libpq's words, and PgJDBC's.
fn target(value: &str) -> Result<TargetSession, String> {
    match value.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "any" => Ok(TargetSession::Any),
        "readwrite" => Ok(TargetSession::ReadWrite),
        "readonly" => Ok(TargetSession::ReadOnly),
        "primary" | "master" => Ok(TargetSession::Primary),
        "standby" | "secondary" | "slave" => Ok(TargetSession::Standby),
        "preferstandby" | "prefersecondary" | "preferslave" => Ok(TargetSession::PreferStandby),
        "preferprimary" => Ok(TargetSession::PreferPrimary),
        _ => Err("must be one of any, read-write, read-only, primary, standby, prefer-standby".to_owned()),
    }
}

/// PostgreSQL has no TLS on Unix sockets.
fn encryptable(uri: &ServerUri, problems: &mut Vec<String>) {
    let has_socket = uri.hosts.iter().any(|host| matches!(host, Host::Socket(..)));
    if uri.engine == Engine::PostgreSql && has_socket && uri.tls.mode >= Some(TlsMode::Require) {
        problems
            .push("TLS is asked for, and PostgreSQL has none on a Unix socket: leave it out or name a host".to_owned());
    }
}
