//! Statements over an operator's query: the query is a table `q`, its columns are always named, every value is bound.
//! Knows the engines' dialects, not how rows are read.

use std::fmt::Write as _;

use crate::sql::engine::Engine;
use crate::sql::predicate::equality::pays_to_read_again;
use crate::sql::predicate::equals_any::write_equals_any;
use crate::sql::predicate::scope::{Scope, SecondReading};
use crate::sql::predicate::{self, Predicate, is_canonical};
use crate::sql::query::description::{Column, ColumnKind, QueryDescription};
use crate::sql::query::operator_query::OperatorQuery;
use crate::sql::statement::{Arg, Statement, Writer};

/// A part of a table in the order of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyedPage<'a> {
    /// The position of the key among the columns.
    pub key: usize,
    /// The key that the page before ended with.
    pub after: Option<&'a str>,
    /// At most so many rows.
    pub limit: u32,
}

/// The operator's query as a table, with its parameter's value where it has one.
#[derive(Debug, Clone, Copy)]
pub struct QueryTable<'a> {
    pub(super) query: &'a OperatorQuery,
    pub(super) described: &'a QueryDescription,
    value: &'a str,
}

impl<'a> QueryTable<'a> {
    /// A query without a parameter.
    pub fn listing(query: &'a OperatorQuery, described: &'a QueryDescription) -> QueryTable<'a> {
        QueryTable {
            query,
            described,
            value: "",
        }
    }

    /// A query for one name. `None` when no row can have that name: PostgreSQL refuses U+0000.
    pub fn lookup(query: &'a OperatorQuery, described: &'a QueryDescription, value: &'a str) -> Option<QueryTable<'a>> {
        QueryTable::listing(query, described).with_value(value)
    }

    /// The same for one name. `None` when no row can have that name.
    pub(super) fn with_value(self, value: &'a str) -> Option<QueryTable<'a>> {
        (!value.contains('\0')).then_some(QueryTable { value, ..self })
    }

    /// The columns at these positions, of the rows that `predicate` lets through: a superset of what it means. A
    /// position that does not exist gives NULL. `None` when there can be no row, so nothing is asked.
    pub fn select(&self, columns: &[usize], predicate: &Predicate) -> Option<Statement> {
        let predicate = self.simplify(predicate)?;
        let mut writer = self.begin();
        self.write_select(&mut writer, &self.list(columns));
        self.write_where(&mut writer, &predicate);
        Some(writer.finish())
    }

    /// The rows of a page that `predicate` lets through, in the database's own order. Rows without a key never come: they
    /// can have no RDN. `None` when the key to begin after can be none of this column (a forged cookie).
    ///
    /// A key is compared by the column's collation: where that holds two spellings equal, a page may end
    /// between them. So when a page is full, its last key's rows are to be read again with `ties`. A forged
    /// key with a character that a latin1 column lacks is error 1267 on MySQL.
    pub fn page_after(&self, columns: &[usize], predicate: &Predicate, page: KeyedPage<'_>) -> Option<Statement> {
        let KeyedPage {
            key,
            after: last,
            limit,
        } = page;
        let after = match last {
            None => Predicate::HasKey(key),
            Some(last) => Predicate::KeyAfter {
                column: key,
                last: last.to_owned(),
            },
        };
        let predicate = self.simplify(&Predicate::And(vec![predicate.clone(), after]))?;
        let mut writer = self.begin();
        self.write_select(&mut writer, &self.list(columns));
        self.write_where(&mut writer, &predicate);
        let order = self.key(key);
        let _ = write!(writer.sql, "\nORDER BY {order}\nLIMIT {limit}");
        Some(writer.finish())
    }

    /// All rows whose key the database holds equal to `last`.
    pub fn ties(&self, columns: &[usize], key: usize, last: &str) -> Option<Statement> {
        self.select(
            columns,
            &Predicate::KeyEquals {
                column: key,
                last: last.to_owned(),
            },
        )
    }

    /// The rows whose key may not be unique: lowered it occurs more than once, or it is not canonical (printable ASCII
    /// without outer or double blanks), so that only RFC 4518 preparation can tell.
    ///
    /// Of names that are equal under caseIgnoreMatch all are among them, except one: the *canonical* spelling of a
    /// name whose others are not. Look those up by `Predicate::EqualsAny` with the prepared names.
    pub fn duplicates(&self, columns: &[usize], key: usize) -> Option<Statement> {
        let not_canonical = self.simplify(&Predicate::NotCanonical { column: key });
        let column = self.described.columns.get(key)?;
        let list = self.list(columns);
        let mut writer = self.begin();
        self.write_select(&mut writer, &list);
        let folded = |alias: &str| predicate::folded(self.query.engine(), column, &self.name(alias, key));
        let is_any = match (self.query.engine(), folded("q") == self.name("q", key)) {
            (Engine::PostgreSql, true) => format!("{} ANY", column.operator("=")),
            _ => "IN".to_owned(),
        };
        let _ = write!(
            writer.sql,
            "\nWHERE {} {is_any} (SELECT {} FROM ",
            folded("q"),
            folded("t")
        );
        self.write_table(&mut writer, "t");
        let _ = write!(writer.sql, " GROUP BY {} HAVING count(*) > 1)", folded("t"));
        // Two arms instead of an OR, for which PostgreSQL would search the whole subquery once a row.
        if let Some(predicate) = not_canonical {
            let scope = self.scope(&predicate);
            writer.push("\nAND NOT (");
            predicate.write(&mut writer, &scope);
            writer.push(")\nUNION ALL\n");
            self.write_select(&mut writer, &list);
            writer.push("\nWHERE ");
            predicate.write(&mut writer, &scope);
        }
        Some(writer.finish())
    }

    /// The rows whose text may be one of `prepared` (RFC 4518, caseIgnore): those equal but for ASCII case, and all
    /// that are not canonical, since only preparation can tell what those are equal to.
    pub fn in_any_case(&self, columns: &[usize], column: usize, prepared: &[String]) -> Option<Statement> {
        let described = self.described.columns.get(column)?;
        let engine = self.query.engine();
        let canonical: Vec<String> = prepared.iter().filter(|text| is_canonical(text)).cloned().collect();
        let not_canonical = self.simplify(&Predicate::NotCanonical { column });
        if canonical.is_empty() && not_canonical.is_none() {
            return None;
        }
        let mut writer = self.begin();
        self.write_select(&mut writer, &self.list(columns));
        writer.push("\nWHERE ");
        if !canonical.is_empty() {
            let folded = predicate::folded(engine, described, &self.name("q", column));
            let own_type = described.kind == ColumnKind::TextIgnoreCase && folded == self.name("q", column);
            let kind = if own_type { described.kind } else { ColumnKind::Text };
            let column = Column {
                kind,
                ..described.clone()
            };
            write_equals_any(&mut writer, &folded, &column, &canonical);
            writer.push(if not_canonical.is_some() { "\nOR " } else { "" });
        }
        if let Some(predicate) = not_canonical {
            predicate.write(&mut writer, &self.scope(&predicate));
        }
        Some(writer.finish())
    }

    /// How many rows there are.
    pub fn count(&self, predicate: &Predicate) -> Option<Statement> {
        self.probe("count(*)", "", predicate)
    }

    /// One row, the number 1, if any row passes. Also asks whether the query can be run at all.
    pub fn exists(&self, predicate: &Predicate) -> Option<Statement> {
        self.probe("1", "\nLIMIT 1", predicate)
    }

    /// No row, ever: asks whether the query may be run. Preparing it does not show a missing permission.
    pub fn nothing(&self) -> Option<Statement> {
        self.probe("1", "\nLIMIT 0", &Predicate::True)
    }

    /// Asks for the collations of the text columns, even of an empty table: the positions, and a statement of one row
    /// with a text for each of them, for `QueryDescription::set_collations`. Older servers may refuse it; then nothing
    /// is known.
    pub fn collations(&self) -> Option<(Vec<usize>, Statement)> {
        let engine = self.query.engine();
        let positions = self.described.collated(engine);
        if positions.is_empty() {
            return None;
        }
        let answers = (1..=positions.len()).map(|number| match engine {
            Engine::PostgreSql => format!(
                "concat_ws(' ', coalesce((SELECT k.collisdeterministic FROM pg_collation k \
                 WHERE k.oid = pg_collation_for(s.c{number})::regcollation)::text, '-'), \
                 (lower('I' || left(coalesce(s.c{number}::text, ''), 0)) = 'i')::text, pg_collation_for(s.c{number}))"
            ),
            Engine::MySql | Engine::Sqlite => format!("COLLATION(s.c{number})"),
        });
        let answers = answers.collect::<Vec<_>>().join(", ");
        let named = positions
            .iter()
            .enumerate()
            .map(|(at, position)| format!("{} AS c{}", self.name("q", *position), at + 1));
        let named = named.collect::<Vec<_>>().join(", ");
        let mut writer = self.begin();
        let _ = write!(
            writer.sql,
            "SELECT {answers} FROM (SELECT 1 AS one) o LEFT JOIN (SELECT {named} FROM "
        );
        self.write_table(&mut writer, "q");
        writer.push(" LIMIT 1) s ON 1 = 1");
        Some((positions, writer.finish()))
    }

    fn probe(&self, what: &str, end: &str, predicate: &Predicate) -> Option<Statement> {
        let predicate = self.simplify(predicate)?;
        let mut writer = self.begin();
        self.write_select(&mut writer, what);
        self.write_where(&mut writer, &predicate);
        writer.push(end);
        Some(writer.finish())
    }

    fn simplify(&self, predicate: &Predicate) -> Option<Predicate> {
        let predicate = predicate.simplify(self.query.engine(), &self.described.columns);
        (predicate != Predicate::False).then_some(predicate)
    }

    pub(super) fn engine(&self) -> Engine {
        self.query.engine()
    }

    /// Whether the columns need our own names, because the operator's cannot be referred to.
    pub(crate) fn renames(&self) -> bool {
        self.described.renames
    }

    /// The column at `position`, quoted and qualified; NULL where there is none.
    pub(crate) fn name(&self, alias: &str, position: usize) -> String {
        match self.described.columns.get(position) {
            None => "NULL".to_owned(),
            Some(_) if self.renames() => format!("{alias}.gw_{}", position + 1),
            Some(column) => format!("{alias}.{}", self.query.engine().quote(&column.name)),
        }
    }

    /// Writes a table of these columns under these names, of a query without a parameter.
    pub(crate) fn write_columns_as(&self, writer: &mut Writer, columns: &[(usize, &str)], predicate: &Predicate) {
        self.write_table_of(writer, ["", ""], columns, predicate);
    }

    /// As `write_columns_as`, without rows that are equal to the last octet. A collation alone would make one row of
    /// `cafe` and `café`.
    pub(crate) fn write_distinct_as(&self, writer: &mut Writer, columns: &[(usize, &str)], predicate: &Predicate) {
        let octets = columns.iter().enumerate().map(|(at, (position, _))| {
            let name = self.name("q", *position);
            let octets = match self.query.engine() {
                Engine::PostgreSql => format!("{name}::text COLLATE \"C\""),
                Engine::MySql | Engine::Sqlite => format!("HEX({name})"),
            };
            format!(", {octets} AS gw_octets_{}", at + 1)
        });
        let octets: String = octets.collect();
        self.write_table_of(writer, ["DISTINCT ", &octets], columns, predicate);
    }

    fn write_table_of(
        &self,
        writer: &mut Writer,
        [before, after]: [&str; 2],
        columns: &[(usize, &str)],
        predicate: &Predicate,
    ) {
        writer.put("(");
        self.write_names(writer);
        let named = columns
            .iter()
            .map(|(position, name)| format!("{} AS {name}", self.name("q", *position)));
        let named = named.collect::<Vec<_>>().join(", ");
        self.write_select(writer, &format!("{before}{named}{after}"));
        self.write_where(writer, predicate);
        writer.put(")");
    }

    pub(crate) fn list(&self, columns: &[usize]) -> String {
        columns
            .iter()
            .map(|position| self.name("q", *position))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn names_of_ours(&self) -> String {
        (1..=self.described.columns.len())
            .map(|number| format!("gw_{number}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn scope(&self, predicate: &Predicate) -> Scope<'_> {
        let names = |alias: &str| {
            (0..self.described.columns.len())
                .map(|at| self.name(alias, at))
                .collect()
        };
        // Only without a parameter, whose value would be bound once more; and without our own names, behind which
        // SQLite finds no index. Where SQLite has to make the table first, it would make it twice.
        let plain = self.query.placeholders() == 0 && !self.renames() && self.query.reads_by_key();
        let again = (self.query.engine() == Engine::Sqlite && plain && pays_to_read_again(predicate)).then(|| {
            let mut writer = Writer::new(Engine::Sqlite);
            self.write_table(&mut writer, "z");
            SecondReading {
                table: writer.finish().sql,
                names: names("z"),
            }
        });
        Scope {
            columns: &self.described.columns,
            names: names("q"),
            again,
        }
    }

    fn key(&self, position: usize) -> String {
        match self.described.columns.get(position) {
            Some(column) => predicate::key(self.query.engine(), column, &self.name("q", position)),
            None => "NULL".to_owned(),
        }
    }

    fn begin(&self) -> Writer {
        let mut writer = Writer::new(self.query.engine());
        self.write_names(&mut writer);
        writer
    }

    /// Before `SELECT`: our own names for the columns. MariaDB 10.11 and SQLite take no column list after a derived
    /// table, so there it is a `WITH`.
    fn write_names(&self, writer: &mut Writer) {
        if self.renames() && self.query.engine() != Engine::PostgreSql {
            writer.put(&format!("WITH gw_q ({}) AS (\n", self.names_of_ours()));
            self.write_query(writer);
            writer.put("\n)\n");
        }
    }

    fn write_select(&self, writer: &mut Writer, list: &str) {
        writer.push("SELECT ").push(list).push(" FROM ");
        self.write_table(writer, "q");
    }

    /// The query as a table. It stands on lines of its own: a `--` comment in it would swallow the parenthesis.
    pub(crate) fn write_table(&self, writer: &mut Writer, alias: &str) {
        let renames = self.renames();
        if renames && self.query.engine() != Engine::PostgreSql {
            writer.push("gw_q ").push(alias);
            return;
        }
        writer.push("(\n");
        self.write_query(writer);
        writer.push("\n) ").push(alias);
        if renames {
            writer.push(&format!("({})", self.names_of_ours()));
        }
    }

    /// The operator's text with its parameter bound.
    fn write_query(&self, writer: &mut Writer) {
        let text = self.query.bound(self.described).sql;
        match (self.query.placeholders(), writer.engine) {
            (0, _) => {}
            // `$1` wherever it occurs; ours follow.
            (_, Engine::PostgreSql) => {
                if writer.args.is_empty() {
                    writer.args.push(Arg::Text(self.value.to_owned()));
                }
            }
            (count, Engine::MySql | Engine::Sqlite) => {
                writer
                    .args
                    .extend(std::iter::repeat_n(Arg::Text(self.value.to_owned()), count));
            }
        }
        writer.push(&text);
    }

    fn write_where(&self, writer: &mut Writer, predicate: &Predicate) {
        if *predicate != Predicate::True {
            writer.push("\nWHERE ");
            predicate.write(writer, &self.scope(predicate));
        }
    }
}
