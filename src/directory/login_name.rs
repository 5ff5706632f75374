//! Login names: what somebody types who does not know what a DN is. `alice`, `alice@example.com`, `EXAMPLE\alice`.
//!
//! One name can be understood in several ways: as a user's name, as a mail address, as a name with the directory's domain.
//! All ways that are allowed are always gone, and by the same statements whether or not somebody has the name: how long it
//! takes depends on what was typed, not on who exists. Where the ways lead to different users nobody can say who is meant.

use crate::{
    config::{BindNames, RefusedWords},
    directory::{
        DirectoryError,
        account::{Account, AccountOutcome},
        kind::USERS,
        naming::{asserted::entry_name, tree::Name},
        realm::Realm,
        search::{begin::SearchOutcome, query::SearchQuery, view::View},
    },
    model::{entry::Selection, filter::Filter, scope::Scope},
    sql::Budget,
};
use bytes::Bytes;
use std::sync::Arc;
use tokio::time::timeout_at;

/// What a login name can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName {
    /// As it was typed.
    typed: String,
    /// Users' names that it can be; none for a domain that is not the directory's.
    names: Vec<Option<String>>,
    /// It can be a mail address.
    is_mail: bool,
}

impl LoginName {
    /// What a text that is no DN can mean below a base with this domain. None where it is no login name of a kind that is
    /// allowed.
    pub fn read(typed: &str, allowed: BindNames, domain: Option<&str>) -> Option<Self> {
        // What looks like a DN is a broken one.
        if typed.trim().is_empty() || typed.contains(|c: char| c.is_control() || matches!(c, '=' | ',')) {
            return None;
        }
        // Blanks around it do not count where names and addresses are compared, so they make no other name to guess at.
        let typed = typed.trim();
        let is_domain = |of: &str| domain.is_some_and(|domain| of.eq_ignore_ascii_case(domain));
        let is_first_label = |of: &str| {
            let label = domain.and_then(|domain| domain.split('.').next());
            label.is_some_and(|label| of.eq_ignore_ascii_case(label))
        };
        let mut login = LoginName {
            typed: typed.to_owned(),
            names: Vec::new(),
            is_mail: false,
        };
        if let Some((of, name)) = typed.split_once('\\') {
            let is_ours = is_domain(of) || is_first_label(of);
            if allowed.upn && !of.is_empty() && !name.is_empty() {
                login.names.push(is_ours.then(|| name.to_owned()));
            }
        } else {
            if allowed.uid {
                login.names.push(Some(typed.to_owned()));
            }
            if let Some((name, of)) = typed
                .rsplit_once('@')
                .filter(|(name, of)| !name.is_empty() && !of.is_empty())
            {
                login.is_mail = allowed.mail;
                if allowed.upn {
                    login.names.push(is_domain(of).then(|| name.to_owned()));
                }
            }
        }
        (login.is_mail || !login.names.is_empty()).then_some(login)
    }

    /// By what failed binds with it are counted: the name of the user that it is made of, else what was typed, prepared as
    /// names are compared.
    pub fn counted(&self) -> String {
        let name = self.names.iter().rev().flatten().next().unwrap_or(&self.typed);
        Name::new(name).map_or_else(|| name.clone(), |name| name.prepared)
    }
}

/// The account that a login name means.
///
/// # Errors
/// The database could not answer in time.
pub async fn account(
    realm: &Realm,
    login: &LoginName,
    refused: &RefusedWords,
    budget: Budget,
) -> Result<AccountOutcome, DirectoryError> {
    let mut candidates: Vec<Candidate> = login.names.iter().map(|name| Candidate::named(name.clone())).collect();
    let mut is_ambiguous = false;
    if login.is_mail {
        let mut found = with_mail(realm, &login.typed, budget).await?;
        is_ambiguous = found.len() > 1;
        candidates.push(Candidate {
            name: found.pop(),
            is_spelled: true,
        });
    }
    let mut meant: Option<Account> = None;
    let mut why = "";
    for candidate in candidates {
        let name = candidate.name.as_deref().unwrap_or(&login.typed);
        let outcome = match Name::new(name) {
            Some(name) => realm.account_named(&name, refused, budget).await?,
            None => AccountOutcome::Unknown(""),
        };
        match outcome {
            // Looked up so that it takes as long.
            _ if candidate.name.is_none() => {}
            // The address is that of a row which another one with the same name keeps from being an entry.
            AccountOutcome::Account(account) if candidate.is_spelled && account.username != name => is_ambiguous = true,
            AccountOutcome::Account(account) => {
                is_ambiguous |= meant.as_ref().is_some_and(|meant| meant.dn != account.dn);
                meant = Some(account);
            }
            // There is such a user, who is no account.
            AccountOutcome::Unknown(more) if !more.is_empty() => why = more,
            AccountOutcome::Unknown(_) | AccountOutcome::NotAUser => {}
        }
    }
    Ok(match meant {
        _ if is_ambiguous => AccountOutcome::Unknown("several users have it"),
        Some(_) if !why.is_empty() => AccountOutcome::Unknown("several users have it"),
        Some(account) => AccountOutcome::Account(account),
        None => AccountOutcome::Unknown(why),
    })
}

