//! The object classes of RFC 4512, RFC 4519, RFC 4523, RFC 4524, RFC 2798, RFC 2307bis and openssh-lpk.

use super::ClassId;
use super::definition::ObjectClass;
use super::definition::ObjectClassKind::{Abstract, Auxiliary, Structural};
use super::ids::*;

macro_rules! classes {
    ($($id:ident = $oid:literal $names:tt $kind:ident $superior:expr, $description:literal, must $must:tt may $may:tt;)+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $($id),+ }

        /// The object classes that code refers to by name.
        pub mod class_ids {
            use super::ClassId;
            $(
                #[doc = concat!("The object class that the schema tables call `", stringify!($id), "`.")]
                pub const $id: ClassId = ClassId(super::Place::$id as u16);
            )+
        }

        pub(super) static TABLE: &[ObjectClass] = &[$(ObjectClass {
            oid: $oid,
            names: &$names,
            description: $description,
            superior: $superior,
            kind: $kind,
            must: &$must,
            may: &$may,
        }),+];
    };
}

/// Most classes extend `top` directly.
const T: Option<ClassId> = Some(class_ids::TOP);

classes! {
    TOP = "2.5.6.0" ["top"] Abstract None, "top of the class hierarchy (RFC 4512)", must [OBJECT_CLASS] may [];
    ALIAS = "2.5.6.1" ["alias"] Structural T, "alias (RFC 4512)", must [ALIASED_OBJECT_NAME] may [];
    EXTENSIBLE_OBJECT = "1.3.6.1.4.1.1466.101.120.111" ["extensibleObject"] Auxiliary T, "any user attribute (RFC 4512)", must [] may [];
    SUBSCHEMA = "2.5.20.1" ["subschema"] Auxiliary T, "the published schema (RFC 4512)", must [] may [DIT_STRUCTURE_RULES, NAME_FORMS, DIT_CONTENT_RULES, OBJECT_CLASSES, ATTRIBUTE_TYPES, MATCHING_RULES, MATCHING_RULE_USE, LDAP_SYNTAXES];
    // What the subschema entry is: `subschema` alone is auxiliary.
    SUBENTRY = "2.5.17.0" ["subentry"] Structural T, "subentry (RFC 3672)", must [CN, SUBTREE_SPECIFICATION] may [];
    COUNTRY = "2.5.6.2" ["country"] Structural T, "country (RFC 4519)", must [C] may [SEARCH_GUIDE, DESCRIPTION];
    LOCALITY = "2.5.6.3" ["locality"] Structural T, "place (RFC 4519)", must [] may [STREET, SEE_ALSO, SEARCH_GUIDE, ST, L, DESCRIPTION];
    ORGANIZATION = "2.5.6.4" ["organization"] Structural T, "organization (RFC 4519)", must [O] may [USER_PASSWORD, SEARCH_GUIDE, SEE_ALSO, BUSINESS_CATEGORY, X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, ST, L, DESCRIPTION];
    ORGANIZATIONAL_UNIT = "2.5.6.5" ["organizationalUnit"] Structural T, "organizational unit (RFC 4519)", must [OU] may [USER_PASSWORD, SEARCH_GUIDE, SEE_ALSO, BUSINESS_CATEGORY, X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, ST, L, DESCRIPTION];
    PERSON = "2.5.6.6" ["person"] Structural T, "person (RFC 4519)", must [SN, CN] may [USER_PASSWORD, TELEPHONE_NUMBER, SEE_ALSO, DESCRIPTION];
    ORGANIZATIONAL_PERSON = "2.5.6.7" ["organizationalPerson"] Structural Some(class_ids::PERSON), "person in an organization (RFC 4519)", must [] may [TITLE, X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, OU, ST, L];
    ORGANIZATIONAL_ROLE = "2.5.6.8" ["organizationalRole"] Structural T, "role in an organization (RFC 4519)", must [CN] may [X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, SEE_ALSO, ROLE_OCCUPANT, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, OU, ST, L, DESCRIPTION];
    // RFC 4519 has `member` in MUST; groups without members exist, so it is in MAY here, as in RFC 2307bis.
    GROUP_OF_NAMES = "2.5.6.9" ["groupOfNames"] Structural T, "group of names, may be empty", must [CN] may [MEMBER, BUSINESS_CATEGORY, SEE_ALSO, OWNER, OU, O, DESCRIPTION];
    RESIDENTIAL_PERSON = "2.5.6.10" ["residentialPerson"] Structural Some(class_ids::PERSON), "person at a place (RFC 4519)", must [L] may [BUSINESS_CATEGORY, X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, ST];
    APPLICATION_PROCESS = "2.5.6.11" ["applicationProcess"] Structural T, "application (RFC 4519)", must [CN] may [SEE_ALSO, OU, L, DESCRIPTION];
    DEVICE = "2.5.6.14" ["device"] Structural T, "device (RFC 4519)", must [CN] may [SERIAL_NUMBER, SEE_ALSO, OWNER, OU, O, L, DESCRIPTION];
    GROUP_OF_UNIQUE_NAMES = "2.5.6.17" ["groupOfUniqueNames"] Structural T, "group of unique names, may be empty", must [CN] may [UNIQUE_MEMBER, BUSINESS_CATEGORY, SEE_ALSO, OWNER, OU, O, DESCRIPTION];
    PKI_USER = "2.5.6.21" ["pkiUser"] Auxiliary T, "holder of a certificate (RFC 4523)", must [] may [USER_CERTIFICATE];
    PKI_CA = "2.5.6.22" ["pkiCA"] Auxiliary T, "certification authority (RFC 4523)", must [] may [CA_CERTIFICATE, CERTIFICATE_REVOCATION_LIST, AUTHORITY_REVOCATION_LIST, CROSS_CERTIFICATE_PAIR];
    DELTA_CRL = "2.5.6.23" ["deltaCRL"] Auxiliary T, "delta revocation list (RFC 4523)", must [] may [DELTA_REVOCATION_LIST];
    DC_OBJECT = "1.3.6.1.4.1.1466.344" ["dcObject"] Auxiliary T, "anything with a domain component (RFC 4519)", must [DC] may [];
    UID_OBJECT = "1.3.6.1.1.3.1" ["uidObject"] Auxiliary T, "anything with a user name (RFC 4519)", must [UID] may [];
    ACCOUNT = "0.9.2342.19200300.100.4.5" ["account"] Structural T, "computer account (RFC 4524)", must [UID] may [DESCRIPTION, SEE_ALSO, L, O, OU, HOST];
    DOCUMENT = "0.9.2342.19200300.100.4.6" ["document"] Structural T, "document (RFC 4524)", must [DOCUMENT_IDENTIFIER] may [CN, DESCRIPTION, SEE_ALSO, L, O, OU, DOCUMENT_TITLE, DOCUMENT_VERSION, DOCUMENT_AUTHOR, DOCUMENT_LOCATION, DOCUMENT_PUBLISHER];
    ROOM = "0.9.2342.19200300.100.4.7" ["room"] Structural T, "room (RFC 4524)", must [CN] may [ROOM_NUMBER, DESCRIPTION, SEE_ALSO, TELEPHONE_NUMBER];
    DOCUMENT_SERIES = "0.9.2342.19200300.100.4.9" ["documentSeries"] Structural T, "series of documents (RFC 4524)", must [CN] may [DESCRIPTION, L, O, OU, SEE_ALSO, TELEPHONE_NUMBER];
    DOMAIN = "0.9.2342.19200300.100.4.13" ["domain"] Structural T, "DNS domain (RFC 4524)", must [DC] may [USER_PASSWORD, SEARCH_GUIDE, SEE_ALSO, BUSINESS_CATEGORY, X121_ADDRESS, REGISTERED_ADDRESS, DESTINATION_INDICATOR, PREFERRED_DELIVERY_METHOD, TELEX_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, FACSIMILE_TELEPHONE_NUMBER, STREET, POST_OFFICE_BOX, POSTAL_CODE, POSTAL_ADDRESS, PHYSICAL_DELIVERY_OFFICE_NAME, ST, L, DESCRIPTION, O, ASSOCIATED_NAME];
    RFC822_LOCAL_PART = "0.9.2342.19200300.100.4.14" ["rFC822LocalPart"] Structural Some(class_ids::DOMAIN), "local part of a mail address (RFC 4524)", must [] may [CN, DESCRIPTION, DESTINATION_INDICATOR, FACSIMILE_TELEPHONE_NUMBER, INTERNATIONAL_ISDN_NUMBER, PHYSICAL_DELIVERY_OFFICE_NAME, POSTAL_ADDRESS, POSTAL_CODE, POST_OFFICE_BOX, PREFERRED_DELIVERY_METHOD, REGISTERED_ADDRESS, SEE_ALSO, SN, STREET, TELEPHONE_NUMBER, TELETEX_TERMINAL_IDENTIFIER, TELEX_NUMBER, X121_ADDRESS];
    DOMAIN_RELATED_OBJECT = "0.9.2342.19200300.100.4.17" ["domainRelatedObject"] Auxiliary T, "anything with a DNS domain (RFC 4524)", must [ASSOCIATED_DOMAIN] may [];
    FRIENDLY_COUNTRY = "0.9.2342.19200300.100.4.18" ["friendlyCountry"] Structural Some(class_ids::COUNTRY), "country with a name (RFC 4524)", must [CO] may [];
    SIMPLE_SECURITY_OBJECT = "0.9.2342.19200300.100.4.19" ["simpleSecurityObject"] Auxiliary T, "anything with a password (RFC 4524)", must [USER_PASSWORD] may [];
    LABELED_URI_OBJECT = "1.3.6.1.4.1.250.3.1" ["labeledURIObject"] Auxiliary T, "anything with URIs (RFC 2079)", must [] may [LABELED_URI];
    AUTHORIZED_SERVICE_OBJECT = "1.3.6.1.4.1.5322.17.1.1" ["authorizedServiceObject"] Auxiliary T, "services an account may use (ldapns)", must [] may [AUTHORIZED_SERVICE];
    HOST_OBJECT = "1.3.6.1.4.1.5322.17.1.2" ["hostObject"] Auxiliary T, "hosts an account may use (ldapns)", must [] may [HOST];
    NAMED_OBJECT = "1.3.6.1.4.1.5322.13.1.1" ["namedObject"] Structural T, "anything with a name", must [] may [CN];
    INET_ORG_PERSON = "2.16.840.1.113730.3.2.2" ["inetOrgPerson"] Structural Some(class_ids::ORGANIZATIONAL_PERSON), "person (RFC 2798)", must [] may [AUDIO, BUSINESS_CATEGORY, CAR_LICENSE, DEPARTMENT_NUMBER, DISPLAY_NAME, EMPLOYEE_NUMBER, EMPLOYEE_TYPE, GIVEN_NAME, HOME_PHONE, HOME_POSTAL_ADDRESS, INITIALS, JPEG_PHOTO, LABELED_URI, MAIL, MANAGER, MOBILE, O, PAGER, PHOTO, ROOM_NUMBER, SECRETARY, UID, USER_CERTIFICATE, X500_UNIQUE_IDENTIFIER, PREFERRED_LANGUAGE, USER_SMIME_CERTIFICATE, USER_PKCS12];
    LDAP_PUBLIC_KEY = "1.3.6.1.4.1.24552.500.1.1.2.0" ["ldapPublicKey"] Auxiliary T, "OpenSSH keys (openssh-lpk)", must [] may [SSH_PUBLIC_KEY, UID];
    POSIX_ACCOUNT = "1.3.6.1.1.1.2.0" ["posixAccount"] Auxiliary T, "POSIX account (RFC 2307bis)", must [CN, UID, UID_NUMBER, GID_NUMBER, HOME_DIRECTORY] may [USER_PASSWORD, LOGIN_SHELL, GECOS, DESCRIPTION];
    SHADOW_ACCOUNT = "1.3.6.1.1.1.2.1" ["shadowAccount"] Auxiliary T, "shadow password account (RFC 2307bis)", must [UID] may [USER_PASSWORD, DESCRIPTION, SHADOW_LAST_CHANGE, SHADOW_MIN, SHADOW_MAX, SHADOW_WARNING, SHADOW_INACTIVE, SHADOW_EXPIRE, SHADOW_FLAG];
    POSIX_GROUP = "1.3.6.1.1.1.2.2" ["posixGroup"] Auxiliary T, "POSIX group (RFC 2307bis)", must [GID_NUMBER] may [USER_PASSWORD, MEMBER_UID, DESCRIPTION];
    IP_SERVICE = "1.3.6.1.1.1.2.3" ["ipService"] Structural T, "IP service (RFC 2307bis)", must [CN, IP_SERVICE_PORT, IP_SERVICE_PROTOCOL] may [DESCRIPTION];
    IP_PROTOCOL = "1.3.6.1.1.1.2.4" ["ipProtocol"] Structural T, "IP protocol (RFC 2307bis)", must [CN, IP_PROTOCOL_NUMBER] may [DESCRIPTION];
    ONC_RPC = "1.3.6.1.1.1.2.5" ["oncRpc"] Structural T, "ONC RPC binding (RFC 2307bis)", must [CN, ONC_RPC_NUMBER] may [DESCRIPTION];
    IP_HOST = "1.3.6.1.1.1.2.6" ["ipHost"] Auxiliary T, "host (RFC 2307bis)", must [CN, IP_HOST_NUMBER] may [USER_PASSWORD, L, DESCRIPTION, MANAGER];
    IP_NETWORK = "1.3.6.1.1.1.2.7" ["ipNetwork"] Structural T, "network (RFC 2307bis)", must [IP_NETWORK_NUMBER] may [CN, IP_NETMASK_NUMBER, L, DESCRIPTION, MANAGER];
    NIS_NETGROUP = "1.3.6.1.1.1.2.8" ["nisNetgroup"] Structural T, "netgroup (RFC 2307bis)", must [CN] may [NIS_NETGROUP_TRIPLE, MEMBER_NIS_NETGROUP, DESCRIPTION];
    NIS_MAP = "1.3.6.1.1.1.2.9" ["nisMap"] Structural T, "NIS map (RFC 2307bis)", must [NIS_MAP_NAME] may [DESCRIPTION];
    NIS_OBJECT = "1.3.6.1.1.1.2.10" ["nisObject"] Structural T, "entry of a NIS map (RFC 2307bis)", must [CN, NIS_MAP_ENTRY, NIS_MAP_NAME] may [];
    IEEE802_DEVICE = "1.3.6.1.1.1.2.11" ["ieee802Device"] Auxiliary T, "device with a MAC address (RFC 2307bis)", must [] may [MAC_ADDRESS];
    BOOTABLE_DEVICE = "1.3.6.1.1.1.2.12" ["bootableDevice"] Auxiliary T, "device with boot parameters (RFC 2307bis)", must [] may [BOOT_FILE, BOOT_PARAMETER];
    NIS_KEY_OBJECT = "1.3.6.1.1.1.2.14" ["nisKeyObject"] Auxiliary T, "object with a key pair (RFC 2307bis)", must [CN, NIS_PUBLIC_KEY, NIS_SECRET_KEY] may [UID_NUMBER, DESCRIPTION];
    NIS_DOMAIN_OBJECT = "1.3.6.1.1.1.2.15" ["nisDomainObject"] Auxiliary T, "naming context of a NIS domain (RFC 2307bis)", must [NIS_DOMAIN] may [];
    AUTOMOUNT_MAP = "1.3.6.1.1.1.2.16" ["automountMap"] Structural T, "automount map (RFC 2307bis)", must [AUTOMOUNT_MAP_NAME] may [DESCRIPTION];
    AUTOMOUNT = "1.3.6.1.1.1.2.17" ["automount"] Structural T, "automount information (RFC 2307bis)", must [AUTOMOUNT_KEY, AUTOMOUNT_INFORMATION] may [DESCRIPTION];
    GROUP_OF_MEMBERS = "1.3.6.1.1.1.2.18" ["groupOfMembers"] Structural T, "group with members (RFC 2307bis)", must [CN] may [BUSINESS_CATEGORY, SEE_ALSO, OWNER, OU, O, DESCRIPTION, MEMBER];
}
