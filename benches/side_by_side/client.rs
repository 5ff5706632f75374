//! A client that costs little: requests are encoded beforehand, answers are counted and not decoded.

use crate::harness::client::accept_any_certificate;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned, client::Resumption, version};

/// One LDAPS connection.
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
    read: usize,
    filled: usize,
}

/// What came back for one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub entries: usize,
    pub octets: usize,
    pub code: u8,
    /// Of the paged results control, where there is one.
    pub cookie: Option<Vec<u8>>,
}

/// The same for all servers: TLS 1.3, AES-256-GCM, no resumption.
fn configuration() -> Arc<ClientConfig> {
    static CONFIGURATION: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || {
        let mut provider = ring::default_provider();
        provider.cipher_suites = vec![ring::cipher_suite::TLS13_AES_256_GCM_SHA384];
        let provider = Arc::new(provider);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(accept_any_certificate(provider))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Arc::new(config)
    };
    Arc::clone(CONFIGURATION.get_or_init(make))
}

impl Client {
    /// Connected, the handshake begun: it ends with the first answer.
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let tcp = TcpStream::connect(address)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(Duration::from_secs(60)))?;
        let connection = ClientConnection::new(configuration(), ServerName::try_from("localhost").unwrap())
            .map_err(io::Error::other)?;
        Ok(Client {
            stream: StreamOwned::new(connection, tcp),
            buffer: vec![0; 64 << 10],
            read: 0,
            filled: 0,
        })
    }

    /// Sends one request and reads to the end of its answer.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        self.stream.flush()?;
        let mut answer = Answer::default();
        loop {
            let length = self.message()?;
            let message = &self.buffer[self.read..self.read + length];
            let over = take(message, &mut answer)
                .ok_or_else(|| io::Error::other(format!("not an answer: {}", String::from_utf8_lossy(message))))?;
            self.read += length;
            answer.octets += length;
            if over {
                return Ok(answer);
            }
        }
    }

    /// Ends the connection as clients do.
    pub fn close(mut self) {
        // Unbind request, message ID 3.
        let _ = self.stream.write_all(&[0x30, 0x05, 0x02, 0x01, 0x03, 0x42, 0x00]);
        self.stream.conn.send_close_notify();
        let _ = self.stream.flush();
    }

    /// The length of the next message, all of which is in the buffer.
    fn message(&mut self) -> io::Result<usize> {
        loop {
            let have = &self.buffer[self.read..self.filled];
            if let Some((header, length)) = header(have)
                && have.len() >= header + length
            {
                return Ok(header + length);
            }
            if self.read > 0 {
                self.buffer.copy_within(self.read..self.filled, 0);
                self.filled -= self.read;
                self.read = 0;
            }
            if self.filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.stream.read(&mut self.buffer[self.filled..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.filled += count,
            }
        }
    }
}

/// Octets of tag and length, and the length.
fn header(octets: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*octets.get(1)?);
    if first < 0x80 {
        return Some((2, first));
    }
    let count = first & 0x7f;
    let mut length = 0;
    for octet in octets.get(2..2 + count)? {
        length = length << 8 | usize::from(*octet);
    }
    Some((2 + count, length))
}

/// Tag, contents and what follows.
fn element(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (skip, length) = header(octets)?;
    Some((octets[0], octets.get(skip..skip + length)?, &octets[skip + length..]))
}

/// Counts a message; true for the one that ends the answer.
fn take(message: &[u8], answer: &mut Answer) -> Option<bool> {
    let (_, message, _) = element(message)?;
    let (_, _, rest) = element(message)?;
    let (tag, result, controls) = element(rest)?;
    match tag {
        0x64 => {
            answer.entries += 1;
            Some(false)
        }
        0x65 => {
            let (_, code, _) = element(result)?;
            answer.code = *code.first()?;
            if let Some((_, controls, _)) = element(controls) {
                let (_, control, _) = element(controls)?;
                let (_, _, rest) = element(control)?;
                let (tag, mut value, rest) = element(rest)?;
                if tag == 0x01 {
                    value = element(rest)?.1;
                }
                // SEQUENCE of size and cookie.
                let (_, parts, _) = element(value)?;
                let (_, _, rest) = element(parts)?;
                answer.cookie = Some(element(rest)?.1.to_vec());
            }
            Some(true)
        }
        _ => None,
    }
}
