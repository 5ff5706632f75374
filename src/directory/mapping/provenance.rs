//! The rules of a kind for one query: where each attribute's values come from, with the columns that there are. Made once
//! a query; `entry` runs it forward on rows, `pushdown` reads it backward, and what the kind serves is asked here.

use crate::{
    directory::{
        kind::{
            EntryKind, Kind,
            role::Role,
            rule::{Class, ClassWhen, Rule, ValueSource, rule},
        },
        mapping::projection::Projection,
        naming::tree::{SUBSCHEMA_DN, Tree},
    },
    model::{
        schema::{AttributeId, ClassId, Schema, Syntax, ids},
        value::Value,
    },
};
use bytes::Bytes;

/// Where a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// In the rows that are read.
    pub(crate) row: usize,
    /// In the operator's query.
    pub(crate) query: usize,
    /// Nothing reads the column afterwards, so that its value may be taken out of the row.
    pub(super) is_last: bool,
}

/// A rule with the columns that there are.
#[derive(Debug, Clone)]
pub(crate) struct Provenance {
    /// The attribute.
    pub(crate) attribute: AttributeId,
    /// What its values must be.
    pub(crate) syntax: Syntax,
    /// It has one value at most.
    pub(super) single_value: bool,
    /// The columns that must hold a number.
    pub(crate) numbers: Vec<Slot>,
    /// Tried in this order.
    pub(crate) sources: Vec<ValueSource<Slot>>,
    /// The column whose text it is, before all fallbacks.
    pub(super) own_text: Option<Slot>,
    /// Other attributes are made of it: it is found before all others.
    pub(super) is_referred_to: bool,
}

/// An object class with the columns that there are.
#[derive(Debug, Clone)]
pub(crate) struct ClassRule {
    /// As it is served.
    pub(super) value: Value,
    /// Its OID.
    oid: &'static str,
    /// The entries that have it.
    pub(crate) when: Having,
}

/// The entries that have an object class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Having {
    /// All.
    All,
    /// Those with numbers in these columns.
    Numbers(Vec<Slot>),
    /// Those with this attribute.
    Attribute(AttributeId),
    /// Those with a time in this column after which the account ends.
    Expiry(Slot),
}

/// The rules of a kind with the columns of one query.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The column of the names; None where there is none, so that no row is an entry.
    pub(crate) name: Option<Slot>,
    /// The column of the uid or gid number.
    pub(super) number: Option<Slot>,
    /// The columns of numbers.
    pub(super) numbers: Vec<Slot>,
    /// Those without which a row is no entry; None where one of them does not exist.
    pub(super) required_numbers: Option<Vec<Slot>>,
    /// In the order in which the attributes are served.
    pub(super) user: Vec<Provenance>,
    /// The same of the operational attributes.
    pub(super) operational: Vec<Provenance>,
    /// In the order in which they are served.
    pub(super) classes: Vec<ClassRule>,
    membership: &'static [AttributeId],
}

/// The operational attributes of all entries (RFC 4512 3.4), and what is shown of an account. The structural class is the kind's.
const OPERATIONAL: [Rule; 9] = [
    rule(
        ids::ENTRY_UUID,
        &[ValueSource::Uuid(Role::EntryUuid), ValueSource::DerivedUuid],
    ),
    rule(ids::ENTRY_DN, &[ValueSource::EntryDn]),
    rule(ids::STRUCTURAL_OBJECT_CLASS, &[]),
    rule(ids::SUBSCHEMA_SUBENTRY, &[ValueSource::Constant(SUBSCHEMA_DN)]),
    rule(ids::HAS_SUBORDINATES, &[ValueSource::Constant("FALSE")]),
    rule(ids::CREATE_TIMESTAMP, &[ValueSource::Time(Role::CreatedAt)]),
    rule(ids::MODIFY_TIMESTAMP, &[ValueSource::Time(Role::UpdatedAt)]),
    rule(ids::NS_ACCOUNT_LOCK, &[ValueSource::AccountLock]),
    // A user attribute that is made for those who ask for it.
    rule(ids::SHADOW_EXPIRE, &[ValueSource::ExpiryDay(Role::ExpiresAt)]),
];

