//! The conversation with one upstream server.
//!
//! Each attempt has a connection of its own, and nobody has it after: no bind's answer can be taken for another's, and no
//! identity is left on it. Where the user is searched for, the search account binds before on the same connection; each
//! request waits for the answer to the one before it.

use super::name::{Named, UserName, named};
use crate::{
    config::{UpstreamEncryption, UpstreamSearch, UpstreamServer, UpstreamSettings, UpstreamUser},
    tls_client::{TrustError, verifying_by, verifying_by_system},
};
use futures::{
    FutureExt,
    future::{Either, select},
};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, SearchOptions};
use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::{BuildHasher, Hasher},
    panic::AssertUnwindSafe,
    pin::pin,
};

/// What a server says of a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is the user's.
    Accepted,
    /// It is not, or the server does not let this user in; why is for the log.
    Refused(String),
}

/// A server could not say.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// Not reached, no TLS, or no LDAP.
    #[error("{error}{remedy}", error = .0, remedy = remedy(.0))]
    Ldap(#[from] LdapError),
    /// A result that says nothing about the password.
    #[error("its result for {0} is {1}")]
    Result(&'static str, String),
    /// What it sent is no LDAP.
    #[error("what it sent is not understood")]
    Garbled,
}

/// What is probably wrong where no conversation comes about, by the words of rustls.
fn remedy(error: &LdapError) -> &'static str {
    let found = [
        (
            "InvalidContentType",
            ": that port speaks no TLS: ldap:// asks for it by StartTLS",
        ),
        (
            "UnknownIssuer",
            ": the authority of its certificate is not known here: UPSTREAM_LDAP_CA_PATH names a file of it",
        ),
        (
            "not valid for name",
            ": its certificate is for another name: write that name into UPSTREAM_LDAP_URI",
        ),
        ("certificate expired", ": its certificate has ended"),
        (
            "not valid yet",
            ": its certificate is not valid yet: is this machine's clock right?",
        ),
    ];
    let text = error.to_string();
    let found = found.into_iter().find(|(words, _)| text.contains(words));
    found.map_or("", |(_, remedy)| remedy)
}

/// How conversations are held.
pub(super) struct Session {
    plain: LdapConnSettings,
    start_tls: LdapConnSettings,
    naming: UpstreamUser,
    /// A name that nobody has.
    nobody: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// Conversations as the settings say.
    ///
    /// # Errors
    /// There are no authorities to verify servers by.
    pub fn new(settings: &UpstreamSettings) -> Result<Self, TrustError> {
        let is_encrypted = |server: &UpstreamServer| server.encryption != UpstreamEncryption::None;
        let mut plain = LdapConnSettings::new();
        if settings.servers.iter().any(is_encrypted) {
            let config = match &settings.ca_path {
                Some(path) => verifying_by(path)?,
                None => verifying_by_system()?,
            };
            plain = plain.set_config(config.into());
        }
        Ok(Session {
            start_tls: plain.clone().set_starttls(true),
            plain,
            naming: settings.user.clone(),
            nobody: format!("no-such-user-{:016x}", RandomState::new().build_hasher().finish()),
        })
    }

    /// Tries a password that is not empty at one server. Dropping the future closes the connection.
    ///
    /// # Errors
    /// The server could not say whether it is the user's.
    pub async fn try_password(
        &self,
        server: &UpstreamServer,
        user: UserName<'_>,
        password: &str,
    ) -> Result<Tried, SessionError> {
        let named = named(&self.naming, user, &self.nobody);
        if matches!(named, Named::Impossible) {
            return Ok(Tried::Refused("nobody can have this name there".to_owned()));
        }
        // ldap3 panics at messages that are no LDAP.
        let outcome = AssertUnwindSafe(self.converse(server, named, password)).catch_unwind();
        outcome.await.unwrap_or(Err(SessionError::Garbled))
    }

    async fn converse(&self, server: &UpstreamServer, named: Named<'_>, password: &str) -> Result<Tried, SessionError> {
        let settings = match server.encryption {
            UpstreamEncryption::StartTls => &self.start_tls,
            UpstreamEncryption::Tls | UpstreamEncryption::None => &self.plain,
        };
        let (connection, ldap) = LdapConnAsync::with_settings(settings.clone(), &server.uri).await?;
        // Not in a task of its own: it ends with whoever waits for it.
        let talk = pin!(self.talk(ldap, named, password));
        match select(talk, pin!(connection.drive())).await {
            Either::Left((tried, _)) => tried,
            // The connection ended. The answer may have come before.
            Either::Right((_, talk)) => talk.await,
        }
    }

