//! What a kind of entries is.

use crate::{
    config::Layout,
    directory::kind::{
        role::Role,
        rule::{Class, Rule, ValueSource},
    },
    model::{
        dn::Rdn,
        schema::{AttributeId, Schema},
    },
};
use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// A kind of entries, as everybody refers to it.
pub type Kind = &'static EntryKind;

/// A kind of entries: everything that tells users from groups.
pub struct EntryKind {
    /// What one of its entries is called.
    pub singular: &'static str,
    /// What several are called.
    pub plural: &'static str,
    /// The kind in the cookies of paged searches. Another kind's is more than two away.
    pub cookie: u8,
    /// The name of the attribute that names its entries.
    pub rdn: &'static str,
    /// The attribute that names its entries.
    pub naming_attribute: AttributeId,
    /// Where its entries stand below the naming context; directly below it where there is no container.
    pub container: fn(&Layout) -> Option<Rdn>,
    /// Its entries stand where those of this kind do; of two with one name the other's counts.
    pub gives_way_to: Option<Kind>,
    /// Its side of the memberships.
    pub membership: MembershipSide,
    /// The class that says what an entry is (RFC 4512 2.4.2).
    pub structural_class: &'static str,
    /// Begins what a derived entryUUID is made of. Changing it changes the UUIDs.
    pub uuid_label: &'static str,
    /// What the columns of its query are for, by their names in lower case.
    pub columns: &'static [(&'static str, Role)],
    /// A row without a number in each of these columns is no entry.
    pub required_numbers: &'static [Role],
    /// Its attributes, in the order in which they are served. Columns that are attributes themselves follow.
    pub rules: &'static [Rule],
    /// Its object classes, in the order in which they are served.
    pub classes: &'static [Class],
    /// The attributes that memberships make.
    pub membership_attributes: &'static [AttributeId],
}

/// The side of the memberships that a kind is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipSide {
    /// Its entries are members.
    Members,
    /// Its entries have members.
    Groups,
    /// Neither.
    None,
}

impl EntryKind {
    /// The kind in whose places its entries stand.
    pub fn place(&'static self) -> Kind {
        self.gives_way_to.unwrap_or(self)
    }

    /// The attribute that a column of numbers becomes.
    pub fn attribute_of(&self, number: Role) -> Option<AttributeId> {
        let is_of =
            |source: &ValueSource<Role>| [ValueSource::Number(number), ValueSource::OwnNumber(number)].contains(source);
        let rule = self.rules.iter().find(|rule| rule.sources.iter().any(is_of));
        rule.map(|rule| rule.attribute)
    }

    /// What is served where the first source of an attribute gives no value, in words for the operator; None where nothing
    /// is.
    pub fn fallback_in_words(&self, attribute: AttributeId, schema: &Schema) -> Option<String> {
        let column = |role| {
            let column = self.columns.iter().find(|(_, of)| *of == role);
            column.map(|(name, _)| *name).unwrap_or_default()
        };
        let rule = self.rules.iter().find(|rule| rule.attribute == attribute)?;
        let sources = rule.sources.iter().skip(1);
        let words: Vec<String> = sources.map(|source| source.in_words(schema, column)).collect();
        (!words.is_empty()).then(|| words.join(", else "))
    }
}

impl fmt::Debug for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural)
    }
}

impl PartialEq for EntryKind {
    fn eq(&self, other: &Self) -> bool {
        self.cookie == other.cookie
    }
}

impl Eq for EntryKind {}

impl Hash for EntryKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.cookie.hash(state);
    }
}
