//! Entries, and which of their attributes a search asks for (RFC 4511 4.5.1.8).
//!
//! An entry is what clients get: what nobody may see was left out when it was made.

use smallvec::{SmallVec, smallvec};

use super::schema::{AttributeId, AttributeSet, Schema, ids};
use super::value::Value;

/// One entry: users, groups, containers and the root DSE alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The distinguished name as it is served.
    pub dn: String,
    /// The attributes, each at most once, in the order they are served.
    pub attributes: Vec<Attribute>,
}

/// The values of an attribute. Most have one, which needs no memory of its own.
pub type Values = SmallVec<[Value; 1]>;

/// An attribute of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute type.
    pub id: AttributeId,
    /// Its values, as served.
    pub values: Values,
}

impl Entry {
    /// An entry without attributes.
    pub fn new(dn: impl Into<String>) -> Self {
        Self {
            dn: dn.into(),
            attributes: Vec::new(),
        }
    }

    /// The same with room for so many.
    pub fn with_room(dn: impl Into<String>, attributes: usize) -> Self {
        Self {
            dn: dn.into(),
            attributes: Vec::with_capacity(attributes),
        }
    }

    /// The values of an attribute type (subtypes not included); none when it is absent.
    // Two dozen attributes: a scan of a small array is faster than any index.
    pub fn values(&self, id: AttributeId) -> &[Value] {
        let found = self.attributes.iter().find(|attribute| attribute.id == id);
        found.map_or(&[], |attribute| &attribute.values)
    }

    /// Whether the attribute has a value.
    pub fn has(&self, id: AttributeId) -> bool {
        !self.values(id).is_empty()
    }

    /// Adds one value; that it is not there already is the caller's to know.
    pub fn push(&mut self, id: AttributeId, value: impl Into<Value>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|attribute| attribute.id == id) {
            Some(attribute) => attribute.values.push(value),
            None => self.attributes.push(Attribute {
                id,
                values: smallvec![value],
            }),
        }
    }

    /// Replaces all values of an attribute; without values it is removed.
    pub fn set(&mut self, id: AttributeId, values: impl Into<Values>) {
        let values = values.into();
        self.attributes
            .retain(|attribute| attribute.id != id || !values.is_empty());
        match self.attributes.iter_mut().find(|attribute| attribute.id == id) {
            Some(attribute) => attribute.values = values,
            None if values.is_empty() => {}
            None => self.attributes.push(Attribute { id, values }),
        }
    }
}

/// The attributes a search asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    user: bool,
    operational: bool,
    /// Passwords are shown to who asks.
    passwords: bool,
    /// Asked for by name, subtypes included.
    listed: AttributeSet,
}

impl Selection {
    /// Reads the attribute list of a search request: `*`, `+` (RFC 3673), `1.1`, names and OIDs in
    /// any case. What is unknown is ignored (RFC 4511 4.5.1.8), and so is a description with a language:
    /// it asks for values tagged with it (RFC 4512 2.5.2), and none are served.
    pub fn new(schema: &Schema, requested: &[impl AsRef<[u8]>]) -> Self {
        let mut selection = Self {
            user: requested.is_empty(),
            operational: false,
            passwords: false,
            listed: AttributeSet::default(),
        };
        for description in requested {
            match description.as_ref() {
                b"*" => selection.user = true,
                b"+" => selection.operational = true,
                name => {
                    if let Some((id, false)) = schema.describe(name) {
                        schema.subtypes(id).iter().for_each(|id| selection.listed.insert(*id));
                    }
                }
            }
        }
        selection
    }

    /// Shows `userPassword` to a client that may see it, if it asks for it by name or for all user attributes. Whether it
    /// does.
    pub fn show_passwords(&mut self) -> bool {
        self.passwords = self.user || self.lists(ids::USER_PASSWORD);
        self.passwords
    }

    /// Whether values of the attribute are to be returned. `userPassword` is not, but to who may see it.
    pub fn includes(&self, schema: &Schema, id: AttributeId) -> bool {
        if id == ids::USER_PASSWORD {
            return self.passwords;
        }
        let by_kind = || match schema.attribute_type(id).usage.is_operational() {
            true => self.operational,
            false => self.user,
        };
        self.lists(id) || by_kind()
    }

    /// Whether the attribute was asked for by its name, its OID or a supertype's, not only by `*` or `+`.
    pub fn lists(&self, id: AttributeId) -> bool {
        self.listed.contains(id)
    }

