//! TLS of the listener: certificate, versions, cipher suites. The only user of rustls, rustls-pemfile and rcgen.
//!
//! - `setup`: the way in; makes the configuration of the settings
//! - `certificate`: the pair that is there; `self_made`, `authority`: the pair that is made where there is none
//! - `ciphers`: cipher suites by the names of the setting
//! - `facts`, `validity`: what certificates say, and whether they are valid now
//! - `failure`, `client_hello`: why a handshake failed, in words
//! - `reload`, `stamps`: a certificate that is replaced while the gateway runs
//!
//! Nothing here knows sockets, LDAP, or how the settings were read.

mod authority;
mod certificate;
mod ciphers;
mod client_hello;
mod error;
mod facts;
mod failure;
pub(crate) mod reload;
mod self_made;
mod setup;
mod stamps;
#[cfg(test)]
mod tests;
pub(crate) mod validity;

pub use facts::{CertificateFacts, validities_in, validities_shown};
pub use failure::explain;
pub use setup::{Acceptor, TlsStream, check, parameters, server_config};
