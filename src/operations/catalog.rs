//! The realms that are served, and which of them a request is about: the one with the longest base that its DN stands at or
//! below. Nothing of one realm is known in another.

use crate::{
    auth::authenticator::Authenticator,
    config::Policy,
    directory::realm::Realm,
    metrics::Metrics,
    model::{dn::Dn, matching::NormalizedDn, schema::Schema},
    protocol::Request,
};
use std::{fmt, sync::Arc};
use tokio::sync::{Notify, watch};

/// What one realm is served with.
#[derive(Debug)]
pub struct RealmServices {
    /// Its name; none where there is one realm, made of the plain settings.
    pub name: Option<Arc<str>>,
    /// Its base.
    pub base: Dn,
    /// The realm as last described; none until its database could be asked for the first time.
    pub published: watch::Receiver<Option<Arc<Realm>>>,
    /// What a bind must pass.
    pub authenticator: Authenticator,
    /// What the operator decided.
    pub policy: Policy,
    /// Where its operations are counted; none where all are counted together.
    pub metrics: Option<Metrics>,
    /// Told when a statement was refused: the tables may have changed since the queries were described.
    pub describe_again: Arc<Notify>,
}

impl RealmServices {
    /// The realm as last described.
    pub fn described(&self) -> Option<Arc<Realm>> {
        self.published.borrow().clone()
    }

    fn is_described(&self) -> bool {
        self.published.borrow().is_some()
    }
}

/// A realm of the catalog, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealmId(usize);

/// Where a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The realm that answers it.
    pub realm: RealmId,
    /// It is about that realm's entries, and not about what is in no realm.
    pub is_owner: bool,
}

/// All realms, in the order in which they are configured. There is one at least.
pub struct Catalog {
    first: RealmServices,
    others: Vec<RealmServices>,
    default: RealmId,
    /// The bases, as DNs are compared.
    bases: Vec<NormalizedDn>,
    schema: Schema,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.realms().map(|realm| &realm.base)).finish()
    }
}

impl Catalog {
    /// One realm.
    pub fn of_one(realm: RealmServices) -> Self {
        Catalog::of(realm, Vec::new(), 0)
    }

    /// These realms, none where there is not one; `default` is the position of the one that clients are told of first.
    pub fn new(realms: Vec<RealmServices>, default: usize) -> Option<Self> {
        let mut realms = realms.into_iter();
        let first = realms.next()?;
        Some(Catalog::of(first, realms.collect(), default))
    }

    fn of(first: RealmServices, others: Vec<RealmServices>, default: usize) -> Self {
        let schema = Schema::standard();
        let bases = [&first]
            .into_iter()
            .chain(&others)
            .map(|realm| realm.base.normalize(&schema));
        Catalog {
            bases: bases.collect(),
            default: RealmId(default),
            first,
            others,
            schema,
        }
    }

    /// All of them, in order.
    pub fn realms(&self) -> impl Iterator<Item = &RealmServices> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// The positions of all of them.
    pub fn ids(&self) -> impl Iterator<Item = RealmId> + use<> {
        (0..=self.others.len()).map(RealmId)
    }

    /// One of them.
    pub fn realm(&self, id: RealmId) -> &RealmServices {
        let other = id.0.checked_sub(1).and_then(|position| self.others.get(position));
        other.unwrap_or(&self.first)
    }

    /// The one that clients are told of first.
    pub fn default_realm(&self) -> RealmId {
        self.default
    }

    /// Whether there are several.
    pub fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Where a request is answered, in a session that was bound in `home`. One about no realm's entries is answered in the
    /// session's own, or else in the default one.
    pub fn route(&self, request: Option<&Request>, home: Option<RealmId>) -> Route {
        if self.others.is_empty() {
            return Route {
                realm: RealmId(0),
                is_owner: true,
            };
        }
        if let Some(Request::Bind(bind)) = request
            && !bind.name.is_empty()
            && Dn::parse(&bind.name).is_err()
        {
            return self.of_login_name(&bind.name);
        }
        let dn = match request {
            Some(Request::Bind(bind)) => Some(bind.name.as_str()),
            Some(Request::Search(search)) => Some(search.base.as_str()),
            Some(Request::Compare(compare)) => Some(compare.entry.as_str()),
            Some(Request::Modify(modify)) => Some(modify.entry.as_str()),
            Some(Request::PasswordModify(request)) => request.user_dn(),
            _ => None,
        };
        let parsed = dn.and_then(|dn| Dn::parse(dn).ok());
        let owner = match (&parsed, request) {
            // A login name is one of the default realm, whoever bound before and whether or not that realm answers: another
            // realm may have somebody else of the same name.
            (None, Some(Request::Bind(_))) => Some(self.default),
            _ => parsed.and_then(|dn| self.owner(&dn)),
        };
        Route {
            realm: owner.unwrap_or_else(|| self.of_no_realm(home)),
            is_owner: owner.is_some(),
        }
    }

