//! Where the values of an attribute come from: the fallbacks of the mapping, as conditions on the row.
//!
//! It follows `mapping` line by line; what is asked of the values is not its business.

use crate::{
    directory::{
        kind::Kind,
        mapping::{
            columns::Role,
            entry::{DEFAULT_SHELL, structural_class},
        },
        naming::tree::SUBSCHEMA_DN,
        source::listing::Listing,
    },
    model::schema::{AttributeId, Syntax, ids},
    sql::{Predicate, Validity},
};

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A column, if its value is one of the attribute's syntax.
    Column(usize),
    /// A column of numbers.
    Number(usize),
    /// A column of a table of ours, in which there is nothing but numbers.
    Own(usize),
    /// A column of points in time.
    Time(usize),
    /// A column of UUIDs.
    Uuid(usize),
    /// A UUID made of something else; always of version 5.
    Derived,
    /// The same for all entries.
    Constant(&'static str),
    /// The name and what follows it, where that is ASCII.
    Name(String),
    /// The home directory by the name, where that is one.
    NamedHome,
    /// The home directory by the number in this column, where it is not by the name.
    NumberedHome(usize),
    /// Two columns with a blank in between.
    Joined(usize, usize),
    /// The last word of a column.
    LastWord(usize),
    /// The ASCII form of what comes from these columns.
    Ascii(Box<Place>),
    /// The lines of a column.
    Lines(usize),
}

/// The places of an attribute's value, each with the condition under which it comes from there; None when it is not
/// in the row at all, as memberships are not.
pub(crate) fn served(source: &Listing, id: AttributeId) -> Option<Vec<(Predicate, Place)>> {
    let name = source.name_column();
    let always = |place| Some(vec![(Predicate::True, place)]);
    let number = |place: fn(usize) -> Place, role, when| match source.column(role) {
        Some(column) => Some(vec![(when, place(column))]),
        None => Some(Vec::new()),
    };
    if let Some(column) = source.column(Role::Attribute(id)) {
        let own = vec![(Predicate::True, Place::Column(column))];
        return Some(match (source.kind(), id) {
            (Kind::User, ids::GECOS) => if_posix(source, own),
            _ => own,
        });
    }
    match (source.kind(), id) {
        (Kind::User, ids::UID) | (Kind::Group | Kind::PrivateGroup, ids::CN) => always(Place::Column(name)),
        (Kind::User, ids::CN) => Some(full_name(source)),
        (Kind::User, ids::GECOS) => {
            let ascii = |(when, place)| (Predicate::And(vec![posix(source), when]), Place::Ascii(Box::new(place)));
            Some(full_name(source).into_iter().map(ascii).collect())
        }
        (Kind::User, ids::SN) => Some(surname(source)),
        (Kind::User, ids::GIVEN_NAME) => Some(own_or(source, Role::FirstName, id, Vec::new())),
        (Kind::User, ids::MAIL) => {
            let by_name = |domain| (Predicate::True, Place::Name(format!("@{domain}")));
            let fallback = source.mail_domain().filter(|domain| domain.is_ascii()).map(by_name);
            Some(own_or(source, Role::Mail, id, fallback.into_iter().collect()))
        }
        (Kind::User, ids::UID_NUMBER) => number(Place::Number, Role::Number, number_of(source, Role::PrimaryGroup)),
        (Kind::User, ids::GID_NUMBER) => number(Place::Number, Role::PrimaryGroup, number_of(source, Role::Number)),
        (Kind::PrivateGroup, ids::GID_NUMBER) => number(Place::Own, Role::PrimaryGroup, Predicate::True),
        (Kind::Group, ids::GID_NUMBER) => number(Place::Number, Role::Number, Predicate::True),
        (Kind::User, ids::HOME_DIRECTORY) => {
            let by_number = source.column(Role::Number).map(Place::NumberedHome);
            let fallback = std::iter::once(Place::NamedHome).chain(by_number);
            let fallback = fallback.map(|place| (Predicate::True, place)).collect();
            Some(if_posix(source, own_or(source, Role::HomeDirectory, id, fallback)))
        }
        (Kind::User, ids::LOGIN_SHELL) => {
            let fallback = vec![(Predicate::True, Place::Constant(DEFAULT_SHELL))];
            Some(if_posix(source, own_or(source, Role::LoginShell, id, fallback)))
        }
        (Kind::User, ids::SSH_PUBLIC_KEY) => number(Place::Lines, Role::SshPublicKey, Predicate::True),
        (_, ids::CREATE_TIMESTAMP) => number(Place::Time, Role::CreatedAt, Predicate::True),
        (_, ids::MODIFY_TIMESTAMP) => number(Place::Time, Role::UpdatedAt, Predicate::True),
        (_, ids::ENTRY_UUID) => Some(uuid(source)),
        (kind, ids::STRUCTURAL_OBJECT_CLASS) => always(Place::Constant(structural_class(kind))),
        (_, ids::SUBSCHEMA_SUBENTRY) => always(Place::Constant(SUBSCHEMA_DN)),
        (_, ids::HAS_SUBORDINATES) => always(Place::Constant("FALSE")),
        _ => None,
    }
}

