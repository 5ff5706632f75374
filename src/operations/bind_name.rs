//! What a bind names its user by: a DN or, where `BIND_NAMES` allows it, a login name.

use crate::{
    config::{BindDn, Policy},
    directory::{
        DirectoryError,
        account::AccountOutcome,
        login_name::{self, LoginName},
        realm::Realm,
    },
    model::dn::Dn,
    sql::Budget,
};

/// A name in a bind request.
pub(super) enum BindName {
    /// A DN, of whatever realm.
    Dn(Dn),
    /// A text that is none.
    Text(String),
}

impl BindName {
    /// Reads it; None where no bind can have such a name.
    pub fn read(text: &str, policy: &Policy) -> Option<Self> {
        match Dn::parse(text) {
            Ok(dn) => Some(BindName::Dn(dn)),
            Err(_) if policy.bind_names.is_none() => None,
            Err(_) => Some(BindName::Text(text.to_owned())),
        }
    }

    /// Whom it can mean in a realm. None for a text that is no login name there.
    pub fn meaning(self, realm: &Realm, policy: &Policy) -> Option<Meaning> {
        match self {
            BindName::Dn(dn) => Some(Meaning::Dn(dn)),
            BindName::Text(text) => LoginName::read(&text, policy.bind_names, realm.domain()).map(Meaning::Login),
        }
    }
}

/// Whom a name can mean.
pub(super) enum Meaning {
    /// Who has this DN.
    Dn(Dn),
    /// Who has this login name.
    Login(LoginName),
}

impl Meaning {
    /// By what failed binds are counted, found without asking the database: the same for a user's DN and the login names made
    /// of the user's name; a mail address by itself.
    pub fn counted(&self, realm: &Realm, policy: &Policy) -> String {
        match self {
            Meaning::Dn(dn) => realm.login_name(dn, policy.bind_dn == BindDn::Lenient),
            Meaning::Login(login) => login.counted(),
        }
    }

    /// The account that is meant.
    ///
    /// # Errors
    /// The database could not answer in time.
    pub async fn account(
        &self,
        realm: &Realm,
        policy: &Policy,
        budget: Budget,
    ) -> Result<AccountOutcome, DirectoryError> {
        let refused = &policy.refused_words;
        match self {
            Meaning::Dn(dn) => {
                realm
                    .account(dn, policy.bind_dn == BindDn::Lenient, refused, budget)
                    .await
            }
            // A future of its own: binds by DN do not carry it.
            Meaning::Login(login) => Box::pin(login_name::account(realm, login, refused, budget)).await,
        }
    }
}
