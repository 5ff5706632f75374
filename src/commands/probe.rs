//! `probe`: asks a running gateway whether it is ready, for containers without a shell and for rolling updates.
//!
//! It speaks through the codec of `ldap3_proto`, so that it also notices when our own is wrong.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use futures::{SinkExt, StreamExt, future::join_all};
use ldap3_proto::{
    LdapCodec, LdapFilter, LdapMsg, LdapResultCode, LdapSearchScope,
    proto::{LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapOp, LdapSearchRequest},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_util::codec::Framed;

use super::{complain, report, say};
use crate::{
    config::{Config, ConfigErrors, EnvSource, ProbeSettings, Problem},
    server::tls::{
        validities_shown,
        validity::{now, remarks as remarks_on},
    },
    tls_client,
};

/// Longer than a bind is held while the database is away.
const PATIENCE: Duration = Duration::from_secs(8);
/// What the root DSE says the bases are, the default one first.
const NAMING_CONTEXTS: &str = "namingContexts";
/// A name that stands in no table by accident: a bind with it must be answered with 49.
const NOBODY: &str = "ldap-gateway-probe-nobody-6f1c2a";

/// Why the gateway is not ready.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    #[error("{0} is no URI such as ldaps://ldap1:636")]
    Uri(String),
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("that port speaks no TLS: ask ldap:// instead of ldaps://")]
    SpeaksNoTls,
    #[error("that port speaks TLS: ask ldaps:// instead of ldap://")]
    SpeaksTls,
    #[error("the TLS handshake failed: {0}")]
    Handshake(io::Error),
    #[error("the connection failed: {0}")]
    Connection(io::Error),
    #[error("the connection was closed during {0}: the database could not answer, and the gateway's log says why")]
    Closed(&'static str),
    #[error("the root DSE names no naming context")]
    NoNamingContext,
    #[error("no answer within {PATIENCE:?}")]
    Late,
    #[error("{what} was answered with {code:?}, {expected} expected")]
    Answer {
        what: &'static str,
        code: LdapResultCode,
        expected: &'static str,
    },
}

