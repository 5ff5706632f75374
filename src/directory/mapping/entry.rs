//! A row becomes an entry, by the rules of its kind: the first source that gives a value of the attribute's syntax counts.
//!
//! It knows rows as cells and attributes as the schema has them; no SQL, no filters. Membership attributes are added
//! elsewhere, because they are not in the row.

use crate::{
    directory::{
        kind::{
            Kind,
            rule::{HOMES, ValueSource},
        },
        mapping::{
            account_state::AccountState,
            gecos::ascii,
            projection::Projection,
            provenance::{Having, Provenance, Rules, Slot},
        },
        naming::{subschema::superior_uuid, tree::Tree},
    },
    model::{
        entry::{Attribute, Entry, Values},
        prepare::prepare_ignore_case,
        schema::{AttributeId, Schema, Syntax, ids},
        time::Timestamp,
        value::{Cell, Value},
    },
};
use bytes::Bytes;
use smallvec::{SmallVec, smallvec};
use std::{borrow::Cow, mem, sync::Arc};
use uuid::Uuid;

/// Makes entries of one kind from rows of one projection.
#[derive(Debug, Clone)]
pub struct EntryMaker {
    kind: Kind,
    tree: Arc<Tree>,
    schema: Arc<Schema>,
    projection: Projection,
    namespace: Uuid,
    rules: Rules,
    account: Option<Arc<dyn AccountState>>,
}

impl EntryMaker {
    /// A maker for rows that `projection` describes.
    pub fn new(kind: Kind, tree: Arc<Tree>, schema: Arc<Schema>, projection: Projection) -> Self {
        EntryMaker {
            kind,
            namespace: superior_uuid(tree.base()),
            rules: Rules::new(kind, &projection, &tree, &schema),
            tree,
            schema,
            projection,
            account: None,
        }
    }

    /// The same with what entries show of accounts.
    #[must_use]
    pub fn with_account_state(self, account: Arc<dyn AccountState>) -> Self {
        EntryMaker {
            account: Some(account),
            ..self
        }
    }

    /// What its entries are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the rows are made of.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Where its entries stand.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What their attributes mean.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Where their attributes come from.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether an entry of this kind can have values of an attribute.
    pub fn serves(&self, id: AttributeId) -> bool {
        self.rules.serves(id)
    }

    /// Whether all entries of this kind have the object class with this OID, or none; None when it depends on the row.
    pub fn has_class(&self, oid: &str) -> Option<bool> {
        match self.rules.class(oid) {
            Some(Having::All) => Some(true),
            Some(Having::Numbers(_) | Having::Attribute(_) | Having::Expiry(_)) => None,
            None => Some(false),
        }
    }

    /// The entry of a row; none for a row whose name no DN can hold. `operational` adds the operational attributes.
    pub fn entry(&self, mut row: Vec<Cell>, operational: bool) -> Option<Entry> {
        let rules = &self.rules;
        let name = text(row.get_mut(rules.name?.row)?, true).filter(|name| !name.is_empty())?;
        prepare_ignore_case(&name)?;
        // Numbers are read once, and stand in the row as such.
        for slot in &rules.numbers {
            if let Some(cell) = row.get_mut(slot.row)
                && let Some(number) = cell.to_integer()
            {
                *cell = Cell::Integer(number);
            }
        }
        let required = rules.required_numbers.as_ref()?;
        let mut reader = RowReader {
            maker: self,
            row,
            name: &name,
            found: SmallVec::new(),
        };
        if !reader.has_numbers(required) {
            return None;
        }
        let operational: &[Provenance] = if operational { &rules.operational } else { &[] };
        // One for the classes, and two for memberships.
        let room = rules.user.len() + operational.len() + 3;
        let mut entry = Entry::with_room(self.tree.entry_dn(self.kind, &name), room);
        entry.attributes.push(Attribute {
            id: ids::OBJECT_CLASS,
            values: Values::new(),
        });
        for provenance in rules.user.iter().filter(|provenance| provenance.is_referred_to) {
            if let Some(text) = reader.text_of(provenance, &entry) {
                reader.found.push((provenance.attribute, text));
            }
        }
        for provenance in rules.user.iter().chain(operational) {
            let values = reader.values(provenance, &entry);
            if !values.is_empty() {
                let id = provenance.attribute;
                entry.attributes.push(Attribute { id, values });
            }
        }
        let mut classes = Values::with_capacity(rules.classes.len());
        for class in &rules.classes {
            if reader.is_one(&class.when, &entry) {
                classes.push(class.value.clone());
            }
        }
        if let Some(attribute) = entry.attributes.first_mut() {
            attribute.values = classes;
        }
        Some(entry)
    }

