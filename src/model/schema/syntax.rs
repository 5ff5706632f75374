//! The syntaxes of RFC 4517 section 3.3, RFC 4523, RFC 4530 and RFC 2307: which bytes are a value.

use uuid::Uuid;

use super::super::dn::Dn;
use super::super::time::Timestamp;

macro_rules! syntaxes {
    ($($syntax:ident $oid:literal $text:literal;)+) => {
        /// A syntax: the form of the values of an attribute type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Syntax {
            $(#[doc = $text] $syntax),+
        }

        impl Syntax {
    /// Whether values are requested and returned with the option `;binary`: certificates (RFC 4523 section 2), and what
    /// RFC 2798 section 2.8 has in the syntax Binary. The values are the same with the option and without (RFC 4522).
    #[must_use]
    pub fn is_transferred_in_binary(self) -> bool {
        matches!(
            self,
            Self::Certificate | Self::CertificateList | Self::CertificatePair | Self::Binary
        )
    }

            /// All syntaxes, in the order in which they are published.
            pub const ALL: &'static [Self] = &[$(Self::$syntax),+];

            /// The object identifier in dotted form.
            #[must_use]
            pub const fn oid(self) -> &'static str {
                match self { $(Self::$syntax => $oid),+ }
            }

            /// The name that the defining RFC gives it.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$syntax => $text),+ }
            }
        }
    };
}

syntaxes! {
    AttributeTypeDescription "1.3.6.1.4.1.1466.115.121.1.3" "Attribute Type Description";
    Audio "1.3.6.1.4.1.1466.115.121.1.4" "Audio";
    Binary "1.3.6.1.4.1.1466.115.121.1.5" "Binary";
    BitString "1.3.6.1.4.1.1466.115.121.1.6" "Bit String";
    Boolean "1.3.6.1.4.1.1466.115.121.1.7" "Boolean";
    Certificate "1.3.6.1.4.1.1466.115.121.1.8" "Certificate";
    CertificateList "1.3.6.1.4.1.1466.115.121.1.9" "Certificate List";
    CertificatePair "1.3.6.1.4.1.1466.115.121.1.10" "Certificate Pair";
    CountryString "1.3.6.1.4.1.1466.115.121.1.11" "Country String";
    Dn "1.3.6.1.4.1.1466.115.121.1.12" "DN";
    DeliveryMethod "1.3.6.1.4.1.1466.115.121.1.14" "Delivery Method";
    DirectoryString "1.3.6.1.4.1.1466.115.121.1.15" "Directory String";
    DitContentRuleDescription "1.3.6.1.4.1.1466.115.121.1.16" "DIT Content Rule Description";
    DitStructureRuleDescription "1.3.6.1.4.1.1466.115.121.1.17" "DIT Structure Rule Description";
    EnhancedGuide "1.3.6.1.4.1.1466.115.121.1.21" "Enhanced Guide";
    FacsimileTelephoneNumber "1.3.6.1.4.1.1466.115.121.1.22" "Facsimile Telephone Number";
    Fax "1.3.6.1.4.1.1466.115.121.1.23" "Fax";
    GeneralizedTime "1.3.6.1.4.1.1466.115.121.1.24" "Generalized Time";
    Guide "1.3.6.1.4.1.1466.115.121.1.25" "Guide";
    Ia5String "1.3.6.1.4.1.1466.115.121.1.26" "IA5 String";
    Integer "1.3.6.1.4.1.1466.115.121.1.27" "INTEGER";
    Jpeg "1.3.6.1.4.1.1466.115.121.1.28" "JPEG";
    MatchingRuleDescription "1.3.6.1.4.1.1466.115.121.1.30" "Matching Rule Description";
    MatchingRuleUseDescription "1.3.6.1.4.1.1466.115.121.1.31" "Matching Rule Use Description";
    NameAndOptionalUid "1.3.6.1.4.1.1466.115.121.1.34" "Name And Optional UID";
    NameFormDescription "1.3.6.1.4.1.1466.115.121.1.35" "Name Form Description";
    NumericString "1.3.6.1.4.1.1466.115.121.1.36" "Numeric String";
    ObjectClassDescription "1.3.6.1.4.1.1466.115.121.1.37" "Object Class Description";
    Oid "1.3.6.1.4.1.1466.115.121.1.38" "OID";
    OtherMailbox "1.3.6.1.4.1.1466.115.121.1.39" "Other Mailbox";
    OctetString "1.3.6.1.4.1.1466.115.121.1.40" "Octet String";
    PostalAddress "1.3.6.1.4.1.1466.115.121.1.41" "Postal Address";
    PrintableString "1.3.6.1.4.1.1466.115.121.1.44" "Printable String";
    SubtreeSpecification "1.3.6.1.4.1.1466.115.121.1.45" "SubtreeSpecification";
    TelephoneNumber "1.3.6.1.4.1.1466.115.121.1.50" "Telephone Number";
    TeletexTerminalIdentifier "1.3.6.1.4.1.1466.115.121.1.51" "Teletex Terminal Identifier";
    TelexNumber "1.3.6.1.4.1.1466.115.121.1.52" "Telex Number";
    UtcTime "1.3.6.1.4.1.1466.115.121.1.53" "UTC Time";
    LdapSyntaxDescription "1.3.6.1.4.1.1466.115.121.1.54" "LDAP Syntax Description";
    SubstringAssertion "1.3.6.1.4.1.1466.115.121.1.58" "Substring Assertion";
    NisNetgroupTriple "1.3.6.1.1.1.0.0" "NIS netgroup triple";
    BootParameter "1.3.6.1.1.1.0.1" "Boot parameter";
    Uuid "1.3.6.1.1.16.1" "UUID";
}

