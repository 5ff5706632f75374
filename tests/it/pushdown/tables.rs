//! Tables whose columns compare, pad and convert in every way that an engine knows, and rows to match.

use crate::harness::Engine;
use crate::harness::random::Random;
use ldap_gateway::model::prepare::prepare_ignore_case;
use std::collections::HashSet;

const USERS: usize = 60;
const GROUPS: usize = 30;

/// What a column is filled with.
#[derive(Clone, Copy, PartialEq)]
pub enum Fill {
    /// Hostile text of up to so many characters.
    Text(usize),
    /// Text that latin1 has.
    Latin(usize),
    /// Numbers that fit.
    Number,
    /// The same, and some beyond what is signed.
    Unsigned,
    /// Numbers with a fraction.
    Decimal,
    /// Numbers and what looks like one, as text.
    LookAlike,
    /// The same, of any of SQLite's types.
    AnyNumber,
    /// Points in time.
    Time,
    /// The same, as text in several forms.
    TimeText,
    /// A UUID.
    Uuid,
    /// The same, as text in several forms.
    UuidText,
    /// A truth value.
    Boolean,
    /// SSH keys, one a line.
    Keys,
    /// Telephone numbers.
    Phone,
    /// Any of SQLite's types.
    Anything,
}

/// A column: its name, its type, what is in it.
pub type Column = (&'static str, &'static str, Fill);