impl Rules {
    /// The rules of `kind` for rows of `projection`.
    pub(crate) fn new(kind: Kind, projection: &Projection, tree: &Tree, schema: &Schema) -> Self {
        let columns = Columns { projection, schema };
        let domain = tree.mail_fallback().filter(|domain| domain.is_ascii());
        let is_own = |id| projection.position(Role::Attribute(id)).is_some();
        let user = kind.rules.iter().filter(|rule| !is_own(rule.attribute));
        let mut user: Vec<Provenance> = user
            .filter_map(|rule| columns.provenance(rule, rule.sources, domain.is_some()))
            .chain(
                projection
                    .passed_through()
                    .filter_map(|id| columns.passed_through(kind, id)),
            )
            .collect();
        let structural = [ValueSource::Constant(kind.structural_class)];
        let sources = |rule: &Rule| match rule.attribute {
            ids::STRUCTURAL_OBJECT_CLASS => &structural,
            _ => rule.sources,
        };
        let operational = OPERATIONAL.iter().filter(|rule| !is_own(rule.attribute));
        let mut operational: Vec<Provenance> = operational
            .filter_map(|rule| columns.provenance(rule, sources(rule), false))
            .collect();
        set_references(&mut user);
        let numbers = |sources: &Provenance| -> Vec<Slot> {
            let own = sources.sources.iter().filter_map(|source| match source {
                ValueSource::Number(slot) | ValueSource::OwnNumber(slot) | ValueSource::Home(slot) => Some(*slot),
                _ => None,
            });
            own.chain(sources.numbers.iter().copied()).collect()
        };
        let required_numbers = columns.all(kind.required_numbers);
        let number = columns.slot(Role::Number);
        let mut all: Vec<Slot> = user.iter().flat_map(numbers).chain(number).collect();
        all.extend(required_numbers.iter().flatten().copied());
        all.sort_unstable_by_key(|slot| slot.row);
        all.dedup_by_key(|slot| slot.row);
        set_last(user.iter_mut().chain(&mut operational), &all);
        Rules {
            name: columns.slot(Role::Name),
            number,
            numbers: all,
            required_numbers,
            classes: columns.classes(kind, &user),
            user,
            operational,
            membership: kind.membership_attributes,
        }
    }

    /// Where an attribute's values come from; None where no row has any, or where they are not in the row.
    pub(crate) fn of(&self, id: AttributeId) -> Option<&Provenance> {
        let mut all = self.user.iter().chain(&self.operational);
        all.find(|provenance| provenance.attribute == id)
    }

    /// Whether an entry can have values of an attribute.
    pub(crate) fn serves(&self, id: AttributeId) -> bool {
        id == ids::OBJECT_CLASS || self.membership.contains(&id) || self.of(id).is_some()
    }

    /// The entries that have the object class with this OID; None where no entry has it.
    pub(crate) fn class(&self, oid: &str) -> Option<&Having> {
        let class = self.classes.iter().find(|class| class.oid == oid);
        class.map(|class| &class.when)
    }
}

/// The columns of a query, by what they are for.
struct Columns<'a> {
    projection: &'a Projection,
    schema: &'a Schema,
}