    async fn talk(&self, mut ldap: Ldap, named: Named<'_>, password: &str) -> Result<Tried, SessionError> {
        let (name, excuse) = match named {
            Named::Name(name) => (name, None),
            Named::Impossible => (String::new(), Some("nobody can have this name there")),
            Named::Search(search, filter) => match find(&mut ldap, search, &filter).await? {
                Ok(dn) => (dn, None),
                // The same steps as for somebody who is found.
                Err(excuse) => (format!("cn={},{}", self.nobody, search.base), Some(excuse)),
            },
        };
        // A bind without a name is anonymous and succeeds (RFC 4513 5.1.1).
        if name.trim().is_empty() {
            return Ok(Tried::Refused("no name".to_owned()));
        }
        let result = ldap.simple_bind(&name, password).await?;
        let tried = judge(&result, password)?;
        // Politeness; the answer is there.
        let _ = ldap.unbind().await;
        Ok(match excuse {
            Some(excuse) => Tried::Refused(excuse.to_owned()),
            None => tried,
        })
    }
}

/// The DN of the only entry, or why there is no such entry.
async fn find(
    ldap: &mut Ldap,
    search: &UpstreamSearch,
    filter: &str,
) -> Result<Result<String, &'static str>, SessionError> {
    if let Some((dn, password)) = &search.account {
        let result = ldap.simple_bind(dn, password.reveal()).await?;
        if result.rc != 0 {
            return Err(SessionError::Result(
                "UPSTREAM_LDAP_SEARCH_DN's bind",
                described(&result, password.reveal()),
            ));
        }
    }
    let found = ldap
        .with_search_options(SearchOptions::new().sizelimit(2))
        .streaming_search(&search.base, Scope::Subtree, filter, vec!["1.1"])
        .await;
    let mut found = found?;
    let mut dns = Vec::new();
    while let Some(entry) = found.next().await? {
        // Active Directory refers to its other partitions in every answer.
        if entry.is_ref() || entry.is_intermediate() {
            continue;
        }
        dns.push(SearchEntry::construct(entry).dn);
        if dns.len() > 1 {
            return Ok(Err("several entries are found"));
        }
    }
    let result = found.finish().await;
    match (result.rc, dns.pop()) {
        (0, Some(dn)) => Ok(Ok(dn)),
        (0, None) => Ok(Err("no entry is found")),
        _ => Err(SessionError::Result("the search", described(&result, ""))),
    }
}

/// What a bind's result says about the password. Only success is one.
fn judge(result: &LdapResult, password: &str) -> Result<Tried, SessionError> {
    match result.rc {
        0 => Ok(Tried::Accepted),
        // operationsError, protocolError, timeLimitExceeded, authMethodNotSupported, strongerAuthRequired,
        // adminLimitExceeded, confidentialityRequired, busy, unavailable, other: the server has not looked at the password.
        1 | 2 | 3 | 7 | 8 | 11 | 13 | 51 | 52 | 80 => Err(SessionError::Result("a bind", described(result, password))),
        _ => Ok(Tried::Refused(described(result, password))),
    }
}

/// A result for the log. The server's text says more, such as Active Directory's `data 775` of a locked account; not where it
/// repeats the password.
fn described(result: &LdapResult, password: &str) -> String {
    const LONGEST: usize = 200;
    let text: String = result.text.chars().take(LONGEST).collect();
    match text.is_empty() || (!password.is_empty() && text.contains(password)) {
        true => format!("result {}", result.rc),
        false => format!("result {} ({text:?})", result.rc),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        LdapResult {
            rc,
            matched: String::new(),
            text: text.to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        }
    }

    #[test]
    fn only_success_is_success() {
        for rc in 0..=130 {
            let judged = judge(&result(rc, ""), "tea");
            assert_eq!(judged.is_ok_and(|tried| tried == Tried::Accepted), rc == 0, "{rc}");
        }
        for refused in [10, 14, 19, 32, 34, 48, 49, 50, 53] {
            assert!(
                matches!(judge(&result(refused, ""), "tea"), Ok(Tried::Refused(_))),
                "{refused}"
            );
        }
        for unknown in [1, 8, 13, 51, 52, 80] {
            assert!(judge(&result(unknown, ""), "tea").is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_text_that_repeats_the_password_is_not_logged() {
        assert_eq!(described(&result(49, "data 775"), "tea"), "result 49 (\"data 775\")");
        assert_eq!(described(&result(49, "not tea\n"), "tea"), "result 49");
        assert_eq!(described(&result(49, ""), "tea"), "result 49");
    }
}