impl Syntax {
    /// Whether the bytes are a value of the syntax. A value that is not counts as absent when it comes
    /// from a row, and makes an assertion Undefined when it comes from a filter.
    #[must_use]
    pub fn is_valid(self, value: &[u8]) -> bool {
        match self {
            Self::OctetString => true,
            Self::DirectoryString => !value.is_empty() && std::str::from_utf8(value).is_ok(),
            Self::Ia5String => value.is_ascii(),
            Self::PrintableString | Self::TelephoneNumber => is_printable(value),
            Self::CountryString => value.len() == 2 && is_printable(value),
            Self::NumericString => !value.is_empty() && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b' '),
            Self::Integer => is_integer(value),
            Self::Boolean => value.eq_ignore_ascii_case(b"TRUE") || value.eq_ignore_ascii_case(b"FALSE"),
            Self::BitString => is_bit_string(value),
            Self::Oid => is_oid(value),
            Self::Dn => std::str::from_utf8(value).is_ok_and(|text| Dn::parse(text).is_ok()),
            Self::NameAndOptionalUid => {
                std::str::from_utf8(value).is_ok_and(|text| Dn::parse(Self::split_uid(text).0).is_ok())
            }
            Self::GeneralizedTime => Timestamp::parse_generalized(value).is_some(),
            Self::UtcTime => Timestamp::parse_utc_time(value).is_some(),
            Self::Uuid => Self::parse_uuid(value).is_some(),
            Self::PostalAddress => is_postal_address(value),
            Self::DeliveryMethod => is_delivery_method(value),
            Self::OtherMailbox => value
                .iter()
                .position(|byte| *byte == b'$')
                .and_then(|place| value.split_at_checked(place))
                .is_some_and(|(kind, mailbox)| is_printable(kind) && mailbox.len() > 1 && mailbox.is_ascii()),
            Self::FacsimileTelephoneNumber => value.split(|byte| *byte == b'$').next().is_some_and(is_printable),
            Self::TelexNumber => {
                value.split(|byte| *byte == b'$').count() == 3 && value.split(|byte| *byte == b'$').all(is_printable)
            }
            Self::TeletexTerminalIdentifier => value.split(|byte| *byte == b'$').next().is_some_and(is_printable),
            Self::Certificate | Self::CertificateList | Self::CertificatePair => {
                // DER SEQUENCE; whether it is a certificate is the reader's business.
                value.first() == Some(&0x30)
            }
            Self::NisNetgroupTriple => value.is_ascii() && value.starts_with(b"(") && value.ends_with(b")"),
            Self::SubtreeSpecification => {
                value.starts_with(b"{") && value.ends_with(b"}") && std::str::from_utf8(value).is_ok()
            }
            Self::BootParameter => value.is_ascii() && value.contains(&b'='),
            Self::AttributeTypeDescription
            | Self::DitContentRuleDescription
            | Self::DitStructureRuleDescription
            | Self::LdapSyntaxDescription
            | Self::MatchingRuleDescription
            | Self::MatchingRuleUseDescription
            | Self::NameFormDescription
            | Self::ObjectClassDescription => {
                value.starts_with(b"(") && value.ends_with(b")") && std::str::from_utf8(value).is_ok()
            }
            Self::Audio
            | Self::Binary
            | Self::EnhancedGuide
            | Self::Fax
            | Self::Guide
            | Self::Jpeg
            | Self::SubstringAssertion => !value.is_empty(),
        }
    }

    /// Splits a Name And Optional UID (RFC 4517 section 3.3.21) into the name and the bit string.
    #[must_use]
    pub fn split_uid(text: &str) -> (&str, Option<&str>) {
        match text.rsplit_once('#') {
            Some((name, bits)) if is_bit_string(bits.as_bytes()) => (name, Some(bits)),
            _ => (text, None),
        }
    }

    /// RFC 4530 section 2.1: the 36 characters of RFC 4122.
    #[must_use]
    pub fn parse_uuid(value: &[u8]) -> Option<Uuid> {
        if value.len() != 36 {
            return None;
        }
        let number = value
            .iter()
            .enumerate()
            .try_fold(0_u128, |number, (place, byte)| match (place, byte) {
                (8 | 13 | 18 | 23, b'-') => Some(number),
                (8 | 13 | 18 | 23, _) => None,
                (_, digit) => char::from(*digit)
                    .to_digit(16)
                    .map(|digit| (number << 4) | u128::from(digit)),
            });
        number.map(Uuid::from_u128)
    }
}

