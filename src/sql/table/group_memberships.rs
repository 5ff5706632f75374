//! Memberships of many users at once, by the operator's groups-by-member query: the all-users row takes the
//! placeholder's place. Which form an engine takes depends on its version and on the query, so the forms are tried in
//! turn by preparing them.

use super::query_table::QueryTable;
use crate::sql::engine::Engine;
use crate::sql::predicate::equals_any::write_equals_any;
use crate::sql::predicate::{Predicate, possible_value};
use crate::sql::query::description::{Column, ColumnKind};
use crate::sql::query::type_name::{cast_text, is_citext};
use crate::sql::statement::{Statement, Writer};

/// A way to read memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipForm {
    /// A lateral join: PostgreSQL, MySQL from 8.0.14.
    Lateral,
    /// `(group's columns) IN (groups by member)`: MariaDB. **A row without a user** names a group that this form
    /// cannot decide, because a column of its tuple is NULL: read its members by `PerUser`.
    RowIn,
    /// A scalar subquery that is made into rows again. SQLite has no lateral join, but its scalar subqueries can refer
    /// outwards.
    JsonEach,
    /// A statement a user, with `GroupMemberships::groups_of`. Works everywhere.
    PerUser,
}

/// A query, and which of its columns is the name of the user or group.
#[derive(Debug, Clone, Copy)]
pub struct NamedQuery<'a> {
    /// The query as a table, without a value for its parameter.
    pub table: QueryTable<'a>,
    /// The position of the name among its columns.
    pub name: usize,
}

/// The queries that memberships are read from.
#[derive(Debug, Clone, Copy)]
pub struct GroupMemberships<'a> {
    /// All users, by user name.
    pub users: NamedQuery<'a>,
    /// All groups, by group name.
    pub groups: NamedQuery<'a>,
    /// The groups of one user, by group name.
    pub by_member: NamedQuery<'a>,
}

/// The name in the placeholder's place. No operator writes it: an alias of the query itself would be taken for the
/// query's own, and everybody would be in every group.
const MEMBER: &str = "gw_u.gw_name";

impl<'a> GroupMemberships<'a> {
    /// The forms to prepare, best first; the last one, `PerUser`, needs no preparing. Prepare
    /// `pairs(form, None, None)` and keep the first that the database takes.
    pub fn forms(&self) -> Vec<MembershipForm> {
        let mut forms = match self.engine() {
            Engine::PostgreSql if self.casts_may_fail() || !self.names_are_texts() => vec![],
            Engine::PostgreSql => vec![MembershipForm::Lateral],
            Engine::MySql => vec![MembershipForm::Lateral, MembershipForm::RowIn],
            Engine::Sqlite => vec![MembershipForm::JsonEach],
        };
        forms.push(MembershipForm::PerUser);
        forms.retain(|form| *form == MembershipForm::PerUser || self.pairs(*form, None, None).is_some());
        forms
    }

    /// Rows of user name and group name: the memberships of these users, or of all, in these groups, or in all. Names
    /// are spelled as all-users and the group query spell them. The lists narrow as the database compares. `None` when
    /// there can be none, and when these queries do not have the form.
    pub fn pairs(
        &self,
        form: MembershipForm,
        users: Option<&[String]>,
        groups: Option<&[String]>,
    ) -> Option<Statement> {
        let users = match users {
            Some(users) => Some(keep_possible(column(self.users)?, users)?),
            None => None,
        };
        match form {
            MembershipForm::Lateral => self.lateral(users, groups),
            MembershipForm::RowIn => self.row_in(users, groups, &[]),
            MembershipForm::JsonEach => self.json_each(users, groups),
            MembershipForm::PerUser => None,
        }
    }

