//! TLS to the server as it is wished (libpq's manual, 34.19), as sqlx does for its connections.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use postgres_protocol::message::frontend;
use sqlx::error::BoxDynError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::certificates::Certificates;
use crate::database_uri::{Pem, TlsMode};
use crate::tls_client::{self, Trust};

/// A byte stream, encrypted or not.
pub(crate) trait Octets: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Octets for T {}

impl Certificates {
    /// Makes the next connection read the files again.
    pub(crate) fn forget(&self) {
        self.built.set(None);
    }

    /// The configuration that the files make; read beside the threads that serve.
    async fn config(&self) -> Result<Arc<ClientConfig>, sqlx::Error> {
        if let Some(config) = self.built.get() {
            return Ok(config);
        }
        let (wish, begun) = (self.clone(), Instant::now());
        let config = Arc::new(
            tokio::task::spawn_blocking(move || config(&wish))
                .await
                .map_err(failed)??,
        );
        self.built.set(Some((begun, Arc::clone(&config))));
        Ok(config)
    }
}

/// The stream as it is, or encrypted.
pub(crate) async fn wrapped(
    mut stream: impl Octets + 'static,
    host: &str,
    wish: &Certificates,
) -> Result<Box<dyn Octets>, sqlx::Error> {
    if wish.mode == TlsMode::Disable {
        return Ok(Box::new(stream));
    }
    let mut request = bytes::BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request).await?;
    stream.flush().await?;
    // Not an octet more: the next one is TLS' own, or forged.
    match stream.read_u8().await? {
        b'S' => {}
        b'N' if wish.mode == TlsMode::Prefer => return Ok(Box::new(stream)),
        b'N' => return Err(sqlx::Error::Tls("the server does not support TLS".into())),
        _ => {
            return Err(sqlx::Error::Protocol(
                "the server does not know the request for TLS".to_owned(),
            ));
        }
    }
    let config = wish.config().await?;
    let name = ServerName::try_from(host.to_owned()).map_err(failed)?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    Ok(Box::new(stream.map_err(failed)?))
}

fn failed(error: impl Into<BoxDynError>) -> sqlx::Error {
    sqlx::Error::Tls(error.into())
}

fn config(wish: &Certificates) -> Result<ClientConfig, sqlx::Error> {
    let trust = match wish.mode {
        TlsMode::VerifyCa => Trust::Authority(authorities(wish)?),
        TlsMode::VerifyFull => Trust::AuthorityAndName(authorities(wish)?),
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => Trust::Any,
    };
    let builder = tls_client::builder(trust).map_err(failed)?;
    match (&wish.certificate, &wish.key) {
        (Some(certificate), Some(key)) => {
            let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
                .collect::<Result<Vec<_>, _>>()
                .map_err(failed)?;
            let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(failed)?;
            builder.with_client_auth_cert(chain, key).map_err(failed)
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err(sqlx::Error::Tls("sslcert and sslkey must be given together".into())),
    }
}

fn authorities(wish: &Certificates) -> Result<Arc<WebPkiServerVerifier>, sqlx::Error> {
    let mut roots = RootCertStore::empty();
    if let Some(ca) = &wish.ca {
        for certificate in CertificateDer::pem_slice_iter(&read(ca)?) {
            roots.add(certificate.map_err(failed)?).map_err(failed)?;
        }
        if roots.is_empty() {
            return Err(failed("sslrootcert has no certificate in it"));
        }
    } else {
        // An authority that cannot be read is missed by whoever needs it.
        for certificate in rustls_native_certs::load_native_certs().certs {
            let _ = roots.add(certificate);
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()))
        .build()
        .map_err(failed)
}

fn read(pem: &Pem) -> io::Result<Vec<u8>> {
    match pem {
        Pem::File(path) => std::fs::read(path),
        Pem::Inline(text) => Ok(text.clone()),
    }
}
