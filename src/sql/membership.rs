//! Membership for many users at once: the all-users row takes the placeholder's place in the operator's
//! groups-by-member query. Which form an engine takes depends on its version and on the query, so the forms are
//! tried in turn by preparing them. Must not know how a membership is served.

use super::described::{Column, ColumnKind, Described};
use super::engine::Engine;
use super::predicate::possible;
use super::query::OperatorQuery;
use super::statement::{Source, Statement, Writer, cast_text};

/// A way to read memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A lateral join: PostgreSQL, MySQL from 8.0.14.
    Lateral,
    /// `(group's columns) IN (groups by member)`: MariaDB.
    RowIn,
    /// A scalar subquery made into rows again: SQLite has no lateral join, but lets a scalar look outwards.
    JsonEach,
    /// Statement by statement with `Membership::groups_of`: works everywhere, costs one statement a user.
    PerUser,
}

/// One of the three queries, and where it has the name of the user or group.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The query.
    pub query: &'a OperatorQuery,
    /// What the database says of it.
    pub described: &'a Described,
    /// The position of the name among its columns.
    pub name: usize,
}

/// The queries that memberships are read from.
#[derive(Debug, Clone, Copy)]
pub struct Membership<'a> {
    /// All users, by user name.
    pub users: Named<'a>,
    /// All groups, by group name.
    pub groups: Named<'a>,
    /// The groups of one user, by group name.
    pub by_member: Named<'a>,
}

/// The name that stands in the placeholder's place. No operator writes it: an alias that the query uses itself
/// would be taken for the query's own, and everybody would be in every group.
const MEMBER: &str = "gw_u.gw_name";

impl<'a> Membership<'a> {
    /// The forms to prepare, best first; the last one, `PerUser`, needs no preparing. Prepare
    /// `pairs(form, None, None)` and keep the first that the database takes.
    pub fn forms(&self) -> Vec<Form> {
        let mut forms = match self.engine() {
            Engine::PostgreSql if self.casts_may_fail() => vec![],
            Engine::PostgreSql => vec![Form::Lateral],
            Engine::MySql => vec![Form::Lateral, Form::RowIn],
            Engine::Sqlite => vec![Form::JsonEach],
        };
        forms.push(Form::PerUser);
        forms.retain(|form| *form == Form::PerUser || self.pairs(*form, None, None).is_some());
        forms
    }

    /// Rows of user name and group name: the memberships of these users, or of all, in these groups, or in
    /// all. Names are spelled as the all-users and the group query spell them. The lists narrow as the
    /// database compares. `None` when there can be none, and where the form does not exist for these queries.
    pub fn pairs(
        &self,
        form: Form,
        users: Option<&[String]>,
        groups: Option<&[String]>,
    ) -> Option<Statement> {
        let users = match users {
            Some(users) => Some(keep_possible(self.engine(), column(self.users)?, users)?),
            None => None,
        };
        match form {
            Form::Lateral => self.lateral(users, groups),
            Form::RowIn => self.row_in(users, groups),
            Form::JsonEach => self.json_each(users, groups),
            Form::PerUser => None,
        }
    }

    /// The names of one user's groups, in one column.
    pub fn groups_of(&self, user: &str) -> Option<Statement> {
        let source = Source::lookup(self.by_member.query, self.by_member.described, user)?;
        source.select(&[self.by_member.name], &super::predicate::Predicate::True)
    }

    fn engine(&self) -> Engine {
        self.by_member.query.engine()
    }

