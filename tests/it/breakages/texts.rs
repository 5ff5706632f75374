//! Each breakage, and the texts that name its cause; docs/troubleshooting.md has the same.

use super::Said::{Nothing, Text};
use super::{Breakage, Said};

const ANY_LOGIN_FAILS: &str = "`ldapwhoami` ends with 52 (unavailable): every login fails";
const ONE_USER_BROKEN: Said = Text(r#"ldap_gateway_query_works{query="SQL_QUERY_ONE_USER"} == 0"#);
const SERVING: Said = Nothing("`serving`: the gateway itself is well");
const REFUSED_BINDS: Said =
    Text(r#"ldap_gateway_operations_total{operation="bind",code="49",result="invalidCredentials"} > 0"#);
const AWAY: Said = Text(r#"ldap_gateway_database_state{state="away"} == 1"#);

pub const WRONG_PASSWORD: Breakage = Breakage {
    title: "The database's password is wrong",
    client: "`Can't contact LDAP server`: the port is closed while the database is away",
    log: Text("WARN…password authentication failed for user…user or password of SQL_URI is wrong"),
    check: Text("SQL_URI: …password authentication failed for user…user or password of SQL_URI is wrong"),
    metric: AWAY,
    ready: Text("password authentication failed for user…user or password of SQL_URI is wrong"),
    cure: "the right password in `SQL_URI` and a restart, or that password for the role in the database",
};
pub const UNKNOWN_HOST: Breakage = Breakage {
    title: "The database's host cannot be resolved",
    client: "`Can't contact LDAP server`: the port opens when the database has been reached",
    log: Text("WARN…failed to lookup address information…SQL_URI's host is no name that this machine can resolve"),
    check: Text("SQL_URI: …SQL_URI's host is no name that this machine can resolve"),
    metric: Text(r#"ldap_gateway_database_state{state="starting"} == 1"#),
    ready: Text("SQL_URI's host is no name that this machine can resolve"),
    cure: "`getent hosts NAME` on this machine, in the container too; the name in `SQL_URI`, or the resolver",
};
pub const TABLE: Breakage = Breakage {
    title: "A table is gone",
    client: ANY_LOGIN_FAILS,
    log: Text(r#"ERROR…SQL_QUERY_ONE_USER…relation "Users" does not exist"#),
    check: Text(r#"SQL_QUERY_ONE_USER…relation "Users" does not exist"#),
    metric: ONE_USER_BROKEN,
    ready: Text(r#"SQL_QUERY_ONE_USER…relation "Users" does not exist"#),
    cure: "the table under its name, or a view with it; else the queries",
};
pub const COLUMN: Breakage = Breakage {
    title: "A column is gone",
    client: ANY_LOGIN_FAILS,
    log: Text(r#"ERROR…SQL_QUERY_ONE_USER…column "mail" does not exist"#),
    check: Text(r#"SQL_QUERY_ONE_USER…column "mail" does not exist"#),
    metric: ONE_USER_BROKEN,
    ready: Text(r#"SQL_QUERY_ONE_USER…column "mail" does not exist"#),
    cure: "the column's new name in the query that the line names, `post AS mail`",
};
pub const PERMISSION: Breakage = Breakage {
    title: "A permission was revoked",
    client: ANY_LOGIN_FAILS,
    log: Text("ERROR…SQL_QUERY_ONE_USER…permission denied for table Users"),
    check: Text("SQL_QUERY_ONE_USER…permission denied for table Users"),
    metric: ONE_USER_BROKEN,
    ready: Text("SQL_QUERY_ONE_USER…permission denied for table Users"),
    cure: "the `GRANT` that the line proposes",
};
pub const MEMBERSHIPS: Breakage = Breakage {
    title: "The table of memberships is gone",
    client: "logins that ask for no groups succeed; a search for somebody's groups ends in a closed connection",
    log: Text(r#"ERROR…SQL_QUERY_GROUPS_BY_MEMBER…relation "UserGroups" does not exist"#),
    check: Text(r#"SQL_QUERY_GROUPS_BY_MEMBER…relation "UserGroups" does not exist"#),
    metric: Text(r#"ldap_gateway_query_works{query="SQL_QUERY_GROUPS_BY_MEMBER"} == 0"#),
    ready: Text(r#"SQL_QUERY_GROUPS_BY_MEMBER…relation "UserGroups" does not exist"#),
    cure: "the table under its name, or a view with it; else `SQL_QUERY_GROUPS_BY_MEMBER`",
};
pub const ENDED: Breakage = Breakage {
    title: "The certificate has ended",
    client: "clients that verify it cannot connect: `certificate has expired`",
    log: Text("WARN…LDAP_CERT_PATH…the certificate of CN=ldap1.example.com has ended"),
    check: Text("LDAP_CERT_PATH…the certificate of CN=ldap1.example.com has ended"),
    metric: Text("ldap_gateway_certificate_valid == 0"),
    ready: Text("LDAP_CERT_PATH…the certificate of CN=ldap1.example.com has ended"),
    cure: "a new certificate in the same files: it is read within seconds, without a restart",
};
pub const OTHER_KEY: Breakage = Breakage {
    title: "The key is another certificate's",
    client: "nothing until a restart: the pair read before is served. At a start the port stays closed, and the exit code is 78",
    log: Text("ERROR…LDAP_KEY_PATH…the private key does not belong to…the certificate read before is still served"),
    check: Text("LDAP_KEY_PATH…the private key does not belong to the certificate of LDAP_CERT_PATH"),
    metric: Text("ldap_gateway_certificate_stale == 1"),
    ready: Text("LDAP_KEY_PATH…the private key does not belong to…the certificate read before is still served"),
    cure: "the key that the certificate was asked for with: `LDAP_KEY_PATH`",
};
pub const OTHER_NAME: Breakage = Breakage {
    title: "The certificate is for another name",
    client: "clients that verify the name cannot connect: `hostname does not match`",
    log: Text("WARN…is not for LDAP_COMMON_NAME (ldap2.example.com)"),
    check: Text("is not for LDAP_COMMON_NAME (ldap2.example.com)"),
    metric: Text(r#"ldap_gateway_connection_failures_total{cause="certificate_not_trusted"} > 0"#),
    ready: SERVING,
    cure: "a certificate with the name that clients connect to among its names (subjectAltName), or that name in the clients",
};
pub const PORT_TAKEN: Breakage = Breakage {
    title: "The port is taken",
    client: "another program answers. At a start the exit code is 1",
    log: Text("ERROR…cannot listen on 127.0.0.1:…Address already in use"),
    check: Text("in use now: by the gateway, if it runs on this machine, or by another program"),
    metric: Text("ldap_gateway_listening == 0"),
    ready: Text("PORT: the LDAP port cannot be opened: Address already in use"),
    cure: "`ss -ltnp` names the program: stop it, or another `PORT`. The gateway tries on, once a second",
};
pub const DISK_FULL: Breakage = Breakage {
    title: "The log's disk is full",
    client: "nothing: logins go on",
    log: Text("WARN…log lines were lost, standard error could not be written: No space left"),
    check: Nothing("nothing: `check` writes no log"),
    metric: Text("ldap_gateway_log_lines_dropped_total > 0"),
    ready: Text("log lines are lost: standard error cannot be written: No space left"),
    cure: "room on that disk: the line comes as soon as there is some, with the number of those that were lost",
};
pub const CLOCK: Breakage = Breakage {
    title: "A clock is wrong",
    client: "accounts end too early or too late, codes of `totp` are refused, certificates seem to have ended",
    log: Text("WARN…SQL_URI: the database's clock is…s ahead of this machine's"),
    check: Text("the database's clock is…s ahead of this machine's"),
    metric: Text("ldap_gateway_database_clock_offset_seconds > 60"),
    ready: Text("the database's clock is…s ahead of this machine's"),
    cure: "NTP on both machines; `timedatectl` says which of them has none",
};
pub const GARBAGE_HASH: Breakage = Breakage {
    title: "Somebody's password column holds garbage",
    client: "`ldapwhoami` ends with 49 (invalid credentials) for this one",
    log: Text(r#"WARN…a stored password hash is not usable…user="bob""#),
    check: Text("unusable hash (unknown form)…cannot bind…bob"),
    metric: REFUSED_BINDS,
    ready: SERVING,
    cure: "a new password for that user",
};
pub const GARBAGE_DATE: Breakage = Breakage {
    title: "An account column cannot be read",
    client: "`ldapwhoami` ends with 49 (invalid credentials) for this one, with the right password too",
    log: Text(r#"operation="bind"…code=49…why="expires_at cannot be read""#),
    check: Text(r#"SQL_QUERY_ONE_USER: …users cannot bind: their expires_at cannot be read ("31.12.2030")…cheap"#),
    metric: REFUSED_BINDS,
    ready: SERVING,
    cure: "a value that the line of `check` names as understood, in that row; better a column of the database's own type",
};
pub const GARBAGE_NUMBER: Breakage = Breakage {
    title: "A number is no number",
    client: "the user is there, and SSSD does not see it: it has no posixAccount. A login by bind succeeds",
    log: Nothing("nothing: the entry is served without the number"),
    check: Text(
        r#"SQL_QUERY_ALL_USERS: …have no usable uid_number or gid_number, and so no posixAccount: …bob (gid_number "staff")"#,
    ),
    metric: Nothing("nothing, for the same reason"),
    ready: SERVING,
    cure: "the number in that row; better a column of whole numbers",
};
pub const ONE_NUMBER: Breakage = Breakage {
    title: "Two users have one number",
    client: "`id` shows one of them for the other; each owns the other's files",
    log: Nothing("nothing: requests read the rows they need, not all"),
    check: Text("have a uid number that is also another one's…alice"),
    metric: Nothing("nothing, for the same reason"),
    ready: SERVING,
    cure: "another number for one of them, and an index that is UNIQUE",
};
pub const INDEX: Breakage = Breakage {
    title: "An index is missing",
    client: "logins are slow, more so under load",
    log: Nothing("no line names it: `ms` of each operation grows"),
    check: Text(r#"SQL_QUERY_ONE_USER reads all of "Users""#),
    metric: Nothing(
        "none names it: `ldap_gateway_sql_statement_duration_seconds` grows, then `ldap_gateway_sql_pool_waiting`",
    ),
    ready: SERVING,
    cure: "the `CREATE INDEX` that `check` proposes; `ldap-gateway explain '(uid=NAME)'` shows what is read",
};
pub const WRONG_BASE: Breakage = Breakage {
    title: "A client has a wrong base DN",
    client: "`ldapsearch` ends with 32 (no such object) and says: the base DN of this directory is dc=example,dc=com",
    log: Text(r#"operation="search"…base="dc=elsewhere"…code=32 result="noSuchObject""#),
    check: Text("LDAP_BASE_DN…dc=example,dc=com"),
    metric: Text(r#"ldap_gateway_operations_total{operation="search",code="32",result="noSuchObject"} > 0"#),
    ready: SERVING,
    cure: "the base DN that `check` prints, in the client",
};
pub const WRONG_BIND_DN: Breakage = Breakage {
    title: "A client has a wrong bind DN",
    client: "`ldapwhoami` ends with 49 (invalid credentials), with the right password too",
    log: Text(r#"operation="bind"…dn="uid=cheap,dc=elsewhere"…code=49…why="not a user: outside of dc=example,dc=com""#),
    check: Text("LDAP_BASE_DN…dc=example,dc=com"),
    metric: REFUSED_BINDS,
    ready: SERVING,
    cure: "`uid=NAME,` before the base DN that `check` prints, in the client",
};
pub const ACCOUNT: Breakage = Breakage {
    title: "An account is suspended, disabled, locked or has ended",
    client: "`ldapwhoami` ends with 49 (invalid credentials), with the right password too",
    log: Text(r#"operation="bind"…code=49…why="status suspended""#),
    check: Text("status suspended…cannot bind…cheap"),
    metric: REFUSED_BINDS,
    ready: SERVING,
    cure: "the account's row: the column that `why` names",
};

/// All of them, in the order of the page.
pub const ALL: [Breakage; 20] = [
    WRONG_PASSWORD,
    UNKNOWN_HOST,
    TABLE,
    COLUMN,
    PERMISSION,
    MEMBERSHIPS,
    ENDED,
    OTHER_KEY,
    OTHER_NAME,
    PORT_TAKEN,
    DISK_FULL,
    CLOCK,
    GARBAGE_HASH,
    GARBAGE_DATE,
    GARBAGE_NUMBER,
    ONE_NUMBER,
    INDEX,
    WRONG_BASE,
    WRONG_BIND_DN,
    ACCOUNT,
];
