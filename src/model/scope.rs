//! How far below its base a search looks.

/// How far below its base a search looks (RFC 4511 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The base entry only.
    Base,
    /// The entries directly below the base.
    OneLevel,
    /// The base and everything below it.
    Subtree,
    /// Everything below the base but not the base itself (draft-sermersheim-ldap-subordinate-scope).
    Subordinates,
}

impl Scope {
    /// The name in LDAP URLs and on `ldapsearch`'s command line, for logs.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Base => "base",
            Scope::OneLevel => "one",
            Scope::Subtree => "sub",
            Scope::Subordinates => "children",
        }
    }
}