/// Asks the gateway at `uri`, by default the one that the settings would start; exit code 0 when it is ready.
pub async fn run(uri: Option<String>) -> ExitCode {
    // Another gateway can be asked from a machine without settings, and this machine's own from outside of its service,
    // where the database's password is not known.
    let (config, problems, _) = Config::load_leniently(&EnvSource::from_process());
    let problems: Vec<Problem> = problems
        .into_iter()
        .filter(|problem| concerns_probe(&problem.variable, uri.is_none()))
        .collect();
    if !problems.is_empty() {
        return report(&ConfigErrors {
            problems,
            warnings: Vec::new(),
        });
    }
    let answer = match timeout(PATIENCE, probe(uri.as_deref(), &config)).await {
        Ok(answer) => answer,
        Err(_) => Err(NotReady::Late),
    };
    match answer {
        Ok(()) => {
            say("ready");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("not ready: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether a probe reads this setting, so that it would do something else with a stand-in for it.
fn concerns_probe(variable: &str, own: bool) -> bool {
    variable.starts_with("PROBE_") || own && matches!(variable, "PORT" | "BIND_IP" | "LDAP_UNENCRYPTED")
}

async fn probe(uri: Option<&str>, config: &Config) -> Result<(), NotReady> {
    let endpoint = match uri {
        Some(uri) => Endpoint::parse(uri).ok_or_else(|| NotReady::Uri(uri.to_owned()))?,
        None => Endpoint::own(config.network.address, !config.network.unencrypted),
    };
    let (mut peer, contexts) = match endpoint.open().await {
        Ok(opened) => opened,
        Err(error @ (NotReady::Connect(_) | NotReady::Answer { .. })) => return Err(error),
        Err(error) => return Err(endpoint.otherwise().await.unwrap_or(error)),
    };
    peer.remarks.iter().for_each(|remark| complain(remark));
    if let [only] = contexts.as_slice() {
        return ask(&mut peer, only, config.probe.as_ref()).await;
    }
    // Each on a connection of its own: a realm that is away ends it. The gateway is ready as long as it serves one of them.
    let home = config
        .probe
        .as_ref()
        .and_then(|probe| longest_above(&contexts, &probe.dn));
    let (endpoint, home) = (&endpoint, &home);
    let asked = contexts.iter().map(|context| async move {
        let mut peer = endpoint.connect().await?;
        let somebody = config.probe.as_ref().filter(|_| *home == Some(context.as_str()));
        ask(&mut peer, context, somebody).await
    });
    let answers = join_all(asked).await;
    let is_ready = answers.iter().any(Result::is_ok);
    for (context, answer) in contexts.iter().zip(answers) {
        match answer {
            Err(error) if is_ready => complain(&format!("{context} is not ready: {error}")),
            other => other?,
        }
    }
    match is_ready {
        true => Ok(()),
        false => Err(NotReady::NoNamingContext),
    }
}

/// Asks what clients ask below one base, where `somebody` can bind, if anybody is known.
async fn ask(peer: &mut Peer, base: &str, somebody: Option<&ProbeSettings>) -> Result<(), NotReady> {
    peer.find("a read of the base", read(base, "1.1")).await?;
    bind(peer, base, somebody).await?;
    let is_group = LdapFilter::Or(vec![
        equal("objectClass", "posixGroup"),
        equal("objectClass", "groupOfNames"),
    ]);
    // What SSSD asks when somebody logs in. Who may not search is refused, and has asked the database nothing.
    let user = LdapFilter::And(vec![equal("objectClass", "posixAccount"), equal("uid", NOBODY)]);
    peer.find("a search for a user by name", search(base, user, "uid"))
        .await?;
    let of_member = LdapFilter::And(vec![is_group.clone(), equal("memberUid", NOBODY)]);
    peer.find("a search for somebody's groups", search(base, of_member, "cn"))
        .await?;
    // Of whichever group comes first.
    peer.find("a read of a group's members", search(base, is_group, "memberUid"))
        .await
}

/// A bind asks the database, and nothing is served without it.
async fn bind(peer: &mut Peer, base: &str, somebody: Option<&ProbeSettings>) -> Result<(), NotReady> {
    let (dn, password, wanted, expected) = match somebody {
        Some(ProbeSettings { dn, password }) => (
            dn.clone(),
            password.reveal().to_owned(),
            LdapResultCode::Success,
            "success",
        ),
        None => {
            let dn = format!("uid={NOBODY},{base}");
            (
                dn,
                NOBODY.to_owned(),
                LdapResultCode::InvalidCredentials,
                "invalidCredentials",
            )
        }
    };
    let request = LdapBindRequest {
        version: 3,
        dn,
        cred: LdapBindCred::Simple(password),
    };
    let code = peer.call("a bind", LdapOp::BindRequest(request)).await?;
    expect("a bind", code, expected, |code| *code == wanted)
}

/// The longest of some bases that a DN stands below, as far as they are spelled alike.
fn longest_above<'a>(bases: &'a [String], dn: &str) -> Option<&'a str> {
    let plain = |text: &str| text.replace(' ', "").to_lowercase();
    let above = bases.iter().filter(|base| plain(dn).ends_with(&plain(base)));
    above.max_by_key(|base| base.len()).map(String::as_str)
}

fn expect(
    what: &'static str,
    code: LdapResultCode,
    expected: &'static str,
    right: impl Fn(&LdapResultCode) -> bool,
) -> Result<(), NotReady> {
    if right(&code) {
        Ok(())
    } else {
        Err(NotReady::Answer { what, code, expected })
    }
}

fn equal(attribute: &str, value: &str) -> LdapFilter {
    LdapFilter::Equality(attribute.to_owned(), value.to_owned())
}

fn read(base: &str, attribute: &str) -> LdapOp {
    let filter = LdapFilter::Present("objectClass".to_owned());
    request(base, LdapSearchScope::Base, filter, attribute)
}

/// Looks for one entry.
fn search(base: &str, filter: LdapFilter, attribute: &str) -> LdapOp {
    request(base, LdapSearchScope::Subtree, filter, attribute)
}

fn request(base: &str, scope: LdapSearchScope, filter: LdapFilter, attribute: &str) -> LdapOp {
    LdapOp::SearchRequest(LdapSearchRequest {
        base: base.to_owned(),
        scope,
        aliases: LdapDerefAliases::Never,
        sizelimit: 1,
        timelimit: 0,
        typesonly: false,
        filter,
        attrs: vec![attribute.to_owned()],
    })
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

struct Peer {
    framed: Framed<Box<dyn Stream>, LdapCodec>,
    last: i32,
    /// The values of the last entry.
    values: Vec<String>,
    /// Why clients that verify its certificate may refuse it, which nobody does here.
    remarks: Vec<String>,
}

impl Peer {
    /// Searches, whatever is found. A refusal is an answer too: it shows that the base is served.
    async fn find(&mut self, what: &'static str, op: LdapOp) -> Result<(), NotReady> {
        let code = self.call(what, op).await?;
        expect(what, code, "success", |code| {
            matches!(
                code,
                LdapResultCode::Success | LdapResultCode::SizeLimitExceeded | LdapResultCode::InsufficentAccessRights
            )
        })
    }

    /// Sends a request and waits for its final response.
    async fn call(&mut self, what: &'static str, op: LdapOp) -> Result<LdapResultCode, NotReady> {
        self.last += 1;
        let request = LdapMsg {
            msgid: self.last,
            op,
            ctrl: Vec::new(),
        };
        self.framed.send(request).await.map_err(NotReady::Connection)?;
        loop {
            let message = self.framed.next().await.ok_or(NotReady::Closed(what))?;
            let message = message.map_err(NotReady::Connection)?;
            match message.op {
                LdapOp::SearchResultDone(result) => return Ok(result.code),
                LdapOp::BindResponse(response) => return Ok(response.res.code),
                LdapOp::SearchResultEntry(entry) => {
                    let values = entry.attributes.into_iter().flat_map(|attribute| attribute.vals);
                    self.values = values.filter_map(|value| String::from_utf8(value).ok()).collect();
                }
                _ if message.msgid == 0 => return Err(NotReady::Closed(what)),
                _ => {}
            }
        }
    }
}

/// Where a gateway is reached.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    /// A name or an IP address, which has no brackets.
    host: String,
    port: u16,
    encrypted: bool,
}

impl Endpoint {
    /// Reads `ldaps://host[:port]` or `ldap://host[:port]`. An IPv6 address may have a zone, which the crate `url` does not
    /// know, and needs brackets only before a port.
    fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.trim().split_once("://")?;
        let (encrypted, usual_port) = match scheme.to_ascii_lowercase().as_str() {
            "ldaps" => (true, 636),
            "ldap" => (false, 389),
            _ => return None,
        };
        let authority = rest.split('/').next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual_port),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        (!host.is_empty()).then(|| Endpoint {
            host: host.to_owned(),
            port,
            encrypted,
        })
    }

    /// A connection to it, and the bases that are served there.
    async fn open(&self) -> Result<(Peer, Vec<String>), NotReady> {
        let mut peer = self.connect().await?;
        let code = peer.call("a read of the root DSE", read("", NAMING_CONTEXTS)).await?;
        expect("a read of the root DSE", code, "success", |code| {
            *code == LdapResultCode::Success
        })?;
        let contexts = std::mem::take(&mut peer.values);
        Ok((peer, contexts))
    }

    /// What is wrong where this does not work, and the same with TLS, or without, does.
    async fn otherwise(&self) -> Option<NotReady> {
        let other = Endpoint {
            host: self.host.clone(),
            encrypted: !self.encrypted,
            ..*self
        };
        let works = match self.encrypted {
            true => timeout(PATIENCE / 4, other.open())
                .await
                .is_ok_and(|opened| opened.is_ok()),
            // Whatever else is spoken there.
            false => timeout(PATIENCE / 4, other.connect())
                .await
                .is_ok_and(|opened| opened.is_ok()),
        };
        works.then_some(match self.encrypted {
            true => NotReady::SpeaksNoTls,
            false => NotReady::SpeaksTls,
        })
    }

    /// A connection to it.
    async fn connect(&self) -> Result<Peer, NotReady> {
        let stream = TcpStream::connect((self.host.as_str(), self.port));
        let stream = stream.await.map_err(NotReady::Connect)?;
        let mut remarks = Vec::new();
        let stream: Box<dyn Stream> = match self.encrypted {
            true => {
                let encrypted = tls_client::connect_unverified(stream).await;
                let encrypted = encrypted.map_err(NotReady::Handshake)?;
                let chain = encrypted.get_ref().1.peer_certificates().unwrap_or_default();
                remarks = remarks_on(&validities_shown(chain, &self.host), now());
                Box::new(encrypted)
            }
            false => Box::new(stream),
        };
        Ok(Peer {
            framed: Framed::new(stream, LdapCodec::default()),
            last: 0,
            values: Vec::new(),
            remarks,
        })
    }

    /// This machine's own gateway. One that listens on all addresses is asked on loopback.
    fn own(address: SocketAddr, encrypted: bool) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Endpoint {
            host: host.to_string(),
            port: address.port(),
            encrypted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_host_port_and_encryption() {
        for (uri, host, port, encrypted) in [
            ("ldaps://ldap1", "ldap1", 636, true),
            ("LDAP://ldap1/", "ldap1", 389, false),
            ("ldaps://ldap1:6360", "ldap1", 6360, true),
            ("ldaps://192.0.2.1", "192.0.2.1", 636, true),
            ("ldaps://[::1]:6360", "::1", 6360, true),
            ("ldaps://[::1]", "::1", 636, true),
            ("ldaps://::1", "::1", 636, true),
            ("ldaps://2001:db8::1", "2001:db8::1", 636, true),
            ("ldap://2001:db8::1/", "2001:db8::1", 389, false),
            ("ldaps://[fe80::1%2]:6360", "fe80::1%2", 6360, true),
            ("ldaps://fe80::1%eth0", "fe80::1%eth0", 636, true),
        ] {
            let host = host.to_owned();
            let expected = Endpoint { host, port, encrypted };
            assert_eq!(Endpoint::parse(uri), Some(expected), "{uri}");
        }
        for uri in [
            "https://ldap1",
            "ldap1:636",
            "ldaps://",
            "ldaps://:636",
            "ldaps://[]",
            "ldaps://ldap1:99999",
        ] {
            assert_eq!(Endpoint::parse(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_gateway_on_all_addresses_is_asked_on_loopback() {
        for (listens, host) in [
            ("0.0.0.0:1", "127.0.0.1"),
            ("[::]:1", "::1"),
            ("192.0.2.1:1", "192.0.2.1"),
        ] {
            let own = listens.parse().map(|listens| Endpoint::own(listens, true).host);
            assert_eq!(own.as_deref(), Ok(host), "{listens}");
        }
    }
}
