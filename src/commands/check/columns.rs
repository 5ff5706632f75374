//! What the columns of a query become, as a table.

use super::report::{Fault, Report, table};
use crate::{
    config::Query,
    directory::{
        kind::{GROUPS, Kind, USERS, role::Role},
        mapping::columns::{ColumnUse, Ignored},
        queries::{DescribedQuery, Examination},
    },
    model::schema::Schema,
};

/// What the rows of a query are about.
fn kind(which: Query) -> Kind {
    match which {
        Query::AllUsers | Query::OneUser => &USERS,
        Query::AllGroups | Query::GroupsByMember | Query::AllMemberships | Query::UpdatePassword => &GROUPS,
    }
}

/// Adds the table of one query to the report, and warnings about its columns.
pub fn show(which: Query, query: &DescribedQuery, examined: &Examination, report: &mut Report) {
    let variable = which.variable();
    let one_user = &examined.queries.one_user;
    let is_idle = |column: &ColumnUse| {
        let role = column
            .role
            .ok()
            .filter(|role| which == Query::AllUsers && role.is_private());
        role.is_some_and(|role| one_user.as_ref().is_some_and(|query| query.column(role).is_none()))
    };
    let columns = query.columns.iter().zip(&query.types);
    let rows: Vec<Vec<String>> = columns
        .map(|(column, kind)| {
            let type_name = match kind.shown.as_str() {
                "NULL" => "(computed)".to_owned(),
                name => name.to_lowercase(),
            };
            let meaning = match is_idle(column) {
                true => "not read: binds read SQL_QUERY_ONE_USER, which has no such column".to_owned(),
                false => meaning(which, column, &examined.schema),
            };
            vec![column.column.clone(), type_name, meaning]
        })
        .collect();
    report.section(variable, table(&rows));
    for remark in query.remarks(which) {
        report.warn(remark);
    }
    // The others decide about an entry or a bind, and have been told as problems of the query.
    for unreadable in query.unreadable(which) {
        if !unreadable.decides {
            report.fault(Fault::Attribute, unreadable.problem.to_string());
        }
    }
    // SQLite names such a column by the text, quotes included.
    let texts = query.columns.iter().filter(|column| column.column.starts_with('"'));
    for column in texts {
        report.warn(format!(
            "{variable}: there is no column {}; SQLite took the name for a text",
            column.column
        ));
    }
    if let Some(text) = query.double_quoted(which).filter(|_| !query.has_a_text_for_a_name()) {
        report.warn(text);
    }
}

fn meaning(which: Query, column: &ColumnUse, schema: &Schema) -> String {
    let role = match column.role {
        Ok(role) => role,
        Err(Ignored::Unknown) => return "ignored: no attribute of the schema has this name".to_owned(),
        Err(Ignored::Never) => return "ignored: never taken from a column".to_owned(),
        Err(Ignored::Duplicate) => return "ignored: a column further left has the same meaning".to_owned(),
        Err(Ignored::Repeated) => return "ignored: a column further right has the same name".to_owned(),
        Err(Ignored::NoMembership) => return "ignored: a membership is a user and a group".to_owned(),
    };
    let attribute = attribute(kind(which), role, schema);
    match which {
        Query::AllUsers if role.is_account_state() => {
            format!("read only for shadowExpire and nsAccountLock; SQL_QUERY_ONE_USER: {attribute}")
        }
        Query::AllUsers if role.is_private() => format!("not read here; SQL_QUERY_ONE_USER: {attribute}"),
        Query::AllMemberships if role == Role::Name => "→ the group, by its cn".to_owned(),
        Query::AllMemberships if role == Role::Number => "→ the group, by its gidNumber".to_owned(),
        Query::GroupsByMember if role != Role::Name => {
            "not read: a group's row comes from SQL_QUERY_ALL_GROUPS".to_owned()
        }
        _ => format!("→ {attribute}"),
    }
}

