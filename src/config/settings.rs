//! The table of all settings. `parse` takes names and defaults from it; a test compares it with `docs/settings.md`, which is
//! written from it. It does not know what the values are used for.

use serde::Deserialize;

/// One setting, as the operator sees it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// Another name that deployments use for it.
    pub alias: Option<&'static str>,
    /// What its value looks like.
    pub kind: Kind,
    /// What counts when it is absent.
    pub default: Absent,
    /// Whether its value must never be shown, and may come from the file that `NAME_FILE` names.
    pub secret: bool,
    /// Where it is listed.
    pub section: Section,
    /// What it is for, in Markdown, for somebody who reads nothing else.
    pub text: &'static str,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true`/`false`, `1`/`0`, `yes`/`no`, `on`/`off`, in any letter case.
    Boolean,
    /// `500ms`, `5s`, `10m`, `1h`, `1d`, or bare seconds.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Words with commas between them.
    List,
    /// A distinguished name (RFC 4514).
    Dn,
    /// An IP address.
    Address,
    /// A URI.
    Uri,
    /// An SQL query.
    Query,
    /// A file.
    Path,
    /// PEM text, its line ends real or written as `\n`.
    Pem,
}

/// What counts when a setting is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The gateway does not start without it.
    Required,
    /// Nothing.
    None,
    /// This value, parsed exactly as if the operator had given it.
    Value(&'static str),
    /// A value that depends on something; this says on what.
    Computed(&'static str),
}

/// Where a setting is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What the directory looks like.
    Directory,
    /// The database and the queries.
    Database,
    /// Who may bind and search.
    Access,
    /// Sockets and their limits.
    Network,
    /// Certificate and TLS parameters.
    Tls,
    /// Logs and operation.
    Operation,
}

impl Section {
    /// All sections in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Directory,
        Self::Database,
        Self::Access,
        Self::Network,
        Self::Tls,
        Self::Operation,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Directory => "Directory",
            Self::Database => "Database",
            Self::Access => "Authentication and access",
            Self::Network => "Network",
            Self::Tls => "TLS",
            Self::Operation => "Operation",
        }
    }
}

const fn setting(name: &'static str, section: Section, kind: Kind, default: Absent, text: &'static str) -> Setting {
    Setting {
        name,
        alias: None,
        kind,
        default,
        secret: false,
        section,
        text,
    }
}

const fn secret(name: &'static str, section: Section, kind: Kind, default: Absent, text: &'static str) -> Setting {
    Setting {
        name,
        alias: None,
        kind,
        default,
        secret: true,
        section,
        text,
    }
}

use Absent::{Computed, None as Nothing, Required, Value};
use Kind::{Address, Boolean, Choice, Dn, Duration, List, Number, Path, Pem, Query, Text, Uri};
use Section::{Access, Database, Directory, Network, Operation, Tls};

