//! The tree of names: the naming context, where users and groups stand below it, and what a DN points at.
//!
//! Users and groups stand directly below the naming context (`uid=NAME,BASE` and `cn=NAME,BASE`), or below containers
//! of their own.

use crate::{
    config::Layout,
    directory::kind::Kind,
    model::{
        dn::{Dn, Rdn, escape_value},
        matching::{AttributeKey, NormalizedDn},
        schema::Schema,
    },
};
use std::sync::Arc;

/// The DN of the subschema subentry (RFC 4512 4.2).
pub const SUBSCHEMA_DN: &str = "cn=Subschema";

/// What a DN names, as far as the tree alone can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The empty DN.
    RootDse,
    /// The subschema subentry.
    Subschema,
    /// The entry of the naming context.
    Base,
    /// A container, by its position in [`Tree::containers`].
    Container(usize),
    /// A service account, by its position in [`Tree::service_accounts`].
    ServiceAccount(usize),
    /// Where a user or group of that name would stand. Private groups stand where groups do.
    Entry(Kind, Name),
    /// Below where a user or group of that name would stand: nothing is there, but the name may exist.
    Below(Kind, Name),
    /// Below the entry with this DN, and no user's or group's place.
    Nowhere(String),
    /// Outside of the naming context.
    Foreign,
}

/// A user's or group's name as somebody spelled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it was spelled.
    pub spelled: String,
    /// Prepared for caseIgnoreMatch: equal for all spellings of one name.
    pub prepared: String,
}

impl Name {
    /// None for a name that caseIgnoreMatch cannot compare (RFC 4518 2.4): no entry can have it.
    pub fn new(spelled: &str) -> Option<Self> {
        let prepared = crate::model::prepare::prepare_ignore_case(spelled)?;
        Some(Name {
            spelled: spelled.to_owned(),
            prepared,
        })
    }
}

/// An entry that others stand below.
#[derive(Debug, Clone)]
struct Superior {
    dn: Arc<Dn>,
    text: String,
    normalized: NormalizedDn,
}

impl Superior {
    fn new(dn: Dn, schema: &Schema) -> Self {
        Superior {
            text: dn.to_string(),
            normalized: dn.normalize(schema),
            dn: Arc::new(dn),
        }
    }

    /// The prepared name of the entry of a kind that would stand here, if the kind stands below `home`.
    fn name_below(&self, kind: Kind, home: &Superior) -> Option<String> {
        let is_there = self.normalized.is_descendant_of(&home.normalized);
        let below = self.normalized.depth().checked_sub(home.normalized.depth())?;
        let name = named(kind, &self.dn, &self.normalized, below)?;
        (is_there && below == 1).then_some(name.prepared)
    }
}

/// The naming context and its layout.
#[derive(Debug, Clone)]
pub struct Tree {
    base: Superior,
    containers: Vec<Superior>,
    /// Where the entries of each kind stand that has places of its own.
    homes: Vec<(Kind, Superior)>,
    /// Entries below which nothing stands, in places that an entry of a kind might have.
    service_accounts: Vec<Superior>,
    /// These places, by kind and prepared name.
    taken: Vec<(Kind, String)>,
    subschema: NormalizedDn,
    mail_domain: Option<String>,
    mail_fallback: bool,
}

