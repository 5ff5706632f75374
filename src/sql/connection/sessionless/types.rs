//! The types of columns and parameters. The usual ones are known by number, the others are read from the catalogue.
//! Names are spelled as in sqlx, which the rest of the gateway goes by.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::model::value::Cell;
use crate::sql::decode::{UndecodableValues, postgres};
use crate::sql::query::type_name::{FIRST_OWN_OID, TypeDescription, qualified, shown};

pub(crate) const INT8: u32 = 20;
pub(crate) const TEXT: u32 = 25;
pub(crate) const TEXT_ARRAY: u32 = 1009;

/// How deep types may be made of others: arrays of domains over domains …
pub(crate) const DEPTH: usize = 8;

/// Asks what types are. All of it is text, a type that is always known.
pub(crate) const QUESTION: &str = "SELECT t.oid::int8::text, t.oid::regtype::text, t.typtype::text, t.typcategory::text, \
     t.typelem::int8::text, t.typbasetype::int8::text, n.nspname::text, t.typname::text FROM pg_catalog.pg_type t \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = ANY($1::text[]::oid[])";
pub(crate) const COLUMNS: usize = 8;

/// A type.
pub(crate) struct Type {
    pub(crate) oid: u32,
    pub(crate) name: String,
    /// Schema and name, where the database is asked for them.
    own_name: Option<[String; 2]>,
    made: Made,
    /// The element's or base's, when it is known.
    part: OnceLock<Arc<Type>>,
}

/// What a type is made of.
enum Made {
    Simple,
    Array(u32),
    Domain(u32),
    Enum,
    /// Of several parts: not a value of an attribute.
    Parts,
}

/// The types that a connection knows.
#[derive(Default)]
pub(crate) struct Types {
    learned: HashMap<u32, Arc<Type>>,
}

impl Types {
    /// A type; one without a name, whose values nobody can read, when it is not known.
    pub(crate) fn get(&self, oid: u32) -> Arc<Type> {
        let found = usual().get(&oid).or_else(|| self.learned.get(&oid));
        found.map_or_else(unknown, Arc::clone)
    }

    fn is_known(&self, oid: u32) -> bool {
        oid == 0 || usual().contains_key(&oid) || self.learned.contains_key(&oid)
    }

    /// Keeps those that must be asked for, each once.
    pub(crate) fn unknown_of(&self, oids: &mut Vec<u32>) {
        oids.retain(|oid| !self.is_known(*oid));
        oids.sort_unstable();
        oids.dedup();
    }

    /// Takes the rows of `QUESTION`; returns the unknown types that these are made of.
    pub(crate) fn learn(&mut self, rows: &[Vec<String>]) -> Vec<u32> {
        let mut parts = Vec::new();
        for row in rows {
            let [oid, name, kind, category, element, base, schema, bare] = row.as_slice() else {
                continue;
            };
            let number = |text: &String| text.parse::<u32>().unwrap_or(0);
            let made = match (kind.as_str(), category.as_str(), number(element), number(base)) {
                ("b", "A", element, _) if element != 0 => Made::Array(element),
                ("d", _, _, base) if base != 0 => Made::Domain(base),
                ("e", ..) => Made::Enum,
                ("c" | "r" | "m", ..) => Made::Parts,
                _ => Made::Simple,
            };
            if let Made::Array(part) | Made::Domain(part) = made {
                parts.push(part);
            }
            let of = Type {
                own_name: Some([schema.clone(), bare.clone()]),
                ..Type::new(number(oid), name, made)
            };
            self.learned.insert(number(oid), Arc::new(of));
        }
        self.unknown_of(&mut parts);
        parts
    }

    /// Joins types with those they are made of, when all are known.
    pub(crate) fn join(&self) {
        for of in self.learned.values() {
            if let Made::Array(part) | Made::Domain(part) = of.made {
                let _ = of.part.set(self.get(part));
            }
        }
    }
}

/// Decodes a value.
pub(crate) fn cell(of: &Type, octets: &[u8], column: &str, undecodable: &UndecodableValues) -> Cell {
    value(of, octets, 0).unwrap_or_else(|| undecodable.note(column, &of.name))
}

fn value(of: &Type, octets: &[u8], depth: usize) -> Option<Cell> {
    if depth > DEPTH {
        return None;
    }
    match &of.made {
        Made::Simple => postgres::simple(of.oid, &of.name, octets),
        Made::Enum => postgres::text(octets),
        Made::Array(_) => {
            let element = of.part.get()?;
            postgres::list(octets, |item| value(element, item, depth + 1))
        }
        Made::Domain(_) => value(of.part.get()?, octets, depth + 1),
        Made::Parts => None,
    }
}

