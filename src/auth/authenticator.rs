//! Runs the chain: the links that a bind must pass, all of them.

use super::{
    attempt::{Attempt, Unavailable, Verdict},
    bind_cache::BindCache,
    guessing::{Guessing, NoTurn, Turn},
    hashing_pool::HashingPool,
    link::{
        Check, Link,
        notification::{Notification, SetupError},
        password::Password,
        totp::{self, Totp},
        upstream::Upstream,
    },
};
use crate::{
    config::{AuthBackend, AuthSettings, Chain, ChainError, Stage},
    metrics::{self, LinkResult, Metrics},
    tls_client::TrustError,
};
use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Instant};
use tracing::warn;

/// A link cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There are no authorities to verify the upstream LDAP servers by.
    #[error("{0}")]
    Upstream(#[source] TrustError),
    /// `notification`.
    #[error(transparent)]
    Notification(#[from] SetupError),
}

impl LinkError {
    /// The setting that it is about.
    pub fn setting(&self) -> &'static str {
        match self {
            LinkError::Upstream(_) => "UPSTREAM_LDAP_CA_PATH",
            LinkError::Notification(error) => error.setting(),
        }
    }
}

/// The links that are configured, and the chains of those who may sign in.
#[derive(Debug)]
pub struct Authenticator {
    links: Vec<(AuthBackend, Box<dyn Link>)>,
    settings: AuthSettings,
    guessing: Guessing,
    metrics: Metrics,
}

impl Authenticator {
    /// The links that the settings give. Nobody is asked anything yet.
    ///
    /// # Errors
    /// A link cannot be made of its settings.
    pub fn new(settings: &AuthSettings, hashing: Arc<HashingPool>, metrics: &Metrics) -> Result<Self, LinkError> {
        // Without random bytes for its key there is no cache, and every bind is hashed.
        let cache = settings.bind_cache_ttl.and_then(|ttl| BindCache::new(ttl).ok());
        let password = Password::new(hashing, cache, metrics.clone());
        let mut links: Vec<(AuthBackend, Box<dyn Link>)> = vec![
            (AuthBackend::Sql, Box::new(password)),
            (AuthBackend::Totp, Box::new(Totp::new(&settings.totp))),
        ];
        if let Some(settings) = &settings.upstream {
            let upstream = Upstream::new(settings).map_err(LinkError::Upstream)?;
            links.push((AuthBackend::Ldap, Box::new(upstream)));
        }
        let in_chain = settings.chain.has(AuthBackend::Notification);
        if let Some(settings) = &settings.notification {
            match Notification::new(settings, metrics.clone()) {
                Ok(notification) => links.push((AuthBackend::Notification, Box::new(notification))),
                // Accounts whose own chain names it cannot sign in.
                Err(error) if !error.matters(in_chain) => warn!("{}: {error}", error.setting()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Authenticator {
            links,
            guessing: Guessing::new(&settings.guessing, metrics.clone()),
            settings: settings.clone(),
            metrics: metrics.clone(),
        })
    }

    /// Waits until a bind of `name` by `client` may be looked at: nothing is asked of the database before. `name` is what was
    /// typed, in the form in which equal names are equal texts, whether or not there is such a user.
    ///
    /// # Errors
    /// Too many have failed, or are under way, and `until` is over. That says nothing about the user: never answer
    /// invalidCredentials.
    pub async fn turn(&self, name: &str, client: IpAddr, until: Instant) -> Result<Turn<'_>, NoTurn> {
        self.guessing.turn(name, client, until.into()).await
    }

    /// The chain of an account: its own where its row names links.
    ///
    /// # Errors
    /// The names are no chain that is set up: such an account cannot sign in.
    pub fn chain(&self, own: &[String]) -> Result<Cow<'_, Chain>, ChainError> {
        match own {
            [] => Ok(Cow::Borrowed(&self.settings.chain)),
            own => self.settings.chain_of(own).map(Cow::Owned),
        }
    }