/// What a column with this role is served as, or what it does.
pub fn attribute(kind: Kind, role: Role, schema: &Schema) -> String {
    let text = match (role, kind) {
        (Role::Name, kind) => return format!("{}, the entry's name", kind.rdn),
        (Role::Number | Role::PrimaryGroup, kind) => {
            let attribute = kind.attribute_of(role).map(|id| schema.attribute_name(id));
            return attribute.unwrap_or_default().to_owned();
        }
        (Role::FullName, _) => "cn, gecos",
        (Role::FirstName, _) => "givenName",
        (Role::LastName, _) => "sn",
        (Role::Mail, _) => "mail",
        (Role::HomeDirectory, _) => "homeDirectory",
        (Role::LoginShell, _) => "loginShell",
        (Role::SshPublicKey, _) => "sshPublicKey, one value a line",
        (Role::Password, _) => "verifies binds, never served",
        (Role::TotpSecret, _) => "the secret of `totp`, never served",
        (Role::AuthBackends, _) => "the user's own AUTH_BACKENDS, never served",
        (Role::Status, _) => "refuses binds by its word (ACCOUNT_STATUS_REFUSED), never served",
        (Role::Enabled, _) => "refuses binds when false, never served",
        (Role::Locked, _) => "refuses binds when true, never served",
        (Role::ExpiresAt, _) => "refuses binds from then on, never served",
        (Role::EntryUuid, _) => "entryUUID",
        (Role::CreatedAt, _) => "createTimestamp",
        (Role::UpdatedAt, _) => "modifyTimestamp",
        (Role::Member, _) => "the user, by its uid",
        (Role::MemberUids, _) | (Role::Members, _) => "memberUid, member, memberOf of users",
        (Role::Attribute(id), _) => schema.attribute_name(id),
    };
    text.to_owned()
}

/// The roles worth having, each with the query that should have it, the name of its column, and what it adds.
pub const RECOMMENDED: [(Role, Query, &str, &str); 6] = [
    (
        Role::LoginShell,
        Query::AllUsers,
        "login_shell",
        "loginShell of each user",
    ),
    (
        Role::SshPublicKey,
        Query::AllUsers,
        "ssh_public_key",
        "sshPublicKey, so that sshd can ask for keys (sss_ssh_authorizedkeys)",
    ),
    (
        Role::Status,
        Query::OneUser,
        "status",
        "users that are pending, suspended, disabled and so on cannot log in",
    ),
    (
        Role::EntryUuid,
        Query::AllUsers,
        "entry_uuid",
        "an entryUUID that is never used again; now it comes from uid_number, which a new user may inherit",
    ),
    (Role::CreatedAt, Query::AllUsers, "created_at", "createTimestamp"),
    (
        Role::UpdatedAt,
        Query::AllUsers,
        "updated_at",
        "modifyTimestamp, so that clients can ask for what has changed",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(which: Query, column: &str, role: Result<Role, Ignored>) -> String {
        let column = ColumnUse {
            column: column.to_owned(),
            role,
        };
        meaning(which, &column, &Schema::standard())
    }

    #[test]
    fn a_columns_use_depends_on_its_query() {
        assert_eq!(text(Query::AllUsers, "uid", Ok(Role::Name)), "→ uid, the entry's name");
        assert_eq!(text(Query::AllGroups, "cn", Ok(Role::Name)), "→ cn, the entry's name");
        assert!(text(Query::AllUsers, "password", Ok(Role::Password)).starts_with("not read here"));
        assert_eq!(
            text(Query::OneUser, "password", Ok(Role::Password)),
            "→ verifies binds, never served"
        );
        assert!(text(Query::GroupsByMember, "gid_number", Ok(Role::Number)).starts_with("not read"));
        let title = Schema::standard().attribute("title").map(Role::Attribute);
        assert_eq!(text(Query::AllUsers, "Title", title.ok_or(Ignored::Unknown)), "→ title");
    }

    #[test]
    fn what_is_ignored_says_why() {
        for (why, word) in [
            (Ignored::Unknown, "no attribute"),
            (Ignored::Never, "never"),
            (Ignored::Duplicate, "same meaning"),
            (Ignored::Repeated, "same name"),
            (Ignored::NoMembership, "a user and a group"),
        ] {
            let text = text(Query::AllUsers, "x", Err(why));
            assert!(text.starts_with("ignored") && text.contains(word), "{text}");
        }
    }
}
