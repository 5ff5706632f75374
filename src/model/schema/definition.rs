//! What a schema definition is, and the functions by which the tables of this folder are written.

use std::borrow::Cow;

use super::rules::MatchingRule;
use super::syntax::Syntax;

/// An attribute type, by its place in the schema. Valid for the schema it came from and for every
/// schema extended from that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeId(pub(crate) u16);

/// An object class, by its place in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub(crate) u16);

/// What an attribute is for (RFC 4512 section 4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// The information a directory is made for; requested by `*`.
    UserApplications,
    /// Operational, the same on all servers.
    DirectoryOperation,
    /// Operational, specific to one server.
    DsaOperation,
}

impl Usage {
    /// Operational attributes are returned only when asked for by name or by `+` (RFC 4511 4.5.1.8, RFC 3673).
    #[must_use]
    pub fn is_operational(self) -> bool {
        self != Self::UserApplications
    }
}

/// An attribute type (RFC 4512 section 4.1.2). What it inherits from its superior is already filled in.
#[derive(Debug, Clone)]
pub struct AttributeType {
    /// The object identifier in dotted form.
    pub oid: Cow<'static, str>,
    /// The short names; the first one is used in answers.
    pub names: Vec<Cow<'static, str>>,
    /// The human-readable text, may be empty.
    pub description: Cow<'static, str>,
    /// The type this one is a subtype of.
    pub superior: Option<AttributeId>,
    /// What its values look like.
    pub syntax: Syntax,
    /// How equality filters and compare decide; `None` means they are Undefined.
    pub equality: Option<MatchingRule>,
    /// How `>=` and `<=` decide.
    pub ordering: Option<MatchingRule>,
    /// How substring filters decide.
    pub substrings: Option<MatchingRule>,
    /// Whether an entry holds at most one value.
    pub single_value: bool,
    /// Whether clients may never write it.
    pub no_user_modification: bool,
    /// User or operational.
    pub usage: Usage,
    /// Where it is not the name alone.
    served_as: Option<Box<str>>,
}

impl AttributeType {
    /// The name under which the attribute is served.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.first().unwrap_or(&self.oid)
    }

    /// The attribute description under which values are served: with `;binary` where that is how they are transferred.
    #[must_use]
    pub fn served_as(&self) -> &str {
        self.served_as.as_deref().unwrap_or_else(|| self.name())
    }

    /// Whether the attribute is operational.
    #[must_use]
    pub fn is_operational(&self) -> bool {
        self.usage.is_operational()
    }

    /// Whether an extensible filter may hold values of the type against the rule (RFC 4512 section 4.1.4).
    #[must_use]
    pub fn may_be_held_against(&self, rule: MatchingRule) -> bool {
        rule.applies_to(self.syntax) || [self.equality, self.ordering, self.substrings].contains(&Some(rule))
    }
}

/// The kinds of object classes (RFC 4512 section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectClassKind {
    /// Only a base for others.
    Abstract,
    /// What an entry is.
    Structural,
    /// What an entry has besides.
    Auxiliary,
}

/// An object class (RFC 4512 section 4.1.1).
#[derive(Debug)]
pub struct ObjectClass {
    /// The object identifier in dotted form.
    pub oid: &'static str,
    /// The short names.
    pub names: &'static [&'static str],
    /// The human-readable text, may be empty.
    pub description: &'static str,
    /// The class this one extends; `None` for `top` only.
    pub superior: Option<ClassId>,
    /// Structural, auxiliary or abstract.
    pub kind: ObjectClassKind,
    /// Attributes an entry of the class must have (own ones, without the superior's).
    pub must: &'static [AttributeId],
    /// Attributes an entry of the class may have (own ones, without the superior's).
    pub may: &'static [AttributeId],
}

impl ObjectClass {
    /// The name under which the class is served.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or(self.oid)
    }
}

/// One line of the standard tables.
pub(super) struct Definition {
    pub oid: &'static str,
    pub names: &'static [&'static str],
    pub description: &'static str,
    pub superior: Option<AttributeId>,
    pub syntax: Syntax,
    pub equality: Option<MatchingRule>,
    pub ordering: Option<MatchingRule>,
    pub substrings: Option<MatchingRule>,
    pub single_value: bool,
    pub no_user_modification: bool,
    pub usage: Usage,
}

impl Definition {
    pub const fn of(
        syntax: Syntax,
        oid: &'static str,
        names: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self {
            oid,
            names,
            description,
            superior: None,
            syntax,
            equality: None,
            ordering: None,
            substrings: None,
            single_value: false,
            no_user_modification: false,
            usage: Usage::UserApplications,
        }
    }

