//! The attribute types of draft-howard-rfc2307bis (NIS): memberUid and gecos hold any text, because user
//! names and full names do.

use super::MatchingRule::{CaseExact, CaseExactIa5, CaseExactSubstrings, CaseIgnoreIa5, OctetString};
use super::Syntax;
use super::definition::{Definition, exact_ia5, ia5, integer, string};
use super::ids::NAME;

attributes! { after super::person::END;
    UID_NUMBER = integer("1.3.6.1.1.1.1.0", &["uidNumber"], "number of a user").single();
    GID_NUMBER = integer("1.3.6.1.1.1.1.1", &["gidNumber"], "number of a group").single();
    GECOS = string("1.3.6.1.1.1.1.2", &["gecos"], "the GECOS field").single();
    HOME_DIRECTORY = exact_ia5("1.3.6.1.1.1.1.3", &["homeDirectory"], "home directory").single();
    LOGIN_SHELL = exact_ia5("1.3.6.1.1.1.1.4", &["loginShell"], "login shell").single();
    SHADOW_LAST_CHANGE = integer("1.3.6.1.1.1.1.5", &["shadowLastChange"], "day of the last password change").single();
    SHADOW_MIN = integer("1.3.6.1.1.1.1.6", &["shadowMin"], "days before a change is allowed").single();
    SHADOW_MAX = integer("1.3.6.1.1.1.1.7", &["shadowMax"], "days after which a change is due").single();
    SHADOW_WARNING = integer("1.3.6.1.1.1.1.8", &["shadowWarning"], "days of warning").single();
    SHADOW_INACTIVE = integer("1.3.6.1.1.1.1.9", &["shadowInactive"], "days of grace").single();
    SHADOW_EXPIRE = integer("1.3.6.1.1.1.1.10", &["shadowExpire"], "day the account ends").single();
    SHADOW_FLAG = integer("1.3.6.1.1.1.1.11", &["shadowFlag"], "reserved").single();
    MEMBER_UID = Definition::of(Syntax::DirectoryString, "1.3.6.1.1.1.1.12", &["memberUid"], "user name of a member").eq(CaseExact).sub(CaseExactSubstrings);
    MEMBER_NIS_NETGROUP = exact_ia5("1.3.6.1.1.1.1.13", &["memberNisNetgroup"], "member of a netgroup").sub(super::MatchingRule::CaseExactIa5Substrings);
    NIS_NETGROUP_TRIPLE = Definition::of(Syntax::NisNetgroupTriple, "1.3.6.1.1.1.1.14", &["nisNetgroupTriple"], "netgroup triple").eq(CaseIgnoreIa5);
    IP_SERVICE_PORT = integer("1.3.6.1.1.1.1.15", &["ipServicePort"], "service port number").single();
    IP_SERVICE_PROTOCOL = string("1.3.6.1.1.1.1.16", &["ipServiceProtocol"], "service protocol name").sup(NAME);
    IP_PROTOCOL_NUMBER = integer("1.3.6.1.1.1.1.17", &["ipProtocolNumber"], "IP protocol number").single();
    ONC_RPC_NUMBER = integer("1.3.6.1.1.1.1.18", &["oncRpcNumber"], "ONC RPC number").single();
    IP_HOST_NUMBER = ia5("1.3.6.1.1.1.1.19", &["ipHostNumber"], "IP address");
    IP_NETWORK_NUMBER = ia5("1.3.6.1.1.1.1.20", &["ipNetworkNumber"], "IP network").single();
    IP_NETMASK_NUMBER = ia5("1.3.6.1.1.1.1.21", &["ipNetmaskNumber"], "IP netmask").single();
    MAC_ADDRESS = ia5("1.3.6.1.1.1.1.22", &["macAddress"], "MAC address");
    BOOT_PARAMETER = Definition::of(Syntax::BootParameter, "1.3.6.1.1.1.1.23", &["bootParameter"], "rpc.bootparamd parameter").eq(CaseExactIa5);
    BOOT_FILE = exact_ia5("1.3.6.1.1.1.1.24", &["bootFile"], "boot image name");
    NIS_MAP_NAME = string("1.3.6.1.1.1.1.26", &["nisMapName"], "name of a NIS map").sup(NAME);
    NIS_MAP_ENTRY = exact_ia5("1.3.6.1.1.1.1.27", &["nisMapEntry"], "entry of a NIS map").single();
    NIS_PUBLIC_KEY = Definition::of(Syntax::OctetString, "1.3.6.1.1.1.1.28", &["nisPublicKey"], "NIS public key").eq(OctetString).single();
    NIS_SECRET_KEY = Definition::of(Syntax::OctetString, "1.3.6.1.1.1.1.29", &["nisSecretKey"], "NIS secret key, never served").eq(OctetString).single();
    NIS_DOMAIN = ia5("1.3.6.1.1.1.1.30", &["nisDomain"], "NIS domain");
    AUTOMOUNT_MAP_NAME = exact_ia5("1.3.6.1.1.1.1.31", &["automountMapName"], "automount map").single();
    AUTOMOUNT_KEY = exact_ia5("1.3.6.1.1.1.1.32", &["automountKey"], "automount key").single();
    AUTOMOUNT_INFORMATION = exact_ia5("1.3.6.1.1.1.1.33", &["automountInformation"], "automount information").single();
}