/// The row makes a posixAccount.
pub(crate) fn posix(source: &Listing) -> Predicate {
    Predicate::And(vec![
        number_of(source, Role::Number),
        number_of(source, Role::PrimaryGroup),
    ])
}

/// The row has a number of this role.
pub(crate) fn number_of(source: &Listing, role: Role) -> Predicate {
    match source.column(role) {
        Some(column) => Predicate::Present {
            column,
            validity: Validity::Number,
        },
        None => Predicate::False,
    }
}

/// The column's value is one of the attribute.
pub(crate) fn valid(source: &Listing, column: usize, id: AttributeId) -> Predicate {
    let validity = match source.maker().schema().attribute_type(id).syntax {
        Syntax::DirectoryString | Syntax::OctetString => Validity::Text,
        Syntax::Ia5String => Validity::Ascii,
        _ => Validity::Unknown,
    };
    Predicate::Present { column, validity }
}

fn if_posix(source: &Listing, places: Vec<(Predicate, Place)>) -> Vec<(Predicate, Place)> {
    let condition = posix(source);
    let both = |(when, place)| (Predicate::And(vec![condition.clone(), when]), place);
    places.into_iter().map(both).collect()
}

/// The role's column, or else what follows.
fn own_or(source: &Listing, role: Role, id: AttributeId, fallback: Vec<(Predicate, Place)>) -> Vec<(Predicate, Place)> {
    let Some(column) = source.column(role) else {
        return fallback;
    };
    let absent = valid(source, column, id).negated();
    let or_else = |(when, place)| (Predicate::And(vec![absent.clone(), when]), place);
    let own = (Predicate::True, Place::Column(column));
    std::iter::once(own).chain(fallback.into_iter().map(or_else)).collect()
}

/// cn: the full name; first and last name; one of them; the name.
fn full_name(source: &Listing) -> Vec<(Predicate, Place)> {
    let named = (Predicate::True, Place::Column(source.name_column()));
    let (first, last) = (source.column(Role::FirstName), source.column(Role::LastName));
    let fallback = match (first, last) {
        (Some(first), Some(last)) => {
            let (given, family) = (valid(source, first, ids::GIVEN_NAME), valid(source, last, ids::SN));
            let (no_given, no_family) = (given.clone().negated(), family.clone().negated());
            vec![
                (
                    Predicate::And(vec![given.clone(), family.clone()]),
                    Place::Joined(first, last),
                ),
                (no_family.clone(), Place::Column(first)),
                (no_given.clone(), Place::Column(last)),
                (Predicate::And(vec![no_given, no_family]), named.1),
            ]
        }
        (Some(_), None) => own_or(source, Role::FirstName, ids::GIVEN_NAME, vec![named]),
        (None, Some(_)) => own_or(source, Role::LastName, ids::SN, vec![named]),
        (None, None) => vec![named],
    };
    own_or(source, Role::FullName, ids::CN, fallback)
}

/// sn: the last name, or the last word of the cn that there is without one.
fn surname(source: &Listing) -> Vec<(Predicate, Place)> {
    let name = vec![(Predicate::True, Place::LastWord(source.name_column()))];
    let words = |places: Vec<(Predicate, Place)>| {
        let last_word = |(when, place)| match place {
            Place::Column(column) => (when, Place::LastWord(column)),
            other => (when, other),
        };
        places.into_iter().map(last_word).collect::<Vec<_>>()
    };
    let first = words(own_or(source, Role::FirstName, ids::GIVEN_NAME, name));
    let full = words(own_or(source, Role::FullName, ids::CN, first));
    own_or(source, Role::LastName, ids::SN, full)
}

fn uuid(source: &Listing) -> Vec<(Predicate, Place)> {
    let Some(column) = source.column(Role::EntryUuid) else {
        return vec![(Predicate::True, Place::Derived)];
    };
    let own = Predicate::Present {
        column,
        validity: Validity::Uuid,
    };
    vec![(Predicate::True, Place::Uuid(column)), (own.negated(), Place::Derived)]
}