impl Tree {
    /// The tree below `base`, for entries of these kinds.
    pub fn new(base: Dn, layout: &Layout, kinds: &[Kind], schema: &Schema) -> Self {
        let subschema = Dn::parse(SUBSCHEMA_DN).unwrap_or_else(|_| Dn::root());
        let mail_domain = mail_domain(&base);
        let below = |rdn: Option<Rdn>| match rdn {
            Some(rdn) => base.child(rdn),
            None => base.clone(),
        };
        let own = kinds.iter().filter(|kind| kind.gives_way_to.is_none());
        let homes: Vec<(Kind, Superior)> = own
            .map(|kind| (*kind, Superior::new(below((kind.container)(layout)), schema)))
            .collect();
        let base = Superior::new(base, schema);
        let mut containers: Vec<Superior> = Vec::new();
        let accounts = layout.service_accounts.iter();
        let above = accounts.clone().filter_map(Dn::parent);
        let above = above.map(|dn| Superior::new(dn, schema));
        for container in homes.iter().map(|(_, home)| home.clone()).chain(above) {
            let is_same = |known: &Superior| known.normalized == container.normalized;
            if !is_same(&base) && !containers.iter().any(is_same) {
                containers.push(container);
            }
        }
        let accounts = accounts.map(|dn| Superior::new(dn.clone(), schema));
        let service_accounts: Vec<Superior> = accounts.collect();
        let places = service_accounts.iter().flat_map(|account| {
            let homes = homes.iter();
            homes.filter_map(|(kind, home)| Some((*kind, account.name_below(kind, home)?)))
        });
        Tree {
            taken: places.collect(),
            base,
            containers,
            homes,
            service_accounts,
            subschema: subschema.normalize(schema),
            mail_domain,
            mail_fallback: layout.mail_fallback,
        }
    }

    /// The naming context.
    pub fn base(&self) -> &Dn {
        &self.base.dn
    }

    /// The naming context as text, as it stands at the end of every DN.
    pub fn base_text(&self) -> &str {
        &self.base.text
    }

    /// The containers below the naming context.
    pub fn containers(&self) -> impl Iterator<Item = &Dn> {
        self.containers.iter().map(|container| &*container.dn)
    }

    /// The service accounts, as they are spelled in their setting.
    pub fn service_accounts(&self) -> impl Iterator<Item = &Dn> {
        self.service_accounts.iter().map(|account| &*account.dn)
    }

    /// Whether a service account stands directly below the naming context or, if asked for, that container.
    pub fn account_stands_below(&self, account: usize, container: Option<usize>) -> bool {
        let superior = match container {
            Some(container) => self.containers.get(container),
            None => Some(&self.base),
        };
        let account = self.service_accounts.get(account).map(|account| &account.normalized);
        account.zip(superior).is_some_and(|(account, superior)| {
            account.is_descendant_of(&superior.normalized) && account.depth() == superior.normalized.depth() + 1
        })
    }

    /// Whether a service account stands where an entry of some kind might.
    pub fn takes_places(&self) -> bool {
        !self.taken.is_empty()
    }

    /// Whether a service account stands where the entry of this kind and name would.
    pub fn is_taken(&self, kind: Kind, name: &str) -> bool {
        let place = kind.place();
        let is_taken = |prepared: &str| self.taken.iter().any(|(of, name)| *of == place && name == prepared);
        self.takes_places() && Name::new(name).is_some_and(|name| is_taken(&name.prepared))
    }

    /// Whether entries of this kind stand directly below the naming context or, if asked for, that container.
    pub fn stands_below(&self, kind: Kind, container: Option<usize>) -> bool {
        let superior = match container {
            Some(container) => self.containers.get(container),
            None => Some(&self.base),
        };
        superior.is_some_and(|superior| superior.normalized == self.home(kind).normalized)
    }

    /// The entry that those of this kind stand below.
    pub fn superior(&self, kind: Kind) -> &Dn {
        &self.home(kind).dn
    }

    /// The same as text.
    pub fn superior_text(&self, kind: Kind) -> &str {
        &self.home(kind).text
    }

    fn home(&self, kind: Kind) -> &Superior {
        let place = kind.place();
        let home = self.homes.iter().find(|(kind, _)| *kind == place);
        home.map_or(&self.base, |(_, home)| home)
    }

    /// The domain of the base DN (`example.com`); none when the base has no `dc`.
    pub fn mail_domain(&self) -> Option<&str> {
        self.mail_domain.as_deref()
    }

    /// The domain of the addresses that users without one get; none where they get none.
    pub fn mail_fallback(&self) -> Option<&str> {
        self.mail_domain().filter(|_| self.mail_fallback)
    }

    /// The DN of a user's or group's entry, spelled the same wherever it is served: Proxmox compares strings.
    pub fn entry_dn(&self, kind: Kind, name: &str) -> String {
        [kind.rdn, "=", &escape_value(name), ",", &self.home(kind).text].concat()
    }