    /// Whether nothing is to be returned but the names of entries (`1.1`).
    pub fn is_empty(&self) -> bool {
        !self.user && !self.operational && self.listed.is_empty()
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;

    fn selected(requested: &[&str]) -> Vec<&'static str> {
        let schema = Schema::standard();
        let requested: Vec<_> = requested.iter().map(|&name| name.to_owned()).collect();
        let selection = Selection::new(&schema, &requested);
        let candidates = [
            ("cn", ids::CN),
            ("sn", ids::SN),
            ("uid", ids::UID),
            ("userPassword", ids::USER_PASSWORD),
            ("memberOf", ids::MEMBER_OF),
            ("entryUUID", ids::ENTRY_UUID),
        ];
        let included = candidates
            .into_iter()
            .filter(|&(_, id)| selection.includes(&schema, id));
        included.map(|(name, _)| name).collect()
    }

    #[test]
    fn attribute_lists_of_rfc_4511() {
        assert_eq!(selected(&[]), ["cn", "sn", "uid"]);
        assert_eq!(selected(&["*"]), ["cn", "sn", "uid"]);
        assert_eq!(selected(&["+"]), ["memberOf", "entryUUID"]);
        assert_eq!(selected(&["*", "+"]), ["cn", "sn", "uid", "memberOf", "entryUUID"]);
        assert_eq!(selected(&["1.1"]), [""; 0]);
        assert_eq!(selected(&["1.1", "cn"]), ["cn"]);
        assert_eq!(selected(&["CN", "memberof", "cn"]), ["cn", "memberOf"]);
        assert_eq!(selected(&["2.5.4.3"]), ["cn"]);
        assert_eq!(selected(&["*", "memberOf"]), ["cn", "sn", "uid", "memberOf"]);
    }

    #[test]
    fn unknown_names_select_nothing() {
        assert_eq!(selected(&["dn"]), [""; 0]);
        assert_eq!(selected(&["nonsense", ""]), [""; 0]);
        assert_eq!(selected(&["cn;lang-de"]), [""; 0]);
        assert_eq!(selected(&["cn;binary", "cn;x-unknown", "cn;"]), [""; 0]);
    }

    #[test]
    fn a_supertype_selects_its_subtypes() {
        assert_eq!(selected(&["name"]), ["cn", "sn"]);
    }

    #[test]
    fn the_password_is_never_selected() {
        assert_eq!(selected(&["userPassword", "2.5.4.35"]), [""; 0]);
    }

    #[test]
    fn the_password_is_shown_to_who_may_see_it_and_asks() {
        let schema = Schema::standard();
        for (requested, shown) in [
            (vec![], true),
            (vec!["*"], true),
            (vec!["USERPASSWORD"], true),
            (vec!["cn", "+"], false),
            (vec!["1.1"], false),
        ] {
            let mut selection = Selection::new(&schema, &requested);
            assert_eq!(selection.show_passwords(), shown, "{requested:?}");
            assert_eq!(selection.includes(&schema, ids::USER_PASSWORD), shown);
        }
    }

    #[test]
    fn nothing_selected_is_known_as_such() {
        let schema = Schema::standard();
        assert!(Selection::new(&schema, &["1.1".to_owned()]).is_empty());
        assert!(!Selection::new(&schema, &[""; 0]).is_empty());
        let selection = Selection::new(&schema, &["*".to_owned(), "uid".to_owned()]);
        assert!(selection.lists(ids::UID) && !selection.lists(ids::CN));
    }

    #[test]
    fn values_are_kept_together() {
        let mut entry = Entry::new("uid=a,dc=x");
        entry.push(ids::UID, "a");
        entry.push(ids::CN, "A");
        entry.push(ids::UID, "b");
        assert_eq!(entry.values(ids::UID), ["a", "b"]);
        assert!(entry.values(ids::SN).is_empty() && !entry.has(ids::SN));
        entry.set(ids::UID, ["c".into()]);
        entry.set(ids::SN, ["S".into()]);
        entry.set(ids::CN, Values::new());
        let ids: Vec<_> = entry.attributes.iter().map(|attribute| attribute.id).collect();
        assert_eq!(ids, [ids::UID, ids::SN]);
        assert_eq!(entry.values(ids::UID), ["c"]);
    }
}
