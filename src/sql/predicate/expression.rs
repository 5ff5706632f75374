//! The conditions that can be asked of rows, as values.

use super::number::NumberTest;
use super::pattern::Pattern;

/// A condition on the values as they are served. Columns are positions in `QueryDescription::columns`. A column must
/// hold one value a row, served as the text it is; a list in a JSON or comma-separated text column must not be
/// compared.
///
/// No engine may be able to say exactly what a condition means. So each has two sides: its SQL lets through a superset
/// of the rows that it is true of; under [`Predicate::Not`] another SQL, where there is one, takes out a subset of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predicate {
    /// Everything.
    True,
    /// Nothing at all.
    False,
    /// True of some of the rows of the inner one, but nobody knows of which.
    Inexact(Box<Predicate>),
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// Every row, except those of which the inner one is certainly true.
    Not(Box<Predicate>),
    /// There is a value of the attribute's syntax; NULL and the empty text are none.
    Present {
        /// The column.
        column: usize,
        /// What else is no value.
        validity: Validity,
    },
    /// caseIgnoreMatch with a prepared assertion.
    EqualsIgnoreCase {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation with case folding.
        prepared: String,
    },
    /// caseExactMatch with a prepared assertion.
    EqualsExact {
        /// The column.
        column: usize,
        /// The assertion after RFC 4518 preparation without case folding.
        value: String,
    },
    /// The pieces of a substrings assertion.
    Like {
        /// The column.
        column: usize,
        /// The pieces.
        pattern: Pattern,
    },
    /// One of these spellings as the database compares, by its plain index. What it finds is there; what it does not
    /// find may still be there in another spelling. **No superset** of an LDAP match.
    EqualsAny {
        /// The column.
        column: usize,
        /// The spellings.
        values: Vec<String>,
    },
    /// integerMatch, also on numbers kept as text.
    IntegerEquals {
        /// The column.
        column: usize,
        /// The number.
        value: i64,
    },
    /// Another test of a number, also of one kept as text.
    Number {
        /// The column.
        column: usize,
        /// The test.
        test: NumberTest,
    },
    /// A truth value.
    BooleanIs {
        /// The column.
        column: usize,
        /// Which one.
        value: bool,
    },
    /// UUIDMatch, also of UUIDs kept as text.
    UuidEquals {
        /// The column.
        column: usize,
        /// The UUID, hyphenated and in lower case.
        value: String,
    },
    /// A point in time within these seconds since 1970, UTC.
    Time {
        /// The column.
        column: usize,
        /// Not before this.
        from: Option<i64>,
        /// Before this.
        before: Option<i64>,
    },
    /// The value is not printable ASCII, or has outer or double blanks.
    NotCanonical {
        /// The column.
        column: usize,
    },
    /// The column has a value that pages can be ordered by.
    HasKey(usize),
    /// The key is after `last` in the database's order.
    KeyAfter {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
    /// The database holds the key equal to `last`.
    KeyEquals {
        /// The column.
        column: usize,
        /// A key as the database gave it.
        last: String,
    },
}

/// Which values of a column are values of its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Any text.
    Text,
    /// ASCII.
    Ascii,
    /// Whole numbers, in any spelling.
    Number,
    /// UUIDs, in any spelling.
    Uuid,
    /// No engine can tell.
    Unknown,
}

impl Predicate {
    /// Nothing is known.
    pub fn unknown() -> Predicate {
        Predicate::True.inexact()
    }

    /// [`Predicate::Inexact`] of it.
    #[must_use]
    pub fn inexact(self) -> Predicate {
        Predicate::Inexact(Box::new(self))
    }

    /// [`Predicate::Not`] of it.
    #[must_use]
    pub fn negated(self) -> Predicate {
        Predicate::Not(Box::new(self))
    }
}