    /// The DN that a text is, if the schema knows all of it. Most searches have the naming context or a container as their
    /// base, spelled as it is served: those are not read again.
    pub fn read(&self, text: &str, schema: &Schema) -> Option<Arc<Dn>> {
        let superiors = [&self.base].into_iter().chain(&self.containers);
        match superiors.into_iter().find(|superior| superior.text == text) {
            Some(superior) => Some(Arc::clone(&superior.dn)),
            None => Dn::parse(text).ok().filter(|dn| dn.is_valid(schema)).map(Arc::new),
        }
    }

    /// What `dn` names.
    pub fn locate(&self, dn: &Dn, schema: &Schema) -> Place {
        if dn.is_root() {
            return Place::RootDse;
        }
        // What is spelled alike is the same; what is not has to be compared as the schema says.
        if *dn == *self.base.dn {
            return Place::Base;
        }
        let normalized = dn.normalize(schema);
        if normalized == self.subschema {
            return Place::Subschema;
        }
        if normalized == self.base.normalized {
            return Place::Base;
        }
        if !normalized.is_descendant_of(&self.base.normalized) {
            return Place::Foreign;
        }
        let mut containers = self.containers.iter();
        if let Some(position) = containers.position(|container| container.normalized == normalized) {
            return Place::Container(position);
        }
        let mut accounts = self.service_accounts.iter();
        if let Some(position) = accounts.position(|account| account.normalized == normalized) {
            return Place::ServiceAccount(position);
        }
        let mut accounts = self.service_accounts.iter();
        if let Some(account) = accounts.find(|account| normalized.is_descendant_of(&account.normalized)) {
            return Place::Nowhere(account.text.clone());
        }
        self.entry_place(dn, &normalized)
    }

    /// What a DN names, if neither it nor what is above it is a service account.
    pub fn locate_beside_accounts(&self, dn: &Dn, schema: &Schema) -> Place {
        match self.locate(dn, schema) {
            Place::ServiceAccount(_) | Place::Nowhere(_) => self.entry_place(dn, &dn.normalize(schema)),
            place => place,
        }
    }

    /// What a DN names below the naming context that is no container.
    fn entry_place(&self, dn: &Dn, normalized: &NormalizedDn) -> Place {
        for (kind, home) in &self.homes {
            let home = &home.normalized;
            if !normalized.is_descendant_of(home) {
                continue;
            }
            let below = normalized.depth() - home.depth();
            match named(kind, dn, normalized, below) {
                Some(name) if below == 1 => return Place::Entry(kind, name),
                Some(name) => return Place::Below(kind, name),
                None => {}
            }
        }
        let mut containers = self.containers.iter();
        let above = containers.find(|container| normalized.is_descendant_of(&container.normalized));
        Place::Nowhere(above.unwrap_or(&self.base).text.clone())
    }

    /// The user name that a lenient bind DN means, as today's clients bind: the value of the first RDN of a DN below
    /// the base, where that is a single one. Its attribute may be any, also one of no schema (`sAMAccountName`).
    pub fn lenient_user(&self, dn: &Dn, schema: &Schema) -> Option<Name> {
        let normalized = dn.normalize(schema);
        if !normalized.is_descendant_of(&self.base.normalized) {
            return None;
        }
        let (_, value) = dn.rdns().first()?.single()?;
        Name::new(value).filter(|name| !name.prepared.is_empty())
    }
}

/// The name of the user or group that stands `below` levels below its superior, on the way to `dn`.
fn named(kind: Kind, dn: &Dn, normalized: &NormalizedDn, below: usize) -> Option<Name> {
    let position = below.checked_sub(1)?;
    let (attribute, prepared) = normalized.rdns().get(position)?.single()?;
    if *attribute != AttributeKey::Known(kind.naming_attribute) {
        return None;
    }
    // Written in hexadecimal a value has no other spelling than what it was prepared to.
    let spelled = dn.rdns().get(position)?.single().map_or(prepared, |(_, text)| text);
    Some(Name {
        spelled: spelled.to_owned(),
        prepared: prepared.to_owned(),
    })
}

