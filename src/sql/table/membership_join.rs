//! Memberships from a listing of pairs, joined with the users and groups that exist, in one statement. Only for
//! listings that may be compared in SQL; the caller decides that.

use super::group_memberships::{NamedQuery, column, keep_possible};
use super::query_table::QueryTable;
use crate::sql::engine::Engine;
use crate::sql::predicate::Predicate;
use crate::sql::predicate::equals_any::write_equals_any;
use crate::sql::query::description::Column;
use crate::sql::statement::{Statement, Writer};

/// A listing of pairs, and the two listings that it is joined with.
#[derive(Debug, Clone, Copy)]
pub struct MembershipJoin<'a> {
    /// All users, by user name.
    pub users: NamedQuery<'a>,
    /// All groups, by group name.
    pub groups: NamedQuery<'a>,
    /// The column of all groups that a pair refers to: their name, or a number.
    pub key: usize,
    /// The pairs.
    pub pairs: QueryTable<'a>,
    /// The position of a pair's user.
    pub user: usize,
    /// The position of a pair's group.
    pub group: usize,
}

impl MembershipJoin<'_> {
    /// Whether names can be compared with lists of names.
    pub fn names_are_texts(&self) -> bool {
        let engine = self.pairs.engine();
        let named = [self.users, self.groups].into_iter();
        engine != Engine::PostgreSql || named.map(column).all(|column| column.is_some_and(Column::is_its_text))
    }

    /// Rows of user name, the same as the pair spells it, group name, and the same as the pair spells it: the pairs of
    /// these users, or of all, and these groups, or all. A collation may hold names equal that are not. When a pair
    /// has the group's number, the last column is NULL. `None` when there can be none.
    pub fn pairs(&self, users: Option<&[String]>, groups: Option<&[String]>) -> Option<Statement> {
        let groups = match groups {
            Some(names) => Some(self.only_groups(names)?),
            None => None,
        };
        let mut writer = Writer::new(self.pairs.engine());
        self.write_joined(&mut writer, &[], groups.as_ref());
        if let Some(names) = users {
            let column = column(self.users)?;
            writer.put("\nWHERE ");
            write_equals_any(&mut writer, "gw_u.gw_name", column, &keep_possible(column, names)?);
        }
        Some(writer.finish())
    }

    fn only_groups(&self, names: &[String]) -> Option<Predicate> {
        Some(Predicate::EqualsAny {
            column: self.groups.name,
            values: keep_possible(column(self.groups)?, names)?,
        })
    }

    /// Rows as of `pairs`, followed by these columns of all-groups: the groups of these users. Each user comes once
    /// more with its name alone, so that a user without groups comes too. `None` when there can be none.
    pub fn groups_with(&self, users: &[String], columns: &[usize]) -> Option<Statement> {
        let column = column(self.users)?;
        let users = keep_possible(column, users)?;
        let mut writer = Writer::new(self.pairs.engine());
        self.write_joined(&mut writer, columns, None);
        writer.put("\nWHERE ");
        write_equals_any(&mut writer, "gw_u.gw_name", column, &users);
        // For an outer join SQLite would make a table of all pairs first.
        let nothing = ", NULL".repeat(columns.len() + 3);
        writer.put(&format!("\nUNION ALL\nSELECT gw_u.gw_name{nothing} FROM "));
        self.write_users(&mut writer);
        writer.put("\nWHERE ");
        write_equals_any(&mut writer, "gw_u.gw_name", column, &users);
        Some(writer.finish())
    }

    /// With `only` these groups each of them is taken once: a listing that joins them with their members has it once a
    /// member, and the pairs would be the square of that.
    fn write_joined(&self, writer: &mut Writer, columns: &[usize], only: Option<&Predicate>) {
        let by_name = self.key == self.groups.name;
        let spelled = if by_name { "gw_p.gw_group" } else { "NULL" };
        let own: Vec<String> = (1..=columns.len()).map(|number| format!("gw_{number}")).collect();
        let list: String = own.iter().map(|name| format!(", gw_g.{name}")).collect();
        writer.put(&format!(
            "SELECT gw_u.gw_name, gw_p.gw_user, gw_g.gw_name, {spelled}{list} FROM "
        ));
        self.write_users(writer);
        writer.put("\nJOIN ");
        // Only what is a number is one that a group is served with.
        let is_a_key = if by_name {
            Predicate::True
        } else {
            Predicate::HasKey(self.group)
        };
        let pair = [(self.user, "gw_user"), (self.group, "gw_group")];
        self.pairs.write_columns_as(writer, &pair, &is_a_key);
        writer.put(" gw_p ON gw_p.gw_user = gw_u.gw_name\nJOIN ");
        let named = columns.iter().copied().zip(own.iter().map(String::as_str));
        let named: Vec<(usize, &str)> = [(self.groups.name, "gw_name"), (self.key, "gw_key")]
            .into_iter()
            .chain(named)
            .collect();
        let groups = self.groups.table;
        match only {
            Some(only) => groups.write_distinct_as(writer, &named, only),
            None => groups.write_columns_as(writer, &named, &Predicate::True),
        }
        writer.put(" gw_g ON gw_g.gw_key = gw_p.gw_group");
    }

    fn write_users(&self, writer: &mut Writer) {
        let users = self.users.table;
        users.write_columns_as(writer, &[(self.users.name, "gw_name")], &Predicate::True);
        writer.put(" gw_u");
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]
mod tests {
    use super::*;
    use crate::sql::query::description::QueryDescription;
    use crate::sql::query::operator_query::OperatorQuery;
    use crate::sql::statement::Arg;

    struct Setting {
        queries: [(OperatorQuery, QueryDescription); 3],
        key: usize,
    }