/// A type that nothing is known of.
pub(crate) fn unknown() -> Arc<Type> {
    static UNKNOWN: OnceLock<Arc<Type>> = OnceLock::new();
    Arc::clone(UNKNOWN.get_or_init(|| Arc::new(Type::new(0, "?", Made::Parts))))
}

/// The types that every server has under the same number: the number, sqlx's name, the number of its arrays.
const USUAL: &[(u32, &str, u32)] = &[
    (16, "BOOL", 1000),
    (17, "BYTEA", 1001),
    (18, "\"CHAR\"", 1002),
    (19, "NAME", 1003),
    (INT8, "INT8", 1016),
    (21, "INT2", 1005),
    (23, "INT4", 1007),
    (TEXT, "TEXT", TEXT_ARRAY),
    (26, "OID", 1028),
    (114, "JSON", 199),
    (600, "POINT", 1017),
    (601, "LSEG", 1018),
    (602, "PATH", 1019),
    (603, "BOX", 1020),
    (604, "POLYGON", 1027),
    (628, "LINE", 629),
    (650, "CIDR", 651),
    (700, "FLOAT4", 1021),
    (701, "FLOAT8", 1022),
    (705, "UNKNOWN", 0),
    (718, "CIRCLE", 719),
    (774, "MACADDR8", 775),
    (790, "MONEY", 791),
    (829, "MACADDR", 1040),
    (869, "INET", 1041),
    (1042, "CHAR", 1014),
    (1043, "VARCHAR", 1015),
    (1082, "DATE", 1182),
    (1083, "TIME", 1183),
    (1114, "TIMESTAMP", 1115),
    (1184, "TIMESTAMPTZ", 1185),
    (1186, "INTERVAL", 1187),
    (1266, "TIMETZ", 1270),
    (1560, "BIT", 1561),
    (1562, "VARBIT", 1563),
    (1700, "NUMERIC", 1231),
    (2249, "RECORD", 2287),
    (2278, "VOID", 0),
    (2950, "UUID", 2951),
    (3802, "JSONB", 3807),
    (3904, "INT4RANGE", 3905),
    (3906, "NUMRANGE", 3907),
    (3908, "TSRANGE", 3909),
    (3910, "TSTZRANGE", 3911),
    (3912, "DATERANGE", 3913),
    (3926, "INT8RANGE", 3927),
    (4072, "JSONPATH", 4073),
];

fn usual() -> &'static HashMap<u32, Arc<Type>> {
    static TYPES: OnceLock<HashMap<u32, Arc<Type>>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let mut types = HashMap::new();
        for (oid, name, array) in USUAL {
            let made = match *oid {
                2249 | 3904..=3927 => Made::Parts,
                _ => Made::Simple,
            };
            let element = Arc::new(Type::new(*oid, name, made));
            if *array != 0 {
                let list = Type::new(*array, &format!("{name}[]"), Made::Array(*oid));
                let _ = list.part.set(Arc::clone(&element));
                types.insert(*array, Arc::new(list));
            }
            types.insert(*oid, element);
        }
        types
    })
}

impl Type {
    /// What is known of it.
    pub(crate) fn describe(&self) -> TypeDescription {
        TypeDescription {
            name: self.sql_name(0),
            shown: shown(&self.name),
            is_readable: self.is_readable(0),
        }
    }

    fn sql_name(&self, depth: usize) -> String {
        let own_name = || match (&self.own_name, self.oid >= FIRST_OWN_OID) {
            (Some([schema, name]), true) => qualified(schema, name, matches!(self.made, Made::Simple)),
            _ => self.name.clone(),
        };
        match (&self.made, self.part.get()) {
            (Made::Domain(_), Some(base)) if depth < DEPTH => base.sql_name(depth + 1),
            (Made::Array(_), Some(element)) if depth < DEPTH && self.oid >= FIRST_OWN_OID => match element.made {
                Made::Domain(_) => format!("{}[]", element.as_itself()),
                _ => format!("{}[]", element.sql_name(depth + 1)),
            },
            _ => own_name(),
        }
    }

    /// The name of a domain, and not of what it is made of.
    fn as_itself(&self) -> String {
        match &self.own_name {
            Some([schema, name]) => qualified(schema, name, false),
            None => self.name.clone(),
        }
    }

