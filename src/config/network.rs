//! The network: where clients connect, and their limits.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::errors::{Problem, Warning};
use super::parse::Reader;

/// A shorter idle timeout is warned of: clients keep connections idle, and closing those costs logins.
const LEAST_IDLE_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// The listening socket and its limits.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// `BIND_IP` and `PORT`: where clients connect.
    pub address: SocketAddr,
    /// `ADMIN_ADDR`: where health and metrics are served.
    pub admin: Option<SocketAddr>,
    /// `LDAP_UNENCRYPTED`: whether clients speak plain LDAP instead of TLS.
    pub unencrypted: bool,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `LDAP_IDLE_TIMEOUT`: how long a connection may be idle.
    pub idle_timeout: Duration,
    /// `WRITE_TIMEOUT`: how long a client may take no data.
    pub write_timeout: Duration,
}

impl NetworkSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let unencrypted = reader.boolean("LDAP_UNENCRYPTED");
        let standard = if unencrypted { 389 } else { 636 };
        let address = reader.parsed("BIND_IP", "an IP address such as 0.0.0.0 or ::", |text| {
            text.strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'))
                .unwrap_or(text)
                .parse()
                .ok()
        });
        let port = reader.number("PORT", 1, 65535).unwrap_or(standard);
        let idle_timeout = reader.duration("LDAP_IDLE_TIMEOUT");
        if idle_timeout < LEAST_IDLE_TIMEOUT && reader.is_given("LDAP_IDLE_TIMEOUT") {
            let text = "is less than 1h: clients that keep their connections may fail their next request";
            reader.warnings.push(Warning::new("LDAP_IDLE_TIMEOUT", text));
        }
        let admin = reader.parsed(
            "ADMIN_ADDR",
            "an IP address and a port such as 127.0.0.1:9636",
            |text| text.parse().ok().filter(|address: &SocketAddr| address.port() != 0),
        );
        let ip = address.unwrap_or(IpAddr::from([0, 0, 0, 0]));
        let is_taken = |admin: &SocketAddr| {
            let is_same = admin.ip() == ip || admin.ip().is_unspecified() || ip.is_unspecified();
            admin.port() == port && is_same
        };
        if admin.as_ref().is_some_and(is_taken) {
            let text = format!("has the port of LDAP ({port}): give it another one");
            reader.problems.push(Problem::other("ADMIN_ADDR", text));
        }
        NetworkSettings {
            admin,
            address: SocketAddr::new(ip, port),
            unencrypted,
            max_connections: reader.number("MAX_CONNECTIONS", 1, 1_000_000).unwrap_or_default(),
            idle_timeout,
            write_timeout: reader.duration("WRITE_TIMEOUT"),
        }
    }
}