    /// Rows of user name, group name as groups-by-member spells it, group name as all-groups spells it, and these
    /// columns of all-groups: the groups of these users. A user without groups comes once, with NULLs, or not at all.
    /// A group that only one of the two queries knows is NULL on the other's side. Only for queries whose group names
    /// may be compared in SQL. `None` when there can be none, and when these queries do not have the form. A row
    /// without a user is as with `pairs`.
    pub fn groups_with(&self, form: MembershipForm, users: &[String], columns: &[usize]) -> Option<Statement> {
        let users = keep_possible(column(self.users)?, users)?;
        let groups = self.groups.table;
        if groups.renames() {
            return None;
        }
        let key = groups.name("q", self.groups.name);
        let list = format!("{key}, {}", groups.list(columns));
        let mut writer = Writer::new(self.engine());
        match form {
            MembershipForm::Lateral => {
                let inner = lateral_names(self.by_member);
                let name = &inner.name;
                writer.push(&format!("SELECT {MEMBER}, {name}, {list} FROM "));
                self.write_users(&mut writer);
                writer
                    .push(" LEFT JOIN LATERAL (\n")
                    .push(&self.correlated())
                    .push("\n) gw_g")
                    .push(&inner.list)
                    .push(" ON 1 = 1\nLEFT JOIN ");
                groups.write_table(&mut writer, "q");
                writer.put(&format!(" ON {key} = {name}"));
            }
            MembershipForm::JsonEach => {
                writer.push(&format!("SELECT {MEMBER}, gw_j.value, {list} FROM "));
                self.write_users(&mut writer);
                writer.push(" LEFT JOIN ");
                self.write_json_each(&mut writer, None)?;
                writer.push(" ON 1 = 1\nLEFT JOIN ");
                groups.write_table(&mut writer, "q");
                writer.put(&format!(" ON {key} = gw_j.value"));
            }
            MembershipForm::RowIn => {
                let also: Vec<usize> = std::iter::once(self.groups.name)
                    .chain(columns.iter().copied())
                    .collect();
                return self.row_in(Some(users), None, &also);
            }
            MembershipForm::PerUser => return None,
        }
        self.filtered(writer, Some(users), None)
    }

    /// The names of one user's groups, in one column.
    pub fn groups_of(&self, user: &str) -> Option<Statement> {
        let source = self.by_member.table.with_value(user)?;
        source.select(&[self.by_member.name], &Predicate::True)
    }

    fn engine(&self) -> Engine {
        self.by_member.table.engine()
    }

    pub(super) fn lateral(&self, users: Option<Vec<String>>, groups: Option<&[String]>) -> Option<Statement> {
        let group = column(self.by_member)?;
        let mut writer = Writer::new(self.engine());
        let inner = lateral_names(self.by_member);
        let name = &inner.name;
        writer.push(&format!("SELECT {MEMBER}, {name} FROM "));
        self.write_users(&mut writer);
        writer
            .push(" CROSS JOIN LATERAL (\n")
            .push(&self.correlated())
            .push("\n) gw_g")
            .push(&inner.list);
        let groups = match groups {
            Some(groups) => Some(keep_possible(group, groups)?),
            None => None,
        };
        self.filtered(writer, users, groups.map(|groups| (group, name.as_str(), groups)))
    }

    fn json_each(&self, users: Option<Vec<String>>, groups: Option<&[String]>) -> Option<Statement> {
        let mut writer = Writer::new(self.engine());
        writer.push(&format!("SELECT {MEMBER}, gw_j.value FROM "));
        self.write_users(&mut writer);
        writer.push(" JOIN ");
        self.write_json_each(&mut writer, groups)?;
        self.filtered(writer, users, None)
    }

    /// One user's groups as rows `gw_j`.
    fn write_json_each(&self, writer: &mut Writer, groups: Option<&[String]>) -> Option<()> {
        let group = column(self.by_member)?;
        let source = self.by_member.table;
        if source.renames() {
            return None;
        }
        // JSON holds no blobs: one would fail the whole statement.
        let name = format!("CAST({} AS TEXT)", source.name("gw_g", self.by_member.name));
        writer.push(&format!("json_each((SELECT json_group_array({name}) FROM (\n"));
        writer
            .push(&self.correlated())
            .push("\n) gw_g WHERE ")
            .push(&format!("{name} IS NOT NULL"));
        if let Some(groups) = groups {
            let groups = keep_possible(group, groups)?;
            writer.push(" AND ");
            write_equals_any(writer, &name, group, &groups);
        }
        writer.push(")) gw_j");
        Some(())
    }