    /// The chain of all who have none of their own.
    pub fn default_chain(&self) -> Cow<'_, Chain> {
        Cow::Borrowed(&self.settings.chain)
    }

    /// Runs a chain. Links that cost work run in any case; the first that fails is the one that the log names. Dropping the
    /// future ends it.
    ///
    /// # Errors
    /// A link could not find out. That says nothing about the user: never answer invalidCredentials.
    pub async fn authenticate(&self, chain: &Chain, attempt: &Attempt<'_>) -> Result<Verdict, Unavailable> {
        let (without_code, mut failed) = self.without_code(chain, attempt);
        let mut unavailable = None;
        for link in chain.links() {
            let goes_on = failed.is_none() && unavailable.is_none() && !attempt.is_refused;
            if link.stage() != Stage::Work && !goes_on {
                break;
            }
            if link.stage() == Stage::Person
                && let Some(turn) = attempt.turn
            {
                turn.verified();
            }
            let seen = if *link == AuthBackend::Totp {
                attempt
            } else {
                &without_code
            };
            match self.check(*link, seen).await {
                Ok(Check::Passed) => {}
                Ok(Check::Failed(why)) => failed = failed.or(Some(why)),
                Err(error) => unavailable = unavailable.or(Some(error)),
            }
        }
        match (unavailable, failed) {
            (Some(error), _) => Err(error),
            (None, Some(why)) => Ok(Verdict::Refused(why)),
            (None, None) if attempt.is_refused || attempt.stored.is_none() => Ok(Verdict::Refused("".into())),
            (None, None) => Ok(Verdict::Admitted),
        }
    }

    /// What all links but `totp` are given, and why it fails already. Where `totp` is in the chain the code is cut off.
    fn without_code<'a>(&self, chain: &Chain, attempt: &Attempt<'a>) -> (Attempt<'a>, Option<Cow<'static, str>>) {
        let attempt = Attempt {
            with_others: chain.verifies_twice(),
            ..*attempt
        };
        if !chain.has(AuthBackend::Totp) {
            return (attempt, None);
        }
        let typed = totp::cut(&self.settings.totp, &attempt);
        let failed = match (chain.verifies_password(), typed.password.is_empty()) {
            // As without a code: no password is none, also where the stored hash is that of an empty one.
            (true, true) => Some("no password before the code".into()),
            // Nobody would look at it.
            (false, false) if typed.code.is_some() => {
                Some("a password before the code, and no link that verifies it".into())
            }
            _ => None,
        };
        let attempt = Attempt {
            password: typed.password,
            ..attempt
        };
        (attempt, failed)
    }

    async fn check(&self, link: AuthBackend, attempt: &Attempt<'_>) -> Result<Check, Unavailable> {
        let running = self.metrics.link(counted(link));
        let checked = match self.link(link) {
            Some(link) => link.check(attempt).await,
            None => Ok(Check::Failed("the chain names a link that is not set up".into())),
        };
        running.ended(match &checked {
            Ok(Check::Passed) => LinkResult::Passed,
            Ok(Check::Failed(_)) => LinkResult::Failed,
            Err(_) => LinkResult::Unavailable,
        });
        checked
    }

    fn link(&self, backend: AuthBackend) -> Option<&dyn Link> {
        let mut links = self.links.iter();
        links.find(|(name, _)| *name == backend).map(|(_, link)| &**link)
    }
}

