//! What is measured: the requests that clients send, with the number of entries each must be answered with.

use crate::generate::{BASE, Directory};
use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapDerefAliases, LdapFilter, LdapMsg, LdapOp, LdapSearchRequest, LdapSearchScope};
use ldap3_proto::{LdapCodec, parse_ldap_filter_str};
use tokio_util::codec::Encoder;

/// An operation and its requests, which are sent in turn.
pub struct Operation {
    pub name: &'static str,
    /// Named, for the report.
    pub attributes: &'static str,
    /// Shown as an example.
    pub filter: String,
    pub kind: Kind,
}

pub enum Kind {
    /// One request, one answer.
    Search(Vec<Expected>),
    /// Every page of one search.
    Walk {
        search: LdapSearchRequest,
        page: i64,
        entries: usize,
    },
    /// A new connection for every request.
    Connect(Expected),
}

pub struct Expected {
    pub request: Vec<u8>,
    pub entries: usize,
}

/// What SSSD asks for of users and of groups, and when it looks for the groups of a user.
const SSSD_USER: &str = "objectClass uid userPassword uidNumber gidNumber cn homeDirectory loginShell krbPrincipalName cn \
     modifyTimestamp modifyTimestamp shadowLastChange shadowMin shadowMax shadowWarning shadowInactive shadowExpire shadowFlag \
     krbLastPwdChange krbPasswordExpiration pwdAttribute authorizedService accountExpires userAccountControl nsAccountLock \
     host rhost loginDisabled loginExpirationTime loginAllowedTimeMap sshPublicKey userCertificate;binary mail";
const SSSD_GROUP: &str = "objectClass cn userPassword gidNumber memberuid modifyTimestamp modifyTimestamp";
const SSSD_INITGROUPS: &str = "objectClass cn userPassword gidNumber modifyTimestamp modifyTimestamp";
const SSSD_ROOT_DSE: &str = "* altServer namingContexts supportedControl supportedExtension supportedFeatures \
     supportedLDAPVersion supportedSASLMechanisms domainControllerFunctionality defaultNamingContext lastUSN \
     highestCommittedUSN";
const GITLAB: &str = "dn uid cn mail";

/// Different requests of one operation.
const VARIETY: usize = 2_000;
/// Entries of a page: SSSD's.
const PAGE: i64 = 1_000;

