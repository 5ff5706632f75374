//! A prepared statement's columns and parameters: what each driver says, in our own terms.

use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Column as _, ColumnOrigin, Either, Executor, Statement, TypeInfo};

use super::type_names::TypeNames;
use crate::sql::decode;
use crate::sql::query::description::{ColumnDescription, Origin, StatementDescription};
use crate::sql::query::type_name::TypeDescription;

/// The columns and parameters that the driver knows of a prepared statement.
pub(crate) fn description<S>(
    statement: &S,
    type_of: impl Fn(&<S::Database as sqlx::Database>::TypeInfo) -> TypeDescription,
) -> StatementDescription
where
    S: Statement,
{
    let columns = statement
        .columns()
        .iter()
        .map(|column| ColumnDescription {
            name: column.name().to_owned(),
            kind: type_of(column.type_info()),
            origin: match column.origin() {
                ColumnOrigin::Table(origin) => Origin::Table {
                    table: origin.table.to_string(),
                    column: origin.name.to_string(),
                },
                ColumnOrigin::Expression => Origin::Expression,
                ColumnOrigin::Unknown => Origin::Unknown,
            },
        })
        .collect();
    let parameters = match statement.parameters() {
        Some(Either::Left(types)) => types.iter().map(|kind| Some(type_of(kind).name)).collect(),
        Some(Either::Right(count)) => vec![None; count],
        None => Vec::new(),
    };
    StatementDescription { columns, parameters }
}

pub(crate) async fn described_by_postgres(
    connection: &mut PgConnection,
    sql: sqlx::SqlStr,
) -> Result<StatementDescription, sqlx::Error> {
    let statement = (&mut *connection).prepare(sql).await?;
    let parameters = match statement.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    let columns = statement.columns().iter().map(|column| column.type_info());
    let names = TypeNames::of(connection, columns.chain(parameters)).await?;
    Ok(description(&statement, |info| names.describe(info)))
}

pub(super) async fn described_by_mysql(
    connection: &mut MySqlConnection,
    sql: sqlx::SqlStr,
) -> Result<StatementDescription, sqlx::Error> {
    let statement = connection.prepare(sql).await?;
    Ok(without_origins(description(&statement, type_of_mysql), |table| {
        !table.contains('.')
    }))
}

fn type_of_mysql(info: &sqlx::mysql::MySqlTypeInfo) -> TypeDescription {
    TypeDescription {
        is_readable: decode::mysql::is_readable(info.name()),
        ..TypeDescription::named(info.name())
    }
}

/// Whether the text names a compound view: SQLite looks through views, and tells of a compound one only where the
/// first arm's columns come from.
const COMPOUND_VIEW: &str = "SELECT 1 FROM sqlite_schema a, sqlite_schema b WHERE a.type = 'view' \
     AND instr(lower(?), lower(a.name)) > 0 AND b.type = 'view' \
     AND (b.sql LIKE '%UNION%' OR b.sql LIKE '%INTERSECT%' OR b.sql LIKE '%EXCEPT%') LIMIT 1";

pub(crate) async fn described_by_sqlite(
    connection: &mut SqliteConnection,
    text: &str,
    sql: sqlx::SqlStr,
) -> Result<StatementDescription, sqlx::Error> {
    // On SQLite values have types; a column's type binds nothing.
    let type_of = |info: &sqlx::sqlite::SqliteTypeInfo| TypeDescription::named(info.name());
    let description = description(&(&mut *connection).prepare(sql).await?, type_of);
    let view = sqlx::query(COMPOUND_VIEW).bind(text).fetch_optional(connection).await?;
    Ok(without_origins(description, |_| view.is_some()))
}

/// Takes out origins that are no real table: MariaDB names the alias of a subquery, without a schema.
pub(crate) fn without_origins(
    mut description: StatementDescription,
    is_none: impl Fn(&str) -> bool,
) -> StatementDescription {
    for column in &mut description.columns {
        if matches!(&column.origin, Origin::Table { table, .. } if is_none(table)) {
            column.origin = Origin::Unknown;
        }
    }
    description
}