fn mail_domain(base: &Dn) -> Option<String> {
    let labels: Vec<&str> = base
        .rdns()
        .iter()
        .filter_map(|rdn| rdn.single())
        .filter(|(attribute, _)| attribute.eq_ignore_ascii_case("dc"))
        .map(|(_, value)| value)
        .collect();
    (!labels.is_empty()).then(|| labels.join("."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use crate::config::container_rdn;
    use crate::directory::kind::{GROUPS, KINDS, USERS};
    use crate::directory::naming::tree::*;

    fn tree() -> (Tree, Schema) {
        let schema = Schema::standard();
        let tree = Tree::new(
            Dn::parse("dc=example,dc=com").unwrap(),
            &Layout::default(),
            &KINDS,
            &schema,
        );
        (tree, schema)
    }

    fn locate(dn: &str) -> Place {
        let (tree, schema) = tree();
        tree.locate(&Dn::parse(dn).unwrap(), &schema)
    }

    #[test]
    fn every_place_is_recognised_however_it_is_spelled() {
        assert_eq!(locate(""), Place::RootDse);
        assert_eq!(locate("CN=subschema"), Place::Subschema);
        assert_eq!(locate("DC=Example , 0.9.2342.19200300.100.1.25=com"), Place::Base);
        assert_eq!(
            locate("UID=Al\\69ce,dc=example,dc=com"),
            Place::Entry(&USERS, Name::new("Alice").unwrap())
        );
        assert_eq!(
            locate("cn=staff,dc=example,dc=com"),
            Place::Entry(&GROUPS, Name::new("staff").unwrap())
        );
        assert_eq!(
            locate("cn=x,ou=y,uid=alice,dc=example,dc=com"),
            Place::Below(&USERS, Name::new("alice").unwrap())
        );
        let nowhere = Place::Nowhere("dc=example,dc=com".to_owned());
        assert_eq!(locate("uid=a+cn=b,dc=example,dc=com"), nowhere);
        assert_eq!(locate("ou=people,dc=example,dc=com"), nowhere);
        assert_eq!(locate("dc=com"), Place::Foreign);
        assert_eq!(locate("dc=example,dc=org"), Place::Foreign);
    }

    #[test]
    fn a_base_is_read_as_it_is_spelled() {
        let (tree, schema) = tree();
        for text in [
            "dc=example,dc=com",
            "DC=example,dc=com",
            "dc=example,dc=org",
            "uid=a,dc=example,dc=com",
            "",
        ] {
            let read = tree.read(text, &schema).unwrap();
            assert_eq!(read.to_string(), Dn::parse(text).unwrap().to_string(), "{text:?}");
        }
        assert!(tree.read("dc=example;dc=com=", &schema).is_none() && tree.read("nonsense=a", &schema).is_none());
    }

    #[test]
    fn users_and_groups_may_stand_in_containers() {
        let schema = Schema::standard();
        let layout = Layout {
            users: Some(container_rdn("ou=People").unwrap()),
            groups: None,
            private_groups: false,
            mail_fallback: false,
            empty_base: false,
            service_accounts: Vec::new(),
            refused_words: crate::config::RefusedWords::new([]),
        };
        let tree = Tree::new(Dn::parse("dc=example").unwrap(), &layout, &KINDS, &schema);
        let locate = |dn: &str| tree.locate(&Dn::parse(dn).unwrap(), &schema);
        let name = |name| Name::new(name).unwrap();
        assert_eq!(tree.entry_dn(&USERS, "a"), "uid=a,ou=People,dc=example");
        assert_eq!(tree.entry_dn(&GROUPS, "a"), "cn=a,dc=example");
        assert_eq!(locate("OU=people,dc=example"), Place::Container(0));
        assert_eq!(locate("uid=a,ou=people,dc=example"), Place::Entry(&USERS, name("a")));
        assert_eq!(locate("cn=a,dc=example"), Place::Entry(&GROUPS, name("a")));
        assert_eq!(locate("ou=x,cn=a,dc=example"), Place::Below(&GROUPS, name("a")));
        assert_eq!(locate("uid=a,dc=example"), Place::Nowhere("dc=example".to_owned()));
        let below = Place::Nowhere("ou=People,dc=example".to_owned());
        assert_eq!(locate("cn=a,ou=people,dc=example"), below);
        assert_eq!(locate("ou=people,ou=people,dc=example"), below);
        assert!(tree.stands_below(&USERS, Some(0)) && tree.stands_below(&GROUPS, None));
        assert!(!tree.stands_below(&GROUPS, Some(0)) && !tree.stands_below(&USERS, None));
    }

    #[test]
    fn service_accounts_have_places_of_their_own() {
        let schema = Schema::standard();
        let accounts = [
            "cn=Sync,dc=example",
            "uid=ci,ou=services,dc=example",
            "uid=x,dc=example",
        ];
        let layout = Layout {
            service_accounts: accounts.map(|dn| Dn::parse(dn).unwrap()).to_vec(),
            ..Layout::default()
        };
        let tree = Tree::new(Dn::parse("dc=example").unwrap(), &layout, &KINDS, &schema);
        let locate = |dn: &str| tree.locate(&Dn::parse(dn).unwrap(), &schema);
        assert_eq!(locate("CN=sync,DC=example"), Place::ServiceAccount(0));
        assert_eq!(
            locate("cn=x,cn=sync,dc=example"),
            Place::Nowhere("cn=Sync,dc=example".to_owned())
        );
        assert_eq!(locate("ou=services,dc=example"), Place::Container(0));
        assert_eq!(locate("uid=ci,ou=services,dc=example"), Place::ServiceAccount(1));
        assert_eq!(
            locate("uid=cj,ou=services,dc=example"),
            Place::Nowhere("ou=services,dc=example".to_owned())
        );
        assert!(tree.is_taken(&GROUPS, "SYNC") && tree.is_taken(&USERS, "x"));
        assert!(!tree.is_taken(&USERS, "sync") && !tree.is_taken(&USERS, "ci") && !tree.is_taken(&GROUPS, "x"));
    }

    #[test]
    fn names_are_escaped_in_dns() {
        let (tree, _) = tree();
        assert_eq!(tree.entry_dn(&USERS, "alice"), "uid=alice,dc=example,dc=com");
        let hostile = tree.entry_dn(&GROUPS, " a,b+c\"d ");
        let (_, schema) = self::tree();
        let Place::Entry(_, name) = tree.locate(&Dn::parse(&hostile).unwrap(), &schema) else {
            panic!("{hostile}")
        };
        assert_eq!(name.spelled, " a,b+c\"d ");
    }

    #[test]
    fn lenient_binds_take_the_first_rdn_below_the_base() {
        let (tree, schema) = tree();
        let user = |dn: &str| {
            tree.lenient_user(&Dn::parse(dn).unwrap(), &schema)
                .map(|name| name.spelled)
        };
        assert_eq!(user("cn=alice,ou=people,dc=example,dc=com").as_deref(), Some("alice"));
        assert_eq!(user("uid=alice,dc=example,dc=com").as_deref(), Some("alice"));
        for attribute in [
            "mail",
            "sAMAccountName",
            "userPrincipalName",
            "ou",
            "member",
            "2.5.4.3",
            "1.2.3.4",
        ] {
            let dn = format!("{attribute}=alice,ou=x,dc=example,dc=com");
            assert_eq!(user(&dn).as_deref(), Some("alice"), "{dn}");
        }
        assert_eq!(user("mail=a@b\\2Cc,dc=example,dc=com").as_deref(), Some("a@b,c"));
        assert_eq!(user("uid=alice+cn=bob,dc=example,dc=com"), None);
        assert_eq!(user("mail=alice+mail=alice,dc=example,dc=com"), None);
        assert_eq!(user("mail=,dc=example,dc=com"), None);
        assert_eq!(user("uid=alice,dc=example,dc=org"), None);
        assert_eq!(user("dc=example,dc=com"), None);
    }

    #[test]
    fn the_mail_domain_comes_from_the_dc_components() {
        let schema = Schema::standard();
        let domain = |base| {
            Tree::new(Dn::parse(base).unwrap(), &Layout::default(), &KINDS, &schema)
                .mail_domain()
                .map(str::to_owned)
        };
        assert_eq!(domain("ou=it,dc=example,dc=com").as_deref(), Some("example.com"));
        assert_eq!(domain("o=Example,c=DE"), None);
    }
}
