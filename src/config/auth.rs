//! Authentication: what a bind must pass.

use std::num::NonZeroUsize;

use super::errors::Problem;
use super::parse::Reader;

/// How passwords are verified.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// `AUTH_BACKENDS`: all of them must succeed, in this order. Never empty.
    pub backends: Vec<AuthBackend>,
    /// `HASHING_THREADS`
    pub hashing_threads: NonZeroUsize,
}

/// One link of the authentication chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthBackend {
    /// The hash in the password column.
    Sql,
}

impl AuthSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        // Read for its errors alone: deployments keep the URL when they take `notification` out of the chain.
        reader.secret("NOTIFICATION_URL");
        let threads = reader.number("HASHING_THREADS", 1, 256).and_then(NonZeroUsize::new);
        AuthSettings {
            backends: backends(reader),
            hashing_threads: threads
                .or_else(|| std::thread::available_parallelism().ok())
                .unwrap_or(NonZeroUsize::MIN),
        }
    }
}

fn backends(reader: &mut Reader) -> Vec<AuthBackend> {
    let text = reader.text("AUTH_BACKENDS").unwrap_or_default();
    let mut chain = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.to_ascii_lowercase().as_str() {
            "sql" if chain.contains(&AuthBackend::Sql) => {}
            "sql" => chain.push(AuthBackend::Sql),
            "notification" => {
                let problem = "`notification` is not supported yet; a bind would pass without it";
                reader.problems.push(Problem::other("AUTH_BACKENDS", problem));
            }
            _ => reader.problems.push(Problem::wrong(
                "AUTH_BACKENDS",
                &text,
                "a list of `sql` and `notification`",
            )),
        }
    }
    if chain.is_empty() && text.split(',').all(|name| name.trim().is_empty()) {
        let right = "a list of `sql` and `notification`, with one of them at least";
        reader.problems.push(Problem::wrong("AUTH_BACKENDS", &text, right));
    }
    chain
}
