//! The words that label what is counted.

/// The kinds of requests (RFC 4511 section 4.2 to 4.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Section 4.2.
    Bind,
    /// Section 4.5.
    Search,
    /// Section 4.10.
    Compare,
    /// Section 4.12.
    Extended,
    /// Section 4.7.
    Add,
    /// Section 4.6.
    Modify,
    /// Section 4.8.
    Delete,
    /// Section 4.9.
    ModifyDn,
    /// Section 4.3.
    Unbind,
    /// Section 4.11.
    Abandon,
}

impl Operation {
    /// All of them, in the order of their declaration.
    pub const ALL: [Operation; 10] = [
        Operation::Bind,
        Operation::Search,
        Operation::Compare,
        Operation::Extended,
        Operation::Add,
        Operation::Modify,
        Operation::Delete,
        Operation::ModifyDn,
        Operation::Unbind,
        Operation::Abandon,
    ];

    /// Its name in labels and log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Bind => "bind",
            Operation::Search => "search",
            Operation::Compare => "compare",
            Operation::Extended => "extended",
            Operation::Add => "add",
            Operation::Modify => "modify",
            Operation::Delete => "delete",
            Operation::ModifyDn => "modifyDN",
            Operation::Unbind => "unbind",
            Operation::Abandon => "abandon",
        }
    }

    /// Whether the gateway carries it out. The others are refused at once, or have no answer.
    pub(super) const fn is_served(self) -> bool {
        matches!(
            self,
            Operation::Bind | Operation::Search | Operation::Compare | Operation::Extended | Operation::Modify
        )
    }
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this result code.
    Code(u16),
    /// In a closed connection, because no code would have been true.
    Disconnected,
    /// Without an answer: abandoned, or its connection ended first.
    Abandoned,
    /// Without an answer, because its kind has none: unbind, abandon.
    Unanswered,
}

/// Why a connection came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// LDAP without TLS, on a port that has it.
    NoTls,
    /// StartTLS, on a port that has TLS from the first octet.
    StartTls,
    /// HTTP.
    Http,
    /// SSH.
    Ssh,
    /// The PROXY protocol of load balancers.
    ProxyProtocol,
    /// TLS, on a port that has none.
    TlsOnPlainPort,
    /// Neither LDAP nor TLS.
    Unknown,
    /// TLS in versions that are not spoken here.
    NoCommonVersion,
    /// TLS with nothing in common but the version.
    NoCommonCipher,
    /// The client refused the certificate.
    CertificateNotTrusted,
    /// The client finds that the certificate's time is over, or has not come.
    CertificateExpired,
    /// The client closed in the middle of the handshake.
    ClosedInHandshake,
    /// The client finished the handshake and closed before it asked anything.
    ClosedBeforeRequest,
    /// The handshake took too long.
    TimedOut,
    /// Another failure of the handshake.
    Other,
}

impl ConnectionFailure {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(ConnectionFailure, &'static str); 15] = [
        (ConnectionFailure::NoTls, "no_tls"),
        (ConnectionFailure::StartTls, "starttls"),
        (ConnectionFailure::Http, "http"),
        (ConnectionFailure::Ssh, "ssh"),
        (ConnectionFailure::ProxyProtocol, "proxy_protocol"),
        (ConnectionFailure::TlsOnPlainPort, "tls_on_plain_port"),
        (ConnectionFailure::Unknown, "unknown_protocol"),
        (ConnectionFailure::NoCommonVersion, "no_common_version"),
        (ConnectionFailure::NoCommonCipher, "no_common_cipher"),
        (ConnectionFailure::CertificateNotTrusted, "certificate_not_trusted"),
        (ConnectionFailure::CertificateExpired, "certificate_expired"),
        (ConnectionFailure::ClosedInHandshake, "closed_in_handshake"),
        (ConnectionFailure::ClosedBeforeRequest, "closed_before_request"),
        (ConnectionFailure::TimedOut, "timed_out"),
        (ConnectionFailure::Other, "other"),
    ];

    /// Its name, as in the metrics.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("other", |(_, name)| name)
    }

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();
}

/// What a statement was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// To find out its columns and types.
    Describe,
    /// Rows by key or index for a search or compare.
    Lookup,
    /// Rows for a bind.
    Bind,
    /// A chunk of a table read by key.
    Scan,
    /// A query read as a whole.
    Stream,
    /// In a transaction that changes something.
    Write,
}

impl Statement {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(Statement, &'static str); 6] = [
        (Statement::Describe, "describe"),
        (Statement::Lookup, "lookup"),
        (Statement::Bind, "bind"),
        (Statement::Scan, "scan"),
        (Statement::Stream, "stream"),
        (Statement::Write, "write"),
    ];
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatementEnd {
    Success,
    Error,
    /// Nobody waited for its end any more.
    Cancelled,
}

impl StatementEnd {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(StatementEnd, &'static str); 3] = [
        (StatementEnd::Success, "success"),
        (StatementEnd::Error, "error"),
        (StatementEnd::Cancelled, "cancelled"),
    ];
}

/// A link of the chain that a bind must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The stored hash.
    Sql,
    /// An upstream LDAP server.
    Ldap,
    /// A code that changes with time.
    Totp,
    /// Somebody's phone.
    Notification,
}

impl Link {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(Link, &'static str); 4] = [
        (Link::Sql, "sql"),
        (Link::Ldap, "ldap"),
        (Link::Totp, "totp"),
        (Link::Notification, "notification"),
    ];
}

/// What a link said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkResult {
    /// It is satisfied.
    Passed,
    /// It is not.
    Failed,
    /// It could not find out.
    Unavailable,
    /// Nobody waited for it any more.
    Cancelled,
}

impl LinkResult {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(LinkResult, &'static str); 4] = [
        (LinkResult::Passed, "passed"),
        (LinkResult::Failed, "failed"),
        (LinkResult::Unavailable, "unavailable"),
        (LinkResult::Cancelled, "cancelled"),
    ];
}

/// What became of a bind that the link `notification` was to ask somebody about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Asked, and the answer was yes.
    Approved,
    /// Asked, and the answer was no.
    Rejected,
    /// Asked, and there was no answer in time.
    Unanswered,
    /// The service did not ask, or said what is not understood.
    Refused,
    /// The service was not reached, or failed.
    Unavailable,
    /// The client went before there was an answer.
    Cancelled,
    /// Waits for the answer to the same request of another bind.
    Joined,
    /// An earlier approval counts.
    Remembered,
    /// Not asked, because the last requests were not approved.
    Paused,
}

impl Approval {
    /// All of them, in the order of their declaration, with their names.
    pub(super) const ALL: [(Approval, &'static str); 9] = [
        (Approval::Approved, "approved"),
        (Approval::Rejected, "rejected"),
        (Approval::Unanswered, "unanswered"),
        (Approval::Refused, "refused"),
        (Approval::Unavailable, "unavailable"),
        (Approval::Cancelled, "cancelled"),
        (Approval::Joined, "joined"),
        (Approval::Remembered, "remembered"),
        (Approval::Paused, "paused"),
    ];
}
