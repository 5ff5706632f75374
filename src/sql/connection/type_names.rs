//! What PostgreSQL's catalog says about types that are not built in: names that mean them on any search path. Knows
//! nothing of columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgConnection, PgTypeInfo, PgTypeKind};
use sqlx::{AssertSqlSafe, Executor, Row as _, TypeInfo};

use crate::sql::decode;
use crate::sql::query::type_name::{FIRST_OWN_OID, TypeDescription, qualified, shown};

/// The qualified names of types.
#[derive(Default)]
pub(crate) struct TypeNames(BTreeMap<u32, [String; 2]>);

impl TypeNames {
    /// Asks for the names of these types and of what they are made of. What sqlx knows of a type is as old as the
    /// connection: it may have been moved to another schema since.
    pub(crate) async fn of<'a>(
        connection: &mut PgConnection,
        types: impl Iterator<Item = &'a PgTypeInfo>,
    ) -> Result<TypeNames, sqlx::Error> {
        let mut wanted: Vec<u32> = types.map(|info| oid(innermost(info))).collect();
        wanted.retain(|oid| *oid >= FIRST_OWN_OID);
        wanted.sort_unstable();
        wanted.dedup();
        let mut names = TypeNames::default();
        let Some((first, others)) = wanted.split_first() else {
            return Ok(names);
        };
        let mut sql = format!(
            "SELECT t.oid::int8, n.nspname::text, t.typname::text FROM pg_catalog.pg_type t \
             JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN ({first}"
        );
        for oid in others {
            let _ = write!(sql, ", {oid}");
        }
        sql.push(')');
        for row in connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await? {
            let (oid, schema, name): (i64, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if let Ok(oid) = u32::try_from(oid) {
                names.0.insert(oid, [schema, name]);
            }
        }
        Ok(names)
    }

    /// What is known of a type.
    pub(crate) fn describe(&self, info: &PgTypeInfo) -> TypeDescription {
        TypeDescription {
            name: self.name(info),
            shown: shown(info.name()),
            is_readable: decode::postgres::is_readable(info),
        }
    }

    fn name(&self, info: &PgTypeInfo) -> String {
        match info.kind() {
            PgTypeKind::Domain(base) => self.name(base),
            PgTypeKind::Array(element) if self.0.contains_key(&oid(innermost(info))) => match element.kind() {
                PgTypeKind::Domain(_) => format!("{}[]", self.own_name(element, false)),
                _ => format!("{}[]", self.name(element)),
            },
            PgTypeKind::Simple => self.own_name(info, true),
            _ => self.own_name(info, false),
        }
    }

    /// The name of the type itself. Only that of a simple one may be without quotes: it has operators of its own.
    fn own_name(&self, info: &PgTypeInfo, is_simple: bool) -> String {
        let Some([schema, name]) = self.0.get(&oid(info)) else {
            return info.name().to_owned();
        };
        qualified(schema, name, is_simple)
    }
}

/// 0, which is no type's, where it is not known.
fn oid(info: &PgTypeInfo) -> u32 {
    info.oid().map_or(0, |Oid(oid)| oid)
}

/// The type whose name a domain or an array has: what a domain is at the end, but not what a list of domains is.
fn innermost(info: &PgTypeInfo) -> &PgTypeInfo {
    match info.kind() {
        PgTypeKind::Domain(base) => innermost(base),
        PgTypeKind::Array(element) => match element.kind() {
            PgTypeKind::Domain(_) => element,
            _ => innermost(element),
        },
        _ => info,
    }
}