/// Every setting there is.
#[rustfmt::skip] // one row a setting
pub const SETTINGS: &[Setting] = &[
    setting("LDAP_BASE_DN", Directory, Dn, Computed("derived from `LDAP_COMMON_NAME`"), "The DN of the directory's base entry. Derived, `ldap1.example.com` gives `dc=example,dc=com`: each label of the name is a `dc`, and of three or more the first one (the host) is dropped. `localhost` gives `dc=localhost`; an IP address gives none."),
    setting("LDAP_COMMON_NAME", Directory, Text, Value("localhost"), "The name of this server, as clients call it. It is also the name in the certificate that the gateway makes where none is given."),
    setting("DIRECTORY_BACKEND", Directory, Choice(&["sql"]), Value("sql"), "Where the directory lives."),
    setting("LDAP_USERS_RDN", Directory, Dn, Nothing, "The container entry of the users, such as `ou=people`: then users are `uid=NAME,ou=people,BASE`. Absent, they stand directly below the base."),
    setting("LDAP_GROUPS_RDN", Directory, Dn, Nothing, "The container entry of the groups, such as `ou=groups`; it may be that of the users. Absent, groups stand directly below the base."),
    setting("LDAP_USER_PRIVATE_GROUPS", Directory, Choice(&["auto", "off"]), Value("auto"), "Whether a user whose gid number belongs to no group gets a group with that number, named like the user and without members, as `useradd` would make one ([queries.md](queries.md#user-private-groups))."),
    setting("LDAP_MAIL_FALLBACK", Directory, Choice(&["off", "on"]), Value("off"), "Whether a user without a mail address gets `NAME@` with the domain of the base DN. Such an address may be somebody else's real one: mail systems then deliver for both, and clients that know people by their address take one for the other."),
    setting("EMPTY_BASE", Directory, Choice(&["noSuchObject", "directory"]), Value("noSuchObject"), "The answer to a search below the empty base (with scope base it reads the root DSE, whatever this says): noSuchObject, as in OpenLDAP, or the whole directory. A client that asks so by mistake relies on being refused: check the bases of all clients before you set `directory`. Each use is a warning in the log, one a minute at most."),
    secret("REALM_CONFIG", Directory, Text, Nothing, "Several directories in one gateway, each with its base, database and rules: a JSON list, or the file that holds it ([realms.md](realms.md)). Plain settings then hold where a realm says nothing else."),
    Setting { alias: Some("SQL_URL"), ..secret("SQL_URI", Database, Uri, Required, "The database: `postgres://`, `postgresql://`, `mysql://`, `mariadb://user:password@host:port/database` or `sqlite:path`. Characters of the password that a URI reserves are written as `%40` and so on. A parameter that is not understood is an error. Several hosts, TLS and all parameters: [database-uri.md](database-uri.md).") },
    setting("SQL_SSL", Database, Choice(&["true", "false", "prefer", "require", "verify-ca", "verify-full"]), Computed("as `SQL_URI` says, else `prefer`"), "TLS to the database. `true` is `require`: encrypted, certificate not verified. `SQL_URI` goes first; where it leaves room, this decides ([database-uri.md](database-uri.md#tls)). A URI that asks for less than this is an error; beside a plain `true` it is a warning."),
    setting("SQL_QUERY_ALL_USERS", Database, Query, Required, "All users, one a row; columns become attributes by their names."),
    setting("SQL_QUERY_ONE_USER", Database, Query, Required, "The user with the name in the place of `?` or `$1`, with the same columns."),
    setting("SQL_QUERY_ALL_GROUPS", Database, Query, Required, "All groups, one a row."),
    setting("SQL_QUERY_GROUPS_BY_MEMBER", Database, Query, Required, "The groups of the user with the name in the place of `?` or `$1`."),
    setting("SQL_QUERY_ALL_MEMBERSHIPS", Database, Query, Nothing, "All memberships, one a row: `username`, and the group by its `name` or its `gid_number`. Where it is set, it alone says who is in which group. It spares reading memberships user by user, which SQLite does for the members of a group ([queries.md](queries.md#memberships))."),
    setting("SQL_UPDATE_PASSWORD", Database, Query, Nothing, "The statement that sets the password hash of one user, with the parameters `:password`, `:uid_number` and `:username`; several with `;` between them run in order, in one transaction. Absent, passwords cannot be changed ([passwords.md](passwords.md#changing-them))."),
    setting("SQL_POOL_SIZE", Database, Number, Value("10"), "The most connections to the database for requests, 1 to 1000. Up to two more watch over the database and end statements that nobody waits for, and one more for each further host of `SQL_URI`. While MariaDB cannot be told to end such statements, their connections stay for 30 s."),
    setting("SQL_SESSIONS", Database, Choice(&["auto", "shared"]), Value("auto"), "Whether a connection to PostgreSQL keeps its session. `auto` finds out for each connection; one that cannot be proven to keep it is treated as one behind a pooler such as PgBouncer ([poolers.md](poolers.md)). `shared` treats all so, without looking."),
    setting("SQL_CONNECT_TIMEOUT", Database, Duration, Value("2s"), "How long one attempt to connect to the database may take."),
    setting("SCAN_TIMEOUT", Database, Duration, Value("60s"), "How long a search that reads a table may wait for its next row."),
    setting("ON_DATABASE_FAILURE", Database, Choice(&["disconnect", "unavailable"]), Value("disconnect"), "How a search ends when the database cannot answer it: by a closed connection, so that clients ask another replica and delete nobody, or by result code 52 ([outages.md](outages.md#how-searches-end))."),
    setting("AUTH_BACKENDS", Access, List, Value("sql"), "The links of the chain: a bind must pass all of them ([signing-in.md](signing-in.md)). `sql`: the hash in the password column. `ldap`: a bind at an upstream LDAP server. `totp`: a code typed behind the password. `notification`: somebody's phone; always the last, wherever it is named, and never alone. A user's own column `auth_backends` replaces the list."),
    setting("TOTP_SEPARATOR", Access, Text, Nothing, "What is typed between password and code where `totp` is in the chain, such as `,`: 1 to 8 characters, no digits and no blanks. Absent, the code follows the password at once. A user's secret is in the column `totp_secret` ([signing-in.md](signing-in.md#codes-totp))."),
    Setting { alias: Some("LDAP_URL"), ..setting("UPSTREAM_LDAP_URI", Access, List, Nothing, "The LDAP servers that `ldap` verifies passwords at, tried in this order: `ldaps://host:port`, or `ldap://host:port` with StartTLS ([signing-in.md](signing-in.md#an-upstream-ldap-server-ldap)).") },
    setting("UPSTREAM_LDAP_BIND_DN", Access, Text, Nothing, "The name that a user has there, `{username}` standing for the user's: a DN as `uid={username},ou=people,dc=example,dc=com`, or a login name as `{username}@ad.example.com`. Instead of it, users can be searched for."),
    Setting { alias: Some("LDAP_AUTH_BASE_DN"), ..setting("UPSTREAM_LDAP_SEARCH_BASE", Access, Dn, Nothing, "The base below which users are searched for there. The bind is made with the DN of the only entry that is found.") },
    setting("UPSTREAM_LDAP_SEARCH_FILTER", Access, Text, Computed("`(uid={username})`; `(sAMAccountName={username})` with the Node gateway's names"), "The filter that finds a user."),
    Setting { alias: Some("LDAP_BIND_DN"), ..setting("UPSTREAM_LDAP_SEARCH_DN", Access, Text, Nothing, "Who searches. Absent, the search is anonymous.") },
    Setting { alias: Some("LDAP_BIND_PASSWORD"), ..secret("UPSTREAM_LDAP_SEARCH_PASSWORD", Access, Text, Nothing, "The password of `UPSTREAM_LDAP_SEARCH_DN`.") },
    setting("UPSTREAM_LDAP_INSECURE", Access, Boolean, Value("false"), "Whether `ldap://` is spoken without StartTLS: passwords cross the network readable. Certificates are verified all the same where there is TLS."),
    setting("UPSTREAM_LDAP_CA_PATH", Access, Path, Nothing, "A file with the authorities (PEM) that the servers' certificates are verified by, instead of the system's. It is read at the start."),
    setting("AD_DOMAIN", Access, Text, Nothing, "The Node gateway's name for an Active Directory domain. Where `ldap` is in the chain it gives what is absent: `UPSTREAM_LDAP_URI` is `ldap://` and the domain, `UPSTREAM_LDAP_BIND_DN` is `{username}@` and the domain."),
    secret("NOTIFICATION_URL", Access, Uri, Nothing, "Where `notification` asks for approval: an `https://` URL, or an `http://` URL of this machine ([signing-in.md](signing-in.md#notification-somebodys-phone)). Required where `AUTH_BACKENDS` names `notification`."),
    setting("NOTIFICATION_TIMEOUT", Access, Duration, Value("60s"), "How long somebody has to answer, the wait for earlier requests to the same phone included. Clients must wait as long."),
    setting("NOTIFICATION_CA_PATH", Access, Path, Nothing, "PEM file with the authorities that may have issued the certificate of `NOTIFICATION_URL`. Absent, those of the system. Read at the start."),
    secret("NOTIFICATION_API_KEY", Access, Text, Nothing, "The key that the service asks for (`apikey` of each request)."),
    setting("NOTIFICATION_CLIENT_ID", Access, Text, Nothing, "The name under which the service knows this gateway (`client_id` of each request). It is also the host that is named on the phone, instead of `LDAP_COMMON_NAME`."),
    setting("NOTIFICATION_REMEMBER", Access, Duration, Computed("`off`"), "How long an approval counts for later binds of the same user, from the same address, while the stored hash is the same. `off`: each bind is asked for."),
    setting("REQUIRE_AUTH_FOR_SEARCH", Access, Boolean, Value("true"), "Whether a client must bind before it may search or compare. `SEARCH_ALLOWED_TO` says more."),
    setting("SEARCH_ALLOWED_TO", Access, Text, Computed("`authenticated`; `anyone` where `REQUIRE_AUTH_FOR_SEARCH=false`"), "Who may search and compare: `anyone`, `authenticated`, or a list of `self` (users find their own entry and the groups that they are in) and `group:NAME` (its members find everything). Service accounts with the right `read` always may ([access.md](access.md#who-may-search))."),
    setting("ATTRIBUTES_AUTHENTICATED", Access, List, Nothing, "Attributes that only users see who are bound. No filter and no Compare finds out about them either ([access.md](access.md#hidden-attributes))."),
    setting("ATTRIBUTES_SELF", Access, List, Nothing, "Attributes that users see in their own entry only."),
    secret("SERVICE_ACCOUNTS", Access, Text, Nothing, "Accounts for clients that need a DN to bind with and are nobody in the tables, as a list in JSON: `dn`, `password` (a hash), `rights`, `networks` ([access.md](access.md#service-accounts))."),
    setting("BIND_DN", Access, Choice(&["lenient", "exact"]), Value("lenient"), "The DNs that a user may bind with. `lenient`: any below the base whose first RDN has a single value, the user's name, under any attribute (`uid=NAME`, `cn=NAME`, `mail=NAME`). `exact`: the user's own only. A client must not rely on everything with `lenient`: [differences-from-openldap.md](differences-from-openldap.md#bind-dns)."),
    setting("BIND_NAMES", Access, List, Value("none"), "The names that are no DN and still name a user in a bind: a list of `uid` (`alice`), `mail` (a mail address of the user's) and `upn` (`alice@example.com` and `EXAMPLE\\alice`, where the base is `dc=example,dc=com`). A name that could be two users' is refused. With `none` all are refused as OpenLDAP does it, by code 34 ([signing-in.md](signing-in.md#login-names))."),
    setting("ACCOUNT_STATUS_REFUSED", Access, List, Value("pending,suspended,disabled,inactive,deactivated,locked,blocked,banned,deleted,archived,expired"), "The words of the column `status` that refuse a bind, in any letter case. The list replaces the default; `none` lets no word refuse. `check` counts the words that it finds and says what each does."),
    setting("BIND_HOLD", Access, Duration, Value("5s"), "How long a bind waits for a database that is away, and for a thread that verifies its password; then it is answered `unavailable`. A bind that is delayed because others failed waits no longer either."),
    setting("BIND_CACHE_TTL", Access, Duration, Value("off"), "How long a password that was verified need not be hashed again, such as `5m`. With `off` every bind is hashed, and so it is for chains with `totp` or `ldap`. The user's row is read on every bind, so a changed password or a disabled account counts at once; the other checks of the chain are never left out ([passwords.md](passwords.md#verified-once))."),
    setting("GUESSING_DELAY", Access, Boolean, Value("on"), "Whether binds wait after others have failed ([security.md](security.md#guessing))."),
    setting("GUESSING_FREE_FAILURES", Access, Number, Value("10"), "How many binds of one name may fail from one address (of IPv6: one /64 network) before those after them wait, 1 to 1000. From addresses that the name has not signed in from, four times as many in all."),
    setting("GUESSING_FREE_FAILURES_PER_ADDRESS", Access, Number, Value("100"), "How many binds of whatever names may fail from one address before those of names that have not signed in from there wait, 1 to 1000000."),
    setting("GUESSING_LONGEST_DELAY", Access, Duration, Value("30s"), "The longest wait; it begins with 1 s and doubles with each further failure. It is never longer than `BIND_HOLD`."),
    setting("GUESSING_SHARED_ADDRESSES", Access, List, Nothing, "Networks or addresses such as `10.0.0.5,2001:db8::/64` that many people sign in from: a web application, an address behind which there are others. Failures there count for the name and not for the address."),
    setting("PASSWORD_SCHEME", Access, Choice(&["argon2id", "bcrypt", "sha512-crypt"]), Value("argon2id"), "How a new password is hashed that somebody sets by LDAP."),
    setting("PASSWORD_MIN_LENGTH", Access, Number, Value("8"), "The fewest characters of a password that somebody sets by LDAP, 1 to 64."),
    setting("HASHING_THREADS", Access, Number, Computed("number of processor cores"), "How many passwords are verified at the same time, 1 to 256."),
    setting("HASHING_MEMORY", Access, Number, Computed("half of the memory of the machine or the container"), "How much memory, in MiB, password hashes may take that are computed at the same time, 1 to 1048576. One that takes more is computed while no other that takes much is; those above 128 MiB are not counted and computed one at a time."),
    setting("PORT", Network, Number, Computed("`636`; `389` where `LDAP_UNENCRYPTED`"), "The TCP port, 1 to 65535."),
    setting("BIND_IP", Network, Address, Value("0.0.0.0"), "The local address to listen on; `::` for IPv6 and IPv4."),
    setting("LDAP_UNENCRYPTED", Network, Boolean, Value("false"), "Plain LDAP instead of LDAPS: passwords cross the network readable."),
    setting("MAX_CONNECTIONS", Network, Number, Value("4096"), "The most client connections at a time."),
    setting("LDAP_IDLE_TIMEOUT", Network, Duration, Value("1h"), "How long a connection without requests is kept."),
    setting("WRITE_TIMEOUT", Network, Duration, Value("30s"), "How long a client may leave its answers unread before it is closed."),
    setting("ADMIN_ADDR", Network, Text, Nothing, "IP address and port, such as `127.0.0.1:9636`, for `/livez`, `/readyz` and `/metrics` over plain HTTP ([observability.md](observability.md)). Absent, they are not served. Whoever reaches the port reads the metrics."),
    setting("LDAP_CERT_CONTENT", Tls, Pem, Nothing, "The certificate and its chain, the server's own first. Where no setting gives a certificate, the pair in `certs/` is used, else `cert/server.crt` and `cert/server.key`. Otherwise the gateway makes one in `certs/`, with an authority of its own: clients are given `certs/ca.pem` ([certs/README.md](../certs/README.md))."),
    secret("LDAP_KEY_CONTENT", Tls, Pem, Nothing, "The private key of `LDAP_CERT_CONTENT`: RSA or ECDSA; PKCS#8, PKCS#1 or SEC1; not encrypted."),
    setting("LDAP_CERT_PATH", Tls, Path, Nothing, "The file that holds the certificate and its chain; read again when it changes."),
    setting("LDAP_KEY_PATH", Tls, Path, Nothing, "The file that holds the private key; read again when it changes."),
    setting("TLS_MIN_VERSION", Tls, Text, Value("1.2"), "The lowest TLS version: `1.2` or `1.3`, also as `TLSv1.2`."),
    setting("TLS_MAX_VERSION", Tls, Text, Value("1.3"), "The highest TLS version."),
    setting("TLS_CIPHERS", Tls, Text, Computed("all that are safe"), "OpenSSL or IANA names of cipher suites, with `:` or commas between them. A TLS version is not offered, with a warning, when the list has none of its suites that fits the certificate's key."),
    setting("LOG_LEVEL", Operation, Text, Value("info"), "`error`, `warn`, `info`, `debug`, `trace` or `off`; also by module, `info,ldap_gateway::sql=debug`. The words of npm's loggers are understood: `fatal` (error), `http` (info), `verbose` (debug), `silly` (trace), `silent` (off)."),
    setting("LOG_FORMAT", Operation, Choice(&["text", "json"]), Value("text"), "The form of log lines ([observability.md](observability.md#log))."),
    setting("LOG_FILTERS", Operation, Choice(&["shape", "values"]), Value("shape"), "How much of a search's filter the log shows: its `shape`, `(uid=?)`, or, for debugging, also the `values` that were looked for. Values of passwords are never shown."),
    setting("SHUTDOWN_GRACE", Operation, Duration, Computed("`8s`; where `AUTH_BACKENDS` names `notification`, `NOTIFICATION_TIMEOUT` and 5 s: `65s`"), "How long requests in flight may take to end after SIGTERM. Whoever starts the gateway must wait longer before it kills."),
    setting("PROBE_BIND_DN", Operation, Dn, Nothing, "The DN that `probe` binds with. Absent, it binds with a name that cannot exist, and must be refused."),
    secret("PROBE_BIND_PASSWORD", Operation, Text, Nothing, "The password of `PROBE_BIND_DN`."),
];

