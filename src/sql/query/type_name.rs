//! The names of types: how a `TypeDescription` has them, and how they are written in SQL. Asks no database.

use crate::sql::engine::Engine;

/// OIDs from here on are given by each database for itself.
pub(crate) const FIRST_OWN_OID: u32 = 16_384;
/// The type that compares without case.
const CITEXT: &str = "citext";

/// A type, as far as SQL and its values depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDescription {
    /// The type that values are compared as and bound values are cast to: of a domain, its base. Spelled as in sqlx
    /// when it is built in (`VARCHAR`, `INT4`, `TEXT[]`), else qualified and quoted (`extensions.citext`, `"my
    /// app"."Mood"[]`); `NULL` for expressions on SQLite.
    pub name: String,
    /// As the database calls it, for people to read.
    pub shown: String,
    /// Whether its values can be decoded at all.
    pub is_readable: bool,
}

impl TypeDescription {
    /// A type whose values are decoded, under its only name.
    pub(crate) fn named(name: &str) -> TypeDescription {
        TypeDescription {
            name: name.to_owned(),
            shown: name.to_owned(),
            is_readable: true,
        }
    }
}

/// Whether a [`TypeDescription`]'s name, or the bare one, is that of `citext`.
pub(crate) fn is_citext(name: &str) -> bool {
    name.strip_suffix(CITEXT)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// An operator such as `=` between values of the type called `name`. An extension's type has its operators in its own
/// schema. When that is not on the search path, PostgreSQL finds no operator, or silently compares citext as text,
/// with case.
pub(crate) fn operator(name: &str, symbol: &str) -> String {
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

/// A type's name with its schema, quoted part by part.
pub(crate) fn qualified(schema: &str, name: &str, is_simple: bool) -> String {
    let name = match is_simple && is_plain(name) {
        true => name.to_owned(),
        false => Engine::PostgreSql.quote(name),
    };
    format!("{}.{name}", Engine::PostgreSql.quote(schema))
}

/// sqlx has the names of built-in types in capitals; others are as `regtype` has them.
pub(crate) fn shown(name: &str) -> String {
    match name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        true => name.to_owned(),
        false => name.to_ascii_lowercase(),
    }
}

/// PostgreSQL: `text`, an expression of type text, as a value of the type that a `TypeDescription` calls `wanted`. A
/// text that is no such value fails with 22P02 or 22003, which means that there is no such row.
pub(crate) fn cast_text(text: &str, wanted: Option<&str>) -> String {
    match wanted {
        None | Some("TEXT" | "VARCHAR" | "UNKNOWN") => text.to_owned(),
        // A bare name is no JSON and no array by itself; the operator means the value.
        Some("JSONB") => format!("to_jsonb({text})"),
        Some("JSON") => format!("to_json({text})"),
        Some("BYTEA") => format!("convert_to({text}, 'UTF8')"),
        Some(list) if list.ends_with("[]") => format!("ARRAY[{text}]::{}", postgres_type(list)),
        Some(other) => format!("({text})::{}", postgres_type(other)),
    }
}

/// A `TypeDescription`'s name as it is written in SQL: built-in types are in capitals there, others as in SQL, or
/// bare.
pub(crate) fn postgres_type(name: &str) -> String {
    let (element, list) = name.strip_suffix("[]").map_or((name, ""), |element| (element, "[]"));
    let element = match element {
        // `char` alone would be char(1), `bit` bit(1).
        "CHAR" => "bpchar".to_owned(),
        "BIT" => "varbit".to_owned(),
        // One byte, and not the type called CHAR.
        "\"CHAR\"" => "\"char\"".to_owned(),
        own if own.starts_with('"') || own.contains('.') => own.to_owned(),
        built_in if built_in.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) => {
            built_in.to_ascii_lowercase()
        }
        bare => Engine::PostgreSql.quote(bare),
    };
    element + list
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
