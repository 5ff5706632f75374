//! The hashes of passwords, for the one account that an operator names: a migration takes them along.
//!
//! They are put into the entries of one search on their way out, as the last thing: no filter, no Compare and no other search
//! ever sees them. Each use is a line in the log.

use super::context::{Client, Context};
use crate::{
    auth::password::rfc2307,
    config::Policy,
    directory::{DirectoryError, account::AccountOutcome, realm::Realm},
    model::{
        dn::Dn,
        entry::{Entry, Selection},
        schema::ids,
    },
    sql::Budget,
};
use std::time::Instant;
use tracing::warn;

/// The hashes that one search serves.
pub(super) struct PasswordHashes<'a> {
    realm: &'a Realm,
    policy: &'a Policy,
    bound: &'a str,
    client: Client,
    served: u64,
    left_out: u64,
}

impl<'a> PasswordHashes<'a> {
    /// None where the session may not see them, where somebody on the network could read them, and where they are not asked
    /// for.
    pub fn asked(context: &'a Context, realm: &'a Realm, selection: &mut Selection) -> Option<Self> {
        let may_see = context.identity.rights().read_passwords && context.encrypted;
        (may_see && selection.show_passwords()).then(|| PasswordHashes {
            realm,
            policy: &context.realm().policy,
            bound: context.identity.dn(),
            client: context.client,
            served: 0,
            left_out: 0,
        })
    }

    /// Puts the hash of a user into the entry, in the form that other directories understand. One that they do not, and one
    /// of an account that may not sign in, is left out: who is locked out here must not be let in elsewhere.
    ///
    /// # Errors
    /// The directory could not tell.
    pub async fn add_to(&mut self, entry: &mut Entry) -> Result<(), DirectoryError> {
        let Ok(dn) = Dn::parse(&entry.dn) else {
            return Ok(());
        };
        let budget = Budget::lookup(Instant::now() + Policy::LOOKUP_HOLD);
        let found = self.realm.account(&dn, false, &self.policy.refused_words, budget);
        let account = match found.await? {
            AccountOutcome::Account(account) if account.dn == entry.dn => account,
            _ => return Ok(()),
        };
        let hash = account.password.as_ref().map(|hash| rfc2307(hash.reveal()));
        match hash {
            Some(Some(hash)) if account.refusal.is_none() => {
                entry.set(ids::USER_PASSWORD, [hash.into()]);
                self.served += 1;
            }
            None if !account.password_unreadable => {}
            _ => self.left_out += 1,
        }
        Ok(())
    }
}

impl Drop for PasswordHashes<'_> {
    fn drop(&mut self) {
        warn!(
            bound = self.bound,
            connection = self.client.connection,
            client = %self.client.address,
            served = self.served,
            left_out = self.left_out,
            "hashes of passwords were read (read-passwords)"
        );
    }
}