/// Declares [`Texts`], and reading it by a setting's name.
macro_rules! texts {
    ($($field:ident)*) => {
        /// The text of each setting that was given, under its name in lower case, as `envy` spells names. `envy` fills
        /// texts and no values: it ends at the first value that it cannot parse, and quotes it though it be a secret.
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Texts {
            $($field: Option<String>,)*
        }

        impl Texts {
            pub(super) fn get(&self, name: &str) -> Option<&str> {
                match name.to_ascii_lowercase().as_str() {
                    $(stringify!($field) => self.$field.as_deref(),)*
                    _ => None,
                }
            }
        }

        #[cfg(test)]
        const FIELDS: &[&str] = &[$(stringify!($field)),*];
    };
}

// The names of the table once more: a test compares them.
texts! {
    ldap_base_dn ldap_common_name directory_backend ldap_users_rdn ldap_groups_rdn ldap_user_private_groups
    ldap_mail_fallback empty_base realm_config
    sql_uri sql_ssl sql_query_all_users sql_query_one_user sql_query_all_groups sql_query_groups_by_member
    sql_query_all_memberships sql_update_password sql_pool_size sql_sessions sql_connect_timeout scan_timeout on_database_failure
    auth_backends notification_url notification_timeout notification_ca_path notification_api_key notification_client_id
    notification_remember totp_separator upstream_ldap_uri upstream_ldap_bind_dn upstream_ldap_search_base
    upstream_ldap_search_filter upstream_ldap_search_dn upstream_ldap_search_password upstream_ldap_insecure
    upstream_ldap_ca_path ad_domain
    require_auth_for_search search_allowed_to attributes_authenticated attributes_self service_accounts
    bind_dn bind_names account_status_refused bind_hold
    password_scheme password_min_length
    bind_cache_ttl guessing_delay guessing_free_failures guessing_free_failures_per_address guessing_longest_delay
    guessing_shared_addresses hashing_threads hashing_memory
    port bind_ip ldap_unencrypted max_connections ldap_idle_timeout write_timeout admin_addr
    ldap_cert_content ldap_key_content ldap_cert_path ldap_key_path tls_min_version tls_max_version tls_ciphers
    log_level log_format log_filters shutdown_grace probe_bind_dn probe_bind_password
}