impl Columns<'_> {
    fn slot(&self, role: Role) -> Option<Slot> {
        let row = self.projection.position(role)?;
        let query = *self.projection.columns.get(row)?;
        let is_last = false;
        Some(Slot { row, query, is_last })
    }

    fn all(&self, roles: &[Role]) -> Option<Vec<Slot>> {
        roles.iter().map(|role| self.slot(*role)).collect()
    }

    /// None where no row can have the attribute.
    fn provenance(&self, rule: &Rule, rule_sources: &[ValueSource<Role>], has_domain: bool) -> Option<Provenance> {
        let known = rule_sources.iter().filter_map(|source| match source {
            ValueSource::NameAtDomain if !has_domain => None,
            ValueSource::AccountLock if !self.projection.roles().iter().any(|role| role.is_account_state()) => None,
            source => source.map(|role| self.slot(role)),
        });
        let sources: Vec<ValueSource<Slot>> = known.collect();
        let kind = self.schema.attribute_type(rule.attribute);
        let numbers = self.all(rule.numbers)?;
        (!sources.is_empty()).then_some(Provenance {
            attribute: rule.attribute,
            syntax: kind.syntax,
            single_value: kind.single_value,
            numbers,
            own_text: match rule_sources.first() {
                Some(ValueSource::Text(role)) => self.slot(*role),
                _ => None,
            },
            sources,
            is_referred_to: false,
        })
    }

    /// Of an attribute that a column is served as.
    fn passed_through(&self, kind: &EntryKind, id: AttributeId) -> Option<Provenance> {
        let sources = [ValueSource::Values(Role::Attribute(id))];
        let own = kind.rules.iter().find(|rule| rule.attribute == id);
        self.provenance(own.unwrap_or(&rule(id, &[])), &sources, false)
    }

    fn classes(&self, kind: &EntryKind, user: &[Provenance]) -> Vec<ClassRule> {
        let classes = || kind.classes.iter();
        let known: Vec<ClassId> = classes()
            .filter_map(|class| self.schema.object_class(class.name))
            .collect();
        let is_allowed = |id| known.iter().any(|class| self.schema.class_allows(*class, id));
        let is_extensible = !self.projection.passed_through().all(is_allowed);
        let extensible = Class {
            name: "extensibleObject",
            when: ClassWhen::Always,
        };
        let class = |class: &Class| {
            let when = match class.when {
                ClassWhen::Always => Having::All,
                ClassWhen::Numbers(roles) => Having::Numbers(self.all(roles)?),
                ClassWhen::Has(id) => {
                    let is_served = user.iter().any(|provenance| provenance.attribute == id);
                    is_served.then_some(Having::Attribute(id))?
                }
                ClassWhen::Expires => Having::Expiry(self.slot(Role::ExpiresAt)?),
                ClassWhen::Columns(names) => {
                    let mut ids = names.iter().filter_map(|name| self.schema.attribute(name));
                    ids.any(|id| self.projection.passed_through().any(|have| have == id))
                        .then_some(Having::All)?
                }
            };
            Some(ClassRule {
                value: Bytes::from_static(class.name.as_bytes()),
                oid: self.schema.object_class_type(self.schema.object_class(class.name)?).oid,
                when,
            })
        };
        let mut rules: Vec<ClassRule> = Vec::new();
        for rule in classes().chain(is_extensible.then_some(&extensible)).filter_map(class) {
            // A class that all have needs no other reason.
            if !rules.iter().any(|known| known.oid == rule.oid) {
                rules.push(rule);
            }
        }
        rules
    }
}

/// Marks what others are made of.
fn set_references(all: &mut [Provenance]) {
    let referred_to: Vec<AttributeId> = all
        .iter()
        .flat_map(|provenance| &provenance.sources)
        .filter_map(|source| match source {
            ValueSource::LastWordOf(id) | ValueSource::AsciiOf(id) => Some(*id),
            _ => None,
        })
        .collect();
    for provenance in all {
        provenance.is_referred_to = referred_to.contains(&provenance.attribute);
    }
}

/// Marks the last source that reads each column, in the order in which rows are read. Numbers are asked for to the end.
fn set_last<'a>(all: impl Iterator<Item = &'a mut Provenance>, numbers: &[Slot]) {
    let mut order: Vec<&mut Provenance> = all.collect();
    order.sort_by_key(|provenance| !provenance.is_referred_to);
    let mut read: Vec<usize> = numbers.iter().map(|slot| slot.row).collect();
    for provenance in order.into_iter().rev() {
        for source in provenance.sources.iter_mut().rev() {
            let marked = source.map(|slot| {
                let is_last = !read.contains(&slot.row);
                read.push(slot.row);
                Some(Slot { is_last, ..slot })
            });
            *source = marked.unwrap_or(*source);
        }
    }
}
