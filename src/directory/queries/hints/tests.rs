#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    directory::{kind::GROUPS, kind::USERS, mapping::columns},
    model::schema::Schema,
    sql::{OperatorQuery, QueryDescription, TypeDescription},
};

fn described(which: Query, engine: Engine, given: &[(&str, &str)]) -> DescribedQuery {
    let query = OperatorQuery::parse("SELECT 1", engine).unwrap();
    let kind = match which {
        Query::AllUsers | Query::OneUser => &USERS,
        _ => &GROUPS,
    };
    let names = given.iter().map(|(name, _)| *name);
    DescribedQuery {
        described: QueryDescription::new(
            &query,
            given
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())),
            Vec::new(),
        ),
        origins: Vec::new(),
        types: given.iter().map(|(_, kind)| TypeDescription::named(kind)).collect(),
        columns: columns::assign(kind, names, &Schema::standard()),
        query,
    }
}

fn hints(engine: Engine, given: &[(&str, &str)]) -> Vec<String> {
    let query = described(Query::OneUser, engine, given);
    let hints = ColumnHint::all(Query::OneUser, &query).into_iter();
    hints.map(|hint| hint.alias).collect()
}

#[test]
fn names_that_others_give_are_known() {
    for (column, alias) in [
        ("email", "email AS mail"),
        ("e_mail", "e_mail AS mail"),
        ("Email", "\"Email\" AS mail"),
        ("user_email", "user_email AS mail"),
        ("encrypted_password", "encrypted_password AS password"),
        ("password_hash", "password_hash AS password"),
        ("passwd", "passwd AS password"),
        ("user_pass", "user_pass AS password"),
        ("password_digest", "password_digest AS password"),
        ("is_active", "is_active AS enabled"),
        ("isActive", "\"isActive\" AS enabled"),
        ("active", "active AS enabled"),
        ("disabled", "NOT disabled AS enabled"),
        ("is_deleted", "NOT is_deleted AS enabled"),
        ("banned", "NOT banned AS enabled"),
        ("display_name", "display_name AS full_name"),
        ("shell", "shell AS login_shell"),
        ("home", "home AS home_directory"),
        ("ssh_key", "ssh_key AS ssh_public_key"),
        ("valid_until", "valid_until AS expires_at"),
        ("user_status", "user_status AS status"),
        ("uuid", "uuid AS entry_uuid"),
        ("date_joined", "date_joined AS created_at"),
    ] {
        let found = hints(Engine::PostgreSql, &[("username", "TEXT"), (column, "BOOL")]);
        assert_eq!(found, [alias], "{column}");
    }
    for column in ["login", "user_login", "name", "user_name", "nickname"] {
        let found = hints(Engine::PostgreSql, &[(column, "TEXT"), ("full_name", "TEXT")]);
        assert_eq!(found, [format!("{column} AS username")], "{column}");
    }
}

#[test]
fn a_meaning_that_is_there_needs_no_hint() {
    for (column, target) in [
        ("email", "mail"),
        ("is_active", "enabled"),
        ("password_hash", "password"),
        ("login", "uid"),
        ("shell", "loginShell"),
    ] {
        let given = [("username", "TEXT"), (column, "BOOL"), (target, "TEXT")];
        assert_eq!(hints(Engine::PostgreSql, &given), Vec::<String>::new(), "{column}");
    }
    assert_eq!(
        hints(Engine::Sqlite, &[("username", ""), ("notes", ""), ("id", "")]),
        Vec::<String>::new()
    );
}

#[test]
fn what_speaks_of_accounts_is_one_condition_of_its_types() {
    let all = [("is_active", "BOOL"), ("banned", "INT4"), ("deleted_at", "TIMESTAMPTZ")];
    for (engine, alias) in [
        (
            Engine::PostgreSql,
            "is_active AND banned = 0 AND deleted_at IS NULL AS enabled",
        ),
        (
            Engine::MySql,
            "is_active AND NOT banned AND deleted_at IS NULL AS enabled",
        ),
    ] {
        let mut given = vec![("username", "TEXT")];
        given.extend(all);
        assert_eq!(hints(engine, &given), [alias]);
    }
    let words = |column| hints(Engine::PostgreSql, &[("username", "TEXT"), (column, "VARCHAR")]);
    assert_eq!(words("active"), ["active AS enabled"]);
    assert_eq!(words("disabled"), ["disabled AS locked"]);
}

#[test]
fn numbers_can_be_made_of_a_key_of_numbers() {
    let given = [("id", "INT4"), ("username", "TEXT")];
    let found = hints(Engine::PostgreSql, &given);
    assert_eq!(found, ["id + 10000 AS uid_number", "id + 10000 AS gid_number"]);
    let groups = described(
        Query::AllGroups,
        Engine::MySql,
        &[("id", "BIGINT"), ("name", "VARCHAR")],
    );
    let found = ColumnHint::of(Query::AllGroups, &groups, Role::Number).unwrap();
    assert_eq!(found.alias, "id + 50000 AS gid_number");
    assert!(hints(Engine::PostgreSql, &[("id", "UUID"), ("username", "TEXT")]).is_empty());
    let own = [
        ("id", "INT4"),
        ("username", "TEXT"),
        ("uid_number", "INT4"),
        ("gid", "INT4"),
    ];
    assert_eq!(hints(Engine::PostgreSql, &own), ["gid AS gid_number"]);
}

#[test]
fn a_query_without_names_says_who_has_one() {
    let engine = Engine::PostgreSql;
    let all = described(Query::AllUsers, engine, &[("username", "TEXT")]);
    let one = described(Query::OneUser, engine, &[("login", "TEXT")]);
    let groups = described(Query::AllGroups, engine, &[("name", "TEXT")]);
    let set = QuerySet {
        all_users: Some(all.clone()),
        one_user: Some(one.clone()),
        all_groups: Some(groups.clone()),
        groups_by_member: None,
        all_memberships: None,
    };
    let text = nameless(Query::OneUser, &one, &set);
    assert_eq!(
        text,
        " (SQL_QUERY_ALL_USERS has one); did you mean `login AS username`?"
    );
    let interchanged = QuerySet {
        all_users: Some(groups.clone()),
        one_user: Some(all.clone()),
        all_groups: Some(all.clone()),
        groups_by_member: Some(groups.clone()),
        all_memberships: None,
    };
    for (which, query) in [(Query::AllUsers, &groups), (Query::AllGroups, &all)] {
        let text = nameless(which, query, &interchanged);
        assert!(text.contains("interchanged"), "{text}");
    }
}
