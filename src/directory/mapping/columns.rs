//! Which column of an operator's query becomes which attribute: names, precedence, and what is never served.
//!
//! It sees column names only, never a row. The same table is what `check` prints.

use crate::{
    directory::kind::{Kind, role::Role},
    model::schema::{AttributeId, Schema, ids},
};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// Why a column is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// No attribute has this name: queries are often `SELECT *`, and a note must not leak because its column exists.
    Unknown,
    /// A name that looks like a secret, or an attribute that no column may set.
    Never,
    /// A column further left has the same meaning under another name.
    Duplicate,
    /// A column further right has the same name, letter case aside.
    Repeated,
    /// A membership has a user and a group, and nothing else.
    NoMembership,
}

/// What became of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnUse {
    /// The column's name in the operator's query.
    pub column: String,
    /// Its meaning, or why it has none.
    pub role: Result<Role, Ignored>,
}

/// A group is named by the one or the other, whichever is further left.
const MEMBERSHIP_COLUMNS: [(&str, Role); 6] = [
    ("username", Role::Member),
    ("uid", Role::Member),
    ("name", Role::Name),
    ("cn", Role::Name),
    ("gid_number", Role::Number),
    ("gidnumber", Role::Number),
];

/// The prefix of an alias that names an attribute outside the published schema.
pub const PASS_THROUGH: &str = "attr:";

/// Assigns every column its use. Of several with one name the last counts, as in every driver that makes a record of a
/// row; of several names with one meaning the one that comes first. Letter case makes no other name, as in MariaDB and
/// SQLite: `SELECT *, … AS password` counts also where the table calls its own column `Password`.
pub fn assign<'a>(kind: Kind, columns: impl IntoIterator<Item = &'a str>, schema: &Schema) -> Vec<ColumnUse> {
    let standard = Schema::standard();
    assign_by(columns, |column| role(kind, column, schema, &standard), |role| role)
}

/// The same for a query of memberships, whose rows are no entries.
pub fn assign_membership<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<ColumnUse> {
    let role = |column: &str| {
        let lower = column.to_ascii_lowercase();
        let found = MEMBERSHIP_COLUMNS.iter().find(|(name, _)| *name == lower);
        found.map(|(_, role)| *role).ok_or(Ignored::NoMembership)
    };
    // Name and number mean the same: the group.
    assign_by(columns, role, |role| role == Role::Member)
}

fn assign_by<'a, Meaning: Eq + Hash>(
    columns: impl IntoIterator<Item = &'a str>,
    role: impl Fn(&str) -> Result<Role, Ignored>,
    meaning: impl Fn(Role) -> Meaning,
) -> Vec<ColumnUse> {
    let columns: Vec<&str> = columns.into_iter().collect();
    let mut uses: Vec<ColumnUse> = columns
        .iter()
        .map(|column| ColumnUse {
            column: (*column).to_owned(),
            role: role(column),
        })
        .collect();
    // A name's place is its first column's, its value the last one's.
    let mut names: Vec<String> = Vec::new();
    let mut last: HashMap<String, usize> = HashMap::new();
    for (position, name) in columns.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if let Some(earlier) = last.insert(name.clone(), position) {
            if let Some(earlier) = uses.get_mut(earlier)
                && earlier.role.is_ok()
            {
                earlier.role = Err(Ignored::Repeated);
            }
        } else {
            names.push(name);
        }
    }
    let mut taken = HashSet::new();
    for position in names.iter().filter_map(|name| last.get(name)) {
        if let Some(column) = uses.get_mut(*position)
            && let Ok(role) = column.role
            && !taken.insert(meaning(role))
        {
            column.role = Err(Ignored::Duplicate);
        }
    }
    uses
}

/// The attribute names that `attr:` aliases ask for and that may be served; the schema is extended with them.
pub fn pass_through_names<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    columns
        .into_iter()
        .filter_map(pass_through_name)
        .filter(|name| is_attribute_name(name) && !is_never(name))
        .map(str::to_owned)
        .collect()
}

fn role(kind: Kind, column: &str, schema: &Schema, standard: &Schema) -> Result<Role, Ignored> {
    let lower = column.to_ascii_lowercase();
    let table = kind.columns;
    if let Some((_, role)) = table.iter().find(|(name, _)| *name == lower) {
        return Ok(*role);
    }
    let passed_through = pass_through_name(column);
    let name = passed_through.unwrap_or(column);
    if is_never(name) {
        return Err(Ignored::Never);
    }
    // Without the prefix only the published schema counts, whatever another column has added to it.
    let known = if passed_through.is_some() { schema } else { standard };
    let id = known.attribute(name).ok_or(Ignored::Unknown)?;
    let attribute = schema.attribute_type(id);
    // A column called "2.5.4.3" is not meant as an OID.
    let by_name = attribute.names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if !by_name {
        return Err(Ignored::Unknown);
    }
    if attribute.usage.is_operational() || NEVER_FROM_COLUMNS.contains(&id) {
        return Err(Ignored::Never);
    }
    // By whatever name: an attribute with rules of its own must not be served past them.
    let own = table
        .iter()
        .find(|(name, _)| attribute.name().eq_ignore_ascii_case(name));
    Ok(own.map_or(Role::Attribute(id), |(_, role)| *role))
}

const NEVER_FROM_COLUMNS: [AttributeId; 6] = [
    ids::OBJECT_CLASS,
    ids::MEMBER,
    ids::UNIQUE_MEMBER,
    ids::MEMBER_OF,
    ids::MEMBER_UID,
    ids::USER_PASSWORD,
];