    /// The tuple has the group query's columns under the names that groups-by-member gives, in its order. A NULL is
    /// never IN anything, so a second arm names the groups that have one. (Comparing those by a correlated INTERSECT
    /// ends in "Table file is corrupted" on MariaDB 10.11.)
    fn row_in(&self, users: Option<Vec<String>>, groups: Option<&[String]>, also: &[usize]) -> Option<Statement> {
        let group = column(self.groups)?;
        let source = self.groups.table;
        let positions = self.tuple_positions()?;
        if source.renames() {
            return None;
        }
        let groups = match groups {
            Some(groups) => Some(keep_possible(group, groups)?),
            None => None,
        };
        let named: Vec<String> = positions.iter().map(|at| source.name("gw_g", *at)).collect();
        let name = source.name("gw_g", self.groups.name);
        let all_groups = format!("(\n{}\n) gw_g", self.groups.table.query.to_describe());
        let also = also.iter().map(|at| source.name("gw_g", *at));
        let list = std::iter::once(name.clone()).chain(also).collect::<Vec<_>>().join(", ");
        let mut writer = Writer::new(self.engine());
        writer.put(&format!("SELECT {MEMBER}, {list} FROM "));
        self.write_users(&mut writer);
        let tuple = self.tuple(&positions, &named).join(", ");
        writer.put(&format!(
            " JOIN {all_groups} ON ({tuple}) IN (\n{}\n)",
            self.correlated()
        ));
        writer.put(&format!("\nWHERE {MEMBER} IS NOT NULL"));
        if let Some(users) = &users {
            writer.put(" AND ");
            write_equals_any(&mut writer, MEMBER, column(self.users)?, users);
        }
        let write_groups = |writer: &mut Writer| {
            if let Some(groups) = &groups {
                writer.put(" AND ");
                write_equals_any(writer, &name, group, groups);
            }
        };
        write_groups(&mut writer);
        let nulls: Vec<String> = named.iter().map(|name| format!("{name} IS NULL")).collect();
        writer.put(&format!(
            "\nUNION ALL\nSELECT NULL, {list} FROM {all_groups} WHERE ({})",
            nulls.join(" OR ")
        ));
        write_groups(&mut writer);
        Some(writer.finish())
    }

    /// The positions in the group query of each column of groups-by-member; `None` when one is missing or stands there
    /// twice.
    fn tuple_positions(&self) -> Option<Vec<usize>> {
        let groups = &self.groups.table.described.columns;
        let position = |wanted: &Column| {
            let named = |(_, column): &(usize, &Column)| column.name.eq_ignore_ascii_case(&wanted.name);
            let mut same = groups.iter().enumerate().filter(named);
            match (same.next(), same.next()) {
                (Some((position, _)), None) => Some(position),
                _ => None,
            }
        };
        let wanted = &self.by_member.table.described.columns;
        (!wanted.is_empty()).then(|| wanted.iter().map(position).collect())?
    }

    /// A number in the tuple tells groups apart. A name alone must be compared exactly, or a collation would put the
    /// members of `cafe` into `café`.
    fn tuple(&self, positions: &[usize], named: &[String]) -> Vec<String> {
        let columns = || positions.iter().map(|at| self.groups.table.described.columns.get(*at));
        let exact = |column: &Column| column.collation.as_ref().is_some_and(|c| c.name.ends_with("_bin"));
        let numbered = columns().flatten().any(|column| column.kind == ColumnKind::Integer);
        let item = |(name, column): (&String, Option<&Column>)| match column {
            Some(column) if column.kind.is_text() && !numbered && !exact(column) => {
                format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_bin")
            }
            _ => name.clone(),
        };
        named.iter().zip(columns()).map(item).collect()
    }

    /// The users as `gw_u`, with their name alone, so that the other query cannot stumble over anything else.
    fn write_users(&self, writer: &mut Writer) {
        let source = self.users.table;
        source.write_columns_as(writer, &[(self.users.name, "gw_name")], &Predicate::True);
        writer.put(" gw_u");
    }

