//! Authentication: what a bind must pass.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::errors::Problem;
use super::guessing::GuessingSettings;
use super::notification::NotificationSettings;
use super::parse::Reader;
use super::totp::TotpSettings;
use super::upstream::UpstreamSettings;

/// How passwords are verified.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// `AUTH_BACKENDS`: the chain of all who have none of their own.
    pub chain: Chain,
    /// `HASHING_THREADS`
    pub hashing_threads: NonZeroUsize,
    /// `HASHING_MEMORY`, in MiB; none where it follows from the machine's.
    pub hashing_memory: Option<u64>,
    /// `BIND_CACHE_TTL`: how long a verified password is not verified again; none where it always is.
    pub bind_cache_ttl: Option<Duration>,
    /// How failed binds slow down later ones.
    pub guessing: GuessingSettings,
    /// How codes are typed.
    pub totp: TotpSettings,
    /// The upstream LDAP server; none where nothing is set.
    pub upstream: Option<UpstreamSettings>,
    /// What `notification` needs, where it is set.
    pub notification: Option<NotificationSettings>,
}

impl Default for AuthSettings {
    /// The stored hash alone, on one thread.
    fn default() -> Self {
        AuthSettings {
            chain: Chain::default(),
            hashing_threads: NonZeroUsize::MIN,
            hashing_memory: None,
            bind_cache_ttl: None,
            guessing: GuessingSettings::default(),
            totp: TotpSettings::default(),
            upstream: None,
            notification: None,
        }
    }
}

/// A kind of link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthBackend {
    /// The hash in the password column.
    Sql,
    /// A bind at an upstream LDAP server.
    Ldap,
    /// A code that changes with time (RFC 6238).
    Totp,
    /// The approval of the user, asked for on the phone.
    Notification,
}

/// When a link runs. The order of the variants is that of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Always, whatever the others say and whether or not there is such a user: how long a bind takes tells nothing.
    Work,
    /// When all before it passed and the account may sign in: a code is used up by that.
    Code,
    /// At last: nobody's phone rings for a guess.
    Person,
}

/// The links that a bind must pass, each once, in the order in which they run. One of them at least verifies what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<AuthBackend>);

/// Why some names are no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No link has this name.
    #[error("`{0}` is no link of the chain")]
    Unknown(String),
    /// There is such a link, and what it needs is not set.
    #[error("`{}` is not set up", .0.name())]
    NotSetUp(AuthBackend),
    /// None of the links verifies anything.
    #[error("no link verifies what was typed")]
    VerifiesNothing,
}

impl AuthBackend {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Sql, Self::Ldap, Self::Totp, Self::Notification];

    /// Its name in `AUTH_BACKENDS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Ldap => "ldap",
            Self::Totp => "totp",
            Self::Notification => "notification",
        }
    }

    /// The link with this name, in any letter case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|link| link.name().eq_ignore_ascii_case(name))
    }

    /// When it runs.
    pub fn stage(self) -> Stage {
        match self {
            Self::Sql | Self::Ldap => Stage::Work,
            Self::Totp => Stage::Code,
            Self::Notification => Stage::Person,
        }
    }
}

impl Chain {
    /// These links, those of one stage in the order in which they are named.
    ///
    /// # Errors
    /// None of them verifies what was typed.
    pub fn new(links: impl IntoIterator<Item = AuthBackend>) -> Result<Self, ChainError> {
        let mut chain: Vec<AuthBackend> = Vec::new();
        for link in links {
            if !chain.contains(&link) {
                chain.push(link);
            }
        }
        chain.sort_by_key(|link| link.stage());
        match chain.first() {
            Some(first) if first.stage() != Stage::Person => Ok(Chain(chain)),
            _ => Err(ChainError::VerifiesNothing),
        }
    }

    /// Its links.
    pub fn links(&self) -> &[AuthBackend] {
        &self.0
    }

    /// Whether a link of it verifies a password, and not a code alone.
    pub fn verifies_password(&self) -> bool {
        self.0.iter().any(|link| link.stage() == Stage::Work)
    }

    /// Whether several links verify what was typed.
    pub fn verifies_twice(&self) -> bool {
        self.0.iter().filter(|link| link.stage() != Stage::Person).count() > 1
    }

    /// Whether all that is typed has been looked at when the links that always run have passed: there is one of them, and no
    /// code.
    pub fn is_verified_by_work(&self) -> bool {
        let has = |stage| self.0.iter().any(|link| link.stage() == stage);
        has(Stage::Work) && !has(Stage::Code)
    }

    /// Whether it has this link.
    pub fn has(&self, link: AuthBackend) -> bool {
        self.0.contains(&link)
    }
}

impl Default for Chain {
    fn default() -> Self {
        Chain(vec![AuthBackend::Sql])
    }
}

