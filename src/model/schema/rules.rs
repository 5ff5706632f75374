//! The matching rules: their names, and what they apply to. How they decide is in [`matching`](crate::model::matching).
//!
//! They are those of RFC 4517 section 4.2 and RFC 4530, and of Active Directory two bit rules and the chain rule.

use super::syntax::Syntax;

/// What a matching rule is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// Says whether two values are equal.
    Equality,
    /// Says which of two values comes first.
    Ordering,
    /// Says whether a value contains pieces.
    Substrings,
}

macro_rules! rules {
    ($($rule:ident $oid:literal $name:literal $kind:ident $syntax:ident $text:literal;)+) => {
        /// A matching rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MatchingRule {
            $(#[doc = $text] $rule),+
        }

        impl MatchingRule {
            /// All rules, in the order in which they are published.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// The object identifier in dotted form.
            #[must_use]
            pub const fn oid(self) -> &'static str {
                match self { $(Self::$rule => $oid),+ }
            }

            /// The short name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name),+ }
            }

            /// What the rule is used for.
            #[must_use]
            pub const fn kind(self) -> RuleKind {
                match self { $(Self::$rule => RuleKind::$kind),+ }
            }

            /// The syntax of assertion values.
            #[must_use]
            pub const fn syntax(self) -> Syntax {
                match self { $(Self::$rule => Syntax::$syntax),+ }
            }
        }
    };
}

rules! {
    ObjectIdentifier "2.5.13.0" "objectIdentifierMatch" Equality Oid "The same object identifier, whatever its name.";
    DistinguishedName "2.5.13.1" "distinguishedNameMatch" Equality Dn "The same distinguished name.";
    CaseIgnore "2.5.13.2" "caseIgnoreMatch" Equality DirectoryString "Equal text but for case and spacing.";
    CaseIgnoreOrdering "2.5.13.3" "caseIgnoreOrderingMatch" Ordering DirectoryString "Order of text, case ignored.";
    CaseIgnoreSubstrings "2.5.13.4" "caseIgnoreSubstringsMatch" Substrings SubstringAssertion "Pieces of text, case ignored.";
    CaseExact "2.5.13.5" "caseExactMatch" Equality DirectoryString "Equal text but for spacing.";
    CaseExactOrdering "2.5.13.6" "caseExactOrderingMatch" Ordering DirectoryString "Order of text.";
    CaseExactSubstrings "2.5.13.7" "caseExactSubstringsMatch" Substrings SubstringAssertion "Pieces of text.";
    NumericString "2.5.13.8" "numericStringMatch" Equality NumericString "Equal digits, spaces ignored.";
    NumericStringOrdering "2.5.13.9" "numericStringOrderingMatch" Ordering NumericString "Order of digit strings.";
    NumericStringSubstrings "2.5.13.10" "numericStringSubstringsMatch" Substrings SubstringAssertion "Pieces of digit strings.";
    CaseIgnoreList "2.5.13.11" "caseIgnoreListMatch" Equality PostalAddress "Equal lines of text, case ignored.";
    CaseIgnoreListSubstrings "2.5.13.12" "caseIgnoreListSubstringsMatch" Substrings SubstringAssertion "Pieces of lines of text.";
    Boolean "2.5.13.13" "booleanMatch" Equality Boolean "Both TRUE or both FALSE.";
    Integer "2.5.13.14" "integerMatch" Equality Integer "Equal numbers.";
    IntegerOrdering "2.5.13.15" "integerOrderingMatch" Ordering Integer "Order of numbers.";
    BitString "2.5.13.16" "bitStringMatch" Equality BitString "Equal bits.";
    OctetString "2.5.13.17" "octetStringMatch" Equality OctetString "Equal bytes.";
    OctetStringOrdering "2.5.13.18" "octetStringOrderingMatch" Ordering OctetString "Order of bytes.";
    TelephoneNumber "2.5.13.20" "telephoneNumberMatch" Equality TelephoneNumber "Equal but for spaces and hyphens.";
    TelephoneNumberSubstrings "2.5.13.21" "telephoneNumberSubstringsMatch" Substrings SubstringAssertion "Pieces of telephone numbers.";
    UniqueMember "2.5.13.23" "uniqueMemberMatch" Equality NameAndOptionalUid "The same name and the same unique identifier or none.";
    GeneralizedTime "2.5.13.27" "generalizedTimeMatch" Equality GeneralizedTime "The same point in time.";
    GeneralizedTimeOrdering "2.5.13.28" "generalizedTimeOrderingMatch" Ordering GeneralizedTime "Earlier or later.";
    IntegerFirstComponent "2.5.13.29" "integerFirstComponentMatch" Equality Integer "The first component is that number.";
    ObjectIdentifierFirstComponent "2.5.13.30" "objectIdentifierFirstComponentMatch" Equality Oid "The first component is that identifier.";
    DirectoryStringFirstComponent "2.5.13.31" "directoryStringFirstComponentMatch" Equality DirectoryString "The first component is that text.";
    Word "2.5.13.32" "wordMatch" Equality DirectoryString "One of the words is that word.";
    Keyword "2.5.13.33" "keywordMatch" Equality DirectoryString "One of the keywords is that text.";
    CaseExactIa5 "1.3.6.1.4.1.1466.109.114.1" "caseExactIA5Match" Equality Ia5String "Equal ASCII text but for spacing.";
    CaseIgnoreIa5 "1.3.6.1.4.1.1466.109.114.2" "caseIgnoreIA5Match" Equality Ia5String "Equal ASCII text but for case and spacing.";
    CaseIgnoreIa5Substrings "1.3.6.1.4.1.1466.109.114.3" "caseIgnoreIA5SubstringsMatch" Substrings SubstringAssertion "Pieces of ASCII text, case ignored.";
    CaseExactIa5Substrings "1.3.6.1.4.1.4203.1.2.1" "caseExactIA5SubstringsMatch" Substrings SubstringAssertion "Pieces of ASCII text.";
    Uuid "1.3.6.1.1.16.2" "UUIDMatch" Equality Uuid "The same UUID.";
    UuidOrdering "1.3.6.1.1.16.3" "UUIDOrderingMatch" Ordering Uuid "Order of UUIDs.";
    BitAnd "1.2.840.113556.1.4.803" "integerBitAndMatch" Equality Integer "All asserted bits are set.";
    BitOr "1.2.840.113556.1.4.804" "integerBitOrMatch" Equality Integer "One of the asserted bits is set.";
    InChain "1.2.840.113556.1.4.1941" "distinguishedNameInChainMatch" Equality Dn "The name, directly or through groups in groups.";
}

