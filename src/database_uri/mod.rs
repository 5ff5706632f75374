//! The database's URI, read into a plain value: which servers, as whom, how well protected, and which of them may serve.
//!
//! URIs written for other drivers are understood. What is not understood is an error: a wish for TLS that is dropped would
//! send passwords in clear text. This room knows neither where the text came from nor how connections are made.
//!
//! [`DatabaseUri`] is what comes out, and its `parse` the way in: `server` and `sqlite` read the two forms, `address` the
//! hosts, `parameters` lists the names of parameters, `tls` sums up what they ask of TLS.

mod address;
mod engine;
mod parameters;
mod parse;
mod secret;
mod server;
mod sqlite;
mod tls;
mod uri;

pub use address::{ESCAPE, redacted};
pub use engine::Engine;
pub use secret::Secret;
pub use tls::{Pem, TlsMode, WITHOUT_CERTIFICATE, has_certificate};
pub use uri::{DatabaseUri, Host, ServerUri, SqliteUri, TargetSession};

#[cfg(test)]
mod tests;