impl AuthSettings {
    pub(super) fn read(reader: &mut Reader, common_name: &str) -> Self {
        let text = reader.text("AUTH_BACKENDS").unwrap_or_default();
        let has = |link| names(&text).any(|name| AuthBackend::named(name) == Some(link));
        let threads = reader.number("HASHING_THREADS", 1, 256).and_then(NonZeroUsize::new);
        let mut settings = AuthSettings {
            chain: Chain::default(),
            hashing_threads: threads
                .or_else(|| std::thread::available_parallelism().ok())
                .unwrap_or(NonZeroUsize::MIN),
            hashing_memory: reader.number("HASHING_MEMORY", 1, 1_048_576),
            bind_cache_ttl: reader.duration_or_off("BIND_CACHE_TTL"),
            guessing: GuessingSettings::read(reader),
            totp: TotpSettings::read(reader),
            upstream: UpstreamSettings::read(reader, has(AuthBackend::Ldap)),
            notification: NotificationSettings::read(reader, common_name, has(AuthBackend::Notification)),
        };
        settings.read_chain(reader, &text);
        settings
    }

    /// Reads the chain when the links have been read.
    fn read_chain(&mut self, reader: &mut Reader, text: &str) {
        let names: Vec<String> = names(text).map(str::to_owned).collect();
        match self.chain_of(&names) {
            Ok(chain) => self.chain = chain,
            // Said already, with the name of the setting that it needs.
            Err(ChainError::NotSetUp(AuthBackend::Ldap | AuthBackend::Notification)) => {}
            Err(error) => {
                let known = AuthBackend::ALL.map(|link| format!("`{}`", link.name())).join(", ");
                let right = format!("a list of {known}, one of them not `notification` ({error})");
                reader.problems.push(Problem::wrong("AUTH_BACKENDS", text, &right));
            }
        }
    }

    /// Whether all that a link needs is set.
    pub fn is_set_up(&self, link: AuthBackend) -> bool {
        match link {
            // A code needs a column of the user's row alone.
            AuthBackend::Sql | AuthBackend::Totp => true,
            AuthBackend::Ldap => self.upstream.is_some(),
            AuthBackend::Notification => self.notification.is_some(),
        }
    }

    /// The chain that these names are.
    ///
    /// # Errors
    /// A name is no link's, a link is not set up, or none verifies what was typed.
    pub fn chain_of(&self, names: &[String]) -> Result<Chain, ChainError> {
        let links = names.iter().map(|name| {
            let link = AuthBackend::named(name).ok_or_else(|| ChainError::Unknown(name.clone()))?;
            self.is_set_up(link).then_some(link).ok_or(ChainError::NotSetUp(link))
        });
        Chain::new(links.collect::<Result<Vec<_>, _>>()?)
    }
}

/// The names in a list with commas between them. Empty items are none.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use AuthBackend::{Ldap, Notification, Sql, Totp};

    #[test]
    fn a_chain_asks_the_person_last_and_verifies_something() {
        let chain = |links: &[AuthBackend]| Chain::new(links.iter().copied()).map(|chain| chain.0);
        assert_eq!(
            chain(&[Notification, Totp, Ldap, Sql, Ldap]),
            Ok(vec![Ldap, Sql, Totp, Notification])
        );
        assert_eq!(chain(&[Sql]), Ok(vec![Sql]));
        assert_eq!(chain(&[Totp]), Ok(vec![Totp]));
        assert_eq!(chain(&[Notification]), Err(ChainError::VerifiesNothing));
        assert_eq!(chain(&[]), Err(ChainError::VerifiesNothing));
        for (links, verified, twice) in [
            (&[Sql][..], true, false),
            (&[Ldap, Notification], true, false),
            (&[Sql, Ldap], true, true),
            (&[Totp], false, false),
            (&[Sql, Totp], false, true),
            (&[Sql, Totp, Notification], false, true),
        ] {
            let chain = Chain::new(links.iter().copied()).unwrap();
            assert_eq!(chain.is_verified_by_work(), verified, "{links:?}");
            assert_eq!(chain.verifies_twice(), twice, "{links:?}");
        }
    }

    #[test]
    fn names_are_links_that_are_set_up() {
        let settings = AuthSettings::default();
        let chain = |list: &str| settings.chain_of(&names(list).map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(chain(" SQL,,sql "), Ok(Chain::default()));
        assert_eq!(chain("sql,push"), Err(ChainError::Unknown("push".to_owned())));
        assert_eq!(chain("sql,totp"), Ok(Chain(vec![Sql, Totp])));
        assert_eq!(chain("sql,ldap"), Err(ChainError::NotSetUp(Ldap)));
        assert_eq!(chain(","), Err(ChainError::VerifiesNothing));
    }
}