impl MatchingRule {
    /// Whether values of a syntax can be held against the rule (RFC 4512 section 4.1.4): what an
    /// extensible filter without an attribute looks at.
    #[must_use]
    pub fn applies_to(self, syntax: Syntax) -> bool {
        match self {
            Self::CaseIgnore
            | Self::CaseIgnoreOrdering
            | Self::CaseIgnoreSubstrings
            | Self::CaseExact
            | Self::CaseExactOrdering
            | Self::CaseExactSubstrings
            | Self::Word
            | Self::Keyword => matches!(
                syntax,
                Syntax::DirectoryString
                    | Syntax::PrintableString
                    | Syntax::CountryString
                    | Syntax::TelephoneNumber
                    | Syntax::Ia5String
            ),
            Self::CaseIgnoreIa5 | Self::CaseIgnoreIa5Substrings | Self::CaseExactIa5 | Self::CaseExactIa5Substrings => {
                syntax == Syntax::Ia5String
            }
            Self::NumericString | Self::NumericStringOrdering | Self::NumericStringSubstrings => {
                syntax == Syntax::NumericString
            }
            Self::TelephoneNumber | Self::TelephoneNumberSubstrings => syntax == Syntax::TelephoneNumber,
            Self::CaseIgnoreList | Self::CaseIgnoreListSubstrings => syntax == Syntax::PostalAddress,
            Self::IntegerFirstComponent => syntax == Syntax::DitStructureRuleDescription,
            Self::ObjectIdentifierFirstComponent => matches!(
                syntax,
                Syntax::AttributeTypeDescription
                    | Syntax::ObjectClassDescription
                    | Syntax::MatchingRuleDescription
                    | Syntax::MatchingRuleUseDescription
                    | Syntax::LdapSyntaxDescription
                    | Syntax::DitContentRuleDescription
                    | Syntax::NameFormDescription
            ),
            Self::DirectoryStringFirstComponent => false,
            rule => rule.syntax() == syntax,
        }
    }
}