    /// From base DN, kind and number, so that a renamed user keeps it; from the name where there is no number.
    fn derived_uuid(&self, name: &str, number: Option<i128>) -> Uuid {
        let label = self.kind.uuid_label;
        let key = match number {
            Some(number) => format!("{label}:{number}"),
            None => format!("{label}:name:{name}"),
        };
        Uuid::new_v5(&self.namespace, key.as_bytes())
    }

    /// The attributes of which a row has a column but no value that can be served as it is.
    pub fn lacking(&self, row: &[Cell]) -> Vec<AttributeId> {
        let lacks = |provenance: &Provenance| {
            let slot = provenance.own_text?;
            let text = row.get(slot.row).and_then(Cell::to_text);
            let is_served = text.is_some_and(|text| is_valid(provenance.syntax, &text));
            (!is_served).then_some(provenance.attribute)
        };
        self.rules.user.iter().filter_map(lacks).collect()
    }
}

/// One row on its way to an entry.
struct RowReader<'a> {
    maker: &'a EntryMaker,
    row: Vec<Cell>,
    name: &'a str,
    /// The attributes that others are made of, until they are served.
    found: SmallVec<[(AttributeId, String); 1]>,
}

impl RowReader<'_> {
    fn values(&mut self, provenance: &Provenance, entry: &Entry) -> Values {
        if provenance.is_referred_to {
            let position = self.found.iter().position(|(id, _)| *id == provenance.attribute);
            let found = position.map(|position| self.found.swap_remove(position));
            return found.map(|(_, text)| owned(text)).into_iter().collect();
        }
        if !self.has_numbers(&provenance.numbers) {
            return Values::new();
        }
        for source in &provenance.sources {
            let values = match source {
                ValueSource::Values(slot) => self.all(*slot, provenance),
                ValueSource::Lines(slot) => lines(self.take(*slot)),
                ValueSource::Constant(value) => smallvec![constant(value)],
                source => match self.text(source, provenance.syntax, entry) {
                    Some(text) => smallvec![owned(text)],
                    None => continue,
                },
            };
            if !values.is_empty() {
                return values;
            }
        }
        Values::new()
    }

    /// The first text that there is.
    fn text_of(&mut self, provenance: &Provenance, entry: &Entry) -> Option<String> {
        let mut sources = match self.has_numbers(&provenance.numbers) {
            true => provenance.sources.iter(),
            false => [].iter(),
        };
        sources.find_map(|source| self.text(source, provenance.syntax, entry))
    }

    fn text(&mut self, source: &ValueSource<Slot>, syntax: Syntax, entry: &Entry) -> Option<String> {
        match source {
            ValueSource::Name => Some(self.name.to_owned()),
            ValueSource::Text(slot) => {
                let cell = self.row.get_mut(slot.row)?;
                let is_served = cell.to_text().is_some_and(|text| is_valid(syntax, &text));
                is_served.then(|| text(cell, slot.is_last)).flatten()
            }
            ValueSource::Number(slot) | ValueSource::OwnNumber(slot) => Some(self.number(*slot)?.to_string()),
            ValueSource::Time(slot) => self.row.get(slot.row)?.to_time().and_then(Timestamp::to_generalized),
            ValueSource::Uuid(slot) => Some(entry_uuid(self.row.get(slot.row)?)?.hyphenated().to_string()),
            ValueSource::DerivedUuid => {
                let number = self.maker.rules.number.and_then(|slot| self.number(slot));
                let uuid = self.maker.derived_uuid(self.name, number);
                Some(uuid.hyphenated().to_string())
            }
            ValueSource::EntryDn => Some(entry.dn.clone()),
            ValueSource::NameAtDomain => {
                let address = format!("{}@{}", self.name, self.maker.tree.mail_fallback()?);
                is_valid(syntax, &address).then_some(address)
            }
            ValueSource::Home(slot) => Some(self.home(*slot, syntax)),
            ValueSource::Joined(first, last) => {
                let text = |slot: &Slot| {
                    let text = self.row.get(slot.row)?.to_text()?;
                    is_valid(syntax, &text).then_some(text)
                };
                Some(format!("{} {}", text(first)?, text(last)?))
            }
            ValueSource::LastWordOf(id) => {
                let text = self.found(*id, entry)?;
                Some(text.split_whitespace().last().unwrap_or(self.name).to_owned())
            }
            ValueSource::AsciiOf(id) => Some(ascii(&self.found(*id, entry)?, self.name)),
            ValueSource::Constant(value) => Some((*value).to_owned()),
            ValueSource::ExpiryDay(_) => self.expiry_day().map(|day| day.to_string()),
            ValueSource::AccountLock => {
                let is_locked = self.maker.account.as_ref()?.is_locked(&self.row);
                is_locked.then(|| "TRUE".to_owned())
            }
            // They have several values.
            ValueSource::Values(_) | ValueSource::Lines(_) => None,
        }
    }

    /// A name that is a path, or a directory's own name, would be somebody else's home.
    fn home(&self, slot: Slot, syntax: Syntax) -> String {
        let home = format!("{HOMES}{}", self.name);
        match self.number(slot) {
            Some(number) if !is_home_name(self.name) || !is_valid(syntax, &home) => format!("{HOMES}{number}"),
            _ => home,
        }
    }

    /// All values of a column that are values of the attribute.
    fn all(&mut self, slot: Slot, provenance: &Provenance) -> Values {
        let mut values = Values::new();
        for value in cell_values(self.take(slot)) {
            if !value.is_empty() && provenance.syntax.is_valid(&value) && !values.contains(&value) {
                values.push(value);
            }
        }
        if provenance.single_value {
            values.truncate(1);
        }
        values
    }

    /// An attribute that has been found.
    fn found<'a>(&'a self, id: AttributeId, entry: &'a Entry) -> Option<Cow<'a, str>> {
        match self.found.iter().find(|(found, _)| *found == id) {
            Some((_, text)) => Some(text.as_str().into()),
            None => entry.values(id).first().map(text_of),
        }
    }

    fn is_one(&self, having: &Having, entry: &Entry) -> bool {
        match having {
            Having::All => true,
            Having::Numbers(slots) => self.has_numbers(slots),
            Having::Attribute(id) => entry.has(*id),
            Having::Expiry(_) => self.expiry_day().is_some(),
        }
    }

    fn expiry_day(&self) -> Option<i64> {
        self.maker.account.as_ref()?.expiry_day(&self.row)
    }

    fn has_numbers(&self, slots: &[Slot]) -> bool {
        slots.iter().all(|slot| self.number(*slot).is_some())
    }

    fn number(&self, slot: Slot) -> Option<i128> {
        match self.row.get(slot.row) {
            Some(Cell::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// A cell, taken out of the row where nothing reads it afterwards.
    fn take(&mut self, slot: Slot) -> Cell {
        let cell = self.row.get_mut(slot.row);
        let cell = cell.map(|cell| if slot.is_last { mem::take(cell) } else { cell.clone() });
        cell.unwrap_or_default()
    }
}

/// The text of a cell, taken out of it where that may be.
fn text(cell: &mut Cell, may_take: bool) -> Option<String> {
    match cell {
        Cell::Text(text) if may_take => Some(mem::take(text)),
        cell => cell.to_text().map(Cow::into_owned),
    }
}

/// The empty string and what breaks the attribute's syntax count as absent.
fn is_valid(syntax: Syntax, value: &str) -> bool {
    !value.is_empty() && syntax.is_valid(value.as_bytes())
}

/// Whether a name names a directory of its own below [`HOMES`].
pub(crate) fn is_home_name(name: &str) -> bool {
    !name.contains('/') && ![".", ".."].contains(&name.trim())
}

/// One key a line, as `authorized_keys` files have them; comments and blank lines are none.
fn lines(cell: Cell) -> Values {
    let mut keys = Values::new();
    let mut add = |text: &str| {
        for line in text.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') && !keys.iter().any(|key| key == line) {
                keys.push(owned(line.to_owned()));
            }
        }
    };
    match cell {
        Cell::Text(text) => add(&text),
        other => {
            for value in cell_values(other) {
                add(&String::from_utf8_lossy(&value));
            }
        }
    }
    keys
}

/// The values of a cell: each element of an array or JSON array, else the one it is.
pub fn cell_values(cell: Cell) -> Values {
    match cell {
        Cell::Null => Values::new(),
        Cell::Bytes(bytes) => smallvec![Bytes::from(bytes)],
        Cell::Text(text) => smallvec![owned(text)],
        Cell::List(cells) => cells.into_iter().flat_map(cell_values).collect(),
        other => other
            .to_text()
            .map(|text| owned(text.into_owned()))
            .into_iter()
            .collect(),
    }
}

fn entry_uuid(cell: &Cell) -> Option<Uuid> {
    match cell {
        Cell::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
        other => Uuid::try_parse(other.to_text()?.trim()).ok(),
    }
}

fn owned(text: String) -> Value {
    Bytes::from(text)
}

fn constant(text: &'static str) -> Value {
    Bytes::from_static(text.as_bytes())
}

/// A user name or group name out of a value, lossless where it is UTF-8.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    String::from_utf8_lossy(value)
}