    fn is_readable(&self, depth: usize) -> bool {
        match self.made {
            Made::Simple => postgres::is_simple_readable(self.oid, &self.name),
            Made::Enum => true,
            Made::Array(_) | Made::Domain(_) => {
                depth < DEPTH && self.part.get().is_some_and(|part| part.is_readable(depth + 1))
            }
            Made::Parts => false,
        }
    }

    fn new(oid: u32, name: &str, made: Made) -> Type {
        Type {
            oid,
            name: name.to_owned(),
            own_name: None,
            made,
            part: OnceLock::new(),
        }
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
    use sqlx::postgres::types::Oid;
    use sqlx::postgres::{PgTypeInfo, PgTypeKind};
    use sqlx::{Postgres, Type as _, TypeInfo};

    fn row(cells: [&str; COLUMNS]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    #[test]
    fn names_are_spelled_as_the_driver_does() {
        let same = |of: PgTypeInfo| {
            let Some(Oid(oid)) = of.oid() else { panic!("{of:?}") };
            let ours = Types::default().get(oid);
            assert_eq!(ours.name, of.name());
            assert_eq!(
                matches!(ours.made, Made::Array(_)),
                matches!(of.kind(), PgTypeKind::Array(_)),
                "{of:?}"
            );
        };
        same(<bool as sqlx::Type<Postgres>>::type_info());
        same(<Vec<bool> as sqlx::Type<Postgres>>::type_info());
        same(<String as sqlx::Type<Postgres>>::type_info());
        same(<Vec<String> as sqlx::Type<Postgres>>::type_info());
        same(<i8 as sqlx::Type<Postgres>>::type_info());
        same(<i16 as sqlx::Type<Postgres>>::type_info());
        same(<i32 as sqlx::Type<Postgres>>::type_info());
        same(<Vec<i64> as sqlx::Type<Postgres>>::type_info());
        same(<f32 as sqlx::Type<Postgres>>::type_info());
        same(<Vec<f64> as sqlx::Type<Postgres>>::type_info());
        same(<uuid::Uuid as sqlx::Type<Postgres>>::type_info());
        same(<sqlx::types::JsonValue as sqlx::Type<Postgres>>::type_info());
        same(<chrono::NaiveDate as sqlx::Type<Postgres>>::type_info());
        same(<Vec<chrono::NaiveDateTime> as sqlx::Type<Postgres>>::type_info());
        same(<sqlx::types::BigDecimal as sqlx::Type<Postgres>>::type_info());
        same(Oid::type_info());
    }

    #[test]
    fn types_of_the_database_are_joined_with_their_parts() {
        let mut types = Types::default();
        let mut asked = vec![90_003, 90_003, TEXT, 0];
        types.unknown_of(&mut asked);
        assert_eq!(asked, [90_003]);
        // An array of a domain over an enum, and a citext.
        assert_eq!(
            types.learn(&[row(["90003", "d[]", "b", "A", "90002", "0", "a.b", "_d"])]),
            [90_002]
        );
        assert_eq!(
            types.learn(&[row(["90002", "d", "d", "S", "0", "90001", "a.b", "d"])]),
            [90_001]
        );
        let last = [
            row(["90001", "colour", "e", "E", "0", "0", "a.b", "colour"]),
            row(["90004", "ext.citext", "b", "S", "0", "0", "ext", "citext"]),
        ];
        assert!(types.learn(&last).is_empty());
        types.join();
        let undecodable = UndecodableValues::default();
        let mut list = Vec::new();
        for word in [1_i32, 0, 90_002, 2, 1, 3] {
            list.extend_from_slice(&word.to_be_bytes());
        }
        list.extend_from_slice(b"red");
        list.extend_from_slice(&(-1_i32).to_be_bytes());
        assert_eq!(
            cell(&types.get(90_003), &list, "c", &undecodable),
            Cell::List(vec![Cell::Text("red".to_owned()), Cell::Null])
        );
        assert_eq!(
            cell(&types.get(90_004), b"Ann", "c", &undecodable),
            Cell::Text("Ann".to_owned())
        );
        assert_eq!(undecodable.count(), 0);
        for (oid, name) in [
            (90_001, "\"a.b\".\"colour\""),
            (90_002, "\"a.b\".\"colour\""),
            (90_003, "\"a.b\".\"d\"[]"),
            (90_004, "\"ext\".citext"),
            (TEXT_ARRAY, "TEXT[]"),
        ] {
            assert_eq!(types.get(oid).describe().name, name);
            assert!(types.get(oid).describe().is_readable, "{name}");
        }
        assert!(!types.get(1186).describe().is_readable, "interval");
        assert_eq!(cell(&types.get(99_999), b"?", "c", &undecodable), Cell::Unreadable);
    }
}
