//! The forms were run by hand with the deployed query on PostgreSQL 15.18, MariaDB 10.11.19 and sqlx's SQLite, also
//! with ORDER BY, LIMIT and (not on MariaDB) the parameter twice: for six users the pairs were what the query gives user
//! by user, and narrowing to one group or two users gave that part of the whole. MariaDB refuses LATERAL and, with
//! LIMIT, row IN. Not run: LATERAL on MySQL 8, and members through citext beyond preparing and running it.

use crate::sql::engine::Engine;
use crate::sql::query::description::QueryDescription;
use crate::sql::query::operator_query::OperatorQuery;
use crate::sql::query::tests::{ALL_GROUPS, ALL_USERS, GROUPS_BY_MEMBER};
use crate::sql::statement::Arg;
use crate::sql::table::group_memberships::{GroupMemberships, MembershipForm, NamedQuery};
use crate::sql::table::query_table::QueryTable;

struct Setting {
    queries: [(OperatorQuery, QueryDescription); 3],
}

impl Setting {
    /// The deployed queries, `by_member` in place of the last one, which takes a parameter of type `wanted`.
    fn new(engine: Engine, by_member: &str, wanted: &str) -> Setting {
        let text = |text: &str| {
            if engine == Engine::MySql {
                text.replace('"', "`")
            } else {
                text.to_owned()
            }
        };
        let (name, number) = match engine {
            Engine::Sqlite => ("TEXT", "INTEGER"),
            Engine::PostgreSql => ("VARCHAR", "INT4"),
            Engine::MySql => ("VARCHAR", "INT"),
        };
        let make = |query: OperatorQuery, columns: &[(&str, &str)], wanted: &str| {
            let columns = columns.iter().map(|(name, kind)| (name.to_string(), kind.to_string()));
            let described = QueryDescription::new(&query, columns, vec![Some(wanted.to_owned())]);
            (query, described)
        };
        let users = OperatorQuery::listing(&text(ALL_USERS), engine).unwrap();
        let groups = OperatorQuery::listing(&text(ALL_GROUPS), engine).unwrap();
        let by_member = OperatorQuery::lookup(&text(by_member), engine).unwrap();
        let group = [("name", name), ("gid_number", number)];
        Setting {
            queries: [
                make(users, &[("username", name)], ""),
                make(groups, &group, ""),
                make(by_member, &group, wanted),
            ],
        }
    }

    fn membership(&self) -> GroupMemberships<'_> {
        let [users, groups, by_member] = &self.queries;
        fn named((query, described): &(OperatorQuery, QueryDescription)) -> NamedQuery<'_> {
            NamedQuery {
                table: QueryTable::listing(query, described),
                name: 0,
            }
        }
        GroupMemberships {
            users: named(users),
            groups: named(groups),
            by_member: named(by_member),
        }
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// What `GROUPS_BY_MEMBER` compares in the end; the alias is not its own `u`.
const CORRELATED: &str = "WHERE u.\"uid\" = gw_u.gw_name";

#[test]
fn deployed_queries_on_postgresql() {
    let setting = Setting::new(Engine::PostgreSql, GROUPS_BY_MEMBER, "TEXT");
    let membership = setting.membership();
    assert_eq!(membership.forms(), [MembershipForm::Lateral, MembershipForm::PerUser]);
    let users = format!("(SELECT q.\"username\" AS gw_name FROM (\n{ALL_USERS}\n) q) gw_u");
    let by_member = GROUPS_BY_MEMBER.replace("WHERE u.\"uid\" = ?", CORRELATED);
    let all = format!("SELECT gw_u.gw_name, gw_g.\"name\" FROM {users} CROSS JOIN LATERAL (\n{by_member}\n) gw_g");
    assert_eq!(membership.pairs(MembershipForm::Lateral, None, None).unwrap().sql, all);
    let (alice, group) = (names(&["alice"]), names(&["staff", "a\0"]));
    let some = membership
        .pairs(MembershipForm::Lateral, Some(&alice), Some(&group))
        .unwrap();
    assert_eq!(
        some.sql,
        format!("{all}\nWHERE gw_u.gw_name = $1::text AND gw_g.\"name\" = $2::text")
    );
    assert_eq!(some.args, ["alice", "staff"].map(|name| Arg::Text(name.to_owned())));
}

#[test]
fn deployed_queries_on_mariadb() {
    let setting = Setting::new(Engine::MySql, GROUPS_BY_MEMBER, "");
    let membership = setting.membership();
    assert_eq!(
        membership.forms(),
        [MembershipForm::Lateral, MembershipForm::RowIn, MembershipForm::PerUser]
    );
    let quoted = |text: &str| text.replace('"', "`");
    let users = format!(
        "(SELECT q.`username` AS gw_name FROM (\n{}\n) q) gw_u",
        quoted(ALL_USERS)
    );
    let groups = format!("(\n{}\n) gw_g", quoted(ALL_GROUPS));
    let by_member = quoted(&GROUPS_BY_MEMBER.replace("WHERE u.\"uid\" = ?", CORRELATED));
    let statement = membership
        .pairs(MembershipForm::RowIn, None, Some(&names(&["staff"])))
        .unwrap();
    assert_eq!(
        statement.sql,
        format!(
            "SELECT gw_u.gw_name, gw_g.`name` FROM {users} JOIN {groups} ON (gw_g.`name`, gw_g.`gid_number`) IN (\n{by_member}\n)\
             \nWHERE gw_u.gw_name IS NOT NULL AND gw_g.`name` IN (?)\
             \nUNION ALL\nSELECT NULL, gw_g.`name` FROM {groups} WHERE (gw_g.`name` IS NULL OR gw_g.`gid_number` IS NULL) \
             AND gw_g.`name` IN (?)"
        )
    );
    assert_eq!(statement.args.len(), 2);
}

