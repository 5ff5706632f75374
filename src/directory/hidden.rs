//! Attributes that a session may not see, and what tells of them without naming them: the other views of a membership, what
//! is made of a hidden value, the object classes that entries have because of it.
//!
//! Knows kinds and the schema; no sessions, no rows.

use crate::{
    directory::kind::{
        EntryKind, Kind,
        role::Role,
        rule::{ClassWhen, ValueSource},
    },
    model::{
        entry::Entry,
        filter::ResolvedFilter,
        matching::Assertion,
        schema::{AttributeId, AttributeSet, Schema, ids},
    },
};
use std::mem;

/// Four views of one relation: whoever sees one of them sees all.
const MEMBERSHIPS: [AttributeId; 4] = [ids::MEMBER_UID, ids::MEMBER, ids::UNIQUE_MEMBER, ids::MEMBER_OF];

/// Attributes that a session may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    attributes: AttributeSet,
    /// Attributes of a kind that are made of one of them.
    derived: Vec<(Kind, AttributeId)>,
    /// Object classes that tell of one of them: OID and name.
    classes: Vec<(&'static str, &'static str)>,
}

impl Hidden {
    /// The attributes with these names, in any spelling, and their subtypes; None where no entry can have any of them.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, kinds: &[Kind], schema: &Schema) -> Option<Self> {
        let mut hidden = Hidden {
            attributes: AttributeSet::default(),
            derived: Vec::new(),
            classes: Vec::new(),
        };
        for id in names.into_iter().filter_map(|name| schema.attribute(name)) {
            schema.subtypes(id).iter().for_each(|id| hidden.attributes.insert(*id));
        }
        if hidden.attributes.is_empty() {
            return None;
        }
        if MEMBERSHIPS.into_iter().any(|id| hidden.attributes.contains(id)) {
            MEMBERSHIPS.into_iter().for_each(|id| hidden.attributes.insert(id));
        }
        for kind in kinds {
            hidden.add_derived(kind);
        }
        for kind in kinds {
            hidden.add_classes(kind, schema);
        }
        Some(hidden)
    }

    /// What is made of a hidden attribute, or of its column, tells what it is: a `cn` that is put together of the names, a
    /// home directory that is called by the number.
    fn add_derived(&mut self, kind: Kind) {
        // `gecos` is made of `cn`, which is made of others.
        let mut more = true;
        while mem::take(&mut more) {
            for rule in kind.rules.iter().filter(|rule| rule.attribute != kind.naming_attribute) {
                let mut sources = rule.sources.iter();
                if !self.hides(kind, rule.attribute) && sources.any(|source| self.is_hidden(kind, source)) {
                    self.derived.push((kind, rule.attribute));
                    more = true;
                }
            }
        }
        // A UUID that has no column is made of the number, and all numbers are soon tried. A private group's number is that
        // of its user.
        let number = kind.attribute_of(Role::Number).unwrap_or(ids::UID_NUMBER);
        if self.attributes.contains(number) {
            self.derived.push((kind, ids::ENTRY_UUID));
        }
    }

    /// Whether values from there show a hidden attribute.
    fn is_hidden(&self, kind: Kind, source: &ValueSource<Role>) -> bool {
        // A column is served as the attribute that it is the first source of.
        let is_served_hidden = |role: &Role| {
            let own = [ValueSource::Text(*role), ValueSource::Number(*role)];
            let mut rules = kind.rules.iter();
            rules.any(|rule| {
                rule.sources.first().is_some_and(|first| own.contains(first)) && self.hides(kind, rule.attribute)
            })
        };
        match source {
            ValueSource::LastWordOf(id) | ValueSource::AsciiOf(id) => self.hides(kind, *id),
            ValueSource::Text(role) | ValueSource::Home(role) => is_served_hidden(role),
            ValueSource::Joined(first, last) => is_served_hidden(first) || is_served_hidden(last),
            _ => false,
        }
    }

    fn add_classes(&mut self, kind: &'static EntryKind, schema: &Schema) {
        for class in kind.classes {
            let tells = match class.when {
                ClassWhen::Has(id) => self.hides(kind, id),
                ClassWhen::Expires => self.hides(kind, ids::SHADOW_EXPIRE),
                ClassWhen::Numbers(roles) => {
                    let mut ids = roles.iter().filter_map(|role| kind.attribute_of(*role));
                    ids.any(|id| self.hides(kind, id))
                }
                // All entries have it, whatever their values.
                ClassWhen::Always | ClassWhen::Columns(_) => false,
            };
            if let (true, Some(id)) = (tells, schema.object_class(class.name)) {
                self.classes.push((schema.object_class_type(id).oid, class.name));
            }
        }
    }

    /// Whether an attribute of entries of this kind is hidden. That which names an entry never is: every DN shows it.
    pub fn hides(&self, kind: Kind, id: AttributeId) -> bool {
        let is_named = self.attributes.contains(id) || self.derived.contains(&(kind, id));
        is_named && id != kind.naming_attribute && id != ids::OBJECT_CLASS
    }

    /// Whether it is hidden who is in which group.
    pub fn hides_memberships(&self) -> bool {
        self.attributes.contains(ids::MEMBER)
    }

    /// The filter as it is for entries of a kind of which this is hidden: what it says of a hidden attribute is Undefined,
    /// whether or not an entry has one, as in OpenLDAP. None where it says nothing of any.
    pub fn undefined_in(&self, filter: &ResolvedFilter, kind: Kind, schema: &Schema) -> Option<ResolvedFilter> {
        let mut asks = false;
        let shown = filter.map_leaves(&mut |leaf| {
            let shown = self.shown(leaf, kind, schema);
            asks = asks || shown.is_some();
            shown
        });
        asks.then_some(shown)
    }

    fn shown(&self, leaf: &ResolvedFilter, kind: Kind, schema: &Schema) -> Option<ResolvedFilter> {
        match leaf {
            // The types that are not hidden answer for themselves: entries come without the others.
            ResolvedFilter::AnyOf { types, .. } => {
                let mut types = types.shared(schema);
                let is_partly_hidden = types.any(|id| self.hides(kind, id));
                is_partly_hidden.then(|| ResolvedFilter::any([leaf.clone(), ResolvedFilter::Undefined]))
            }
            ResolvedFilter::Equality {
                attribute: ids::OBJECT_CLASS,
                assertion: Assertion::Oid(class),
                ..
            } => {
                let mut classes = self.classes.iter();
                classes
                    .any(|(oid, _)| **oid == *class.oid)
                    .then_some(ResolvedFilter::Undefined)
            }
            leaf => {
                let id = leaf.attribute()?;
                self.hides(kind, id).then_some(ResolvedFilter::Undefined)
            }
        }
    }

    /// Takes what is hidden out of an entry of a kind.
    pub fn take_from(&self, entry: &mut Entry, kind: Kind) {
        entry.attributes.retain(|attribute| !self.hides(kind, attribute.id));
        if self.classes.is_empty() {
            return;
        }
        let mut attributes = entry.attributes.iter_mut();
        if let Some(classes) = attributes.find(|attribute| attribute.id == ids::OBJECT_CLASS) {
            let tells = |value: &[u8]| self.classes.iter().any(|(_, name)| name.as_bytes() == value);
            classes.values.retain(|value| !tells(value));
        }
    }
}