fn pass_through_name(column: &str) -> Option<&str> {
    let (prefix, name) = column.split_at_checked(PASS_THROUGH.len())?;
    prefix.eq_ignore_ascii_case(PASS_THROUGH).then_some(name)
}

/// RFC 4512 1.4 `keystring`.
fn is_attribute_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '-')
}

/// Names that look like secrets are not served under any circumstances, also not as `attr:`.
fn is_never(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "dn" || name.ends_with("hash") || ["password", "pkcs12", "secret"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use crate::directory::{kind::USERS, mapping::columns::*};

    fn roles(kind: Kind, columns: &[&str]) -> Vec<Result<Role, Ignored>> {
        let schema = Schema::standard().extended_with(&pass_through_names(columns.iter().copied()));
        assign(kind, columns.iter().copied(), &schema)
            .into_iter()
            .map(|column| column.role)
            .collect()
    }

    #[test]
    fn the_managers_own_column_names_need_no_alias() {
        assert_eq!(
            roles(
                &USERS,
                &[
                    "uid",
                    "uidNumber",
                    "GIDNUMBER",
                    "givenName",
                    "sn",
                    "cn",
                    "homeDirectory"
                ]
            ),
            [
                Ok(Role::Name),
                Ok(Role::Number),
                Ok(Role::PrimaryGroup),
                Ok(Role::FirstName),
                Ok(Role::LastName),
                Ok(Role::FullName),
                Ok(Role::HomeDirectory)
            ]
        );
    }

    #[test]
    fn of_two_columns_for_one_attribute_the_left_one_counts() {
        assert_eq!(
            roles(&USERS, &["username", "uid", "title", "attr:TITLE"])[..],
            [
                Ok(Role::Name),
                Err(Ignored::Duplicate),
                Ok(Role::Attribute(Schema::standard().attribute("title").unwrap())),
                Err(Ignored::Duplicate)
            ]
        );
    }

    #[test]
    fn of_several_columns_with_one_name_the_last_one_counts() {
        let (role, repeated, duplicate) = (Ok(Role::Password), Err(Ignored::Repeated), Err(Ignored::Duplicate));
        for (columns, expected) in [
            (["password", "userPassword", "password"], [repeated, duplicate, role]),
            (["userPassword", "password", "password"], [role, repeated, duplicate]),
            // Letter case makes no other name.
            (
                ["Password", "note", "password"],
                [repeated, Err(Ignored::Unknown), role],
            ),
            (
                ["password", "note", "PASSWORD"],
                [repeated, Err(Ignored::Unknown), role],
            ),
            (["PASSWORD", "userPassword", "Password"], [repeated, duplicate, role]),
            (
                ["userPassword", "Password", "USERPASSWORD"],
                [repeated, duplicate, role],
            ),
        ] {
            assert_eq!(roles(&USERS, &columns), expected, "{columns:?}");
        }
        let status = roles(
            &USERS,
            &["Status", "status", "STATUS", "Title", "attr:x", "title", "ATTR:X"],
        );
        assert!(status[..2].iter().all(|role| *role == repeated) && status[2] == Ok(Role::Status));
        assert_eq!([status[3], status[4]], [repeated; 2]);
        assert!(status[5].is_ok() && status[6].is_ok(), "{status:?}");
        let assigned = assign_membership(["Name", "uid", "name", "UID"]);
        let roles: Vec<_> = assigned.into_iter().map(|column| column.role).collect();
        assert_eq!(roles, [repeated, repeated, Ok(Role::Name), Ok(Role::Member)]);
        let assigned = assign_membership(["name", "uid", "gid_number", "name"]);
        let roles: Vec<_> = assigned.into_iter().map(|column| column.role).collect();
        assert_eq!(roles, [repeated, Ok(Role::Member), duplicate, Ok(Role::Name)]);
    }

    #[test]
    fn a_membership_is_a_user_and_a_group_by_name_or_number() {
        let roles = |columns: &[&str]| -> Vec<Result<Role, Ignored>> {
            let assigned = assign_membership(columns.iter().copied());
            assigned.into_iter().map(|column| column.role).collect()
        };
        assert_eq!(
            roles(&["since", "gidNumber", "UID", "name", "username"]),
            [
                Err(Ignored::NoMembership),
                Ok(Role::Number),
                Ok(Role::Member),
                Err(Ignored::Duplicate),
                Err(Ignored::Duplicate)
            ]
        );
        assert_eq!(roles(&["cn", "username"]), [Ok(Role::Name), Ok(Role::Member)]);
        assert_eq!(roles(&["attr:name", "password"]), [Err(Ignored::NoMembership); 2]);
    }

    #[test]
    fn secrets_and_operational_attributes_are_never_taken() {
        for column in [
            "passwordHash",
            "attr:apiSecret",
            "attr:tokenHash",
            "userPKCS12",
            "objectClass",
            "dn",
            "memberOf",
            "entryDN",
            "unixPassword",
            "old_password",
        ] {
            let role = roles(&USERS, &[column])[0];
            assert!(role.is_err(), "{column}: {role:?}");
        }
    }

    #[test]
    fn pass_through_needs_the_schema_or_an_alias() {
        let found = roles(
            &USERS,
            &[
                "telephoneNumber",
                "favouriteDrink1",
                "attr:favouriteDrink1",
                "attr:1x",
                "2.5.4.12",
            ],
        );
        assert!(matches!(found[0], Ok(Role::Attribute(_))));
        assert_eq!(found[1], Err(Ignored::Unknown));
        assert!(matches!(found[2], Ok(Role::Attribute(_))));
        assert_eq!(found[3], Err(Ignored::Unknown));
        assert_eq!(found[4], Err(Ignored::Unknown));
    }
}
