//! Result codes by their RFC 4511 names (section 4.1.9 and appendix A), with those of the extensions that are answered.
//!
//! The enumeration is our own: that of `ldap3_proto` is not `Copy` and not spelt as in the RFC, and answers should not
//! depend on the peer that tests compare them with.

use std::fmt;

macro_rules! result_codes {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal, $spelling:literal;)+) => {
        /// How an operation ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResultCode {
            $($(#[doc = $text])+ $name = $number,)+
        }

        impl ResultCode {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [ResultCode] = &[$(ResultCode::$name,)+];

            /// The name as the RFC spells it, for logs.
            pub const fn name(self) -> &'static str {
                match self { $(ResultCode::$name => $spelling,)+ }
            }

            /// The code with this number, if it is a known one (a probe reads answers of others).
            pub const fn from_number(number: i64) -> Option<ResultCode> {
                match number { $($number => Some(ResultCode::$name),)+ _ => None }
            }
        }
    };
}

result_codes! {
    /// Done.
    Success = 0, "success";
    /// The operation came at the wrong time, for example StartTLS with requests outstanding.
    OperationsError = 1, "operationsError";
    /// The request breaks the protocol.
    ProtocolError = 2, "protocolError";
    /// The time limit asked for was exceeded. Clients take what came before as complete: never for a limit of ours.
    TimeLimitExceeded = 3, "timeLimitExceeded";
    /// The size limit asked for was exceeded. Clients take what came before as complete: never for a limit of ours.
    SizeLimitExceeded = 4, "sizeLimitExceeded";
    /// Compare: the assertion is false or undefined.
    CompareFalse = 5, "compareFalse";
    /// Compare: the assertion is true.
    CompareTrue = 6, "compareTrue";
    /// The authentication choice or SASL mechanism is not supported.
    AuthMethodNotSupported = 7, "authMethodNotSupported";
    /// Stronger authentication is required.
    StrongerAuthRequired = 8, "strongerAuthRequired";
    /// Another server has to be asked.
    Referral = 10, "referral";
    /// An administrative limit was exceeded. SSSD takes what came before as complete: never on a search.
    AdminLimitExceeded = 11, "adminLimitExceeded";
    /// A critical control is not known or does not fit the operation.
    UnavailableCriticalExtension = 12, "unavailableCriticalExtension";
    /// TLS is needed for this.
    ConfidentialityRequired = 13, "confidentialityRequired";
    /// A SASL bind needs another step.
    SaslBindInProgress = 14, "saslBindInProgress";
    /// The entry has no such attribute or value.
    NoSuchAttribute = 16, "noSuchAttribute";
    /// The attribute description is unknown.
    UndefinedAttributeType = 17, "undefinedAttributeType";
    /// The matching rule is not defined for the attribute.
    InappropriateMatching = 18, "inappropriateMatching";
    /// A value breaks a constraint.
    ConstraintViolation = 19, "constraintViolation";
    /// The attribute or value is already there.
    AttributeOrValueExists = 20, "attributeOrValueExists";
    /// A value breaks the attribute's syntax.
    InvalidAttributeSyntax = 21, "invalidAttributeSyntax";
    /// The entry does not exist.
    NoSuchObject = 32, "noSuchObject";
    /// An alias is wrong.
    AliasProblem = 33, "aliasProblem";
    /// A DN breaks the syntax of DNs.
    InvalidDNSyntax = 34, "invalidDNSyntax";
    /// An alias could not be dereferenced.
    AliasDereferencingProblem = 36, "aliasDereferencingProblem";
    /// The entry cannot be authenticated this way.
    InappropriateAuthentication = 48, "inappropriateAuthentication";
    /// Name or password are wrong, or the account may not be used.
    InvalidCredentials = 49, "invalidCredentials";
    /// Not allowed for this identity.
    InsufficientAccessRights = 50, "insufficientAccessRights";
    /// Too busy. Never sent: clients take it for a failure of the server.
    Busy = 51, "busy";
    /// What is needed for an answer cannot be reached.
    Unavailable = 52, "unavailable";
    /// Refused.
    UnwillingToPerform = 53, "unwillingToPerform";
    /// A loop was found.
    LoopDetect = 54, "loopDetect";
    /// RFC 2891: sorting was asked for without its control (virtual list view).
    SortControlMissing = 60, "sortControlMissing";
    /// draft-ietf-ldapext-ldapv3-vlv: the offset lies outside the list.
    OffsetRangeError = 61, "offsetRangeError";
    /// The name breaks the rules of naming.
    NamingViolation = 64, "namingViolation";
    /// The entry would break its object classes.
    ObjectClassViolation = 65, "objectClassViolation";
    /// Only possible on a leaf.
    NotAllowedOnNonLeaf = 66, "notAllowedOnNonLeaf";
    /// Not possible on the attribute that names the entry.
    NotAllowedOnRDN = 67, "notAllowedOnRDN";
    /// The entry is already there.
    EntryAlreadyExists = 68, "entryAlreadyExists";
    /// The structural class cannot change.
    ObjectClassModsProhibited = 69, "objectClassModsProhibited";
    /// More than one server would be needed.
    AffectsMultipleDSAs = 71, "affectsMultipleDSAs";
    /// draft-ietf-ldapext-ldapv3-vlv: the list view failed.
    VirtualListViewError = 76, "virtualListViewError";
    /// None of the others.
    Other = 80, "other";
    /// RFC 3909: the operation was cancelled.
    Canceled = 118, "canceled";
    /// RFC 3909: there is no such operation.
    NoSuchOperation = 119, "noSuchOperation";
    /// RFC 3909: too late to cancel.
    TooLate = 120, "tooLate";
    /// RFC 3909: the operation cannot be cancelled.
    CannotCancel = 121, "cannotCancel";
    /// RFC 4528: the assertion control's filter does not match.
    AssertionFailed = 122, "assertionFailed";
    /// RFC 4370: proxied authorization was refused.
    AuthorizationDenied = 123, "authorizationDenied";
    /// RFC 4533: the content has to be read anew.
    SyncRefreshRequired = 4096, "e-syncRefreshRequired";
}

impl ResultCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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

    #[test]
    fn numbers_and_names() {
        assert_eq!(ResultCode::InvalidCredentials.number(), 49);
        assert_eq!(ResultCode::SyncRefreshRequired.number(), 4096);
        assert_eq!(ResultCode::InvalidDNSyntax.to_string(), "invalidDNSyntax");
        for code in ResultCode::ALL {
            assert_eq!(ResultCode::from_number(code.number().into()), Some(*code));
        }
        assert_eq!(ResultCode::from_number(9), None);
    }
}
