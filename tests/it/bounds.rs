//! What the documentation says of bounds is what the code has: each number there is the value of a constant or the default
//! of a setting, in the words of this test. A row that is not here, or says something else, fails it.

use crate::harness::repository;
use std::fs;
use std::path::Path;

/// A text with `{room:CONSTANT}` for the value of the one constant of that name in a file or folder below `src/`, and
/// `{SETTING}` for a setting's default.
const SECURITY: &[&str] = &[
    "| connections | `MAX_CONNECTIONS` ({MAX_CONNECTIONS}); more wait in the kernel's queue. Not per address |",
    "| TLS handshake | {server:HANDSHAKE_TIMEOUT} |",
    "| a connection without requests | `LDAP_IDLE_TIMEOUT` ({LDAP_IDLE_TIMEOUT}) |",
    "| a client that does not read | `WRITE_TIMEOUT` ({WRITE_TIMEOUT}), then it is closed. Its operations end at once, whatever its connection ends by |",
    "| one message | {server:MESSAGE_LIMIT_ANONYMOUS} before a successful bind, {server:MESSAGE_LIMIT_BOUND} after it |",
    "| requests of one connection | {server:CONCURRENT_OPERATIONS} run, {server:QUEUED_REQUESTS} more wait, {server:HELD_BYTES} of messages in all and the one that is too many; then {server:READ_AHEAD} more are read |",
    "| answers waiting for a client | {server:QUEUED_CHUNKS} chunks, each about {operations:CHUNK} and one entry, and one chunk for each running request |",
    "| a filter | {model/filter:MAX_DEPTH} levels, {protocol:MAX_ELEMENTS} elements, before a successful bind one for each {protocol:OCTETS_AN_ELEMENT} octets that a message may have, in an assertion control {protocol:ASSERTION_ELEMENTS}. A value is prepared once, whatever number of attributes it is compared with; what has more than {directory:LARGE_FILTER} is resolved {directory:RESOLVING} at a time, on threads of its own |",
    "| a filter's work on entries | others get their turn every {directory:TURN}; a client that leaves, abandons or runs out of time ends it |",
    "| a name (DN) | {model/dn:LONGEST} |",
    "| a paged search between its pages | nothing is kept; a cookie of at most {operations:LONGEST_COOKIE}, unsigned: it carries no right |",
    "| attributes asked for; controls | {protocol:MAX_ATTRIBUTES}; {protocol:MAX_CONTROLS} |",
    "| rows of a search held in memory | a chunk of {directory/search:CHUNK}, and the memberships that it needs |",
    "| rows of any single read that is not a stream | {sql:MAX_ROWS} |",
    "| connections to the database | `SQL_POOL_SIZE` ({SQL_POOL_SIZE}); scans take at most half of it, queries that must be streamed a quarter. {sql:OPENING} are opened at a time, for whoever waits longest. One more asks whether the database is there, and one, for each host of `SQL_URI`, ends abandoned statements, as the same role: no privilege is needed |",
    "| passwords verified at a time | `HASHING_THREADS`, at lower priority, in `HASHING_MEMORY`. Addresses (of IPv6: /64 networks) take turns, those from which others failed only a quarter of them while others wait; a bind waits for its turn at most `BIND_HOLD` ({BIND_HOLD}), and as many may wait as there may be connections |",
    "| one verification | {auth:MAX_MEMORY_KIB KiB}, and {auth:MAX_MEMORY_PASSES_KIB KiB} as memory times passes, for memory-hard schemes; cost {auth:MAX_COST} for bcrypt, 2^{auth:MAX_LOG_ROUNDS} rounds for phpass and Drupal; {auth:MAX_ROUNDS} rounds for others, of PBKDF2 for all blocks of the key together; above {auth:LARGE_MEMORY_KIB KiB} one at a time, on a thread of its own |",
    "| failed binds that are remembered | {auth/guessing:ENTRIES} names, as many addresses, as many pairs of them, and as many pairs that have signed in: at most 16 MiB in all |",
    "| verified passwords that are remembered (`BIND_CACHE_TTL`) | {auth/bind_cache:MOST}, as digests |",
    "| binds that wait for somebody's phone | the connections of clients; of each user one request to the push service at a time. An answer of {auth/link:LONGEST_ANSWER}, within `NOTIFICATION_TIMEOUT` ({NOTIFICATION_TIMEOUT}); the connection is made in {auth/link:CONNECT_TIMEOUT} |",
    "| memory of approvals and of requests without one | {auth/link:APPROVALS} of each; then the oldest go. {auth/link:IN_A_ROW} requests in a row without an approval make a pause of {auth/link:FIRST_PAUSE}, which doubles with each further one |",
    "| the admin port | {server/admin:CONNECTIONS} connections; of each {server/admin:HEADER_SIZE} of header in {server/admin:HEADER}, and {server/admin:WHOLE} in all |",
    "| log lines that wait to be read | {telemetry:OCTETS}, {telemetry:LINES} lines; then they are dropped and counted |",
    "| a password; a stored hash | {auth:MAX_PASSWORD_BYTES}; {auth:MAX_STORED_BYTES} |",
];