/// Where the metrics count it.
fn counted(link: AuthBackend) -> metrics::Link {
    match link {
        AuthBackend::Sql => metrics::Link::Sql,
        AuthBackend::Ldap => metrics::Link::Ldap,
        AuthBackend::Totp => metrics::Link::Totp,
        AuthBackend::Notification => metrics::Link::Notification,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{auth::attempt::Stored, config::GuessingSettings};
    use futures::future::BoxFuture;
    use std::{
        net::{IpAddr, Ipv4Addr},
        sync::Mutex,
        time::{Duration, Instant},
    };

    /// Says what it is told to, and notes that it was asked.
    #[derive(Debug)]
    struct Fixed(AuthBackend, Result<Check, Unavailable>, Arc<Mutex<Vec<AuthBackend>>>);

    impl Link for Fixed {
        fn check<'a>(&'a self, _: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
            self.2.lock().unwrap().push(self.0);
            let answer = self.1.clone();
            Box::pin(async move { answer })
        }
    }

    /// Passes whoever is told that what was typed is verified by others, too.
    #[derive(Debug)]
    struct WithOthers;

    impl Link for WithOthers {
        fn check<'a>(&'a self, attempt: &'a Attempt<'a>) -> BoxFuture<'a, Result<Check, Unavailable>> {
            let check = match attempt.with_others {
                true => Check::Passed,
                false => Check::Failed("alone".into()),
            };
            Box::pin(async move { Ok(check) })
        }
    }

    #[tokio::test]
    async fn links_know_whether_others_verify_too() {
        for (chain, with_others) in [
            (&[Sql][..], false),
            (&[Sql, Notification], false),
            (&[Sql, Ldap], true),
            (&[Sql, Totp], true),
        ] {
            let answers: Vec<_> = chain.iter().map(|link| (*link, passed())).collect();
            let (mut authenticator, _) = authenticator(&answers);
            authenticator.links.insert(0, (Sql, Box::new(WithOthers)));
            let stored = Stored::default();
            let attempt = Attempt {
                username: "alice",
                stored: Some(&stored),
                is_refused: false,
                with_others: false,
                password: b"secret123456",
                client: IpAddr::V4(Ipv4Addr::LOCALHOST),
                turn: None,
                until: Instant::now() + Duration::from_secs(5),
            };
            let verdict = authenticator
                .authenticate(&authenticator.settings.chain, &attempt)
                .await;
            assert_eq!(verdict == Ok(Verdict::Admitted), with_others, "{chain:?}");
        }
    }

    type Asked = Arc<Mutex<Vec<AuthBackend>>>;

    fn authenticator(answers: &[(AuthBackend, Result<Check, Unavailable>)]) -> (Authenticator, Asked) {
        let asked = Asked::default();
        let links = answers.iter().map(|(backend, answer)| {
            let link: Box<dyn Link> = Box::new(Fixed(*backend, answer.clone(), Arc::clone(&asked)));
            (*backend, link)
        });
        let named = answers.iter().map(|(backend, _)| *backend);
        let authenticator = Authenticator {
            links: links.collect(),
            settings: AuthSettings {
                chain: Chain::new(named).unwrap(),
                ..AuthSettings::default()
            },
            guessing: Guessing::new(&GuessingSettings::default(), Metrics::default()),
            metrics: Metrics::default(),
        };
        (authenticator, asked)
    }

    async fn run(
        answers: &[(AuthBackend, Result<Check, Unavailable>)],
        change: impl FnOnce(&mut Attempt<'_>),
    ) -> (Result<Verdict, Unavailable>, Vec<AuthBackend>) {
        let (authenticator, asked) = authenticator(answers);
        let stored = Stored::default();
        let mut attempt = Attempt {
            username: "alice",
            stored: Some(&stored),
            is_refused: false,
            with_others: false,
            password: b"secret",
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            turn: None,
            until: Instant::now() + Duration::from_secs(5),
        };
        change(&mut attempt);
        let verdict = authenticator
            .authenticate(&authenticator.settings.chain, &attempt)
            .await;
        let asked = asked.lock().unwrap().clone();
        (verdict, asked)
    }

    use AuthBackend::{Ldap, Notification, Sql, Totp};

    fn passed() -> Result<Check, Unavailable> {
        Ok(Check::Passed)
    }

    fn failed(why: &'static str) -> Result<Check, Unavailable> {
        Ok(Check::Failed(why.into()))
    }

    fn away() -> Result<Check, Unavailable> {
        Err(Unavailable("away".into()))
    }

    #[tokio::test]
    async fn all_links_must_pass_and_the_person_is_asked_last() {
        let all = [
            (Notification, passed()),
            (Totp, passed()),
            (Ldap, passed()),
            (Sql, passed()),
        ];
        let (verdict, asked) = run(&all, |_| {}).await;
        assert_eq!(verdict, Ok(Verdict::Admitted));
        assert_eq!(asked, [Ldap, Sql, Totp, Notification]);
        for failing in 0..all.len() {
            let mut some = all.clone();
            some[failing].1 = failed("no");
            let (verdict, _) = run(&some, |_| {}).await;
            assert_eq!(verdict, Ok(Verdict::Refused("no".into())), "{failing}");
        }
    }

    #[tokio::test]
    async fn links_that_cost_work_always_run_and_no_phone_rings_for_a_guess() {
        let guess = [
            (Sql, failed("wrong password")),
            (Ldap, failed("49")),
            (Totp, passed()),
            (Notification, passed()),
        ];
        let (verdict, asked) = run(&guess, |_| {}).await;
        assert_eq!(verdict, Ok(Verdict::Refused("wrong password".into())));
        assert_eq!(asked, [Sql, Ldap]);
        let right = [
            (Sql, passed()),
            (Ldap, passed()),
            (Totp, passed()),
            (Notification, passed()),
        ];
        let (verdict, asked) = run(&right, |attempt| attempt.is_refused = true).await;
        assert_eq!(verdict, Ok(Verdict::Refused("".into())));
        assert_eq!(asked, [Sql, Ldap]);
        let (verdict, asked) = run(
            &[(Sql, passed()), (Totp, failed("wrong code")), (Notification, passed())],
            |_| {},
        )
        .await;
        assert_eq!(verdict, Ok(Verdict::Refused("wrong code".into())));
        assert_eq!(asked, [Sql, Totp]);
    }

    #[tokio::test]
    async fn nobody_signs_in_without_an_account() {
        let (verdict, asked) = run(&[(Sql, passed())], |attempt| attempt.stored = None).await;
        assert_eq!(verdict, Ok(Verdict::Refused("".into())));
        assert_eq!(asked, [Sql]);
    }

    #[tokio::test]
    async fn what_cannot_be_found_out_is_no_wrong_password() {
        for (sql, ldap) in [(passed(), away()), (failed("no"), away()), (away(), failed("no"))] {
            let (verdict, asked) = run(&[(Sql, sql), (Ldap, ldap), (Notification, passed())], |_| {}).await;
            assert_eq!(verdict, Err(Unavailable("away".into())));
            assert_eq!(asked, [Sql, Ldap]);
        }
    }
}
