//! The parameters that other drivers take: libpq and its relatives, PgJDBC, node-postgres, Prisma; MySQL's and MariaDB's
//! clients and connectors, mysql2, sequelize, Go's. Case, `-` and `_` in their names do not count.

use super::engine::Engine;

/// What a parameter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Host,
    HostAddress,
    Port,
    User,
    Password,
    Database,
    Socket,
    /// `sslmode`, and switches that also take its words.
    Tls,
    /// Yes: TLS. No: as the rest of the URI says.
    RequireTls,
    /// Yes: a known authority.
    VerifyCertificate,
    /// Yes: any certificate.
    TrustCertificate,
    /// Yes: any host name.
    TrustHostName,
    Ca,
    Certificate,
    Key,
    /// Versions that may be used.
    TlsVersions,
    LowestTlsVersion,
    TargetSession,
    ApplicationName,
    /// Counts where there is no other name.
    FallbackApplicationName,
    ConnectTimeout {
        /// Thousandths of seconds, not seconds.
        milliseconds: bool,
    },
    Options,
    SearchPath,
    /// One schema, to be quoted.
    Schema,
    /// A setting of the session that the server knows by this name.
    Setting(&'static str),
    StatementCache,
    Collation,
    /// Only these values say what is done anyway; what to do about others.
    Only(&'static [&'static str], &'static str),
    /// Not supported: what to do about it.
    Unsupported(&'static str),
}

use Meaning as M;

const NO: &[&str] = &["0", "false", "off", "no"];
const YES: &[&str] = &["1", "true", "on", "yes"];
const UTF_8: &[&str] = &["utf8", "utf-8", "utf8mb4", "unicode", "auto"];
const UTC: &[&str] = &["utc", "z", "gmt", "etc/utc", "+00:00", "+0:00", "00:00", "+00", "0"];

const POOL: &str = "use SQL_POOL_SIZE";
const LEAVE: &str = "it has no counterpart here: leave it out";
const ENCODING: &str = "texts are always UTF-8: leave it out";
const ZONE: &str = "times are always read in UTC: leave it out";
const ALIVE: &str = "connections are looked after by asking: leave it out";
const KEYSTORE: &str = "Java's key stores cannot be read: name a PEM file in sslrootcert, sslcert and sslkey";
const REVOKED: &str = "lists of revoked certificates are not supported";
const CIPHERS: &str = "cipher suites cannot be chosen";
const KERBEROS: &str = "Kerberos is not supported";
const BINDING: &str = "channel binding is not supported; sslmode=verify-full makes sure of the server";
const ORDER: &str = "hosts are tried in their order";
const SECRET: &str = "write the password into the URI, and the URI into SQL_URI_FILE";

/// Parameters of all servers.
const SERVER: &[(&[&str], Meaning)] = &[
    (&["host", "hostname", "server"], M::Host),
    (&["port"], M::Port),
    (&["user", "username"], M::User),
    (&["password"], M::Password),
    (&["dbname", "database"], M::Database),
    (&["sslmode", "ssl", "tls", "usessl"], M::Tls),
    (&["requiressl", "require", "forcessl"], M::RequireTls),
    (
        &[
            "verifyservercertificate",
            "sslverify",
            "sslverifyservercert",
            "rejectunauthorized",
            "sslaccept",
        ],
        M::VerifyCertificate,
    ),
    (&["trustservercertificate"], M::TrustCertificate),
    (&["disablesslhostnameverification"], M::TrustHostName),
    (
        &[
            "sslrootcert",
            "sslca",
            "sslrootca",
            "serversslcert",
            "tlsca",
            "tlscafile",
            "sslcafile",
        ],
        M::Ca,
    ),
    (&["sslcert", "sslclientcert", "clientcert", "tlscert"], M::Certificate),
    (&["sslkey", "sslclientkey", "clientkey", "tlskey"], M::Key),
    (
        &[
            "tlsversion",
            "tlsversions",
            "enabledtlsprotocols",
            "enabledsslprotocolsuites",
        ],
        M::TlsVersions,
    ),
    (
        &["sslminprotocolversion", "tlsminversion", "mintlsversion"],
        M::LowestTlsVersion,
    ),
    (
        &["sslmaxprotocolversion", "tlsmaxversion"],
        M::Only(&["tlsv1.3"], "the newest version that both know is used"),
    ),
    (
        &["sslcapath", "sslcertdir"],
        M::Unsupported("name a file with all authorities in sslrootcert"),
    ),
    (&["sslcrl", "sslcrldir", "sslcrlpath"], M::Unsupported(REVOKED)),
    (
        &["sslpassword", "sslkeypassword", "keypassword"],
        M::Unsupported("keys with a password cannot be read"),
    ),
    (
        &[
            "sslcipher",
            "sslciphers",
            "tlsciphersuites",
            "sslciphersuites",
            "enabledsslciphersuites",
        ],
        M::Unsupported(CIPHERS),
    ),
    (
        &[
            "sslidentity",
            "keystore",
            "keystoretype",
            "keystorepassword",
            "clientcertificatekeystoreurl",
            "clientcertificatekeystorepassword",
            "clientcertificatekeystoretype",
            "truststore",
            "truststoretype",
            "truststorepassword",
            "trustcertificatekeystoreurl",
            "trustcertificatekeystorepassword",
            "trustcertificatekeystoretype",
            "fallbacktosystemtruststore",
            "fallbacktosystemkeystore",
        ],
        M::Unsupported(KEYSTORE),
    ),
    (
        &["sslcompression", "compression", "usecompression", "compress"],
        M::Only(NO, "compression is not supported"),
    ),
    (&["targetsessionattrs", "targetservertype"], M::TargetSession),
    (
        &["loadbalancehosts", "loadbalance"],
        M::Only(&["disable", "0", "false", "off", "no"], ORDER),
    ),
    (
        &[
            "hostrecheckseconds",
            "failover",
            "failoverreadonly",
            "autoreconnect",
            "autoreconnectforpools",
        ],
        M::Only(YES, ORDER),
    ),
    (
        &[
            "connecttimeout",
            "connectiontimeout",
            "connecttimeoutmillis",
            "connectiontimeoutmillis",
            "logintimeout",
        ],
        M::ConnectTimeout { milliseconds: false },
    ),
    (&["statementcachecapacity"], M::StatementCache),
    (
        &["charset", "characterencoding", "clientencoding", "encoding"],
        M::Only(UTF_8, ENCODING),
    ),
    (
        &["timezone", "servertimezone", "connectiontimezone"],
        M::Only(UTC, ZONE),
    ),
    (
        &[
            "keepalives",
            "keepalivesidle",
            "keepalivesinterval",
            "keepalivescount",
            "tcpusertimeout",
            "tcpkeepalive",
            "keepalive",
            "enablekeepalive",
            "keepaliveinitialdelay",
            "keepaliveinitialdelaymillis",
        ],
        M::Unsupported(ALIVE),
    ),
    (
        &[
            "connectionlimit",
            "poolsize",
            "maxpoolsize",
            "minpoolsize",
            "poolmaxsize",
            "poolmax",
            "max",
            "min",
            "pool",
            "maxidle",
            "maxidletime",
            "maxconnections",
        ],
        M::Unsupported(POOL),
    ),
    (
        &[
            "pooltimeout",
            "idletimeoutmillis",
            "idletimeout",
            "queuelimit",
            "waitforconnections",
            "maxlifetime",
        ],
        M::Unsupported(LEAVE),
    ),
    (
        &[
            "sockettimeout",
            "querytimeout",
            "readtimeout",
            "writetimeout",
            "acquiretimeout",
            "timeout",
        ],
        M::Unsupported("SCAN_TIMEOUT and BIND_HOLD say how long the database is waited for"),
    ),
    (&["schema"], M::Schema),
];

const POSTGRES: &[(&[&str], Meaning)] = &[
    (&["hostaddr"], M::HostAddress),
    (&["applicationname"], M::ApplicationName),
    (&["fallbackapplicationname"], M::FallbackApplicationName),
    (&["options"], M::Options),
    (&["searchpath", "currentschema"], M::SearchPath),
    (&["statementtimeout"], M::Setting("statement_timeout")),
    (&["locktimeout"], M::Setting("lock_timeout")),
    (
        &["idleintransactionsessiontimeout"],
        M::Setting("idle_in_transaction_session_timeout"),
    ),
    (&["channelbinding"], M::Only(&["disable", "prefer"], BINDING)),
    (&["gssencmode"], M::Only(&["disable", "prefer", "allow"], KERBEROS)),
    (
        &[
            "krbsrvname",
            "gsslib",
            "gssdelegation",
            "kerberosservername",
            "jaasapplicationname",
        ],
        M::Unsupported(KERBEROS),
    ),
    (
        &["sslnegotiation"],
        M::Only(&["postgres"], "TLS begins as the server's protocol has it"),
    ),
    (
        &["sslcertmode"],
        M::Only(&["allow"], "sslcert and sslkey are shown when the server asks for them"),
    ),
    (&["sslsni"], M::Only(YES, "the server is always told the name")),
    (
        &[
            "sslfactory",
            "sslfactoryarg",
            "sslhostnameverifier",
            "sslpasswordcallback",
            "sslresponsetimeout",
            "xmlfactoryfactory",
            "socketfactory",
            "socketfactoryarg",
            "authenticationpluginclassname",
        ],
        M::Unsupported("it names Java classes: say the same with sslmode and sslrootcert"),
    ),
    (
        &["requireauth"],
        M::Unsupported("the server decides how it is logged in to; sslmode=verify-full makes sure of the server"),
    ),
    (&["passfile", "service", "servicefile"], M::Unsupported(SECRET)),
    (
        &["uselibpqcompat"],
        M::Only(YES, "sslmode means what libpq's does: write sslmode=verify-full"),
    ),
    (&["replication"], M::Only(NO, LEAVE)),
    (
        &["pgbouncer"],
        M::Only(&["true", "false", "1", "0"], "poolers are noticed: leave it out"),
    ),
];

const MYSQL: &[(&[&str], Meaning)] = &[
    (&["socket", "unixsocket", "socketpath", "localsocket"], M::Socket),
    (&["collation", "connectioncollation"], M::Collation),
    (&["useunicode"], M::Only(YES, ENCODING)),
    (
        &["characterencodingresults", "charactersetresults"],
        M::Only(UTF_8, ENCODING),
    ),
    // A permission, which is not made use of.
    (
        &["allowpublickeyretrieval"],
        M::Only(&["1", "true", "on", "yes", "0", "false", "off", "no"], LEAVE),
    ),
    (
        &[
            "serverrsapublickeyfile",
            "serverpublickeypath",
            "serverpubkey",
            "allowcleartextpasswords",
        ],
        M::Unsupported("use TLS for passwords that must be sent as they are"),
    ),
    (&["protocol"], M::Only(&["tcp", "socket"], "host or socket say as much")),
];

/// The meaning of a parameter for this engine. None: it is not known.
pub(super) fn meaning(engine: Engine, name: &str) -> Option<Meaning> {
    let own = if engine == Engine::PostgreSql { POSTGRES } else { MYSQL };
    let key: String = name
        .chars()
        .filter(|c| !"-_".contains(*c))
        .collect::<String>()
        .to_ascii_lowercase();
    let (_, meaning) = own
        .iter()
        .chain(SERVER)
        .find(|(names, _)| names.contains(&key.as_str()))?;
    Some(match meaning {
        // Milliseconds where the name says so, and where JavaScript and Java's driver for MySQL spell it so.
        M::ConnectTimeout { .. } => M::ConnectTimeout {
            milliseconds: key.ends_with("millis") || (engine == Engine::MySql && !name.contains(['-', '_'])),
        },
        // There a schema is a database.
        M::Schema if engine == Engine::MySql => M::Database,
        meaning => *meaning,
    })
}

/// Yes and no, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "t" | "y" | "enabled" => Some(true),
        "f" | "n" => Some(false),
        text if YES.contains(&text) => Some(true),
        text if NO.contains(&text) => Some(false),
        _ => None,
    }
}