/// The same numbers in other pages' sentences.
const ELSEWHERE: &[(&str, &str)] = &[
    ("docs/outages.md", "lookups up to {sql:HOLD}"),
    ("docs/outages.md", "**Away**, after {sql:HOLD}"),
    ("docs/observability.md", "less than {sql:HOLD} ago"),
    (
        "docs/observability.md",
        "has {server/admin:WHOLE} for it, and there are at most {server/admin:CONNECTIONS} at a time",
    ),
    ("docs/observability.md", "not finished in {server:HANDSHAKE_TIMEOUT}"),
    ("docs/observability.md", "a queue of {telemetry:OCTETS}"),
    (
        "docs/observability.md",
        "broken it is tried every {app/describer:DESCRIBE_BROKEN}",
    ),
    (
        "docs/observability.md",
        "Queries that work are tried every {app/describer:TRY}",
    ),
    (
        "docs/observability.md",
        "Of failed handshakes {server/failures:LINES} a minute",
    ),
    ("docs/observability.md", "are more than {sql/clock:TOLERANCE} s apart"),
    ("docs/clients/any.md", "holds a request for up to {sql:HOLD}"),
    ("docs/clients/sssd.md", "away for less than {sql:HOLD}"),
    ("docs/clients/nslcd.md", "away for less than {sql:HOLD}"),
    ("docs/database-uri.md", "says nothing for {sql:STAGGER}"),
    ("docs/signing-in.md", "Up to {auth:MOST_CODES} used codes"),
    ("docs/signing-in.md", "at most {auth:MOST_AT_A_TIME} at a time"),
    ("docs/signing-in.md", "asked last for the next {auth:SHUNNED}"),
    ("docs/poolers.md", "has been answered for {sql:IN_TURN}"),
    ("docs/glossary.md", "**chunks** of {directory/search:CHUNK} rows"),
    ("docs/containers.md", "`SHUTDOWN_GRACE` ({config/load:GRACE})"),
    ("docs/rolling-update.md", "exits ({config/load:GRACE} at the most"),
    ("docs/signing-in.md", "without a request, for {auth/link:FIRST_PAUSE}."),
    (
        "docs/signing-in.md",
        "longer than {auth/link:LONGEST_ANSWER} or cut short",
    ),
    ("docs/migration.md", "has waited for up to {sql:HOLD}"),
    (
        "docs/architecture.md",
        "does the handshake, in at most {server:HANDSHAKE_TIMEOUT}",
    ),
    ("docs/architecture.md", "in chunks of {directory/search:CHUNK} by key"),
    ("docs/architecture.md", "every {operations:CHUNK} it is handed"),
    (
        "docs/security.md",
        "than {auth/guessing:UNDER_WAY} at names that have not signed in",
    ),
    (
        "docs/security.md",
        "({GUESSING_LONGEST_DELAY}), and never longer than `BIND_HOLD` ({BIND_HOLD})",
    ),
    (
        "docs/security.md",
        "| {GUESSING_FREE_FAILURES} (`GUESSING_FREE_FAILURES`) | {auth/guessing:ACCOUNT_FORGETS} |",
    ),
    (
        "docs/security.md",
        "| {GUESSING_FREE_FAILURES_PER_ADDRESS} (`GUESSING_FREE_FAILURES_PER_ADDRESS`) | {auth/guessing:SOURCE_FORGETS} |",
    ),
    ("docs/security.md", "| {auth/guessing:ALL_FREE} | 0.6 s |"),
    ("docs/architecture.md", "connections are kept for up to {sql:MEMORY}"),
];

