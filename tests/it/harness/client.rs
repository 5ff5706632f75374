//! A client for what the command-line tools cannot do: many connections, many requests at once, slow reading, raw bytes.

use super::gateway::Gateway;
use super::ldap::BASE;
use futures::{SinkExt, StreamExt};
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapExtendedRequest, LdapFilter, LdapMsg, LdapOp, LdapResult,
    LdapResultCode, LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};
use tokio_util::codec::Framed;

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection that speaks LDAP messages.
pub struct Client {
    framed: Framed<Box<dyn Stream>, LdapCodec>,
    next_id: i32,
}

/// How a request ended.
#[derive(Debug)]
pub struct Done {
    pub entries: Vec<LdapSearchResultEntry>,
    pub result: LdapResult,
}

impl Done {
    pub fn code(&self) -> i32 {
        self.result.code.clone() as i32
    }
}

/// One page of a paged search.
#[derive(Debug)]
pub struct Page {
    pub entries: Vec<LdapSearchResultEntry>,
    pub code: i32,
    /// None where the response has no such control.
    pub cookie: Option<Vec<u8>>,
}

/// The connection ended instead of an answer: with a Notice of Disconnection and its code, or without.
#[derive(Debug)]
pub struct Closed {
    pub notice: Option<LdapResultCode>,
    /// Entries that came before.
    pub entries: usize,
}

const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

impl Client {
    pub async fn connect(gateway: &Gateway) -> Client {
        Client::try_connect(gateway)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", gateway.log_tail()))
    }

    /// Connected and, where it is LDAPS, through the handshake.
    pub async fn try_connect(gateway: &Gateway) -> io::Result<Client> {
        let stream = tokio::time::timeout(Duration::from_secs(10), raw(gateway)).await??;
        Ok(Client::over(stream))
    }

    /// From an address of this machine: all of 127.0.0.0/8 are.
    pub async fn connect_from(gateway: &Gateway, source: [u8; 4]) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        let tcp = socket.connect(gateway.address()).await.unwrap();
        Client::over(wrapped(gateway, tcp).await.unwrap())
    }

    /// With a small receive buffer: what it does not read stays with the gateway, and not in the kernel's buffers.
    pub async fn connect_slow(gateway: &Gateway) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let tcp = socket.connect(gateway.address()).await.unwrap();
        Client::over(wrapped(gateway, tcp).await.unwrap())
    }

    pub fn over(stream: Box<dyn Stream>) -> Client {
        Client {
            framed: Framed::new(stream, LdapCodec::new(Some(16 << 20), None)),
            next_id: 0,
        }
    }

    /// The stream, without what was read ahead.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.framed.into_inner()
    }

    /// Sends a request; its message ID.
    pub async fn send(&mut self, op: LdapOp) -> io::Result<i32> {
        self.next_id += 1;
        self.framed.send(LdapMsg::new(self.next_id, op)).await?;
        Ok(self.next_id)
    }

    /// The next message; None where the connection has ended.
    pub async fn receive(&mut self) -> Option<LdapMsg> {
        self.framed.next().await.and_then(Result::ok)
    }

    /// The next message, or a panic when it takes longer.
    pub async fn receive_within(&mut self, limit: Duration) -> Option<LdapMsg> {
        tokio::time::timeout(limit, self.receive())
            .await
            .expect("no message in time")
    }

    /// Reads answers until the one that ends request `id`.
    pub async fn finish(&mut self, id: i32) -> Result<Done, Closed> {
        let mut entries = Vec::new();
        loop {
            let Some(message) = self.receive().await else {
                return Err(Closed {
                    notice: None,
                    entries: entries.len(),
                });
            };
            if message.msgid == 0 {
                let LdapOp::ExtendedResponse(response) = message.op else {
                    panic!("message 0: {:?}", message.op)
                };
                assert_eq!(response.name.as_deref(), Some(NOTICE_OF_DISCONNECTION));
                // RFC 4511 4.4.1: the server closes after it.
                assert!(
                    self.receive().await.is_none(),
                    "still open after a Notice of Disconnection"
                );
                return Err(Closed {
                    notice: Some(response.res.code),
                    entries: entries.len(),
                });
            }
            assert_eq!(message.msgid, id, "an answer to another request: {:?}", message.op);
            match message.op {
                LdapOp::SearchResultEntry(entry) => entries.push(entry),
                LdapOp::SearchResultDone(result) | LdapOp::CompareResult(result) => {
                    return Ok(Done { entries, result });
                }
                LdapOp::BindResponse(response) => {
                    return Ok(Done {
                        entries,
                        result: response.res,
                    });
                }
                LdapOp::ExtendedResponse(response) => {
                    return Ok(Done {
                        entries,
                        result: response.res,
                    });
                }
                other => panic!("unexpected answer {other:?}"),
            }
        }
    }

    /// Asks for a page and reads it. The message ID is always the same, as GitLab has it.
    pub async fn page(&mut self, op: &LdapOp, size: i64, cookie: &[u8]) -> Page {
        let control = LdapControl::SimplePagedResults {
            size,
            cookie: cookie.to_vec(),
        };
        let request = LdapMsg::new_with_ctrls(77, op.clone(), vec![control]);
        self.framed.send(request).await.unwrap();
        let mut entries = Vec::new();
        loop {
            let message = self.receive().await.expect("the connection lives");
            assert_eq!(message.msgid, 77);
            match message.op {
                LdapOp::SearchResultEntry(entry) => entries.push(entry),
                LdapOp::SearchResultDone(result) => {
                    let cookie = message.ctrl.into_iter().find_map(|control| match control {
                        LdapControl::SimplePagedResults { size, cookie } => {
                            assert_eq!(size, 0, "no estimate");
                            Some(cookie)
                        }
                        _ => None,
                    });
                    return Page {
                        entries,
                        code: result.code as i32,
                        cookie,
                    };
                }
                other => panic!("unexpected answer {other:?}"),
            }
        }
    }

    /// The DNs of all pages, from `cookie` on.
    pub async fn walk(&mut self, op: &LdapOp, size: i64, mut cookie: Vec<u8>) -> Vec<String> {
        let mut dns = Vec::new();
        loop {
            let page = self.page(op, size, &cookie).await;
            assert_eq!(page.code, 0);
            assert!(page.entries.len() <= usize::try_from(size).unwrap());
            dns.extend(page.entries.into_iter().map(|entry| entry.dn));
            cookie = page.cookie.expect("a page has the control");
            if cookie.is_empty() {
                return dns;
            }
        }
    }

    pub async fn request(&mut self, op: LdapOp) -> Result<Done, Closed> {
        let Ok(id) = self.send(op).await else {
            return self.finish(-1).await;
        };
        self.finish(id).await
    }

    /// A subtree search below the base, all user attributes.
    pub async fn search(&mut self, filter: LdapFilter) -> Result<Done, Closed> {
        self.request(search(filter)).await
    }

    /// The entry of a user by name; the number of entries that came.
    pub async fn lookup(&mut self, name: &str) -> Result<usize, Closed> {
        let done = self.search(equal("uid", name)).await?;
        assert_eq!(done.code(), 0, "{:?}", done.result);
        Ok(done.entries.len())
    }

    pub async fn bind(&mut self, dn: &str, password: &str) -> Result<i32, Closed> {
        self.request(bind(dn, password)).await.map(|done| done.code())
    }

    pub async fn root_dse(&mut self) -> Result<LdapSearchResultEntry, Closed> {
        let mut done = self.request(base_search("", &["+", "*"])).await?;
        done.entries.pop().ok_or(Closed {
            notice: None,
            entries: 0,
        })
    }
}

