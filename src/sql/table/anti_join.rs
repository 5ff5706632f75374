//! A table of our own over two of the operator's listings: the rows of one that refer to no row of the other. It is
//! read like an operator's query. Compares whole numbers only, which all engines do alike.

use super::query_table::QueryTable;
use crate::sql::engine::Engine;
use crate::sql::predicate::Predicate;
use crate::sql::query::description::{Column, ColumnKind, QueryDescription};
use crate::sql::query::operator_query::OperatorQuery;
use crate::sql::statement::Writer;

/// Its columns: the name, its number, and the number that it refers to.
pub const ANTI_JOIN_COLUMNS: [&str; 3] = ["gw_name", "gw_number", "gw_reference"];

/// A listing whose rows have a name, a number of their own, and refer to a number.
#[derive(Debug, Clone, Copy)]
pub struct Referring<'a> {
    /// The listing.
    pub table: QueryTable<'a>,
    /// The position of the name.
    pub name: usize,
    /// The position of the row's own number.
    pub number: usize,
    /// The position of the number that it refers to.
    pub reference: usize,
}

/// A listing whose rows have a number.
#[derive(Debug, Clone, Copy)]
pub struct Referred<'a> {
    /// The listing.
    pub table: QueryTable<'a>,
    /// The position of the number.
    pub number: usize,
}

/// The rows of `from` that have a name and both numbers, and whose reference is no row's number in `to`. Of several
/// with one reference, the row with the lowest number. None unless the numbers are whole ones in all rows: else the
/// database would compare them otherwise than they are served.
///
/// The lowest number of each reference is found once a statement: compared row by row it would cost the square of the
/// rows where no index helps. Likewise the numbers of `to`, except on PostgreSQL, which hashes them for `NOT EXISTS`,
/// and for `NOT IN` only while they fit into its memory.
pub fn without_referent(from: Referring<'_>, to: Referred<'_>) -> Option<(OperatorQuery, QueryDescription)> {
    let positions = [from.name, from.number, from.reference];
    let own = positions.map(|position| from.table.described.columns.get(position));
    let [Some(name_column), Some(number_column), Some(reference_column)] = own else {
        return None;
    };
    let others = to.table.described.columns.get(to.number)?;
    if [number_column, reference_column, others]
        .iter()
        .any(|column| column.kind != ColumnKind::Integer)
    {
        return None;
    }
    let engine = from.table.engine();
    let rows = |alias: &str| {
        let has_all = Predicate::And(positions.map(Predicate::HasKey).to_vec());
        let columns: Vec<(usize, &str)> = positions.into_iter().zip(ANTI_JOIN_COLUMNS).collect();
        table(from.table, &columns, &has_all, alias)
    };
    let taken = table(
        to.table,
        &[(to.number, "gw_number")],
        &Predicate::HasKey(to.number),
        "gw_t",
    );
    let missing = match engine {
        Engine::PostgreSql => format!("NOT EXISTS (SELECT 1 FROM {taken} WHERE gw_t.gw_number = gw_f.gw_reference)"),
        Engine::MySql | Engine::Sqlite => format!("gw_f.gw_reference NOT IN (SELECT gw_t.gw_number FROM {taken})"),
    };
    let text = format!(
        "SELECT gw_f.gw_name, gw_f.gw_number, gw_f.gw_reference FROM {}\n\
         JOIN (SELECT gw_l.gw_reference, min(gw_l.gw_number) AS gw_least FROM {} GROUP BY gw_l.gw_reference) gw_m\n\
         ON gw_m.gw_reference = gw_f.gw_reference AND gw_m.gw_least = gw_f.gw_number\nWHERE {missing}",
        rows("gw_f"),
        rows("gw_l"),
    );
    let named = |column: &Column, name: &str| Column {
        name: name.to_owned(),
        ..column.clone()
    };
    let columns = [name_column, number_column, reference_column]
        .into_iter()
        .zip(ANTI_JOIN_COLUMNS);
    let described = QueryDescription {
        columns: columns.map(|(column, name)| named(column, name)).collect(),
        parameters: Vec::new(),
        renames: false,
    };
    Some((OperatorQuery::of_ours(text, engine), described))
}

/// Rows of a listing as a table with columns of these names.
fn table(source: QueryTable<'_>, columns: &[(usize, &str)], predicate: &Predicate, alias: &str) -> String {
    let mut writer = Writer::new(source.engine());
    source.write_columns_as(&mut writer, columns, predicate);
    writer.put(&format!(" {alias}"));
    writer.finish().sql
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

    fn made(engine: Engine, gid: &str, groups: &str) -> Option<String> {
        let described = |query: &OperatorQuery, columns: &[(&str, &str)]| {
            let columns = columns.iter().map(|(name, kind)| (name.to_string(), kind.to_string()));
            QueryDescription::new(query, columns, Vec::new())
        };
        let users = OperatorQuery::listing("SELECT * FROM u -- all", engine).unwrap();
        let all_groups = OperatorQuery::listing("SELECT * FROM g", engine).unwrap();
        let text = if engine == Engine::Sqlite { "TEXT" } else { "VARCHAR" };
        let from = described(&users, &[("username", text), ("n", "BIGINT"), ("gid", gid)]);
        // Two columns of one name: they get names of ours.
        let to = described(&all_groups, &[("n", text), ("n", groups)]);
        let found = without_referent(
            Referring {
                table: QueryTable::listing(&users, &from),
                name: 0,
                number: 1,
                reference: 2,
            },
            Referred {
                table: QueryTable::listing(&all_groups, &to),
                number: 1,
            },
        );
        let (query, described) = found?;
        assert!(!query.reads_by_key());
        assert_eq!(described.columns.len(), ANTI_JOIN_COLUMNS.len());
        Some(query.to_describe())
    }

    #[test]
    fn numbers_that_are_not_whole_are_not_compared() {
        assert_eq!(made(Engine::MySql, "VARCHAR", "INT"), None);
        assert_eq!(made(Engine::MySql, "INT", "DECIMAL"), None);
        assert_eq!(made(Engine::Sqlite, "INTEGER", "NULL"), None);
        assert!(made(Engine::MySql, "INT", "BIGINT UNSIGNED").is_some());
    }

    #[test]
    fn a_null_hides_no_group() {
        let sql = made(Engine::MySql, "INT", "INT").unwrap();
        assert!(
            sql.contains("NOT IN (SELECT gw_t.gw_number FROM (WITH gw_q (gw_1, gw_2) AS"),
            "{sql}"
        );
        assert!(sql.contains("WHERE q.gw_2 IS NOT NULL) gw_t)"), "{sql}");
        let sqlite = made(Engine::Sqlite, "INTEGER", "INTEGER").unwrap();
        assert!(sqlite.contains("typeof(q.gw_2) = 'integer'"), "{sqlite}");
    }
}
