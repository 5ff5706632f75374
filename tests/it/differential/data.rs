//! One directory twice: as rows for the three engines, and as the LDIF of what must be served from them.
//!
//! The fallbacks and the rules of validity are written here a second time, in the plainest way: what is compared is two
//! servers *and* two readings of the design.

use crate::harness::random::Random;
use crate::harness::{Database, Engine, Env};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub const BASE: &str = "dc=example,dc=com";

/// A column's text; None is NULL.
type Cell = Option<String>;

#[derive(Debug)]
pub struct User {
    id: usize,
    /// In the order of `USER_COLUMNS`.
    cells: Vec<Cell>,
}

#[derive(Debug)]
pub struct Group {
    id: usize,
    name: Cell,
    number: Cell,
    description: Cell,
    category: Cell,
    members: Vec<usize>,
}

/// An entry as it must be served.
#[derive(Debug, Default)]
pub struct Entry {
    pub dn: String,
    pub attributes: Vec<(&'static str, Vec<String>)>,
    /// Those with values that are no text.
    binary: Vec<(&'static str, Vec<u8>)>,
}

#[derive(Debug)]
pub struct Directory {
    users: Vec<User>,
    groups: Vec<Group>,
    pub entries: Vec<Entry>,
}

/// Column, what it is called in the query, and its kind: n a name, t a text, l a long text, i an integer, u a UUID, d a
/// time, b bytes (in hexadecimal digits here), a an array and j a JSON array (the elements in lines here).
const USER_COLUMNS: [(&str, &str, char); 29] = [
    ("login", "username", 'n'),
    ("no", "uid_number", 't'),
    ("gno", "gid_number", 't'),
    ("full", "full_name", 'l'),
    ("first", "first_name", 'l'),
    ("last", "last_name", 'l'),
    ("mail", "mail", 't'),
    ("home", "home_directory", 't'),
    ("shell", "login_shell", 't'),
    ("keys", "ssh_public_key", 'l'),
    ("uuid", "entry_uuid", 'u'),
    ("created", "created_at", 'd'),
    ("updated", "updated_at", 'd'),
    ("description", "description", 'l'),
    ("title", "title", 't'),
    ("telephoneNumber", "telephoneNumber", 't'),
    ("employeeNumber", "employeeNumber", 't'),
    ("postalAddress", "postalAddress", 't'),
    ("labeledURI", "labeledURI", 't'),
    ("manager", "manager", 't'),
    ("shadowMax", "shadowMax", 'i'),
    ("l", "l", 't'),
    ("preferredLanguage", "preferredLanguage", 't'),
    ("homePhone", "homePhone", 't'),
    ("badge", "attr:badgeColour", 't'),
    ("jpegPhoto", "jpegPhoto", 'b'),
    ("userCertificate", "userCertificate", 'b'),
    ("departmentNumber", "departmentNumber", 'a'),
    ("roomNumber", "roomNumber", 'j'),
];

/// Columns of kinds that only PostgreSQL has: arrays, and JSON that is told from text.
pub fn has_lists(engine: Engine) -> bool {
    engine == Engine::PostgreSql
}

/// What those columns are served as.
const LISTS: [&str; 2] = ["departmentNumber", "roomNumber"];

fn user_columns(lists: bool) -> impl Iterator<Item = (usize, &'static (&'static str, &'static str, char))> {
    USER_COLUMNS
        .iter()
        .enumerate()
        .filter(move |(_, (_, _, kind))| lists || !"aj".contains(*kind))
}

/// What hostile text is put together from. Without what slapd prepares in another way than RFC 4518: ß, İ, the final
/// sigma, tabs (see `exceptions`).
const ATOMS: [&str; 44] = [
    "a",
    "B",
    "cd",
    "Ef",
    "1",
    "07",
    " ",
    " ",
    "  ",
    ",",
    "+",
    "\"",
    "\\",
    "#",
    "=",
    ";",
    "*",
    "(",
    ")",
    "%",
    "_",
    "'",
    "<",
    ">",
    "é",
    "e\u{301}",
    "É",
    "ü",
    "Ä",
    "A\u{30a}",
    "Å",
    "ñ",
    "Ж",
    "ж",
    "中",
    "😀",
    "👩\u{1f3fd}",
    "ﬁ",
    "Ω",
    "-",
    "/",
    "@",
    "ö",
    "ab ",
];

pub fn hostile_text(random: &mut Random, most: usize) -> String {
    loop {
        let count = 1 + random.below(most);
        let text: String = (0..count).map(|_| ATOMS[random.below(ATOMS.len())]).collect();
        if !text.trim().is_empty() {
            return text;
        }
    }
}

/// Two values that a sloppy comparison takes for one, and names that mean something to SQL, DNs or filters.
const NAMES: [&str; 52] = [
    "alice",
    "Bob",
    "carol",
    "CamelCase",
    "jürgen",
    "jurgen",
    "ju\u{308}rge",
    "JÜRG",
    "renée",
    "renee",
    "émile",
    "emile",
    "smile😀",
    "smile😁",
    "smile",
    "中村",
    "иван",
    "ИГОРЬ",
    "Ångström",
    "angstrom",
    "o'brien",
    "o brien",
    "doe, john",
    "a+b",
    "a+c",
    "quo\"te",
    "back\\slash",
    "#hash",
    "hash#",
    "semi;colon",
    "x=y",
    "a=b,dc=example",
    "star*",
    "star",
    "star**",
    "(paren)",
    "100%",
    "100x",
    "under_score",
    "underXscore",
    " lead",
    "trail ",
    "two  spaces",
    "two spaces x",
    "' OR 1=1 --",
    "?",
    "$1",
    "0",
    "00",
    "1e3",
    "NULL",
    "%",
];

const NUMBERS: [&str; 14] = [
    "007",
    "7",
    "70",
    "+8",
    "-9",
    "0",
    "1e3",
    "0x10",
    "10.0",
    "99999999999999999999",
    "2147483648",
    " 12 ",
    "１３",
    "1000",
];

const MAILS: [&str; 10] = [
    "Mixed.Case@Example.COM",
    "ä@example.com",
    "plain@example.com",
    "PLAIN2@example.com",
    "two  blanks@example.com",
    "percent%under_@example.com",
    "star*(x)@example.com",
    "back\\slash@example.com",
    " lead@example.com",
    "trail@example.com ",
];

/// A value that a column may hold.
fn cell(random: &mut Random, kind: &str, others: usize) -> Cell {
    if random.below(6) == 0 {
        return None;
    }
    if random.below(8) == 0 {
        return Some(String::new());
    }
    let one_of = |random: &mut Random, list: &[&str]| Some(list[random.below(list.len())].to_string());
    match kind {
        "mail" => match random.below(3) {
            0 => one_of(random, &MAILS),
            1 => Some(format!("{}@example.com", ["x", "Y", "z z"][random.below(3)])),
            _ => Some(format!("user{}@Example.com", random.below(40))),
        },
        "home" | "shell" => one_of(
            random,
            &[
                "/home/x",
                "/HOME/x",
                "/home/a b",
                "/home/a  b",
                "/höme",
                "/bin/bash",
                "/bin/Bash",
                "/bin/zsh",
                "/bin/fi*h",
            ],
        ),
        "telephone" => one_of(
            random,
            &[
                "+49 30 123-456",
                "+4930123456",
                "+49-30-123",
                "030 / 12",
                "€99",
                "(555) 1",
                "+1  5",
                "+15-2",
            ],
        ),
        "keys" => one_of(
            random,
            &[
                "ssh-rsa AAAA one",
                "ssh-rsa AAAA One",
                "ssh-rsa AAAA one\n\n# comment\nssh-rsa BBBB two\nssh-rsa AAAA one\n",
                "# none",
            ],
        ),
        "address" => one_of(
            random,
            &[
                "Main St 1$12345 Town$DE",
                "main st 1$12345  TOWN$de",
                "a\\24b$c\\5Cd",
                "bad\\x",
                "Höhe 3$Ort",
            ],
        ),
        "dn" => match random.below(6) {
            0 => Some("not a dn".into()),
            1 => Some("uid=nobody,ou=x,dc=example,dc=com".into()),
            2 => Some("CN=Foo\\2C Bar , dc=Example,dc=org".into()),
            _ => Some(escaped("uid", NAMES[random.below(NAMES.len())])),
        },
        "photo" => {
            let octets: Vec<u8> = (0..1 + random.below(40)).map(|_| random.below(256) as u8).collect();
            Some(format!("ffd8{}", hex(&octets)))
        }
        "list" => {
            let lines: BTreeSet<String> = (0..random.below(4)).map(|_| hostile_text(random, 3)).collect();
            // Values that are equal to LDAP are one.
            let mut known = BTreeSet::new();
            let lines = lines.into_iter().filter(|line| {
                let folded: String = line.nfkc().collect::<String>().to_lowercase();
                known.insert(
                    folded
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                        .nfkc()
                        .collect::<String>(),
                )
            });
            Some(lines.collect::<Vec<_>>().join("\n"))
        }
        "language" => one_of(random, &["de", "de-DE", "DE-de", "en;q=0.5"]),
        "small" => Some(random.below(5).to_string()),
        _ => match random.below(12) {
            0 => Some("x".repeat(2048)),
            1 => Some(format!("{}long {}", "Y".repeat(1500), others)),
            _ => Some(hostile_text(random, 6)),
        },
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// A certificate: slapd looks into them.
fn certificate() -> String {
    let pair = rcgen::generate_simple_self_signed(vec!["somebody.example.com".into()]).unwrap();
    hex(pair.cert.der())
}

/// `uid=NAME,BASE` with everything escaped that might need it.
pub fn escaped(attribute: &str, name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out += &format!("\\{byte:02X}");
        }
    }
    format!("{attribute}={out},{BASE}")
}

fn uuid(number: usize) -> String {
    format!("5f0c6d3e-8a41-4c57-9b1e-{number:012x}")
}

impl Directory {
    pub fn generate(random: &mut Random) -> Directory {
        let mut users = Vec::new();
        let mut numbers = BTreeSet::new();
        for (id, name) in NAMES.iter().enumerate() {
            let no = match random.below(8) {
                0 => None,
                1 => Some(String::new()),
                2 | 3 => Some(NUMBERS[random.below(NUMBERS.len())].to_string()),
                _ => Some((10_000 + id).to_string()),
            };
            // uid numbers are unique, or fallbacks that depend on them would be too.
            let no = no.filter(|no| numbers.insert(integer(&Some(no.clone()))));
            // slapd's bit rules know 64 bits: see `exceptions`. Such a number is among the gid numbers.
            let no = no.filter(|no| no.len() < 20);
            let gno = match random.below(6) {
                0 => NUMBERS
                    .get(random.below(NUMBERS.len() + 3))
                    .map(|text| (*text).to_string()),
                other => Some((20_000 + other % 3).to_string()),
            };
            let mut cells = vec![Some((*name).to_string()), no, gno];
            for kind in ["text", "text", "text", "mail", "home", "shell", "keys"] {
                cells.push(cell(random, kind, id));
            }
            cells.push(Some(uuid(id)));
            cells.push((random.below(4) > 0).then(|| format!("2024-0{}-15 09:30:0{}", 1 + id % 9, id % 7)));
            cells.push((random.below(4) > 0).then(|| format!("2025-0{}-01 23:59:59", 1 + id % 9)));
            for kind in [
                "text",
                "text",
                "telephone",
                "number",
                "address",
                "text",
                "dn",
                "small",
                "text",
                "language",
                "telephone",
            ] {
                let kind = if kind == "number" && random.below(2) == 0 {
                    "text"
                } else {
                    kind
                };
                let value = if kind == "number" {
                    Some(NUMBERS[random.below(NUMBERS.len())].to_string())
                } else {
                    cell(random, kind, id)
                };
                // '' is no integer to PostgreSQL.
                cells.push(if kind == "small" {
                    value.filter(|text| !text.is_empty())
                } else {
                    value
                });
            }
            cells.push(cell(random, "text", id).filter(|_| id % 3 == 0));
            cells.push(cell(random, "photo", id));
            cells.push((random.below(3) == 0).then(certificate));
            cells.push(cell(random, "list", id));
            cells.push(cell(random, "list", id));
            users.push(User { id, cells });
        }
        // Rows that name nobody.
        for (id, name) in [None, Some(String::new()), Some("un\u{fffd}preparable".into())]
            .into_iter()
            .enumerate()
        {
            let mut cells = users[id].cells.clone();
            cells[0] = name;
            cells[1] = Some((30_000 + id).to_string());
            cells[10] = Some(uuid(900 + id));
            users.push(User { id: 900 + id, cells });
        }
        users.push(exception());
        let groups = groups(random, users.len() - 1);
        let mut directory = Directory {
            users,
            groups,
            entries: Vec::new(),
        };
        directory.entries = directory.serve();
        directory
    }

    /// What must be served, membership on both sides.
    fn serve(&self) -> Vec<Entry> {
        let base = Uuid::new_v5(&Uuid::NAMESPACE_X500, BASE.as_bytes());
        let mut entries = vec![Entry {
            dn: BASE.into(),
            attributes: vec![
                ("objectClass", vec!["top".into(), "domain".into()]),
                ("dc", vec!["example".into()]),
                ("entryUUID", vec![base.to_string()]),
                ("structuralObjectClass", vec!["domain".into()]),
            ],
            binary: Vec::new(),
        }];
        let name = |user: &User| {
            user.cells[0]
                .clone()
                .filter(|name| !name.is_empty() && !name.contains('\u{fffd}'))
        };
        let group_name = |group: &Group| group.name.clone().filter(|name| !name.is_empty());
        for user in &self.users {
            let Some(uid) = name(user) else { continue };
            let groups = self
                .groups
                .iter()
                .filter(|group| group.members.contains(&user.id))
                .filter_map(group_name);
            entries.push(served_user(
                user,
                &uid,
                groups.map(|group| escaped("cn", &group)).collect(),
            ));
        }
        for group in &self.groups {
            let Some(cn) = group_name(group) else { continue };
            let members = self
                .users
                .iter()
                .filter(|user| group.members.contains(&user.id))
                .filter_map(name);
            entries.push(served_group(group, cn, &members.collect::<Vec<_>>()));
        }
        entries
    }

    /// With or without what only some engines have.
    pub fn ldif(&self, lists: bool) -> String {
        let mut out = String::new();
        for entry in &self.entries {
            let mut line =
                |name: &str, value: &[u8]| out.push_str(&format!("{name}:: {}\n", BASE64_STANDARD.encode(value)));
            line("dn", entry.dn.as_bytes());
            for (name, values) in &entry.attributes {
                if lists || !LISTS.contains(name) {
                    values.iter().for_each(|value| line(name, value.as_bytes()));
                }
            }
            entry.binary.iter().for_each(|(name, value)| line(name, value));
            out.push('\n');
        }
        out
    }

    /// Tables with these rows; the settings that serve them.
    pub fn load(&self, database: &Database) -> Env {
        database.sql(&self.tables(database.engine));
        self.settings(database)
    }

    /// The same with a query of all memberships, the names in this form. The tables are there.
    pub fn with_listed(&self, database: &Database, form: &str) -> Env {
        let [user, group] = ["u.\"login\"", "g.\"name\""].map(|name| form.replace("{}", name));
        let listed = format!(
            "SELECT {user} AS username, {group} AS name FROM \"dm\" m JOIN \"du\" u ON m.\"u\" = u.\"id\" \
             JOIN \"dg\" g ON m.\"g\" = g.\"id\""
        );
        self.settings(database)
            .with("SQL_QUERY_ALL_MEMBERSHIPS", database.engine.quoted(&listed))
    }

    fn settings(&self, database: &Database) -> Env {
        let engine = database.engine;
        let columns: Vec<String> = user_columns(has_lists(engine))
            .map(|(_, (column, alias, _))| format!("u.\"{column}\" AS \"{alias}\""))
            .collect();
        let users = format!("SELECT {} FROM \"du\" u", columns.join(", "));
        let groups = "SELECT g.\"name\" AS name, g.\"no\" AS gid_number, g.\"uuid\" AS entry_uuid, g.\"description\", \
                      g.\"businessCategory\" FROM \"dg\" g";
        let by_member = "SELECT g.\"name\" AS name, g.\"no\" AS gid_number FROM \"dg\" g JOIN \"dm\" m ON m.\"g\" = g.\"id\" \
                         JOIN \"du\" u ON m.\"u\" = u.\"id\" WHERE u.\"login\" = ?";
        database
            .deployed()
            .with("SQL_QUERY_ALL_USERS", engine.quoted(&users))
            .with(
                "SQL_QUERY_ONE_USER",
                engine.quoted(&format!("{users} WHERE u.\"login\" = ?")),
            )
            .with("SQL_QUERY_ALL_GROUPS", engine.quoted(groups))
            .with("SQL_QUERY_GROUPS_BY_MEMBER", engine.quoted(by_member))
            .with("LDAP_USER_PRIVATE_GROUPS", "off")
    }

    fn tables(&self, engine: Engine) -> String {
        let kind = |kind: char| match (kind, engine) {
            // MariaDB's collations take names for one that are two entries; the operator must not let them.
            ('n', Engine::MariaDb) => "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            ('n', _) => "varchar(255)",
            ('t' | 'l', Engine::MariaDb) => "text CHARACTER SET utf8mb4",
            ('t', _) => "varchar(4000)",
            ('l', _) => "text",
            ('i', _) => "integer",
            ('u', Engine::PostgreSql) => "uuid",
            ('u', _) => "char(36)",
            ('b', Engine::PostgreSql) => "bytea",
            ('b', _) => "blob",
            ('a', _) => "text[]",
            ('j', _) => "json",
            ('d', Engine::PostgreSql) => "timestamp with time zone",
            (_, _) => "datetime",
        };
        let columns: Vec<String> = user_columns(has_lists(engine))
            .map(|(_, (column, _, letter))| format!("\"{column}\" {}", kind(*letter)))
            .collect();
        let mut sql = format!(
            "CREATE TABLE \"du\" (\"id\" integer PRIMARY KEY, {});\n\
             CREATE TABLE \"dg\" (\"id\" integer PRIMARY KEY, \"name\" {}, \"no\" {t}, \"uuid\" {}, \"description\" {t}, \"businessCategory\" {t});\n\
             CREATE TABLE \"dm\" (\"u\" integer NOT NULL, \"g\" integer NOT NULL, PRIMARY KEY (\"u\", \"g\"));\n",
            columns.join(", "),
            kind('n'),
            kind('u'),
            t = kind('t'),
        );
        let literal = |cell: &Cell| match cell {
            None => "NULL".to_string(),
            Some(text) => format!("'{}'", text.replace('\'', "''")),
        };
        for user in &self.users {
            let cells: Vec<String> = user_columns(has_lists(engine))
                .map(|(place, (_, _, kind))| match (&user.cells[place], kind) {
                    (Some(digits), 'b') if engine == Engine::PostgreSql => format!("'\\x{digits}'"),
                    (Some(digits), 'b') => format!("x'{digits}'"),
                    (Some(lines), 'a') => {
                        let items: Vec<String> = lines.lines().map(|line| literal(&Some(line.into()))).collect();
                        format!("ARRAY[{}]::text[]", items.join(", "))
                    }
                    (Some(lines), 'j') => {
                        let items: Vec<String> = lines
                            .lines()
                            .map(|line| format!("\"{}\"", line.replace('\\', "\\\\").replace('"', "\\\"")))
                            .collect();
                        literal(&Some(format!("[{}]", items.join(", "))))
                    }
                    (cell, _) => literal(cell),
                })
                .collect();
            sql += &format!("INSERT INTO \"du\" VALUES ({}, {});\n", user.id, cells.join(", "));
        }
        for group in &self.groups {
            let uuid = Some(uuid(5000 + group.id));
            let cells: Vec<String> = [&group.name, &group.number, &uuid, &group.description, &group.category]
                .map(literal)
                .into();
            sql += &format!("INSERT INTO \"dg\" VALUES ({}, {});\n", group.id, cells.join(", "));
            for member in &group.members {
                sql += &format!("INSERT INTO \"dm\" VALUES ({member}, {});\n", group.id);
            }
        }
        sql
    }
}

/// The user with the values that slapd prepares or compares in another way on purpose or by mistake: nobody's member,
/// and not among the values that generated searches ask for.
fn exception() -> User {
    let mut cells: Vec<Cell> = vec![None; USER_COLUMNS.len()];
    for (alias, value) in [
        ("username", EXCEPTION),
        ("uid_number", "4000"),
        ("gid_number", "99999999999999999999"),
        ("full_name", "Straße"),
        ("first_name", "Σίσυφος"),
        ("last_name", "İpek"),
        ("description", "tab\there"),
        ("title", "QQ"),
        ("telephoneNumber", "+1 Z9"),
        ("postalAddress", "q\\24q$w\\5C"),
        ("entry_uuid", &uuid(800)),
    ] {
        cells[USER_COLUMNS.iter().position(|(_, name, _)| *name == alias).unwrap()] = Some(value.into());
    }
    User { id: 800, cells }
}

/// Its name.
pub const EXCEPTION: &str = "exception";

fn groups(random: &mut Random, users: usize) -> Vec<Group> {
    let names = [
        "staff",
        "Staff 2",
        "R&D, Berlin",
        "gr",
        "grün",
        "GRUN",
        "em😀ji",
        "em😁ji",
        " lead",
        "two  blanks",
        "a+b=c",
        "under_group",
        "underXgroup",
        "50%",
        "back\\slash",
        "quo\"te",
        "(x)",
        "star*",
        "#1",
        "everybody",
        "nobody",
        "Ж",
        "alice",
    ];
    let mut groups: Vec<Group> = names
        .iter()
        .enumerate()
        .map(|(id, name)| Group {
            id,
            name: Some((*name).to_string()),
            number: match random.below(7) {
                0 => None,
                1 => Some(NUMBERS[random.below(NUMBERS.len())].to_string()),
                // Shared gids.
                2 => Some("20001".into()),
                _ => Some((20_000 + id).to_string()),
            },
            description: cell(random, "text", id),
            category: cell(random, "text", id),
            members: match *name {
                "nobody" | "GRUN" => Vec::new(),
                "everybody" => (0..users - 3).collect(),
                _ => (0..users - 3).filter(|_| random.below(9) == 0).collect(),
            },
        })
        .collect();
    groups.push(Group {
        id: 900,
        name: None,
        number: Some("7".into()),
        description: None,
        category: None,
        members: vec![0, 1],
    });
    // A user that is none is nobody's member.
    groups[0].members.extend([900, 901, 902]);
    groups
}

fn integer(cell: &Cell) -> Option<i128> {
    cell.as_ref()?.trim().parse().ok()
}

fn given(cell: &Cell) -> Option<String> {
    cell.clone().filter(|text| !text.is_empty())
}

fn ia5(cell: &Cell) -> Option<String> {
    given(cell).filter(|text| text.is_ascii())
}

fn served_user(user: &User, uid: &str, groups: Vec<String>) -> Entry {
    let cell = |alias: &str| &user.cells[USER_COLUMNS.iter().position(|(_, name, _)| *name == alias).unwrap()];
    let mut attributes: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut add = |name, value: Option<String>| attributes.extend(value.map(|value| (name, vec![value])));
    let posix = integer(cell("uid_number")).zip(integer(cell("gid_number")));
    let first = given(cell("first_name"));
    let last = given(cell("last_name"));
    let cn = given(cell("full_name")).unwrap_or_else(|| match (&first, &last) {
        (Some(first), Some(last)) => format!("{first} {last}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => uid.to_string(),
    });
    let sn = last.unwrap_or_else(|| cn.split_whitespace().last().unwrap_or(uid).to_string());
    add("uid", Some(uid.to_string()));
    if let Some((number, gid)) = posix {
        add("uidNumber", Some(number.to_string()));
        add("gidNumber", Some(gid.to_string()));
        add(
            "homeDirectory",
            ia5(cell("home_directory")).or_else(|| {
                let is_home = uid.is_ascii() && !uid.contains('/') && ![".", ".."].contains(&uid.trim());
                Some(if is_home {
                    format!("/home/{uid}")
                } else {
                    format!("/home/{number}")
                })
            }),
        );
        add(
            "loginShell",
            ia5(cell("login_shell")).or_else(|| Some("/bin/bash".into())),
        );
        let letters = |text: &str| {
            let text: String = text.nfc().collect();
            if text.is_ascii() {
                return text;
            }
            let plain = deunicode::deunicode_with_tofu(&text, "?").replace([':', '\n', '\r'], " ");
            plain.trim().to_string()
        };
        let gecos = [letters(&cn), letters(uid), "?".to_string()];
        add("gecos", gecos.into_iter().find(|text| !text.is_empty()));
    }
    add("cn", Some(cn));
    add("sn", Some(sn));
    add("givenName", first);
    add("mail", ia5(cell("mail")));
    for name in [
        "description",
        "title",
        "employeeNumber",
        "labeledURI",
        "shadowMax",
        "l",
        "preferredLanguage",
    ] {
        add(name, given(cell(name)));
    }
    let printable = |text: &String| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "'()+,-.=/:? ".contains(c))
    };
    add("telephoneNumber", given(cell("telephoneNumber")).filter(printable));
    add("homePhone", given(cell("homePhone")).filter(printable));
    add(
        "postalAddress",
        given(cell("postalAddress")).filter(|text| text != "bad\\x"),
    );
    add("manager", given(cell("manager")).filter(|text| text != "not a dn"));
    add("badgeColour", given(cell("attr:badgeColour")));
    let times = |text: &Cell| {
        text.as_ref()
            .map(|text| format!("{}Z", text.replace(['-', ':', ' '], "")))
    };
    add("createTimestamp", times(cell("created_at")));
    add("modifyTimestamp", times(cell("updated_at")));
    add("entryUUID", given(cell("entry_uuid")));
    add("structuralObjectClass", Some("inetOrgPerson".into()));
    let mut keys: Vec<String> = Vec::new();
    for line in cell("ssh_public_key").iter().flat_map(|text| text.lines()) {
        if !line.is_empty() && !line.starts_with('#') && !keys.iter().any(|key| key == line) {
            keys.push(line.to_string());
        }
    }
    let mut classes = vec![
        "top",
        "person",
        "organizationalPerson",
        "inetOrgPerson",
        "shadowAccount",
    ];
    classes.extend(posix.map(|_| "posixAccount"));
    // For the attribute that is passed through, whether the row has a value or not.
    classes.push("extensibleObject");
    for name in LISTS {
        let values: Vec<String> = cell(name)
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_string)
            .collect();
        attributes.extend((!values.is_empty()).then_some((name, values)));
    }
    let octets = |alias| given(cell(alias)).map(|digits| unhex(&digits));
    let binary = [
        ("jpegPhoto", "jpegPhoto"),
        ("userCertificate;binary", "userCertificate"),
    ]
    .into_iter()
    .filter_map(|(name, alias)| Some((name, octets(alias)?)))
    .collect();
    if !keys.is_empty() {
        classes.push("ldapPublicKey");
        attributes.push(("sshPublicKey", keys));
    }
    attributes.push(("objectClass", classes.into_iter().map(str::to_string).collect()));
    if !groups.is_empty() {
        attributes.push(("memberOf", groups));
    }
    Entry {
        dn: escaped("uid", uid),
        attributes,
        binary,
    }
}

fn served_group(group: &Group, cn: String, members: &[String]) -> Entry {
    let number = integer(&group.number);
    let mut attributes = vec![("entryUUID", vec![uuid(5000 + group.id)])];
    let mut classes = vec!["top".to_string(), "groupOfNames".to_string()];
    if let Some(number) = number {
        classes.push("posixGroup".into());
        attributes.push(("gidNumber", vec![number.to_string()]));
        if !members.is_empty() {
            attributes.push(("memberUid", members.to_vec()));
        }
    }
    if !members.is_empty() {
        attributes.push(("member", members.iter().map(|name| escaped("uid", name)).collect()));
    }
    for (name, cell) in [
        ("description", &group.description),
        ("businessCategory", &group.category),
    ] {
        attributes.extend(given(cell).map(|value| (name, vec![value])));
    }
    attributes.push(("structuralObjectClass", vec!["groupOfNames".into()]));
    attributes.push(("objectClass", classes));
    let dn = escaped("cn", &cn);
    attributes.push(("cn", vec![cn]));
    Entry {
        dn,
        attributes,
        binary: Vec::new(),
    }
}
