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
    /// A container of users or groups, by its position in [`Tree::containers`].
    Container(usize),
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
}

/// The naming context and its layout.
#[derive(Debug, Clone)]
pub struct Tree {
    base: Superior,
    containers: Vec<Superior>,
    /// Where the entries of each kind stand that has places of its own.
    homes: Vec<(Kind, Superior)>,
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
        for (_, container) in &homes {
            let known = [&base].into_iter().chain(&containers);
            if !known.into_iter().any(|known| known.normalized == container.normalized) {
                containers.push(container.clone());
            }
        }
        Tree {
            base,
            containers,
            homes,
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
        for (kind, home) in &self.homes {
            let home = &home.normalized;
            if !normalized.is_descendant_of(home) {
                continue;
            }
            let below = normalized.depth() - home.depth();
            match named(kind, dn, &normalized, below) {
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
