//! The settings as they are understood, each with the place that it comes from. What matters to everybody is always told,
//! anything else where it was given. Nothing of a secret is told but that it is set.

use super::report::{Report, table};
use crate::{
    config::{
        AuthBackend, Config, GivenSettings, Readers, RealmSettings, is_of_the_gateway,
        settings::{SETTINGS, Setting},
    },
    telemetry::redact_uri,
};
use std::{
    io::{Error, ErrorKind},
    net::{IpAddr, SocketAddr},
};
use tokio::net::TcpSocket;

/// A setting's name, its value, and where that comes from.
type Row = [String; 3];

/// Tells of all settings, and of the ports.
pub fn show(config: &Config, report: &mut Report) {
    let is_one = config.realms.iter().all(|realm| realm.name.is_none());
    let mut rows = Rows {
        report,
        given: &config.given,
        told: Vec::new(),
        rows: Vec::new(),
    };
    if is_one {
        rows.realm(config.realm());
    }
    rows.gateway(config);
    rows.others(|setting| is_one || is_of_the_gateway(setting));
    let lines = rows.finished();
    report.section("Settings", lines);
    for realm in config.realms.iter().filter(|_| !is_one) {
        report.begin(realm);
        let mut rows = Rows {
            report,
            given: &realm.given,
            told: Vec::new(),
            rows: Vec::new(),
        };
        rows.realm(realm);
        rows.others(|setting| !is_of_the_gateway(setting));
        let lines = rows.finished();
        report.section("Settings", lines);
    }
    report.end_realm();
    ports(config, report);
}

struct Rows<'a> {
    report: &'a Report,
    given: &'a GivenSettings,
    told: Vec<&'static str>,
    rows: Vec<Row>,
}

impl Rows<'_> {
    /// A setting with its value as it is understood.
    fn tell(&mut self, name: &'static str, value: impl Into<String>) {
        self.tell_from(name, value, self.given.origin(name));
    }

    fn tell_from(&mut self, name: &'static str, value: impl Into<String>, origin: String) {
        self.told.push(name);
        let value = match self.report.has_wrong_setting(&[name]) {
            true => "wrong, see below".to_owned(),
            false => value.into(),
        };
        self.rows.push([name.to_owned(), value, origin]);
    }

    /// A setting with its value as text.
    fn plain(&mut self, name: &'static str) {
        self.tell(name, self.given.value(name));
    }

    fn gateway(&mut self, config: &Config) {
        let network = &config.network;
        if self.given.has("REALM_CONFIG") {
            self.plain("REALM_CONFIG");
        }
        self.plain("LDAP_COMMON_NAME");
        self.tell("PORT", network.address.port().to_string());
        self.tell("BIND_IP", network.address.ip().to_string());
        self.tell(
            "LDAP_UNENCRYPTED",
            match network.unencrypted {
                true => "true: plain LDAP (ldap://), passwords cross the network readable",
                false => "false: TLS (ldaps://)",
            },
        );
        self.plain("ADMIN_ADDR");
    }

    fn realm(&mut self, realm: &RealmSettings) {
        let origin = match self.given.has("LDAP_BASE_DN") {
            true => self.given.origin("LDAP_BASE_DN"),
            false => format!(
                "derived from LDAP_COMMON_NAME ({})",
                self.given.origin("LDAP_COMMON_NAME")
            ),
        };
        self.tell_from("LDAP_BASE_DN", realm.base.to_string(), origin);
        let layout = &realm.layout;
        for (name, container) in [("LDAP_USERS_RDN", &layout.users), ("LDAP_GROUPS_RDN", &layout.groups)] {
            let value = container.as_ref().map(ToString::to_string);
            self.tell(
                name,
                value.unwrap_or_else(|| "none: directly below the base".to_owned()),
            );
        }
        self.plain("LDAP_USER_PRIVATE_GROUPS");
        self.plain("LDAP_MAIL_FALLBACK");
        self.tell("SQL_URI", redact_uri(realm.database.uri.reveal()));
        for name in [
            "SQL_QUERY_ALL_USERS",
            "SQL_QUERY_ONE_USER",
            "SQL_QUERY_ALL_GROUPS",
            "SQL_QUERY_GROUPS_BY_MEMBER",
            "SQL_QUERY_ALL_MEMBERSHIPS",
            "SQL_POOL_SIZE",
        ] {
            self.plain(name);
        }
        let links: Vec<&str> = realm.auth.chain.links().iter().map(|link| link.name()).collect();
        self.tell("AUTH_BACKENDS", links.join(", "));
        self.readers(realm);
        self.plain("BIND_DN");
        self.plain("BIND_NAMES");
        let update = match &realm.policy.password_changes.update {
            Some(_) => "set: passwords can be changed by LDAP",
            None => "none: passwords cannot be changed by LDAP",
        };
        self.tell("SQL_UPDATE_PASSWORD", update);
    }

    fn readers(&mut self, realm: &RealmSettings) {
        let value = match &realm.policy.access.readers {
            Readers::Anyone => "anyone, bound or not".to_owned(),
            Readers::Authenticated => "authenticated: whoever is bound".to_owned(),
            Readers::Some { own, groups } => {
                let own = own.then(|| "self".to_owned());
                let groups = groups.iter().map(|name| format!("group:{name}"));
                own.into_iter().chain(groups).collect::<Vec<_>>().join(", ")
            }
        };
        let older = "REQUIRE_AUTH_FOR_SEARCH";
        let origin = match self.given.has("SEARCH_ALLOWED_TO") || !self.given.has(older) {
            true => self.given.origin("SEARCH_ALLOWED_TO"),
            false => format!("{older}: {}", self.given.origin(older)),
        };
        self.told.push(older);
        self.tell_from("SEARCH_ALLOWED_TO", value, origin);
    }

    /// Whatever else was given of the settings that are `wanted`.
    fn others(&mut self, wanted: impl Fn(&Setting) -> bool) {
        let told = self.told.clone();
        let is_new = |setting: &&Setting| !told.contains(&setting.name) && wanted(setting);
        for setting in self.given.settings().filter(is_new) {
            self.plain(setting.name);
        }
    }

    fn finished(mut self) -> Vec<String> {
        // In the order of the documentation.
        let place = |row: &Row| SETTINGS.iter().position(|setting| setting.name == row[0]);
        self.rows.sort_by_key(place);
        let rows: Vec<Vec<String>> = self.rows.into_iter().map(Vec::from).collect();
        table(&rows)
    }
}