    pub const fn eq(mut self, rule: MatchingRule) -> Self {
        self.equality = Some(rule);
        self
    }

    pub const fn ord(mut self, rule: MatchingRule) -> Self {
        self.ordering = Some(rule);
        self
    }

    pub const fn sub(mut self, rule: MatchingRule) -> Self {
        self.substrings = Some(rule);
        self
    }

    pub const fn sup(mut self, superior: AttributeId) -> Self {
        self.superior = Some(superior);
        self
    }

    pub const fn with_syntax(mut self, syntax: Syntax) -> Self {
        self.syntax = syntax;
        self
    }

    pub const fn single(mut self) -> Self {
        self.single_value = true;
        self
    }

    pub const fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Kept by the server alone.
    pub const fn read_only(mut self) -> Self {
        self.no_user_modification = true;
        self
    }
}

type Names = &'static [&'static str];

/// A directory string compared without regard to case.
pub(super) const fn string(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::DirectoryString, oid, names, description)
        .eq(MatchingRule::CaseIgnore)
        .sub(MatchingRule::CaseIgnoreSubstrings)
}

/// An IA5 string compared without regard to case.
pub(super) const fn ia5(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::Ia5String, oid, names, description)
        .eq(MatchingRule::CaseIgnoreIa5)
        .sub(MatchingRule::CaseIgnoreIa5Substrings)
}

/// An IA5 string in which case counts.
pub(super) const fn exact_ia5(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::Ia5String, oid, names, description).eq(MatchingRule::CaseExactIa5)
}

/// An integer with order.
pub(super) const fn integer(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::Integer, oid, names, description)
        .eq(MatchingRule::Integer)
        .ord(MatchingRule::IntegerOrdering)
}

/// An integer without order.
pub(super) const fn unordered_integer(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::Integer, oid, names, description).eq(MatchingRule::Integer)
}

/// The name of another entry.
pub(super) const fn dn(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::Dn, oid, names, description).eq(MatchingRule::DistinguishedName)
}

/// A telephone number.
pub(super) const fn telephone(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::TelephoneNumber, oid, names, description)
        .eq(MatchingRule::TelephoneNumber)
        .sub(MatchingRule::TelephoneNumberSubstrings)
}

/// Digits and spaces.
pub(super) const fn numeric(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::NumericString, oid, names, description)
        .eq(MatchingRule::NumericString)
        .sub(MatchingRule::NumericStringSubstrings)
}

/// Lines of text.
pub(super) const fn postal(oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(Syntax::PostalAddress, oid, names, description)
        .eq(MatchingRule::CaseIgnoreList)
        .sub(MatchingRule::CaseIgnoreListSubstrings)
}

/// A value without matching rules.
pub(super) const fn opaque(syntax: Syntax, oid: &'static str, names: Names, description: &'static str) -> Definition {
    Definition::of(syntax, oid, names, description)
}

/// A table of attribute types together with a constant for the identifier of each. The identifiers
/// start where the table before (`after`) ends, so that they are the places in the joined tables.
macro_rules! attributes {
    (after $base:expr; $($id:ident = $definition:expr;)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $($id),+ }

        const BASE: u16 = $base;

        /// Where the next table begins; nothing follows the last one.
        #[allow(dead_code)]
        pub(super) const END: u16 = BASE + [$(stringify!($id)),+].len() as u16;

        /// The identifiers of this table.
        pub mod ids {
            use super::super::AttributeId;
            $(
                #[doc = concat!("The attribute type that the schema tables call `", stringify!($id), "`.")]
                pub const $id: AttributeId = AttributeId(super::BASE + super::Place::$id as u16);
            )+
        }

        pub(super) static TABLE: &[super::definition::Definition] = &[$($definition),+];
    };
}

impl From<&Definition> for AttributeType {
    fn from(definition: &Definition) -> Self {
        Self {
            oid: Cow::Borrowed(definition.oid),
            names: definition.names.iter().copied().map(Cow::Borrowed).collect(),
            description: Cow::Borrowed(definition.description),
            superior: definition.superior,
            syntax: definition.syntax,
            equality: definition.equality,
            ordering: definition.ordering,
            substrings: definition.substrings,
            single_value: definition.single_value,
            no_user_modification: definition.no_user_modification,
            usage: definition.usage,
            served_as: definition
                .names
                .first()
                .filter(|_| definition.syntax.is_transferred_in_binary())
                .map(|name| format!("{name};binary").into_boxed_str()),
        }
    }
}