    impl Setting {
        fn new(engine: Engine, key: usize) -> Setting {
            let (text, number) = match engine {
                Engine::Sqlite => ("TEXT", "INTEGER"),
                Engine::PostgreSql => ("VARCHAR", "INT4"),
                Engine::MySql => ("VARCHAR", "INT"),
            };
            let made = |sql: &str, columns: [(&str, &str); 2]| {
                let query = OperatorQuery::listing(sql, engine).unwrap();
                let columns = columns.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
                let described = QueryDescription::new(&query, columns, Vec::new());
                (query, described)
            };
            let group = if key == 0 {
                ("name", text)
            } else {
                ("gid_number", number)
            };
            Setting {
                queries: [
                    made("SELECT * FROM u", [("username", text), ("n", number)]),
                    made("SELECT * FROM g", [("name", text), ("gid_number", number)]),
                    made("SELECT * FROM ug", [group, ("username", text)]),
                ],
                key,
            }
        }

        fn pairs(&self) -> MembershipJoin<'_> {
            let [users, groups, pairs] = &self.queries;
            fn named((query, described): &(OperatorQuery, QueryDescription)) -> NamedQuery<'_> {
                NamedQuery {
                    table: QueryTable::listing(query, described),
                    name: 0,
                }
            }
            MembershipJoin {
                users: named(users),
                groups: named(groups),
                key: self.key,
                pairs: QueryTable::listing(&pairs.0, &pairs.1),
                user: 1,
                group: 0,
            }
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    const USERS: &str = "(SELECT q.\"username\" AS gw_name FROM (\nSELECT * FROM u\n) q) gw_u";

    #[test]
    fn by_number_on_postgresql() {
        let setting = Setting::new(Engine::PostgreSql, 1);
        let pairs = setting.pairs();
        let all = format!(
            "SELECT gw_u.gw_name, gw_p.gw_user, gw_g.gw_name, NULL FROM {USERS}\n\
             JOIN (SELECT q.\"username\" AS gw_user, q.\"gid_number\" AS gw_group FROM (\nSELECT * FROM ug\n) q\n\
             WHERE q.\"gid_number\" IS NOT NULL) gw_p ON gw_p.gw_user = gw_u.gw_name\n\
             JOIN (SELECT q.\"name\" AS gw_name, q.\"gid_number\" AS gw_key FROM (\nSELECT * FROM g\n) q) gw_g \
             ON gw_g.gw_key = gw_p.gw_group"
        );
        assert_eq!(pairs.pairs(None, None).unwrap().sql, all);
        let some = pairs.pairs(Some(&names(&["alice"])), Some(&names(&["staff", "a\0"])));
        let some = some.unwrap();
        let once = all
            .replace("(SELECT q.\"name\" AS", "(SELECT DISTINCT q.\"name\" AS")
            .replace(
                "AS gw_key FROM",
                "AS gw_key, q.\"name\"::text COLLATE \"C\" AS gw_octets_1, \
                 q.\"gid_number\"::text COLLATE \"C\" AS gw_octets_2 FROM",
            )
            .replace("FROM g\n) q)", "FROM g\n) q\nWHERE q.\"name\" = $1::text)");
        assert_eq!(some.sql, format!("{once}\nWHERE gw_u.gw_name = $2::text"));
        assert_eq!(some.args, ["staff", "alice"].map(|name| Arg::Text(name.to_owned())));
    }

    #[test]
    fn by_name_the_spelling_of_the_pair_comes_along() {
        for engine in [Engine::PostgreSql, Engine::MySql, Engine::Sqlite] {
            let setting = Setting::new(engine, 0);
            let sql = setting.pairs().pairs(None, None).unwrap().sql;
            assert!(
                sql.starts_with("SELECT gw_u.gw_name, gw_p.gw_user, gw_g.gw_name, gw_p.gw_group FROM "),
                "{sql}"
            );
            assert!(!sql.contains("IS NOT NULL"), "{sql}");
        }
    }

    #[test]
    fn only_a_number_is_a_number_on_sqlite() {
        let sql = Setting::new(Engine::Sqlite, 1).pairs().pairs(None, None).unwrap().sql;
        assert!(sql.contains("typeof(q.\"gid_number\") = 'integer'"), "{sql}");
    }

    #[test]
    fn users_without_groups_come_with_the_rows_of_the_others() {
        let setting = Setting::new(Engine::MySql, 1);
        let statement = setting.pairs().groups_with(&names(&["alice", "bob"]), &[1, 0]).unwrap();
        let users = USERS.replace('"', "`");
        assert!(
            statement
                .sql
                .starts_with("SELECT gw_u.gw_name, gw_p.gw_user, gw_g.gw_name, NULL, gw_g.gw_1, gw_g.gw_2 FROM "),
            "{}",
            statement.sql
        );
        assert!(
            statement.sql.contains("q.`gid_number` AS gw_1, q.`name` AS gw_2"),
            "{}",
            statement.sql
        );
        assert!(
            statement.sql.ends_with(&format!(
                "WHERE gw_u.gw_name IN (?, ?)\n\
                 UNION ALL\nSELECT gw_u.gw_name, NULL, NULL, NULL, NULL, NULL FROM {users}\nWHERE gw_u.gw_name IN (?, ?)"
            )),
            "{}",
            statement.sql
        );
        assert_eq!(statement.args.len(), 4);
    }

    #[test]
    fn names_that_no_row_has_ask_nothing() {
        let setting = Setting::new(Engine::PostgreSql, 1);
        let pairs = setting.pairs();
        let none = names(&["a\0"]);
        assert_eq!(pairs.pairs(Some(&none), None), None);
        assert_eq!(pairs.pairs(None, Some(&none)), None);
        assert_eq!(pairs.groups_with(&none, &[0]), None);
    }
}