    fn lateral(&self, users: Option<Vec<String>>, groups: Option<&[String]>) -> Option<Statement> {
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
            Some(groups) => Some(keep_possible(self.engine(), group, groups)?),
            None => None,
        };
        self.write_filters(&mut writer, users, groups, group, name, " WHERE ")
    }

    fn json_each(
        &self,
        users: Option<Vec<String>>,
        groups: Option<&[String]>,
    ) -> Option<Statement> {
        let group = column(self.by_member)?;
        let source = Source::listing(self.by_member.query, self.by_member.described);
        if source.renames() {
            return None;
        }
        // JSON holds no blobs: one would spoil the whole statement.
        let name = format!("CAST({} AS TEXT)", source.name("gw_g", self.by_member.name));
        let mut writer = Writer::new(self.engine());
        writer.push(&format!("SELECT {MEMBER}, gw_j.value FROM "));
        self.write_users(&mut writer);
        writer.push(&format!(
            " JOIN json_each((SELECT json_group_array({name}) FROM (\n"
        ));
        writer
            .push(&self.correlated())
            .push("\n) gw_g WHERE ")
            .push(&format!("{name} IS NOT NULL"));
        if let Some(groups) = groups {
            let groups = keep_possible(self.engine(), group, groups)?;
            writer.push(" AND ");
            writer.equals_any(&name, group, &groups);
        }
        writer.push(")) gw_j");
        self.write_filters(&mut writer, users, None, group, &name, " WHERE ")
    }

    /// The tuple is made of the group query's columns by the names that groups-by-member gives, in its order.
    /// A NULL is never IN anything, so groups with one are compared by INTERSECT, for which NULLs are equal.
    fn row_in(&self, users: Option<Vec<String>>, groups: Option<&[String]>) -> Option<Statement> {
        let group = column(self.groups)?;
        let source = Source::listing(self.groups.query, self.groups.described);
        if source.renames() || self.by_member.described.columns.is_empty() {
            return None;
        }
        let positions = self.by_member.described.columns.iter().map(|wanted| {
            let mut same = self
                .groups
                .described
                .columns
                .iter()
                .enumerate()
                .filter(|(_, c)| c.name.eq_ignore_ascii_case(&wanted.name));
            match (same.next(), same.next()) {
                (Some((position, _)), None) => Some(position),
                _ => None,
            }
        });
        let positions: Vec<usize> = positions.collect::<Option<_>>()?;
        let named: Vec<String> = positions
            .iter()
            .map(|at| source.name("gw_g", *at))
            .collect();
        let tuple = self.tuple(&positions, &named);
        let name = source.name("gw_g", self.groups.name);
        let groups = match groups {
            Some(groups) => Some(keep_possible(self.engine(), group, groups)?),
            None => None,
        };
        let nulls: Vec<String> = named.iter().map(|name| format!("{name} IS NULL")).collect();
        let by_member = self.correlated();
        let conditions = [
            format!("({}) IN (\n{by_member}\n)", tuple.join(", ")),
            format!(
                "({}) AND EXISTS (\n{by_member}\nINTERSECT SELECT {})",
                nulls.join(" OR "),
                named.join(", ")
            ),
        ];
        let mut writer = Writer::new(self.engine());
        for (at, condition) in conditions.iter().enumerate() {
            writer.push(if at == 0 { "" } else { "\nUNION ALL\n" });
            writer.push(&format!("SELECT {MEMBER}, {name} FROM "));
            self.write_users(&mut writer);
            writer
                .push(" JOIN (\n")
                .push(&self.groups.query.render(|_, _| "NULL".to_owned()))
                .push("\n) gw_g ON ");
            writer.push(condition);
            if let Some(users) = &users {
                writer.push(" AND ");
                writer.equals_any(MEMBER, column(self.users)?, users);
            }
            if let Some(groups) = &groups {
                writer.push(" AND ");
                writer.equals_any(&name, group, groups);
            }
        }
        Some(writer.finish())
    }

    /// Where a number is part of the tuple it tells groups apart; a name alone must be compared exactly, or a
    /// collation would put the members of `cafe` into `café`.
    fn tuple(&self, positions: &[usize], named: &[String]) -> Vec<String> {
        let columns = || {
            positions
                .iter()
                .map(|at| self.groups.described.columns.get(*at))
        };
        let numbered = columns()
            .flatten()
            .any(|column| column.kind == ColumnKind::Integer);
        named
            .iter()
            .zip(columns())
            .map(|(name, column)| match column {
                Some(column) if column.kind.is_text() && !numbered => {
                    format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_bin")
                }
                _ => name.clone(),
            })
            .collect()
    }

    fn write_users(&self, writer: &mut Writer) {
        let source = Source::listing(self.users.query, self.users.described);
        let users = source.select(&[self.users.name], &super::predicate::Predicate::True);
        // Naming the one column here keeps it apart from everything the other query can see.
        let sql = users.map(|users| users.sql).unwrap_or_default();
        let name = source.name("q", self.users.name);
        let sql = match sql.find(&format!("SELECT {name} FROM")) {
            Some(at) => {
                let (before, select) = sql.split_at_checked(at).unwrap_or((sql.as_str(), ""));
                format!(
                    "{before}{}",
                    select.replacen(
                        &format!("SELECT {name} FROM"),
                        &format!("SELECT {name} AS gw_name FROM"),
                        1
                    )
                )
            }
            None => sql,
        };
        writer.push("(").push(&sql).push(") gw_u");
    }

    fn write_filters(
        &self,
        writer: &mut Writer,
        users: Option<Vec<String>>,
        groups: Option<Vec<String>>,
        group: &Column,
        name: &str,
        first: &str,
    ) -> Option<Statement> {
        let mut between = first;
        if let Some(users) = users {
            writer.push(between);
            writer.equals_any(MEMBER, column(self.users)?, &users);
            between = " AND ";
        }
        if let Some(groups) = groups {
            writer.push(between);
            writer.equals_any(name, group, &groups);
        }
        Some(std::mem::replace(writer, Writer::new(self.engine())).finish())
    }

    /// Groups-by-member with the user's name in the placeholder's place, of the type that a bound value had.
    fn correlated(&self) -> String {
        let member = column(self.users);
        self.by_member
            .query
            .render(|_, number| match self.engine() {
                Engine::PostgreSql => {
                    let wanted = self
                        .by_member
                        .described
                        .parameters
                        .get(number.saturating_sub(1));
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

    /// Whether one user's name could fail a cast and with it everybody's statement.
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
            .described
            .parameters
            .iter()
            .flatten()
            .any(|wanted| {
                wanted != member
                    && !wanted.eq_ignore_ascii_case("citext")
                    && !harmless.contains(&wanted.as_str())
            })
    }
}

/// `MEMBER` as a value of the type PostgreSQL wants there. Bare where the types agree: a cast costs the index.
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

/// The group's name in `gw_g`, and the column list that gives it that name where the operator's will not do.
fn lateral_names(named: Named<'_>) -> LateralNames {
    let source = Source::listing(named.query, named.described);
    let list = match source.renames() {
        false => String::new(),
        true => {
            let names = (1..=named.described.columns.len()).map(|number| format!("gw_{number}"));
            format!("({})", names.collect::<Vec<_>>().join(", "))
        }
    };
    LateralNames {
        name: source.name("gw_g", named.name),
        list,
    }
}

fn column(named: Named<'_>) -> Option<&Column> {
    named.described.columns.get(named.name)
}

fn keep_possible(engine: Engine, column: &Column, values: &[String]) -> Option<Vec<String>> {
    let values: Vec<String> = values
        .iter()
        .filter(|value| possible(engine, column, value))
        .cloned()
        .collect();
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests;
