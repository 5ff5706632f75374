//! What tokens of a query are to each other.

use super::lexer::{Kind, Token};

/// Whether the token is an unquoted word among `words` (given in capitals).
pub(super) fn is_one_of(token: &Token, words: &[&str]) -> bool {
    token.kind == Kind::Word && words.iter().any(|word| token.text.eq_ignore_ascii_case(word))
}

/// Keywords after which a value begins although they look like the name of one.
const BEFORE_VALUES: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "DISTINCT",
    "ELSE",
    "ESCAPE",
    "EXCEPT",
    "FOR",
    "FROM",
    "HAVING",
    "ILIKE",
    "IN",
    "INTERSECT",
    "IS",
    "LIKE",
    "LIMIT",
    "NOT",
    "OFFSET",
    "ON",
    "OR",
    "SELECT",
    "SIMILAR",
    "SOME",
    "SYMMETRIC",
    "ASYMMETRIC",
    "THEN",
    "TO",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Whether a value ends with this token, so that only an operator can follow.
pub(super) fn ends_value(token: &Token, previous: Option<&Token>) -> bool {
    match token.kind {
        Kind::Word => previous.is_some_and(|previous| previous.text == ".") || !is_one_of(token, BEFORE_VALUES),
        Kind::Number | Kind::Text | Kind::Identifier | Kind::Close | Kind::Numbered(_) => true,
        _ => false,
    }
}

/// Whether nothing stands between the two, as in `@?`; both are parts of one text.
pub(super) fn touch(first: &Token, second: &Token) -> bool {
    first.text.as_bytes().as_ptr_range().end == second.text.as_ptr()
}
