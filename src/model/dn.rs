//! Placeholder: distinguished names (RFC 4514). The module of that name replaces it.

use super::schema::Schema;

/// A distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dn(String);

/// Why a text is not a distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnError;

/// A distinguished name in the form in which equal names are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedDn(String);

impl Dn {
    /// Reads the string form (RFC 4514).
    pub fn parse(text: &str) -> Result<Self, DnError> {
        if text.is_empty() || text.contains('=') {
            Ok(Self(text.to_owned()))
        } else {
            Err(DnError)
        }
    }

    /// The form in which equal names are equal.
    #[must_use]
    pub fn normalize(&self, _schema: &Schema) -> NormalizedDn {
        NormalizedDn(self.0.to_ascii_lowercase())
    }
}

impl NormalizedDn {
    /// Whether this name is strictly below the other.
    #[must_use]
    pub fn is_descendant_of(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.ends_with(&other.0)
    }
}