/// Whether the ports are free. One that is in use is no fault: the gateway may be running.
fn ports(config: &Config, report: &mut Report) {
    let network = &config.network;
    let scheme = if network.unencrypted { "ldap" } else { "ldaps" };
    let ldap = (network.address, ["PORT", "BIND_IP"], format!("LDAP, as {scheme}://"));
    let admin = network.admin.map(|address| {
        (
            address,
            ["ADMIN_ADDR", "ADMIN_ADDR"],
            "health and metrics, over HTTP".to_owned(),
        )
    });
    let mut rows = Vec::new();
    for (address, settings, what) in [ldap].into_iter().chain(admin) {
        if report.has_wrong_setting(&settings) {
            continue;
        }
        let state = match opened(address) {
            Ok(()) => "free".to_owned(),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                "in use now: by the gateway, if it runs on this machine, or by another program".to_owned()
            }
            Err(error) => {
                report.warn(format!("{}: {address}: {}", settings[0], refused(&error)));
                format!("cannot be opened: {error}")
            }
        };
        rows.push(vec![format!("{address}{}", all(address.ip())), what, state]);
    }
    if !rows.is_empty() {
        report.section("Listens on", table(&rows));
    }
}

fn all(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => " (every IPv4 address)",
        IpAddr::V6(address) if address.is_unspecified() => " (every address, IPv4 too)",
        _ => "",
    }
}

/// Takes an address for a moment, as the gateway would, and lets nobody connect.
fn opened(address: SocketAddr) -> Result<(), Error> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

fn refused(error: &Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "this user may not open it ({error}): a port below 1024 needs CAP_NET_BIND_SERVICE; the gateway's own user may \
             have it"
        ),
        ErrorKind::AddrNotAvailable => format!("no address of this machine ({error})"),
        _ => error.to_string(),
    }
}

/// Warns of settings that are of no effect since nobody's chain can have their link: `own_chains` says that users may have
/// chains of their own.
pub fn idle_links(realm: &RealmSettings, own_chains: bool, report: &mut Report) {
    let links = [
        (AuthBackend::Notification, "NOTIFICATION_URL"),
        (AuthBackend::Ldap, "UPSTREAM_LDAP_URI"),
    ];
    for (link, setting) in links {
        if !own_chains && realm.given.has(setting) && !realm.auth.chain.has(link) {
            report.warn(format!(
                "{setting}: has no effect: AUTH_BACKENDS does not name `{}`, and SQL_QUERY_ONE_USER has no column auth_backends",
                link.name()
            ));
        }
    }
}