#[test]
fn deployed_queries_on_sqlite() {
    let setting = Setting::new(Engine::Sqlite, GROUPS_BY_MEMBER, "");
    let membership = setting.membership();
    assert_eq!(membership.forms(), [MembershipForm::JsonEach, MembershipForm::PerUser]);
    let statement = membership
        .pairs(
            MembershipForm::JsonEach,
            Some(&names(&["alice"])),
            Some(&names(&["staff"])),
        )
        .unwrap();
    let by_member = GROUPS_BY_MEMBER.replace("WHERE u.\"uid\" = ?", CORRELATED);
    assert_eq!(
        statement.sql,
        format!(
            "SELECT gw_u.gw_name, gw_j.value FROM (SELECT q.\"username\" AS gw_name FROM (\n{ALL_USERS}\n) q) gw_u \
             JOIN json_each((SELECT json_group_array(CAST(gw_g.\"name\" AS TEXT)) FROM (\n{by_member}\n) gw_g \
             WHERE CAST(gw_g.\"name\" AS TEXT) IS NOT NULL AND CAST(gw_g.\"name\" AS TEXT) IN (SELECT value FROM json_each(?)))) gw_j\
             \nWHERE gw_u.gw_name IN (SELECT value FROM json_each(?))"
        )
    );
    assert_eq!(
        statement.args,
        [Arg::TextList(names(&["staff"])), Arg::TextList(names(&["alice"]))],
        "in the order of the text"
    );
}

#[test]
fn the_groups_of_a_user_come_with_their_rows() {
    let alice = names(&["alice"]);
    let statement = |engine, form| {
        let setting = Setting::new(engine, GROUPS_BY_MEMBER, "TEXT");
        setting.membership().groups_with(form, &alice, &[0, 1]).unwrap()
    };
    let users = format!("(SELECT q.\"username\" AS gw_name FROM (\n{ALL_USERS}\n) q) gw_u");
    let by_member = GROUPS_BY_MEMBER.replace("WHERE u.\"uid\" = ?", CORRELATED);
    let postgres = statement(Engine::PostgreSql, MembershipForm::Lateral);
    assert_eq!(
        postgres.sql,
        format!(
            "SELECT gw_u.gw_name, gw_g.\"name\", q.\"name\", q.\"name\", q.\"gid_number\" FROM {users} \
             LEFT JOIN LATERAL (\n{by_member}\n) gw_g ON 1 = 1\n\
             LEFT JOIN (\n{ALL_GROUPS}\n) q ON q.\"name\" = gw_g.\"name\"\n\
             WHERE gw_u.gw_name = $1::text"
        )
    );
    let sqlite = statement(Engine::Sqlite, MembershipForm::JsonEach).sql;
    assert!(
        sqlite.contains(&format!(
            " ON 1 = 1\nLEFT JOIN (\n{ALL_GROUPS}\n) q ON q.\"name\" = gw_j.value\nWHERE "
        )),
        "{sqlite}"
    );
    let mariadb = statement(Engine::MySql, MembershipForm::RowIn);
    assert!(
        mariadb
            .sql
            .starts_with("SELECT gw_u.gw_name, gw_g.`name`, gw_g.`name`, gw_g.`name`, gw_g.`gid_number` FROM "),
        "{}",
        mariadb.sql
    );
    assert_eq!(mariadb.args.len(), 1, "the arm of undecided groups is about all users");
}

#[test]
fn the_member_has_the_type_a_bound_value_would_have() {
    let last = |wanted: &str| {
        let setting = Setting::new(Engine::PostgreSql, GROUPS_BY_MEMBER, wanted);
        let membership = setting.membership();
        let sql = membership.lateral(None, None).unwrap().sql;
        let forms = membership.forms().len();
        (
            sql.rsplit_once("WHERE u.\"uid\" = ")
                .unwrap()
                .1
                .trim_end_matches("\n) gw_g")
                .to_owned(),
            forms,
        )
    };
    assert_eq!(last("VARCHAR"), ("gw_u.gw_name".to_owned(), 2));
    assert_eq!(last("citext"), ("(gw_u.gw_name::text)::\"citext\"".to_owned(), 2));
    assert_eq!(last("JSONB"), ("to_jsonb(gw_u.gw_name::text)".to_owned(), 2));
    // One name that is no number would be everybody's error.
    assert_eq!(last("INT4").1, 1);
}

#[test]
fn nobody_asked_for_means_nothing_to_ask() {
    let setting = Setting::new(Engine::PostgreSql, GROUPS_BY_MEMBER, "TEXT");
    assert_eq!(
        setting.membership().pairs(MembershipForm::Lateral, Some(&[]), None),
        None
    );
    assert_eq!(
        setting
            .membership()
            .pairs(MembershipForm::Lateral, None, Some(&names(&["\0"]))),
        None
    );
    assert_eq!(setting.membership().groups_of("a\0"), None);
}

#[test]
fn a_tuple_needs_every_column_once_and_names_alone_are_compared_exactly() {
    let mut setting = Setting::new(Engine::MySql, GROUPS_BY_MEMBER, "");
    setting.queries[2].1.columns.truncate(1);
    let sql = setting
        .membership()
        .pairs(MembershipForm::RowIn, None, None)
        .unwrap()
        .sql;
    assert!(
        sql.contains("ON (CONVERT(gw_g.`name` USING utf8mb4) COLLATE utf8mb4_bin) IN ("),
        "{sql}"
    );
    setting.queries[2].1.columns[0].name = "role".to_owned();
    assert_eq!(
        setting.membership().forms(),
        [MembershipForm::Lateral, MembershipForm::PerUser]
    );
}
