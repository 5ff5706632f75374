//! The attribute types of draft-howard-rfc2307bis (NIS).
//!
//! memberUid and gecos hold any text, because user names and full names do. Matching rules are those of OpenLDAP's
//! nis.schema and of RFC 2307, because clients are written against OpenLDAP: an assertion for which a type has no rule is
//! Undefined.

use super::MatchingRule::{CaseExact, CaseExactIa5Substrings, CaseExactSubstrings, CaseIgnoreIa5, OctetString};
use super::Syntax;
use super::definition::{Definition, exact_ia5, ia5, integer, opaque, string, unordered_integer};
use super::user::ids::NAME;

attributes! { after super::person::END;
    UID_NUMBER = integer("1.3.6.1.1.1.1.0", &["uidNumber"], "number of a user").single();
    GID_NUMBER = integer("1.3.6.1.1.1.1.1", &["gidNumber"], "number of a group").single();
    GECOS = string("1.3.6.1.1.1.1.2", &["gecos"], "the GECOS field").single();
    HOME_DIRECTORY = exact_ia5("1.3.6.1.1.1.1.3", &["homeDirectory"], "home directory").single();
    LOGIN_SHELL = exact_ia5("1.3.6.1.1.1.1.4", &["loginShell"], "login shell").single();
    SHADOW_LAST_CHANGE = unordered_integer("1.3.6.1.1.1.1.5", &["shadowLastChange"], "day of the last password change").single();
    SHADOW_MIN = unordered_integer("1.3.6.1.1.1.1.6", &["shadowMin"], "days before a change is allowed").single();
    SHADOW_MAX = unordered_integer("1.3.6.1.1.1.1.7", &["shadowMax"], "days after which a change is due").single();
    SHADOW_WARNING = unordered_integer("1.3.6.1.1.1.1.8", &["shadowWarning"], "days of warning").single();
    SHADOW_INACTIVE = unordered_integer("1.3.6.1.1.1.1.9", &["shadowInactive"], "days of grace").single();
    SHADOW_EXPIRE = unordered_integer("1.3.6.1.1.1.1.10", &["shadowExpire"], "day the account ends").single();
    SHADOW_FLAG = unordered_integer("1.3.6.1.1.1.1.11", &["shadowFlag"], "reserved").single();
    MEMBER_UID = Definition::of(Syntax::DirectoryString, "1.3.6.1.1.1.1.12", &["memberUid"], "user name of a member").eq(CaseExact).sub(CaseExactSubstrings);
    MEMBER_NIS_NETGROUP = exact_ia5("1.3.6.1.1.1.1.13", &["memberNisNetgroup"], "member of a netgroup").sub(CaseExactIa5Substrings);
    NIS_NETGROUP_TRIPLE = opaque(Syntax::NisNetgroupTriple, "1.3.6.1.1.1.1.14", &["nisNetgroupTriple"], "netgroup triple");
    IP_SERVICE_PORT = unordered_integer("1.3.6.1.1.1.1.15", &["ipServicePort"], "service port number").single();
    IP_SERVICE_PROTOCOL = string("1.3.6.1.1.1.1.16", &["ipServiceProtocol"], "service protocol name").sup(NAME);
    IP_PROTOCOL_NUMBER = unordered_integer("1.3.6.1.1.1.1.17", &["ipProtocolNumber"], "IP protocol number").single();
    ONC_RPC_NUMBER = unordered_integer("1.3.6.1.1.1.1.18", &["oncRpcNumber"], "ONC RPC number").single();
    IP_HOST_NUMBER = Definition::of(Syntax::Ia5String, "1.3.6.1.1.1.1.19", &["ipHostNumber"], "IP address").eq(CaseIgnoreIa5);
    IP_NETWORK_NUMBER = Definition::of(Syntax::Ia5String, "1.3.6.1.1.1.1.20", &["ipNetworkNumber"], "IP network").eq(CaseIgnoreIa5).single();
    IP_NETMASK_NUMBER = Definition::of(Syntax::Ia5String, "1.3.6.1.1.1.1.21", &["ipNetmaskNumber"], "IP netmask").eq(CaseIgnoreIa5).single();
    MAC_ADDRESS = Definition::of(Syntax::Ia5String, "1.3.6.1.1.1.1.22", &["macAddress"], "MAC address").eq(CaseIgnoreIa5);
    BOOT_PARAMETER = opaque(Syntax::BootParameter, "1.3.6.1.1.1.1.23", &["bootParameter"], "rpc.bootparamd parameter");
    BOOT_FILE = exact_ia5("1.3.6.1.1.1.1.24", &["bootFile"], "boot image name");
    NIS_MAP_NAME = string("1.3.6.1.1.1.1.26", &["nisMapName"], "name of a NIS map").sup(NAME);
    NIS_MAP_ENTRY = exact_ia5("1.3.6.1.1.1.1.27", &["nisMapEntry"], "entry of a NIS map").sub(CaseExactIa5Substrings).single();
    NIS_PUBLIC_KEY = Definition::of(Syntax::OctetString, "1.3.6.1.1.1.1.28", &["nisPublicKey"], "NIS public key").eq(OctetString).single();
    NIS_SECRET_KEY = Definition::of(Syntax::OctetString, "1.3.6.1.1.1.1.29", &["nisSecretKey"], "NIS secret key, never served").eq(OctetString).single();
    NIS_DOMAIN = ia5("1.3.6.1.1.1.1.30", &["nisDomain"], "NIS domain");
    AUTOMOUNT_MAP_NAME = exact_ia5("1.3.6.1.1.1.1.31", &["automountMapName"], "automount map").single();
    AUTOMOUNT_KEY = exact_ia5("1.3.6.1.1.1.1.32", &["automountKey"], "automount key").single();
    AUTOMOUNT_INFORMATION = exact_ia5("1.3.6.1.1.1.1.33", &["automountInformation"], "automount information").single();
}