fn attributes(list: &'static str) -> &'static str {
    match list {
        SSSD_USER => "SSSD's of users",
        SSSD_GROUP => "SSSD's of groups",
        SSSD_INITGROUPS => "SSSD's of groups, without memberUid",
        SSSD_ROOT_DSE => "SSSD's of the root DSE",
        other => other,
    }
}

/// All operations on this directory.
pub fn all(directory: &Directory) -> Vec<Operation> {
    const GROUPS: &str = "(objectClass=posixGroup)(cn=*)(&(gidNumber=*)(!(gidNumber=0)))";
    const USERS: &str = "(objectclass=posixAccount)(uid=*)(&(uidNumber=*)(!(uidNumber=0)))";
    // Spread over the whole directory, in no order that an engine could guess.
    let user = |turn: usize| turn.wrapping_mul(7_919) % directory.users;
    let group = |turn: usize| turn.wrapping_mul(7_919) % directory.groups;
    let everybody = "(&(objectclass=posixAccount)(uid=*)(uidNumber=*)(gidNumber=*))";
    // Users 10n to 10n+9.
    let ten = |turn: usize| turn.wrapping_mul(7_919) % (directory.users / 10).max(1);
    let tens = |turn: usize| directory.users.saturating_sub(ten(turn) * 10).min(10);
    vec![
        search("lookup by uid", SSSD_USER, |turn| {
            (format!("(&(uid={}){USERS})", Directory::uid(user(turn))), 1)
        }),
        search("lookup by uidNumber", SSSD_USER, |turn| {
            (
                format!("(&(uidNumber={}){USERS})", Directory::uid_number(user(turn))),
                1,
            )
        }),
        search("lookup by mail", GITLAB, |turn| {
            (format!("(mail={})", Directory::mail(user(turn))), 1)
        }),
        search("group by cn", SSSD_GROUP, |turn| {
            (format!("(&(cn={}){GROUPS})", Directory::group(group(turn))), 1)
        }),
        search("group by gidNumber", SSSD_GROUP, |turn| {
            (
                format!("(&(gidNumber={}){GROUPS})", Directory::gid_number(group(turn))),
                1,
            )
        }),
        search("groups of a member", SSSD_INITGROUPS, |turn| {
            let filter = format!("(&(memberuid={}){GROUPS})", Directory::uid(user(turn)));
            (filter, directory.memberships)
        }),
        search("substring, initial", GITLAB, |turn| {
            (format!("(uid=user{:06}*)", ten(turn)), tens(turn))
        }),
        search("substring, any", GITLAB, |turn| {
            // The six digits end the numbers of ten users' names with one more, and are the last of one.
            let once = usize::from(ten(turn) > 0);
            (format!("(cn=*{:06}*)", ten(turn)), tens(turn) + once)
        }),
        search("list all users", SSSD_USER, |_| (everybody.to_owned(), directory.users)),
        search("list all groups", SSSD_GROUP, |_| {
            (format!("(&{GROUPS})"), directory.groups)
        }),
        Operation {
            name: "paged walk of all users",
            attributes: attributes(SSSD_USER),
            filter: everybody.to_owned(),
            kind: Kind::Walk {
                search: request(BASE, LdapSearchScope::Subtree, filter(everybody), SSSD_USER),
                page: PAGE,
                entries: directory.users,
            },
        },
        Operation {
            name: "connect + root DSE",
            attributes: attributes(SSSD_ROOT_DSE),
            filter: "(objectclass=*)".to_owned(),
            kind: Kind::Connect(Expected {
                request: encoded(
                    request("", LdapSearchScope::Base, filter("(objectclass=*)"), SSSD_ROOT_DSE),
                    None,
                ),
                entries: 1,
            }),
        },
    ]
}

fn search(name: &'static str, list: &'static str, of: impl Fn(usize) -> (String, usize)) -> Operation {
    // SSSD asks for a page where there can be many.
    let page = (list == SSSD_INITGROUPS).then_some((PAGE, Vec::new()));
    let turns = if name.starts_with("list") { 1 } else { VARIETY };
    let expected = (0..turns).map(|turn| {
        let (text, entries) = of(turn);
        let search = request(BASE, LdapSearchScope::Subtree, filter(&text), list);
        Expected {
            request: encoded(search, page.clone()),
            entries,
        }
    });
    Operation {
        name,
        attributes: attributes(list),
        filter: of(1).0,
        kind: Kind::Search(expected.collect()),
    }
}

fn filter(text: &str) -> LdapFilter {
    parse_ldap_filter_str(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn request(base: &str, scope: LdapSearchScope, filter: LdapFilter, list: &str) -> LdapSearchRequest {
    LdapSearchRequest {
        base: base.to_owned(),
        scope,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter,
        attrs: list.split_whitespace().map(str::to_owned).collect(),
    }
}

/// A search request as it is sent, with page size and cookie. The message ID is always the same: no two are under way
/// at once on one connection.
pub fn encoded(search: LdapSearchRequest, page: Option<(i64, Vec<u8>)>) -> Vec<u8> {
    let controls = page.map(|(size, cookie)| vec![LdapControl::SimplePagedResults { size, cookie }]);
    let message = LdapMsg::new_with_ctrls(2, LdapOp::SearchRequest(search), controls.unwrap_or_default());
    let mut buffer = BytesMut::new();
    LdapCodec::new(None, None).encode(message, &mut buffer).unwrap();
    buffer.to_vec()
}
