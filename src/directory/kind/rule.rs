//! The rules by which a row becomes an entry, as data. They are read in both directions: `mapping` makes entries by them,
//! and `pushdown` tells from them which rows a filter can match.

use crate::{
    directory::kind::role::Role,
    model::schema::{AttributeId, Schema},
};

/// An attribute, and where its values come from.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The attribute.
    pub attribute: AttributeId,
    /// The columns that must hold a number: without them the entry does not have the attribute.
    pub numbers: &'static [Role],
    /// The first that gives a value counts. A column that is passed through under the attribute's own name (`gecos`) takes
    /// the place of all of them.
    pub sources: &'static [ValueSource<Role>],
}

/// Where the home directory of a row without one stands, its name following, or, where that is none, its number.
pub const HOMES: &str = "/home/";

/// Where a value comes from. A `Column` is a [`Role`] in a rule, and the place of a column once a query is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueSource<Column> {
    /// The entry's name.
    Name,
    /// One value, the column's text. An array of several elements has none.
    Text(Column),
    /// Each element of an array: for attributes that may have several values. What is no array is one value.
    Values(Column),
    /// A column of numbers.
    Number(Column),
    /// A column of a table that the gateway makes, in which there is nothing but numbers.
    OwnNumber(Column),
    /// A column of points in time.
    Time(Column),
    /// A column of UUIDs.
    Uuid(Column),
    /// A UUID of version 5, made of the base, the kind, and the number in this column or else the name.
    DerivedUuid,
    /// The same for all entries.
    Constant(&'static str),
    /// The DN of the entry.
    EntryDn,
    /// The name, `@` and the domain of the base, where the operator wants that.
    NameAtDomain,
    /// The home directory by the name or, where that names no directory, by the number in this column.
    Home(Column),
    /// The texts of two columns with a blank in between.
    Joined(Column, Column),
    /// The last word of another attribute.
    LastWordOf(AttributeId),
    /// Another attribute in ASCII.
    AsciiOf(AttributeId),
    /// The lines of a column.
    Lines(Column),
    /// The day on which the account ends, by this column.
    ExpiryDay(Column),
    /// That the account may not bind, by its columns.
    AccountLock,
}

impl<Column: Copy> ValueSource<Column> {
    /// The same with other columns; None where one of them does not exist.
    pub fn map<Other>(self, mut column: impl FnMut(Column) -> Option<Other>) -> Option<ValueSource<Other>> {
        Some(match self {
            ValueSource::Name => ValueSource::Name,
            ValueSource::Text(from) => ValueSource::Text(column(from)?),
            ValueSource::Values(from) => ValueSource::Values(column(from)?),
            ValueSource::Number(from) => ValueSource::Number(column(from)?),
            ValueSource::OwnNumber(from) => ValueSource::OwnNumber(column(from)?),
            ValueSource::Time(from) => ValueSource::Time(column(from)?),
            ValueSource::Uuid(from) => ValueSource::Uuid(column(from)?),
            ValueSource::DerivedUuid => ValueSource::DerivedUuid,
            ValueSource::Constant(value) => ValueSource::Constant(value),
            ValueSource::EntryDn => ValueSource::EntryDn,
            ValueSource::NameAtDomain => ValueSource::NameAtDomain,
            ValueSource::Home(from) => ValueSource::Home(column(from)?),
            ValueSource::Joined(first, last) => ValueSource::Joined(column(first)?, column(last)?),
            ValueSource::LastWordOf(attribute) => ValueSource::LastWordOf(attribute),
            ValueSource::AsciiOf(attribute) => ValueSource::AsciiOf(attribute),
            ValueSource::Lines(from) => ValueSource::Lines(column(from)?),
            ValueSource::ExpiryDay(from) => ValueSource::ExpiryDay(column(from)?),
            ValueSource::AccountLock => ValueSource::AccountLock,
        })
    }
}

impl ValueSource<Role> {
    /// What it gives, in words for the operator. `column` names the column of a role.
    pub fn in_words(self, schema: &Schema, column: impl Fn(Role) -> &'static str) -> String {
        let words = match self {
            ValueSource::Name => "the name",
            ValueSource::Text(from) | ValueSource::Values(from) | ValueSource::Lines(from) => column(from),
            ValueSource::Number(from) | ValueSource::OwnNumber(from) => column(from),
            ValueSource::Time(from) | ValueSource::Uuid(from) | ValueSource::ExpiryDay(from) => column(from),
            ValueSource::AccountLock => "the account columns",
            ValueSource::DerivedUuid => "a UUID made of the number or the name",
            ValueSource::Constant(value) => value,
            ValueSource::EntryDn => "the DN of the entry",
            ValueSource::NameAtDomain => "the name and the domain of the base DN",
            ValueSource::Home(_) => return format!("{HOMES}NAME"),
            ValueSource::Joined(first, last) => return format!("{} and {}", column(first), column(last)),
            ValueSource::LastWordOf(id) => return format!("the last word of {}", schema.attribute_name(id)),
            ValueSource::AsciiOf(id) => return format!("{} in ASCII", schema.attribute_name(id)),
        };
        words.to_owned()
    }
}

/// An object class, and the entries that have it.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Its name, as it is served.
    pub name: &'static str,
    /// Which entries have it.
    pub when: ClassWhen,
}

/// Which entries have an object class.
#[derive(Debug, Clone, Copy)]
pub enum ClassWhen {
    /// All.
    Always,
    /// Those with numbers in these columns.
    Numbers(&'static [Role]),
    /// Those with this attribute.
    Has(AttributeId),
    /// Those of accounts that end some day.
    Expires,
    /// All, where the query has a column for one of these attributes.
    Columns(&'static [&'static str]),
}

/// A class of all entries of a kind.
pub const fn always(name: &'static str) -> Class {
    let when = ClassWhen::Always;
    Class { name, when }
}

/// The rule of an attribute that every entry may have.
pub const fn rule(attribute: AttributeId, sources: &'static [ValueSource<Role>]) -> Rule {
    let numbers = &[];
    Rule {
        attribute,
        numbers,
        sources,
    }
}

/// The rule of an attribute that only entries with these numbers have.
pub const fn with_numbers(
    numbers: &'static [Role],
    attribute: AttributeId,
    sources: &'static [ValueSource<Role>],
) -> Rule {
    Rule {
        attribute,
        numbers,
        sources,
    }
}