/// The setting called `name`, aliases not counted.
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Kind {
    /// The type as the documentation shows it.
    pub fn label(self) -> String {
        match self {
            Text => "text".into(),
            Number => "number".into(),
            Boolean => "boolean".into(),
            Duration => "duration".into(),
            Choice(words) => words
                .iter()
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(", "),
            List => "list".into(),
            Dn => "DN".into(),
            Address => "IP address".into(),
            Uri => "URI".into(),
            Query => "SQL query".into(),
            Path => "file".into(),
            Pem => "PEM text".into(),
        }
    }
}

impl Absent {
    /// The default as the documentation shows it.
    pub fn label(self) -> String {
        match self {
            Required => "**required**".into(),
            Nothing => "".into(),
            Value(text) => format!("`{text}`"),
            Computed(text) => text.into(),
        }
    }
}

/// The table as Markdown with a heading for each section, for `docs/settings.md`.
pub fn markdown() -> String {
    let sections = Section::ALL.map(|section| {
        let rows: String = SETTINGS
            .iter()
            .filter(|setting| setting.section == section)
            .map(row)
            .collect();
        format!(
            "## {}\n\n| Setting | Type | Default | What it is for |\n|---|---|---|---|\n{rows}",
            section.title()
        )
    });
    sections.join("\n")
}