/// Who a login name can mean.
struct Candidate {
    /// The user's name; none where nobody can be meant.
    name: Option<String>,
    /// The name is as the entry spells it.
    is_spelled: bool,
}

impl Candidate {
    fn named(name: Option<String>) -> Self {
        Candidate {
            name,
            is_spelled: false,
        }
    }
}

/// The names of the users who have a mail address, two at most.
async fn with_mail(realm: &Realm, mail: &str, budget: Budget) -> Result<Vec<String>, DirectoryError> {
    let equality = |attribute: &str, value: &str| Filter::Equality {
        attribute: attribute.to_owned(),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    let query = SearchQuery {
        base: Arc::new(realm.superior(&USERS).clone()),
        scope: Scope::OneLevel,
        filter: Filter::And(vec![
            equality("objectClass", USERS.structural_class),
            equality("mail", mail),
        ]),
        selection: Selection::new(realm.schema(), &["uid".to_owned()]),
        // Of whoever asks: that somebody has the address is told by a right password alone.
        view: View::default(),
        wanted: Some(2),
        page: None,
        lookup_deadline: budget.deadline,
        scan_timeout: budget.left(),
        observer: None,
    };
    let find = async {
        let mut names: Vec<String> = Vec::new();
        if let SearchOutcome::Results(mut results) = realm.search(query).await? {
            while names.len() < 2
                && let Some(entries) = results.next_batch().await?
            {
                names.extend(entries.iter().map(|entry| entry_name(&USERS, entry)));
            }
        }
        names.truncate(2);
        Ok(names)
    };
    // Where no index helps, a table may take longer to read than anybody waits for a bind.
    let found = timeout_at(budget.deadline.into(), find).await;
    found.unwrap_or(Err(DirectoryError::Unreachable))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALL: BindNames = BindNames {
        uid: true,
        mail: true,
        upn: true,
    };
    const UPN: BindNames = BindNames {
        uid: false,
        mail: false,
        upn: true,
    };
    const DOMAIN: Option<&str> = Some("example.com");

    fn read(typed: &str, allowed: BindNames) -> Option<(Vec<Option<String>>, bool)> {
        LoginName::read(typed, allowed, DOMAIN).map(|login| (login.names, login.is_mail))
    }

    fn name(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    #[test]
    fn each_kind_has_its_form() {
        assert_eq!(read("alice", ALL), Some((vec![name("alice")], false)));
        let both = vec![name("alice@example.com"), name("alice")];
        assert_eq!(read("alice@example.com", ALL), Some((both, true)));
        assert_eq!(read("a@b@EXAMPLE.com", UPN), Some((vec![name("a@b")], false)));
        assert_eq!(read("alice@elsewhere.org", UPN), Some((vec![None], false)));
        for domain in ["EXAMPLE", "example", "Example.COM"] {
            assert_eq!(
                read(&format!("{domain}\\alice"), UPN),
                Some((vec![name("alice")], false)),
                "{domain}"
            );
        }
        assert_eq!(read("ELSEWHERE\\alice", ALL), Some((vec![None], false)));
        assert_eq!(LoginName::read("x\\alice", UPN, None).unwrap().names, [None]);
    }

    #[test]
    fn failures_are_counted_for_the_user() {
        for typed in [
            "alice",
            "ALICE",
            "Alice@example.com",
            "EXAMPLE\\alice",
            "example.com\\ALICE",
            // Blanks would be as many other names.
            " alice@example.com",
            "alice@example.com  ",
            " EXAMPLE\\alice ",
        ] {
            assert_eq!(
                LoginName::read(typed, ALL, DOMAIN).unwrap().counted(),
                "alice",
                "{typed}"
            );
        }
        for typed in ["alice@elsewhere.org", "Alice@Elsewhere.ORG"] {
            assert_eq!(
                LoginName::read(typed, ALL, DOMAIN).unwrap().counted(),
                "alice@elsewhere.org"
            );
        }
    }

    #[test]
    fn other_texts_are_no_login_names() {
        let (uid, mail) = (
            BindNames {
                uid: true,
                ..BindNames::default()
            },
            BindNames {
                mail: true,
                ..BindNames::default()
            },
        );
        for (typed, allowed) in [
            ("alice", BindNames::default()),
            ("alice@example.com", BindNames::default()),
            ("alice", mail),
            ("alice", UPN),
            ("alice@", mail),
            ("@example.com", UPN),
            ("EXAMPLE\\alice", uid),
            ("EXAMPLE\\alice", mail),
            ("\\alice", ALL),
            ("EXAMPLE\\", ALL),
            ("uid=alice,,dc=x", ALL),
            ("alice,dc=example,dc=com", ALL),
            ("alice\0", ALL),
            ("alice\n", ALL),
            ("  ", ALL),
        ] {
            assert_eq!(read(typed, allowed), None, "{typed:?}");
        }
    }
}