/// Types to choose from, each with what is in it.
type Types = Vec<(&'static str, Fill)>;

/// A table of users and one of groups. The first column is the name.
pub struct Shape {
    pub before: &'static str,
    pub users: Vec<Column>,
    pub groups: Vec<Column>,
}

pub fn shapes(engine: Engine) -> Vec<Shape> {
    use Fill::*;
    let (texts, numbers, times, uuids): (Types, Types, Types, Types);
    let (keys, flag, before) = match engine {
        Engine::PostgreSql => ("TEXT", "BOOLEAN", POSTGRES),
        Engine::MariaDb => (
            "TEXT",
            "BOOLEAN",
            "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';",
        ),
        Engine::Sqlite => ("TEXT", "BOOLEAN", ""),
    };
    match engine {
        Engine::PostgreSql => {
            texts = vec![
                ("TEXT", Text(2100)),
                ("citext", Text(200)),
                ("TEXT COLLATE nd", Text(200)),
                ("CHAR(40)", Text(40)),
                ("VARCHAR(300) COLLATE \"tr-x-icu\"", Text(300)),
                ("TEXT COLLATE \"C\"", Text(300)),
                ("TEXT COLLATE \"en-x-icu\"", Text(300)),
            ];
            numbers = vec![
                ("INT", Number),
                ("BIGINT", Number),
                ("TEXT", LookAlike),
                ("NUMERIC(24,2)", Decimal),
                ("CHAR(30)", LookAlike),
                ("SMALLINT", Number),
                ("citext", LookAlike),
            ];
            times = vec![
                ("TIMESTAMPTZ", Time),
                ("TIMESTAMP", Time),
                ("DATE", Time),
                ("TEXT", TimeText),
            ];
            uuids = vec![
                ("UUID", Uuid),
                ("TEXT", UuidText),
                ("CHAR(40)", UuidText),
                ("citext", UuidText),
            ];
        }
        Engine::MariaDb => {
            texts = vec![
                ("VARCHAR(300) COLLATE utf8mb4_general_ci", Text(300)),
                ("TEXT COLLATE utf8mb4_unicode_520_ci", Text(2100)),
                ("VARCHAR(300) COLLATE utf8mb4_bin", Text(300)),
                ("VARCHAR(300) CHARACTER SET latin1", Latin(300)),
                ("CHAR(40) COLLATE utf8mb4_general_ci", Text(40)),
                ("VARCHAR(300) COLLATE utf8mb4_turkish_ci", Text(300)),
                ("VARCHAR(300) COLLATE utf8mb4_general_nopad_ci", Text(300)),
            ];
            numbers = vec![
                ("BIGINT UNSIGNED", Unsigned),
                ("INT", Number),
                ("VARCHAR(60) COLLATE utf8mb4_general_ci", LookAlike),
                ("DECIMAL(24,2)", Decimal),
                ("VARCHAR(60) COLLATE utf8mb4_bin", LookAlike),
                ("BIGINT", Number),
                ("VARCHAR(60) COLLATE utf8mb4_unicode_520_ci", LookAlike),
            ];
            times = vec![
                ("DATETIME(3)", Time),
                ("DATE", Time),
                ("VARCHAR(60)", TimeText),
                ("DATETIME", Time),
            ];
            uuids = vec![("CHAR(36)", Uuid), ("VARCHAR(60)", UuidText), ("UUID", Uuid)];
        }
        Engine::Sqlite => {
            texts = vec![
                ("TEXT", Text(2100)),
                ("TEXT COLLATE NOCASE", Text(300)),
                ("", Anything),
                ("VARCHAR(9) COLLATE RTRIM", Text(300)),
                ("INTEGER", Anything),
                ("TEXT", Anything),
                ("CLOB COLLATE NOCASE", Text(300)),
            ];
            numbers = vec![
                ("INTEGER", Number),
                ("TEXT", LookAlike),
                ("", AnyNumber),
                ("BIGINT", AnyNumber),
                ("INTEGER", AnyNumber),
                ("NUMERIC", AnyNumber),
                ("TEXT COLLATE NOCASE", LookAlike),
            ];
            times = vec![
                ("DATETIME", TimeText),
                ("TEXT", TimeText),
                ("", TimeText),
                ("TEXT COLLATE NOCASE", TimeText),
            ];
            uuids = vec![("TEXT", Uuid), ("", UuidText), ("TEXT COLLATE NOCASE", UuidText)];
        }
    }
    (0..8)
        .map(|at| {
            let text = |by: usize| texts[(at + by) % texts.len()];
            let number = |by: usize| numbers[(at + by) % numbers.len()];
            let time = |by: usize| times[(at + by) % times.len()];
            let uuid = uuids[at % uuids.len()];
            let column = |name, (declared, fill): (&'static str, Fill)| (name, declared, fill);
            let mut users = vec![
                column("username", text(0)),
                column("uid_number", number(0)),
                column("gid_number", number(1)),
                column("first_name", text(1)),
                column("last_name", text(2)),
                column("title", text(3)),
                column("telephonenumber", (text(0).0, Phone)),
                column("shadowmax", number(2)),
                column("employeenumber", number(3)),
                column("labeleduri", text(4)),
                column("created_at", time(0)),
                ("ssh_public_key", keys, Keys),
                ("attr:flag", flag, Boolean),
            ];
            let mut groups = vec![
                column("name", text(1)),
                column("gid_number", number(2)),
                column("description", text(0)),
                column("serialnumber", text(5)),
            ];
            // Fallbacks with and without the column that goes first.
            if [0, 2, 4, 6].contains(&at) {
                users.extend([
                    column("full_name", text(5)),
                    column("mail", text(1)),
                    column("entry_uuid", uuid),
                    column("updated_at", time(1)),
                ]);
                groups.push(column("entry_uuid", uuid));
            }
            if at % 3 != 0 {
                users.extend([column("login_shell", text(2)), column("home_directory", text(6))]);
            }
            if at % 4 == 1 {
                users.retain(|(name, ..)| *name != "last_name");
            }
            if at % 4 == 3 {
                users.retain(|(name, ..)| *name != "first_name");
                users.push(column("gecos", text(1)));
            }
            Shape { before, users, groups }
        })
        .collect()
}

const POSTGRES: &str = "CREATE EXTENSION citext; \
    CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);";

impl Shape {
    /// What makes and fills the tables.
    pub fn sql(&self, engine: Engine, random: &mut Random) -> String {
        let mut sql = format!("{}\n", self.before);
        for (table, columns, rows) in [("people", &self.users, USERS), ("teams", &self.groups, GROUPS)] {
            let declared: Vec<String> = columns
                .iter()
                .map(|(name, declared, _)| format!("\"{name}\" {declared}"))
                .collect();
            sql += &format!("CREATE TABLE {table} ({});\n", declared.join(", "));
            let mut names = HashSet::new();
            while names.len() < rows {
                let Some((name, literal)) = self.name(engine, columns[0], random) else {
                    continue;
                };
                if !names.insert(name) {
                    continue;
                }
                let rest = columns[1..].iter().map(|(_, _, fill)| cell(engine, *fill, random));
                let cells: Vec<String> = std::iter::once(literal).chain(rest).collect();
                sql += &format!("INSERT INTO {table} VALUES ({});\n", cells.join(", "));
            }
        }
        sql
    }

    /// A name that no other row has under caseIgnoreMatch, and how it is written.
    fn name(&self, engine: Engine, (_, declared, fill): Column, random: &mut Random) -> Option<(String, String)> {
        let most = match fill {
            Fill::Text(most) | Fill::Latin(most) => most.min(60),
            _ => 60,
        };
        if fill == Fill::Anything && random.below(3) == 0 {
            let number = random.below(500).to_string();
            return Some((number.clone(), number));
        }
        let mut name = text(engine, most - 4, fill, random);
        if random.below(3) > 0 {
            name += &random.below(1000).to_string();
        }
        // Names of which no home directory is made.
        match random.below(20) {
            0..3 => name = format!("/{}", name.chars().skip(1).collect::<String>()),
            3 => name = "..".to_owned(),
            _ => {}
        }
        // What a column cuts off, or takes for a number, is another name.
        if declared.starts_with("CHAR") {
            name = name.trim_end_matches(' ').to_owned();
        }
        if name.is_empty() || declared == "INTEGER" && name.trim().parse::<f64>().is_ok() {
            return None;
        }
        let prepared = prepare_ignore_case(&name).filter(|prepared| !prepared.is_empty())?;
        Some((prepared, literal(engine, &name)))
    }
}

const PIECES: [&str; 47] = [
    "alice",
    "Alice",
    "ALICE",
    "bob",
    "Smith",
    "smith",
    "x%y",
    "50%",
    "_",
    "%",
    "\\",
    "\\%",
    "'",
    "\"",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "e\u{301}",
    // By character it begins with a plain word; its last letter is another one.
    "alice\u{301}",
    "é",
    "e",
    "É",
    "😀",
    "ﬁ",
    "fi",
    // The sign for kelvin, which folds into the letter.
    "\u{212a}",
    "k",
    "ſ",
    "s",
    "\u{a0}",
    "\u{ad}",
    "|",
    "||%",
    "[a]",
    "*",
    "?",
    "\n",
    "\t",
    "Ａ",
    "ch",
    "Ⅷ",
    ",",
    "+",
    "#",
    "/home/alice",
    "/bin/bash",
];

/// Text in which everything interesting is likely.
pub fn text(engine: Engine, most: usize, fill: Fill, random: &mut Random) -> String {
    let mut text = String::new();
    if most > 2000 && random.below(12) == 0 {
        text += &"lorem ipsum ".repeat(170);
    }
    for at in 0..=random.below(4) {
        if at > 0 {
            text += ["", " ", " ", "  "][random.below(4)];
        }
        // Plain words most of the time.
        text += match random.below(3) {
            0 => PIECES[random.below(PIECES.len())],
            _ => PIECES[random.below(8)],
        };
    }
    match random.below(14) {
        0 => text.insert(0, ' '),
        1 => text.push(' '),
        2 => text.push_str("  "),
        3 if engine != Engine::PostgreSql => text.push_str("\0x"),
        _ => {}
    }
    if matches!(fill, Fill::Latin(_)) {
        text.retain(|c| c < '\u{80}' || ('\u{a0}'..='\u{ff}').contains(&c));
    }
    text.chars().take(most).collect()
}

/// A text as a literal that no client program misreads.
fn literal(engine: Engine, text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    match engine {
        Engine::PostgreSql => format!("convert_from('\\x{hex}'::bytea, 'UTF8')"),
        Engine::MariaDb => format!("CONVERT(X'{hex}' USING utf8mb4)"),
        Engine::Sqlite => format!("CAST(X'{hex}' AS TEXT)"),
    }
}

const LOOK_ALIKES: [&str; 28] = [
    "7",
    "007",
    " 7",
    "+7",
    "7.0",
    "7 ",
    "-7",
    "0",
    "-0",
    "00",
    "7e0",
    "0x7",
    "\u{a0}7",
    "99999999999999999999999",
    "1e3",
    "",
    "abc",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "12",
    "100",
    "100",
    "12abc",
    "٧",
    "\t7",
    "9007199254740993",
    "4096",
];
const TIMES: [&str; 14] = [
    "2024-01-02 03:04:05",
    "2024-01-02 03:04:05",
    "2024-01-02 03:04:05.678",
    "2024-01-02 00:00:00",
    "2024-01-02T03:04:05Z",
    "2024-01-02 23:30:00-05",
    "2024-01-03 01:30:00 +02:00",
    "20240102030405Z",
    " 2024-01-02 03:04:05 ",
    "2024-01-02",
    "never",
    "infinity",
    "1999-12-31 23:59:59",
    "2024-01-02 03:04:06",
];
const UUIDS: [&str; 4] = [
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "0b1d5f4e-6c7a-5d8e-9f10-a1b2c3d4e5f6",
    "00000000-0000-0000-0000-000000000000",
];

fn cell(engine: Engine, fill: Fill, random: &mut Random) -> String {
    if random.below(8) == 0 {
        return "NULL".to_owned();
    }
    if random.below(14) == 0 && matches!(fill, Fill::Text(_) | Fill::Latin(_) | Fill::Keys | Fill::LookAlike) {
        return literal(engine, "");
    }
    let pick = |list: &[&str], random: &mut Random| list[random.below(list.len())].to_owned();
    match fill {
        Fill::Text(most) | Fill::Latin(most) => literal(engine, &text(engine, most, fill, random)),
        Fill::Number => ["7", "0", "12", "100", "4096", "30000", "1"][random.below(7)].to_owned(),
        Fill::Unsigned => [
            "7",
            "9223372036854775807",
            "9223372036854775808",
            "100",
            "18446744073709551615",
        ][random.below(5)]
        .to_owned(),
        Fill::Decimal => ["7.00", "7.50", "0", "12", "99999999999999999999", "-7", "100"][random.below(7)].to_owned(),
        Fill::LookAlike => literal(engine, &pick(&LOOK_ALIKES, random)),
        Fill::AnyNumber => match random.below(5) {
            0 => ["7", "12", "100", "-7", "9223372036854775807"][random.below(5)].to_owned(),
            1 => ["7.0", "7.5", "1e20", "-0.0"][random.below(4)].to_owned(),
            2 => ["X'37'", "X'ff'", "X''"][random.below(3)].to_owned(),
            _ => literal(engine, &pick(&LOOK_ALIKES, random)),
        },
        Fill::Time => match pick(
            &[
                "2024-01-02 03:04:05",
                "2024-01-02 03:04:05.678",
                "1999-12-31",
                "2024-01-02",
                "infinity",
            ],
            random,
        ) {
            forever if forever == "infinity" && engine != Engine::PostgreSql => "'9999-12-31 23:59:59'".to_owned(),
            time => format!("'{time}'"),
        },
        Fill::TimeText => match (engine, random.below(9)) {
            (Engine::Sqlite, 0) => "1704164645".to_owned(),
            (Engine::Sqlite, 1) => "X'323032342d30312d3032'".to_owned(),
            _ => literal(engine, &pick(&TIMES, random)),
        },
        Fill::Uuid => literal(engine, &pick(&UUIDS, random)) + if engine == Engine::PostgreSql { "::uuid" } else { "" },
        Fill::UuidText => {
            let uuid = pick(&UUIDS, random);
            let spelled = match random.below(7) {
                0 => uuid.to_uppercase(),
                1 => uuid.replace('-', ""),
                2 => format!("{{{uuid}}}"),
                3 => format!(" {uuid}"),
                4 => "nothing".to_owned(),
                _ => uuid,
            };
            literal(engine, &spelled)
        }
        Fill::Boolean => match engine {
            Engine::PostgreSql => ["TRUE", "FALSE"][random.below(2)].to_owned(),
            _ => ["1", "0", "2"][random.below(3)].to_owned(),
        },
        Fill::Keys => {
            let keys = [
                "ssh-rsa AAAA alice",
                "ssh-rsa  AAAA",
                "# none",
                "ecdsa BBBB 50%",
                "ssh-rsa AAAA alice ",
            ];
            let lines: Vec<&str> = (0..=random.below(2)).map(|_| keys[random.below(keys.len())]).collect();
            literal(engine, &lines.join("\n"))
        }
        Fill::Phone => {
            let numbers = [
                "+49 30 1234",
                "+49-30-1234",
                "+49301234",
                "030 1234",
                "1234 ",
                "-",
                "+49 30 x",
                "é",
            ];
            literal(engine, &pick(&numbers, random))
        }
        Fill::Anything => match random.below(6) {
            0 => random.below(300).to_string(),
            1 => "7.5".to_owned(),
            2 => format!("X'{}'", ["616c696365", "ff00", "416c696365"][random.below(3)]),
            3 => "CAST(X'61ff62' AS TEXT)".to_owned(),
            _ => literal(engine, &text(engine, 300, fill, random)),
        },
    }
}
