//! The tree of names: the naming context, where users and groups stand below it, and what a DN points at.
//!
//! The layout is flat for now (`uid=NAME,BASE` and `cn=NAME,BASE`); containers below the base will change
//! [`Tree::locate`] and the two functions that make DNs, and nothing else.

use crate::model::{
    dn::{AttributeKey, Dn, NormalizedDn, escape_value},
    schema::{Schema, ids},
};

use super::columns::Kind;

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
    /// Where a user or group of that name would stand.
    Entry(Kind, Name),
    /// Below where a user or group of that name would stand: nothing is there, but the name may exist.
    Below(Kind, Name),
    /// Directly or deeper below the base, but no user's or group's place.
    Nowhere,
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
    /// None for a name that caseIgnoreMatch can not compare (RFC 4518 2.4): no entry can have it.
    pub fn new(spelled: &str) -> Option<Self> {
        let prepared = crate::model::prepare::prepare_ignore_case(spelled)?;
        Some(Name {
            spelled: spelled.to_owned(),
            prepared,
        })
    }
}

/// The naming context and its layout.
#[derive(Debug, Clone)]
pub struct Tree {
    base: Dn,
    base_text: String,
    base_normalized: NormalizedDn,
    subschema: NormalizedDn,
    mail_domain: Option<String>,
}

impl Tree {
    /// A flat tree below `base`.
    pub fn new(base: Dn, schema: &Schema) -> Self {
        let subschema = Dn::parse(SUBSCHEMA_DN).unwrap_or_else(|_| Dn::root());
        Tree {
            base_text: base.to_string(),
            base_normalized: base.normalize(schema),
            subschema: subschema.normalize(schema),
            mail_domain: mail_domain(&base),
            base,
        }
    }

    /// The naming context.
    pub fn base(&self) -> &Dn {
        &self.base
    }

    /// The naming context as text, as it stands at the end of every DN.
    pub fn base_text(&self) -> &str {
        &self.base_text
    }

    /// The domain of the base DN (`example.com`); none when the base has no `dc`.
    pub fn mail_domain(&self) -> Option<&str> {
        self.mail_domain.as_deref()
    }

    /// The DN of a user's or group's entry, spelled the same wherever it is served: Proxmox compares strings.
    pub fn entry_dn(&self, kind: Kind, name: &str) -> String {
        let attribute = match kind {
            Kind::User => "uid",
            Kind::Group => "cn",
        };
        format!("{attribute}={},{}", escape_value(name), self.base_text)
    }

    /// What `dn` names.
    pub fn locate(&self, dn: &Dn, schema: &Schema) -> Place {
        if dn.is_root() {
            return Place::RootDse;
        }
        let normalized = dn.normalize(schema);
        if normalized == self.subschema {
            return Place::Subschema;
        }
        if normalized == self.base_normalized {
            return Place::Base;
        }
        if !normalized.is_descendant_of(&self.base_normalized) {
            return Place::Foreign;
        }
        let below_base = normalized.depth() - self.base_normalized.depth();
        let Some((kind, name)) = named(dn, &normalized, below_base) else {
            return Place::Nowhere;
        };
        if below_base == 1 {
            Place::Entry(kind, name)
        } else {
            Place::Below(kind, name)
        }
    }

    /// The user name that a lenient bind DN means: a DN below the base whose first RDN is the single value
    /// `uid=NAME` or `cn=NAME`, as today's clients bind.
    pub fn lenient_user(&self, dn: &Dn, schema: &Schema) -> Option<Name> {
        let normalized = dn.normalize(schema);
        if !normalized.is_descendant_of(&self.base_normalized) {
            return None;
        }
        let (attribute, value) = dn.rdns().first()?.single()?;
        let id = schema.attribute(attribute)?;
        if id == ids::UID || id == ids::CN {
            Name::new(value)
        } else {
            None
        }
    }
}

/// The user's or group's place that stands `below_base` levels below the base, on the way to `dn`.
fn named(dn: &Dn, normalized: &NormalizedDn, below_base: usize) -> Option<(Kind, Name)> {
    let position = below_base.checked_sub(1)?;
    let (attribute, prepared) = normalized.rdns().get(position)?.single()?;
    let kind = [Kind::User, Kind::Group]
        .into_iter()
        .find(|kind| *attribute == AttributeKey::Known(kind.naming_attribute()))?;
    // Written in hexadecimal a value has no other spelling than what it was prepared to.
    let spelled = dn.rdns().get(position)?.single().map_or(prepared, |(_, text)| text);
    Some((
        kind,
        Name {
            spelled: spelled.to_owned(),
            prepared: prepared.to_owned(),
        },
    ))
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tree() -> (Tree, Schema) {
        let schema = Schema::standard();
        let tree = Tree::new(Dn::parse("dc=example,dc=com").unwrap(), &schema);
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
            Place::Entry(Kind::User, Name::new("Alice").unwrap())
        );
        assert_eq!(
            locate("cn=staff,dc=example,dc=com"),
            Place::Entry(Kind::Group, Name::new("staff").unwrap())
        );
        assert_eq!(
            locate("cn=x,ou=y,uid=alice,dc=example,dc=com"),
            Place::Below(Kind::User, Name::new("alice").unwrap())
        );
        assert_eq!(locate("uid=a+cn=b,dc=example,dc=com"), Place::Nowhere);
        assert_eq!(locate("ou=people,dc=example,dc=com"), Place::Nowhere);
        assert_eq!(locate("dc=com"), Place::Foreign);
        assert_eq!(locate("dc=example,dc=org"), Place::Foreign);
    }

    #[test]
    fn names_are_escaped_in_dns() {
        let (tree, _) = tree();
        assert_eq!(tree.entry_dn(Kind::User, "alice"), "uid=alice,dc=example,dc=com");
        let hostile = tree.entry_dn(Kind::Group, " a,b+c\"d ");
        let (_, schema) = self::tree();
        let Place::Entry(Kind::Group, name) = tree.locate(&Dn::parse(&hostile).unwrap(), &schema) else {
            panic!("{hostile}")
        };
        assert_eq!(name.spelled, " a,b+c\"d ");
    }

    #[test]
    fn lenient_binds_take_the_first_rdn_below_the_base() {
        let (tree, schema) = tree();
        let user = |dn| {
            tree.lenient_user(&Dn::parse(dn).unwrap(), &schema)
                .map(|name| name.spelled)
        };
        assert_eq!(user("cn=alice,ou=people,dc=example,dc=com").as_deref(), Some("alice"));
        assert_eq!(user("uid=alice,dc=example,dc=com").as_deref(), Some("alice"));
        assert_eq!(user("uid=alice+cn=bob,dc=example,dc=com"), None);
        assert_eq!(user("uid=alice,dc=example,dc=org"), None);
        assert_eq!(user("dc=example,dc=com"), None);
    }

    #[test]
    fn the_mail_domain_comes_from_the_dc_components() {
        let schema = Schema::standard();
        let domain = |base| {
            Tree::new(Dn::parse(base).unwrap(), &schema)
                .mail_domain()
                .map(str::to_owned)
        };
        assert_eq!(domain("ou=it,dc=example,dc=com").as_deref(), Some("example.com"));
        assert_eq!(domain("o=Example,c=DE"), None);
    }
}