fn row(setting: &Setting) -> String {
    let secret = if setting.secret { " (secret)" } else { "" };
    format!(
        "| {}{secret} | {} | {} | {} |\n",
        names(setting),
        setting.kind.label(),
        setting.default.label(),
        setting.text
    )
}

/// The names of a setting.
fn names(setting: &Setting) -> String {
    match setting.alias {
        Some(alias) => format!("`{}`, `{alias}`", setting.name),
        None => format!("`{}`", setting.name),
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
    use std::collections::BTreeSet;

    #[test]
    fn the_type_has_a_field_for_each_setting_and_no_other() {
        let table: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name.to_lowercase()).collect();
        let fields: BTreeSet<_> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(fields, table);
        assert_eq!(FIELDS.len(), SETTINGS.len());
    }

    #[test]
    fn names_are_unique_and_no_file_variant_is_taken() {
        let names: Vec<_> = SETTINGS
            .iter()
            .flat_map(|setting| std::iter::once(setting.name).chain(setting.alias))
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| !name.ends_with("_FILE")));
        assert!(
            SETTINGS
                .iter()
                .all(|setting| !setting.text.contains('|') && setting.text.ends_with('.'))
        );
    }

    /// `SETTINGS_BLESS=1 cargo test --lib config` writes the page anew.
    #[test]
    fn the_documentation_lists_exactly_these_settings() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (begin, end) = ("<!-- settings: begin -->\n\n", "\n<!-- settings: end -->");
        let (head, rest) = text.split_once(begin).unwrap();
        let (found, tail) = rest.split_once(end).unwrap();
        let table = markdown();
        if std::env::var_os("SETTINGS_BLESS").is_some() {
            std::fs::write(&path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
        } else {
            assert_eq!(found, table, "run SETTINGS_BLESS=1 cargo test --lib config::settings");
        }
    }
}