    /// The realm whose business a request is.
    pub fn owner_of(&self, route: Route) -> Option<&RealmServices> {
        route.is_owner.then(|| self.realm(route.realm))
    }

    /// The realm that a DN belongs to: that with the longest base.
    pub fn owner(&self, dn: &Dn) -> Option<RealmId> {
        dn.normalize(&self.schema).longest_of(&self.bases).map(RealmId)
    }

    /// Whether a DN stands at or below none of the bases.
    pub fn is_outside(&self, dn: &Dn) -> bool {
        self.owner(dn).is_none()
    }

    /// The bases in words, the default one first, as the root DSE lists them for everybody.
    pub fn bases_in_words(&self) -> String {
        let default = &self.realm(self.default).base;
        let others = self.realms().map(|realm| &realm.base).filter(|base| *base != default);
        let bases: Vec<String> = [default].into_iter().chain(others).map(ToString::to_string).collect();
        bases.join(" and ")
    }

    /// A name that is no DN is looked for in the realm whose domain it has, where that takes such names, and else in the
    /// default one; never in another because that one is away.
    fn of_login_name(&self, name: &str) -> Route {
        let mut having = self.ids().filter(|id| {
            let realm = self.realm(*id);
            realm.policy.bind_names.upn && has_domain_of(name, &realm.base)
        });
        let realm = match (having.next(), having.next()) {
            (Some(only), None) => only,
            _ => self.default,
        };
        Route {
            realm,
            is_owner: !self.realm(realm).policy.bind_names.is_none(),
        }
    }

    /// What is in no realm, the root DSE and the schema among it, needs a realm that has been described, whichever it is.
    fn of_no_realm(&self, home: Option<RealmId>) -> RealmId {
        let wanted = home.unwrap_or(self.default);
        let mut candidates = [wanted, self.default].into_iter().chain(self.ids());
        candidates.find(|id| self.realm(*id).is_described()).unwrap_or(wanted)
    }
}

/// Whether a login name is of the domain of a base: `alice@example.com`, `EXAMPLE\alice` or `example.com\alice`.
fn has_domain_of(name: &str, base: &Dn) -> bool {
    let labels: Vec<&str> = base
        .rdns()
        .iter()
        .filter_map(|rdn| rdn.single())
        .filter(|(attribute, _)| attribute.eq_ignore_ascii_case("dc"))
        .map(|(_, value)| value)
        .collect();
    let domain = labels.join(".");
    let is_domain = |text: &str| !domain.is_empty() && text.eq_ignore_ascii_case(&domain);
    match (name.split_once('\\'), name.rsplit_once('@')) {
        (Some((before, _)), _) => {
            is_domain(before) || labels.first().is_some_and(|label| before.eq_ignore_ascii_case(label))
        }
        (None, Some((_, after))) => is_domain(after),
        (None, None) => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn login_names_have_the_domain_of_a_base() {
        let has = |name: &str, base: &str| has_domain_of(name, &Dn::parse(base).unwrap());
        for name in [
            "alice@lab.Example.com",
            "LAB\\alice",
            "lab.example.com\\alice",
            "a@b@lab.example.com",
        ] {
            assert!(has(name, "dc=lab,dc=example,dc=com"), "{name}");
            assert!(!has(name, "dc=example,dc=com"), "{name}");
        }
        assert!(has("alice@example.com", "ou=it,dc=example,dc=com"));
        for name in ["alice", "alice@", "\\alice", "@alice", "lab@alice", "alice\\lab"] {
            assert!(!has(name, "dc=lab,dc=example,dc=com"), "{name}");
            assert!(!has(name, "o=lab"), "{name}");
        }
    }
}
