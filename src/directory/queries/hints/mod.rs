//! Columns that are ignored although their name says what they were meant for: `email` where there is no `mail`. Only ever
//! told, by `check` and by the log: what a column means is for the operator to say, in an alias.

use crate::{
    config::{Query, QuerySet},
    directory::{kind::role::Role, mapping::columns::Ignored, queries::described_query::DescribedQuery},
    sql::{Engine, written_name},
};

/// A meaning, the column that has it, and names that others give it: in lower case, without underscores.
type Synonyms = (Role, &'static str, &'static [&'static str]);

#[rustfmt::skip] // one row a meaning
const OF_USERS: &[Synonyms] = &[
    (Role::Name, "username", &["login", "userlogin", "loginname", "username", "userid", "accountname", "account", "samaccountname", "preferredusername", "nickname", "nick", "handle", "logon", "user", "name", "useremail", "email", "mail"]),
    (Role::Number, "uid_number", &["unixuid", "posixuid", "uidno", "unixid", "linuxuid", "sysuid"]),
    (Role::PrimaryGroup, "gid_number", &["unixgid", "posixgid", "gidno", "gid", "primarygid", "linuxgid"]),
    (Role::FullName, "full_name", &["displayname", "fullname", "realname", "name", "usernicename", "commonname"]),
    (Role::FirstName, "first_name", &["firstname", "forename", "givenname", "fname"]),
    (Role::LastName, "last_name", &["lastname", "surname", "familyname", "lname"]),
    (Role::Mail, "mail", &["email", "emailaddress", "useremail", "mailaddress", "primaryemail", "emailaddr"]),
    (Role::HomeDirectory, "home_directory", &["home", "homedir", "unixhome", "unixhomedirectory"]),
    (Role::LoginShell, "login_shell", &["shell", "usershell", "unixshell", "defaultshell"]),
    (Role::SshPublicKey, "ssh_public_key", &["sshkey", "sshkeys", "sshpubkey", "pubkey", "publickey", "publickeys", "authorizedkeys", "sshpublickeys"]),
    (Role::TotpSecret, "totp_secret", &["twofactorsecret", "otpsecret", "mfasecret", "google2fasecret", "totp", "totpkey", "otpkey"]),
    (Role::EntryUuid, "entry_uuid", &["uuid", "useruuid", "guid", "objectguid"]),
    (Role::CreatedAt, "created_at", &["created", "datejoined", "userregistered", "createdon", "creationdate", "datecreated", "createtime"]),
    (Role::UpdatedAt, "updated_at", &["updated", "modified", "modifiedat", "lastmodified", "updatedon", "datemodified", "updatetime"]),
    (Role::Password, "password", &["encryptedpassword", "passwordhash", "passwd", "userpass", "hashedpassword", "passworddigest", "pass", "pwd", "pwhash", "passwdhash", "cryptedpassword", "userpasswordhash", "hash"]),
    (Role::Status, "status", &["userstatus", "accountstatus", "state", "accountstate", "userstate"]),
    (Role::ExpiresAt, "expires_at", &["validuntil", "expiry", "expires", "expireson", "expirydate", "expiration", "expirationdate", "expiredate", "expiresat", "accountexpires", "validto"]),
];
const OF_GROUPS: &[Synonyms] = &[
    (
        Role::Name,
        "name",
        &["groupname", "group", "title", "rolename", "role", "slug"],
    ),
    (
        Role::Number,
        "gid_number",
        &["gid", "unixgid", "posixgid", "gidno", "linuxgid"],
    ),
];
const OF_MEMBERSHIPS: &[Synonyms] = &[
    (
        Role::Member,
        "username",
        &["login", "userlogin", "user", "member", "memberuid"],
    ),
    (Role::Name, "name", &["groupname", "group", "role", "rolename"]),
];

/// Truth values that let in, and that keep out.
const LETS_IN: &[&str] = &[
    "isactive",
    "active",
    "isenabled",
    "accountenabled",
    "useractive",
    "loginenabled",
];
const KEEPS_OUT: &[&str] = &[
    "disabled",
    "isdisabled",
    "deleted",
    "isdeleted",
    "inactive",
    "isinactive",
    "banned",
    "isbanned",
    "blocked",
    "isblocked",
    "suspended",
    "issuspended",
    "islocked",
    "accountlocked",
    "accountdisabled",
    "deactivated",
];
/// Times from which on somebody is kept out, and that are absent for all others.
const KEEPS_OUT_FROM: &[&str] = &[
    "deletedat",
    "lockedat",
    "disabledat",
    "bannedat",
    "suspendedat",
    "deactivatedat",
    "blockedat",
];

/// What an entry can do without, and that the log of the start does not speak of.
pub const ONLY_FOR_CHECK: [Role; 10] = [
    Role::TotpSecret,
    Role::LoginShell,
    Role::SshPublicKey,
    Role::EntryUuid,
    Role::CreatedAt,
    Role::UpdatedAt,
    Role::FullName,
    Role::FirstName,
    Role::LastName,
    Role::HomeDirectory,
];

/// A column that is ignored, and how an alias would give it the meaning that its name speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnHint {
    /// What it would be.
    pub role: Role,
    /// The columns that are ignored.
    pub ignored: Vec<String>,
    /// What to write in the query: `email AS mail`.
    pub alias: String,
}

impl ColumnHint {
    /// What to write for one meaning; None where a column has it, or none speaks of it.
    pub fn of(which: Query, query: &DescribedQuery, role: Role) -> Option<ColumnHint> {
        if query.column(role).is_some() {
            return None;
        }
        if role == Role::Enabled && matches!(which, Query::AllUsers | Query::OneUser) {
            return enabled(query);
        }
        let table = match which {
            Query::AllUsers | Query::OneUser => OF_USERS,
            Query::AllGroups | Query::GroupsByMember => OF_GROUPS,
            Query::AllMemberships => OF_MEMBERSHIPS,
            Query::UpdatePassword => return None,
        };
        let (_, target, names) = table.iter().find(|(meaning, ..)| *meaning == role)?;
        let engine = query.query.engine();
        let found = names
            .iter()
            .find_map(|name| ignored(query, role).find(|(_, folded)| folded == name));
        let (column, offset) = match found {
            Some((column, _)) => (column, String::new()),
            None => (id(query, role)?, offset(which)),
        };
        Some(ColumnHint {
            role,
            alias: format!("{}{offset} AS {target}", written_name(engine, column)),
            ignored: vec![column.to_owned()],
        })
    }

    /// All that the columns of a query speak of.
    fn all(which: Query, query: &DescribedQuery) -> Vec<ColumnHint> {
        let roles: Vec<Role> = match which {
            Query::AllUsers | Query::OneUser => {
                OF_USERS.iter().map(|(role, ..)| *role).chain([Role::Enabled]).collect()
            }
            Query::AllGroups | Query::GroupsByMember => OF_GROUPS.iter().map(|(role, ..)| *role).collect(),
            Query::AllMemberships => OF_MEMBERSHIPS.iter().map(|(role, ..)| *role).collect(),
            Query::UpdatePassword => Vec::new(),
        };
        roles
            .into_iter()
            .filter_map(|role| ColumnHint::of(which, query, role))
            .collect()
    }
}

/// The hints for these meanings as the end of a sentence that says that they are missing; empty where there are none.
pub fn alias(which: Query, query: &DescribedQuery, roles: &[Role]) -> String {
    let hints = roles.iter().filter_map(|role| ColumnHint::of(which, query, *role));
    let aliases: Vec<String> = hints.map(|hint| format!("`{}`", hint.alias)).collect();
    match aliases.is_empty() {
        true => String::new(),
        false => format!("; did you mean {}?", aliases.join(" and ")),
    }
}

/// The hints about these queries, each once, with the queries that it is about. Of the roles of `left_out` none is given: for
/// whoever tells of them elsewhere. A query without a name is a problem, which has its hint.
pub fn column_hints<'a>(
    queries: impl Iterator<Item = (Query, &'a DescribedQuery)>,
    left_out: &[Role],
) -> Vec<(Vec<Query>, ColumnHint)> {
    let mut found: Vec<(Vec<Query>, ColumnHint)> = Vec::new();
    for (which, query) in queries {
        for hint in ColumnHint::all(which, query) {
            // A group's row comes from all-groups, an account from one-user.
            let is_read = match which {
                Query::GroupsByMember => false,
                Query::AllUsers => !hint.role.is_private(),
                Query::OneUser | Query::AllGroups => true,
                // What lacks there is a problem.
                Query::AllMemberships | Query::UpdatePassword => false,
            };
            if !is_read || hint.role == Role::Name || left_out.contains(&hint.role) {
                continue;
            }
            match found.iter_mut().find(|(_, known)| *known == hint) {
                Some((queries, _)) => queries.push(which),
                None => found.push((vec![which], hint)),
            }
        }
    }
    found
}

/// The hints as lines, for the log and for `check`: what decides who may sign in, and what clients know people by.
pub fn lines(hints: Vec<(Vec<Query>, ColumnHint)>) -> Vec<String> {
    let lines = hints.into_iter().map(|(queries, hint)| {
        let names: Vec<&str> = queries.into_iter().map(Query::variable).collect();
        let (ignored, alias) = (hint.ignored.join(", "), &hint.alias);
        let (is, it, refuses) = match hint.ignored.len() {
            1 => ("is", "it", "it refuses"),
            _ => ("are", "them", "they refuse"),
        };
        let what = match hint.role {
            Role::Enabled | Role::Status | Role::ExpiresAt => {
                format!("{ignored} {is} ignored, so {refuses} nobody; `{alias}` would make {it} count")
            }
            _ => format!("{ignored} {is} ignored; `{alias}` would give {it} a meaning"),
        };
        format!("{}: {what}", names.join(", "))
    });
    lines.collect()
}

/// That a query has no name for its rows: which other query has one, and which column may have been meant.
pub(super) fn nameless(which: Query, query: &DescribedQuery, queries: &QuerySet<Option<DescribedQuery>>) -> String {
    let column = match which {
        Query::AllUsers | Query::OneUser => "username",
        _ => "name",
    };
    let sibling = match which {
        Query::AllUsers => Query::OneUser,
        Query::OneUser => Query::AllUsers,
        Query::AllGroups => Query::GroupsByMember,
        _ => Query::AllGroups,
    };
    let sibling_has = queries.each().any(|(other, query)| {
        other == sibling && query.as_ref().is_some_and(|query| query.column(Role::Name).is_some())
    });
    let mut text = String::new();
    if sibling_has {
        text = format!(" ({} has one)", sibling.variable());
    }
    // Each of the two may have been given for the other.
    let others = match which {
        Query::AllUsers | Query::OneUser => [Query::AllGroups, Query::GroupsByMember],
        _ => [Query::AllUsers, Query::OneUser],
    };
    let is_named_as_users =
        |query: &DescribedQuery| query.columns.iter().any(|c| c.column.eq_ignore_ascii_case("username"));
    let is_of_others = match which {
        Query::AllGroups | Query::GroupsByMember => is_named_as_users(query),
        _ => queries
            .each()
            .any(|(other, query)| others.contains(&other) && query.as_ref().is_some_and(is_named_as_users)),
    };
    match ColumnHint::of(which, query, Role::Name) {
        _ if is_of_others => text.push_str(&format!(
            "; are the queries of users and groups interchanged? {which} must give {column}"
        )),
        Some(hint) => text.push_str(&format!("; did you mean `{}`?", hint.alias)),
        None => {}
    }
    text
}

/// The columns without a meaning, each with its name in lower case without underscores. For a name also those that are served
/// as some attribute: without a name nothing is.
fn ignored(query: &DescribedQuery, role: Role) -> impl Iterator<Item = (&str, String)> {
    let columns = query.columns.iter().filter(move |column| match column.role {
        Err(Ignored::Unknown | Ignored::Never | Ignored::NoMembership) => true,
        Err(_) => false,
        Ok(_) => role == Role::Name,
    });
    columns.map(|column| (column.column.as_str(), folded(&column.column)))
}

/// A key of whole numbers, from which a user's or a group's number can be made.
fn id(query: &DescribedQuery, role: Role) -> Option<&str> {
    let columns = query.columns.iter().zip(&query.types);
    let mut ids = columns.filter(|(column, kind)| {
        let is_number = kind.name.to_ascii_uppercase().contains("INT");
        column.role == Err(Ignored::Unknown) && column.column.eq_ignore_ascii_case("id") && is_number
    });
    let is_asked = matches!(role, Role::Number | Role::PrimaryGroup);
    ids.next()
        .filter(|_| is_asked)
        .map(|(column, _)| column.column.as_str())
}

/// What is added, so that numbers are nobody's on the machines, and users' none of groups.
fn offset(which: Query) -> String {
    match which {
        Query::AllUsers | Query::OneUser => " + 10000".to_owned(),
        _ => " + 50000".to_owned(),
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// One condition of all that speaks of accounts: `is_active AND NOT banned AND deleted_at IS NULL AS enabled`. A word such as
/// `Y` is no truth value of SQL, so such a column can only be taken as it stands, alone.
fn enabled(query: &DescribedQuery) -> Option<ColumnHint> {
    let engine = query.query.engine();
    let (mut conditions, mut columns) = (Vec::new(), Vec::new());
    let mut as_it_stands = None;
    for (column, kind) in query.columns.iter().zip(&query.types) {
        if !matches!(column.role, Err(Ignored::Unknown | Ignored::Never)) {
            continue;
        }
        let (name, folded) = (written_name(engine, &column.column), folded(&column.column));
        let is = |names: &[&str]| names.contains(&folded.as_str());
        let condition = match (is(LETS_IN), is(KEEPS_OUT), Truth::of(engine, &kind.name)) {
            (true, _, Truth::Word) | (_, true, Truth::Word) => {
                let target = if is(LETS_IN) { "enabled" } else { "locked" };
                as_it_stands = as_it_stands.or(Some((column.column.clone(), format!("{name} AS {target}"))));
                continue;
            }
            (true, _, Truth::Boolean) => name,
            (true, _, Truth::Number) => format!("{name} <> 0"),
            (_, true, Truth::Boolean) => format!("NOT {name}"),
            (_, true, Truth::Number) => format!("{name} = 0"),
            _ if is(KEEPS_OUT_FROM) => format!("{name} IS NULL"),
            _ => continue,
        };
        conditions.push(condition);
        columns.push(column.column.clone());
    }
    if let (true, Some((column, alias))) = (columns.is_empty(), as_it_stands) {
        return Some(ColumnHint {
            role: Role::Enabled,
            ignored: vec![column],
            alias,
        });
    }
    (!columns.is_empty()).then(|| ColumnHint {
        role: Role::Enabled,
        ignored: columns,
        alias: format!("{} AS enabled", conditions.join(" AND ")),
    })
}

/// How a column tells true from false.
#[derive(Clone, Copy)]
enum Truth {
    Boolean,
    Number,
    Word,
}

impl Truth {
    fn of(engine: Engine, kind: &str) -> Truth {
        let kind = kind.to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| kind.contains(part));
        match engine {
            _ if has(&["CHAR", "TEXT", "ENUM"]) => Truth::Word,
            Engine::PostgreSql if has(&["INT", "NUMERIC", "FLOAT"]) => Truth::Number,
            Engine::PostgreSql if kind != "BOOL" => Truth::Word,
            // NOT takes numbers on the others.
            _ => Truth::Boolean,
        }
    }
}

#[cfg(test)]
mod tests;