/// The text of the one constant of this name in a room: a file (without `.rs`) or a folder below `src/`.
fn constant(room: &str, name: &str) -> String {
    fn collect(path: &Path, text: &mut String) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                collect(&entry.unwrap().path(), text);
            }
        } else if let Ok(source) = fs::read_to_string(path) {
            text.push_str(&source);
        }
    }
    let mut sources = String::new();
    collect(&repository(&format!("src/{room}")), &mut sources);
    collect(&repository(&format!("src/{room}.rs")), &mut sources);
    let begin = format!("const {name}: ");
    let lines: Vec<&str> = sources.lines().filter(|line| line.contains(&begin)).collect();
    let [line] = lines[..] else {
        panic!("{room} has {} constants {name}", lines.len());
    };
    let (_, value) = line.trim().trim_end_matches(';').split_once(" = ").unwrap();
    value.to_owned()
}

/// A product of numbers and of other constants of the room.
fn product(room: &str, text: &str) -> u64 {
    let factor = |factor: &str| factor.replace('_', "").parse().unwrap_or_else(|_| number(room, factor));
    text.split(" * ").map(factor).product()
}

fn number(room: &str, name: &str) -> u64 {
    product(room, &constant(room, name))
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups.map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn octets(number: u64) -> Option<String> {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let (unit, name) = units.into_iter().find(|(unit, _)| number.is_multiple_of(*unit))?;
    Some(format!("{} {name}", number / unit))
}

/// Names of constants that count octets.
const OCTETS: [&str; 12] = [
    "LONGEST_ANSWER",
    "MESSAGE_LIMIT_ANONYMOUS",
    "MESSAGE_LIMIT_BOUND",
    "HELD_BYTES",
    "READ_AHEAD",
    "LARGE_FILTER",
    "LONGEST",
    "LONGEST_COOKIE",
    "HEADER_SIZE",
    "OCTETS",
    "MAX_PASSWORD_BYTES",
    "MAX_STORED_BYTES",
];

fn shown(reference: &str) -> String {
    let Some((room, name)) = reference.split_once(':') else {
        return default_of(reference);
    };
    if let Some(name) = name.strip_suffix(" KiB") {
        return octets(number(room, name) * 1024).unwrap();
    }
    let text = constant(room, name);
    let duration = |unit: &str| {
        let inside = text
            .strip_prefix(&format!("Duration::from_{unit}("))?
            .strip_suffix(')')?;
        inside.replace('_', "").parse::<u64>().ok()
    };
    if let Some(seconds) = duration("secs") {
        return format!("{seconds} s");
    }
    match duration("millis") {
        Some(millis) if millis >= 1_000 => return format!("{} s", millis as f64 / 1e3),
        Some(millis) => return format!("{millis} ms"),
        None => {}
    }
    let number = product(room, &text);
    // A chunk is some rows in one place, and some octets in another.
    let is_octets = OCTETS.contains(&name) || (room, name) == ("operations", "CHUNK");
    if is_octets {
        octets(number).unwrap()
    } else {
        with_commas(number)
    }
}

/// The default of a setting, as the table of settings has it.
fn default_of(setting: &str) -> String {
    let source = fs::read_to_string(repository("src/config/settings.rs")).unwrap();
    let begin = format!("setting(\"{setting}\"");
    let line = source.lines().map(str::trim).find(|line| line.starts_with(&begin));
    let line = line.unwrap_or_else(|| panic!("no setting {setting}"));
    let (_, value) = line.split_once("Value(\"").unwrap();
    let (value, _) = value.split_once('"').unwrap();
    match value.find(|sign: char| sign.is_ascii_alphabetic()) {
        Some(unit) => format!("{} {}", &value[..unit], &value[unit..]),
        None => value.to_owned(),
    }
}

fn filled(template: &str) -> String {
    let mut text = String::new();
    for (place, part) in template.split(['{', '}']).enumerate() {
        match place % 2 {
            0 => text.push_str(part),
            _ => text.push_str(&shown(part)),
        }
    }
    text
}

fn page(name: &str) -> String {
    fs::read_to_string(repository(name)).unwrap()
}

#[test]
fn the_page_on_security_names_the_bounds_that_there_are() {
    let page = page("docs/security.md");
    let rows: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = SECURITY.iter().map(|row| filled(row)).collect();
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!(row, expected);
    }
    assert_eq!(rows.len(), expected.len(), "rows of the table");
}

#[test]
fn other_pages_name_the_same_numbers() {
    for (name, template) in ELSEWHERE {
        // Lines are broken anywhere.
        let page = page(name).split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = filled(template);
        assert!(page.contains(&expected), "{name} does not say: {expected}");
    }
}
