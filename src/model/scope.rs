//! How far below its base a search looks.

/// RFC 4511 4.5.1.2, and the subordinate scope that OpenLDAP's tools call `children`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The base entry alone.
    Base,
    /// The entries directly below the base.
    One,
    /// The base and everything below it.
    Subtree,
    /// Everything below the base.
    Children,
}