    /// Ends the statement by narrowing it to some users and groups; `groups` are of `group`'s type, as `name`.
    fn filtered(
        &self,
        mut writer: Writer,
        users: Option<Vec<String>>,
        groups: Option<(&Column, &str, Vec<String>)>,
    ) -> Option<Statement> {
        let mut between = "\nWHERE ";
        if let Some(users) = users {
            writer.put(between);
            write_equals_any(&mut writer, MEMBER, column(self.users)?, &users);
            between = " AND ";
        }
        if let Some((group, name, groups)) = groups {
            writer.put(between);
            write_equals_any(&mut writer, name, group, &groups);
        }
        Some(writer.finish())
    }

    /// Groups-by-member with the user's name in the placeholder's place, of the type that a bound value would have.
    fn correlated(&self) -> String {
        let member = column(self.users);
        self.by_member.table.query.render(|_, number| match self.engine() {
            Engine::PostgreSql => {
                let wanted = self.by_member.table.described.parameters.get(number.saturating_sub(1));
                postgres_member(member, wanted.and_then(|name| name.as_deref()))
            }
            Engine::MySql if member.is_some_and(|c| !c.kind.is_text()) => {
                format!("CAST({MEMBER} AS CHAR)")
            }
            Engine::Sqlite if member.is_some_and(|c| c.kind != ColumnKind::Text) => {
                format!("CAST({MEMBER} AS TEXT)")
            }
            Engine::MySql | Engine::Sqlite => MEMBER.to_owned(),
        })
    }

    /// Whether names can be compared with lists of names.
    fn names_are_texts(&self) -> bool {
        [self.users, self.by_member]
            .into_iter()
            .all(|named| column(named).is_some_and(Column::is_its_text))
    }

    /// Whether one user's name could fail a cast, and with it everybody's statement.
    fn casts_may_fail(&self) -> bool {
        let member = column(self.users).map_or("", |column| column.type_name.as_str());
        let harmless = [
            "TEXT",
            "VARCHAR",
            "CHAR",
            "NAME",
            "JSON",
            "JSONB",
            "BYTEA",
            "UNKNOWN",
            "TEXT[]",
            "VARCHAR[]",
        ];
        self.by_member
            .table
            .described
            .parameters
            .iter()
            .flatten()
            .any(|wanted| wanted != member && !is_citext(wanted) && !harmless.contains(&wanted.as_str()))
    }
}

/// `MEMBER` as a value of the type that PostgreSQL wants there. Bare when the types agree: a cast costs the index.
fn postgres_member(member: Option<&Column>, wanted: Option<&str>) -> String {
    let has = member.map_or("", |column| column.type_name.as_str());
    match wanted {
        None | Some("UNKNOWN") => MEMBER.to_owned(),
        Some(wanted) if wanted == has => MEMBER.to_owned(),
        Some("TEXT" | "VARCHAR") if has == "TEXT" || has == "VARCHAR" => MEMBER.to_owned(),
        Some("TEXT" | "VARCHAR") => format!("{MEMBER}::text"),
        Some(wanted) => cast_text(&format!("{MEMBER}::text"), Some(wanted)),
    }
}

struct LateralNames {
    name: String,
    list: String,
}

/// The group's name in `gw_g`, and the column list that names it where the operator's name cannot be used.
fn lateral_names(named: NamedQuery<'_>) -> LateralNames {
    let source = named.table;
    let list = match source.renames() {
        false => String::new(),
        true => {
            let names = (1..=named.table.described.columns.len()).map(|number| format!("gw_{number}"));
            format!("({})", names.collect::<Vec<_>>().join(", "))
        }
    };
    LateralNames {
        name: source.name("gw_g", named.name),
        list,
    }
}

pub(crate) fn column(named: NamedQuery<'_>) -> Option<&Column> {
    named.table.described.columns.get(named.name)
}

pub(crate) fn keep_possible(column: &Column, values: &[String]) -> Option<Vec<String>> {
    let values: Vec<String> = values
        .iter()
        .filter(|value| possible_value(column, value))
        .cloned()
        .collect();
    (!values.is_empty()).then_some(values)
}
