//! The part of a URI before its parameters (RFC 3986 section 3.2), as drivers read it: with several hosts, without any,
//! and with passwords that should have been escaped.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::engine::Engine;
use super::uri::Host;

/// A URI in its parts, not decoded.
pub(super) struct Parts<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) hosts: &'a str,
    pub(super) database: &'a str,
    pub(super) query: &'a str,
}

/// Characters of a password that end the part of the URI it stands in.
pub const ESCAPE: &str =
    "the characters # ? / @ : % of user name and password must be written %23 %3F %2F %40 %3A %25, and a blank %20";

/// Takes apart what follows the scheme and its colon.
///
/// # Errors
/// What is wrong. Nothing else can be said about such a URI, since any part of it may be a part of the password.
pub(super) fn split(rest: &str) -> Result<Parts<'_>, String> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err("has no `//` and host after the scheme".to_owned());
    };
    if rest.chars().any(char::is_control) {
        return Err("has a line end or another control character".to_owned());
    }
    if rest.contains('#') {
        return Err(format!(
            "has a `#`, which begins a part that no database URI has; {ESCAPE}"
        ));
    }
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = before.split_once('/').unwrap_or((before, ""));
    // Of several the last one, as in every browser: the others are a password's.
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let is_cut = database.contains('@') || (query.contains('@') && (login.is_none() && hosts.contains(':')));
    if is_cut
        || query
            .split('&')
            .any(|pair| pair.split('=').next().unwrap_or("").contains(['@', '/']))
    {
        return Err(format!("cannot be taken apart: {ESCAPE}"));
    }
    let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, password)) => (Some(user), Some(password)),
        None => (None, None),
    };
    Ok(Parts {
        user,
        password,
        hosts,
        database,
        query,
    })
}

/// A part of a URI, or a value of a parameter. A `%` without two digits stands for itself, as with other drivers.
pub(super) fn decoded(text: &str, what: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| format!("{what} is not UTF-8 when it is decoded"))?;
    if decoded.chars().any(char::is_control) {
        return Err(format!("{what} has a control character"));
    }
    Ok(decoded.into_owned())
}

/// The hosts before the path: `h1:5432,[::1],%2Frun%2Fpostgresql`. Empty where there are none. Where no login stands before
/// them (`has_login`), what is wrong may be a part of a password, so it is not shown.
pub(super) fn hosts(engine: Engine, text: &str, has_login: bool, problems: &mut Vec<String>) -> Vec<Host> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut hosts = Vec::new();
    let is_one = !text.contains(',');
    for (at, item) in text.split(',').enumerate() {
        let host = name_and_port(item).and_then(|(name, port)| {
            let port = port.map(self::port).transpose()?;
            host(engine, &decoded(name, "its name")?, port)
        });
        match host {
            Ok(host) => hosts.push(host),
            Err(why) if !has_login => {
                let why = match why.starts_with("its port is `") {
                    true => "its port is not from 1 to 65535",
                    false => &why,
                };
                problems.push(format!("the host: {why}. If that is a part of the password: {ESCAPE}"));
                return hosts;
            }
            Err(why) if is_one => problems.push(format!("the host: {why}")),
            Err(why) => problems.push(format!("host {} of the list: {why}", at + 1)),
        }
    }
    hosts
}

fn name_and_port(item: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(item) = item.strip_prefix('[') {
        let (name, after) = item.split_once(']').ok_or("has a `[` without a `]`")?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((name, Some(port))),
            None if after.is_empty() => Ok((name, None)),
            None => Err("has more than a port after its `]`".to_owned()),
        };
    }
    match item.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err("an IPv6 address must stand in brackets, as in [::1]:5432".to_owned())
        }
        Some((name, port)) => Ok((name, Some(port))),
        None => Ok((item, None)),
    }
}

/// One host, decoded: a name, an address without brackets, or a path.
pub(super) fn host(engine: Engine, name: &str, port: Option<u16>) -> Result<Host, String> {
    if name.starts_with('/') {
        return Ok(socket(engine, name, port));
    }
    // A scope may follow an IPv6 address: fe80::1%eth0.
    let is_address = name.contains(':')
        && name
            .split('%')
            .next()
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    let is_odd = |c: char| c.is_whitespace() || "[]:/\\?#@%\"'<>|^`{}()=;&*!$+".contains(c);
    match name {
        "" => Err("its name is missing".to_owned()),
        _ if is_address => Ok(Host::Tcp(name.to_owned(), port)),
        _ if name.contains(is_odd) => Err("its name has a character that no host name has".to_owned()),
        _ => Ok(Host::Tcp(name.to_owned(), port)),
    }
}

/// A Unix socket. Of PostgreSQL's the directory is meant, and the file is often given.
pub(super) fn socket(engine: Engine, path: &str, port: Option<u16>) -> Host {
    let file = path.rsplit_once("/.s.PGSQL.").filter(|_| engine == Engine::PostgreSql);
    match file.and_then(|(directory, number)| Some((directory, self::port(number).ok()?))) {
        Some((directory, number)) => Host::Socket(PathBuf::from(directory), Some(number)),
        None => Host::Socket(PathBuf::from(path), port),
    }
}

/// A port, from 1 on.
pub(super) fn port(text: &str) -> Result<u16, String> {
    let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if is_number && port > 0 => Ok(port),
        _ if is_number && text.len() < 20 => Err(format!("its port is `{text}`, which is not from 1 to 65535")),
        _ if text.is_empty() => Err("has a `:` and no port after it".to_owned()),
        _ => Err("its port is not a number".to_owned()),
    }
}

/// A URI without anything that may be secret: scheme, hosts and database.
pub fn redacted(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.trim().split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let engine = match scheme.as_str() {
        "postgres" | "postgresql" => Engine::PostgreSql,
        "mysql" | "mariadb" => Engine::MySql,
        _ => return None,
    };
    let parts = split(rest).ok()?;
    let mut problems = Vec::new();
    let hosts = hosts(engine, parts.hosts, parts.user.is_some(), &mut problems);
    let database = decoded(parts.database, "").ok()?;
    let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
    problems
        .is_empty()
        .then(|| format!("{scheme}://{}/{database}", hosts.join(",")))
}
