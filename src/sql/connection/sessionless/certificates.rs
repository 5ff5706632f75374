//! What TLS to the server must prove, and the configuration that was made of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::ClientConfig;

use crate::database_uri::{Pem, TlsMode};

/// TLS to it.
#[derive(Clone)]
pub(crate) struct Certificates {
    /// What it must prove.
    pub(crate) mode: TlsMode,
    /// PEM: the authorities to believe instead of the system's, our certificate and its key.
    pub(crate) ca: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Pem>,
    pub(crate) built: Built,
}

/// How long the files' content is used.
const BELIEVED: Duration = Duration::from_secs(300);

/// The configuration that was made of the files, and when: reading all of the system's authorities takes long.
#[derive(Clone, Default)]
pub(crate) struct Built(Arc<Mutex<Option<Made>>>);

/// When reading began, and its result.
pub(crate) type Made = (Instant, Arc<ClientConfig>);

impl Built {
    pub(crate) fn get(&self) -> Option<Arc<ClientConfig>> {
        let built = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, config) = built.as_ref()?;
        (since.elapsed() < BELIEVED).then(|| Arc::clone(config))
    }

    pub(crate) fn set(&self, config: Option<Made>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }
}