pub fn bind(dn: &str, password: &str) -> LdapOp {
    LdapOp::BindRequest(LdapBindRequest {
        version: 3,
        dn: dn.into(),
        cred: LdapBindCred::Simple(password.into()),
    })
}

pub fn equal(attribute: &str, value: &str) -> LdapFilter {
    LdapFilter::Equality(attribute.into(), value.into())
}

pub fn search(filter: LdapFilter) -> LdapOp {
    search_for(BASE, LdapSearchScope::Subtree, filter, &[])
}

pub fn base_search(base: &str, attributes: &[&str]) -> LdapOp {
    search_for(
        base,
        LdapSearchScope::Base,
        LdapFilter::Present("objectClass".into()),
        attributes,
    )
}

pub fn search_for(base: &str, scope: LdapSearchScope, filter: LdapFilter, attributes: &[&str]) -> LdapOp {
    LdapOp::SearchRequest(LdapSearchRequest {
        base: base.into(),
        scope,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter,
        attrs: attributes.iter().map(|name| (*name).to_string()).collect(),
    })
}

pub fn extended(oid: &str) -> LdapOp {
    LdapOp::ExtendedRequest(LdapExtendedRequest {
        name: oid.into(),
        value: None,
    })
}

/// A stream to the gateway, through TLS where it speaks that.
pub async fn raw(gateway: &Gateway) -> io::Result<Box<dyn Stream>> {
    wrapped(gateway, TcpStream::connect(gateway.address()).await?).await
}

async fn wrapped(gateway: &Gateway, tcp: TcpStream) -> io::Result<Box<dyn Stream>> {
    tcp.set_nodelay(true)?;
    if gateway.tls {
        Ok(Box::new(tls(tcp, &[]).await?))
    } else {
        Ok(Box::new(tcp))
    }
}

/// A handshake that believes any certificate; of the given versions, or all.
pub async fn tls(
    tcp: TcpStream,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = if versions.is_empty() {
        builder.with_safe_default_protocol_versions()
    } else {
        builder.with_protocol_versions(versions)
    };
    let config = builder
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(accept_any_certificate(provider))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), tcp)
        .await
}

/// For clients with a configuration of their own.
pub fn accept_any_certificate(provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Anyone(provider))
}

/// The certificate is self-signed and made anew for each test; the signatures must be right all the same.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
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
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