/// `PrintableString` (RFC 4517 section 3.2).
fn is_printable(value: &[u8]) -> bool {
    !value.is_empty()
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"'()+,-.=/:? ".contains(byte))
}

/// RFC 4517 section 3.3.16: no plus sign, no superfluous zeros, no negative zero.
fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-");
    match digits.unwrap_or(value) {
        [b'0'] => digits.is_none(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// RFC 4517 section 3.3.2: `'0101'B`.
pub(super) fn is_bit_string(value: &[u8]) -> bool {
    value
        .strip_prefix(b"'")
        .and_then(|rest| rest.strip_suffix(b"'B"))
        .is_some_and(|bits| bits.iter().all(|bit| matches!(bit, b'0' | b'1')))
}

/// A name or a dotted identifier (RFC 4512 section 1.4).
pub(super) fn is_oid(value: &[u8]) -> bool {
    is_descriptor(value) || is_numeric_oid(value)
}

/// A short name: a letter, then letters, digits and hyphens.
pub(super) fn is_descriptor(value: &[u8]) -> bool {
    matches!(value, [first, rest @ ..] if first.is_ascii_alphabetic()
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'))
}

/// Two or more numbers without superfluous zeros, separated by dots.
pub(super) fn is_numeric_oid(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value
            .split(|byte| *byte == b'.')
            .all(|number| is_integer(number) && !number.starts_with(b"-"))
}

/// RFC 4517 section 3.3.28: lines separated by `$`; `\24` and `\5C` stand for `$` and `\`.
fn is_postal_address(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| {
        !text.is_empty()
            && text
                .split('\\')
                .skip(1)
                .all(|after| after.starts_with("24") || after.starts_with("5C") || after.starts_with("5c"))
    })
}

/// RFC 4517 section 3.3.5.
fn is_delivery_method(value: &[u8]) -> bool {
    const METHODS: [&str; 10] = [
        "any",
        "mhs",
        "physical",
        "telex",
        "teletex",
        "g3fax",
        "g4fax",
        "ia5",
        "videotex",
        "telephone",
    ];
    std::str::from_utf8(value).is_ok_and(|text| {
        text.split('$')
            .all(|method| METHODS.contains(&method.trim_matches(' ')))
    })
}
