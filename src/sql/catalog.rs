//! What PostgreSQL's catalog says about types that are not built in: names that mean them on any search path. Knows
//! nothing of columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgConnection, PgTypeInfo, PgTypeKind};
use sqlx::{AssertSqlSafe, Executor, Row as _, TypeInfo};

use super::decode;
use super::engine::Engine;

/// OIDs from here on are given by each database for itself.
pub(super) const FIRST_OWN_OID: u32 = 16_384;
/// The type that compares without case.
const CITEXT: &str = "citext";

/// A type, as far as SQL and its values depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDescription {
    /// What its values are compared as and bound values are cast to: the base of a domain. In sqlx's spelling where it is
    /// built in (`VARCHAR`, `INT4`, `TEXT[]`), else qualified and quoted (`extensions.citext`, `"my app"."Mood"[]`);
    /// `NULL` for expressions on SQLite.
    pub name: String,
    /// As the database calls it, for people to read.
    pub shown: String,
    /// Whether its values can be decoded at all.
    pub is_readable: bool,
}

impl TypeDescription {
    /// A type whose values are decoded, under its only name.
    pub(super) fn named(name: &str) -> TypeDescription {
        TypeDescription {
            name: name.to_owned(),
            shown: name.to_owned(),
            is_readable: true,
        }
    }
}

/// Whether a name that [`TypeNames::describe`] gives, or the bare one, is that of `citext`.
pub(super) fn is_citext(name: &str) -> bool {
    name.strip_suffix(CITEXT)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// `=` and the like as an operator of the type called `name`. Those of an extension's type are where the type is. Behind a
/// search path without that schema PostgreSQL finds no operator, or silently compares citext as text, with case.
pub(super) fn operator(name: &str, symbol: &str) -> String {
    match name.rsplit_once('.') {
        Some((schema, bare)) if is_plain(bare) => format!("OPERATOR({schema}.{symbol})"),
        _ => symbol.to_owned(),
    }
}

/// Whether a name needs no quotes, as the types of extensions.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The qualified names of types.
#[derive(Default)]
pub(super) struct TypeNames(BTreeMap<u32, [String; 2]>);

impl TypeNames {
    /// Asks for the names of these types and of what they are made of. What sqlx knows of a type is as old as the
    /// connection: it may have been moved to another schema since.
    pub(super) async fn of<'a>(
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
    pub(super) fn describe(&self, info: &PgTypeInfo) -> TypeDescription {
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

/// A type's name with its schema, quoted part by part.
pub(super) fn qualified(schema: &str, name: &str, is_simple: bool) -> String {
    let name = match is_simple && is_plain(name) {
        true => name.to_owned(),
        false => Engine::PostgreSql.quote(name),
    };
    format!("{}.{name}", Engine::PostgreSql.quote(schema))
}

/// sqlx has the names of built-in types in capitals; others are as `regtype` has them.
pub(super) fn shown(name: &str) -> String {
    match name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        true => name.to_owned(),
        false => name.to_ascii_lowercase(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citext_is_known_in_any_schema() {
        for name in ["citext", "extensions.citext", "\"my ext\".citext"] {
            assert!(is_citext(name), "{name}");
        }
        for name in ["\"citext\"", "app.\"citext\"", "mycitext", "citext[]", "VARCHAR"] {
            assert!(!is_citext(name), "{name}");
        }
        assert_eq!(operator("\"my ext\".citext", "="), "OPERATOR(\"my ext\".=)");
        assert_eq!(operator("\"a.b\".ltree", ">"), "OPERATOR(\"a.b\".>)");
        assert_eq!(operator("citext", ">"), ">");
        assert_eq!(operator("\"app\".\"mood\"", ">"), ">");
        assert_eq!(operator("\"ext\".ltree[]", ">"), ">");
        assert_eq!(operator("VARCHAR", ">"), ">");
    }
}
