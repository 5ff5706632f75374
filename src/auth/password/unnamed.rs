//! Values that do not say which scheme they are of: marks of accounts without a password, digests without a name, and what
//! other systems keep for themselves. No password matches them; the text says what to do.

use super::password_hash::Reason;

/// What such a value is, in words that hold nothing of it.
pub(super) struct Unnamed {
    /// What it looks like.
    pub(super) scheme: &'static str,
    /// Why nobody can bind with it, and the cure.
    pub(super) problem: Reason,
    /// Whether it stands for no password: somebody meant this account to have none.
    pub(super) is_mark: bool,
}

pub(super) const NO_HASH: Unnamed = mark("empty", "there is no hash");
const DJANGO: Unnamed = mark(
    "Django's unusable password",
    "this account has none: it signs in elsewhere, or by no password at all",
);
const LOCKED: Unnamed = mark(
    "locked",
    "`!` or `*` stands before the hash, as `usermod -L` puts it there: the password is kept and may not be used",
);
const MARK: Unnamed = mark(
    "a mark in place of a hash",
    "`!`, `*`, `x` or a word such as `NULL`: this account has no password",
);

const UNKNOWN: Unnamed = no_hash(
    "unknown form",
    "no hash that is known: in plain text, perhaps, which never matches",
);
const BLANKS: Unnamed = no_hash(
    "a hash behind blanks",
    "let the query take them away: trim(password) AS password",
);
const QUOTES: Unnamed = no_hash(
    "a hash between quotes",
    "somebody stored the text of a string (b'…', \"…\") in place of the string: let the query take the quotes away",
);
const BYTEA: Unnamed = no_hash(
    "a hash as PostgreSQL writes bytea (\\x24…)",
    "let the query make a text of it: convert_from(password::bytea, 'UTF8') AS password",
);
const MD5: Unnamed = no_hash(
    "MD5 in hexadecimal",
    "it has no name, and may as well be an NT hash, which is not supported: if it is MD5 without a salt, let the query \
     name it: '{MD5}' || password AS password (MariaDB: CONCAT('{MD5}', password))",
);
const SHA1: Unnamed = no_hash(
    "SHA-1 in hexadecimal",
    "it has no name: if it has no salt, let the query name it: '{SHA}' || password AS password \
     (MariaDB: CONCAT('{SHA}', password))",
);
const SHA256: Unnamed = no_hash(
    "SHA-256 in hexadecimal",
    "it has no name: if it has no salt, let the query name it: '{SHA256}' || password AS password \
     (MariaDB: CONCAT('{SHA256}', password))",
);
const SHA384: Unnamed = no_hash(
    "SHA-384 in hexadecimal",
    "it has no name: if it has no salt, let the query name it: '{SHA384}' || password AS password \
     (MariaDB: CONCAT('{SHA384}', password))",
);
const SHA512: Unnamed = no_hash(
    "SHA-512 in hexadecimal",
    "it has no name: if it has no salt, let the query name it: '{SHA512}' || password AS password \
     (MariaDB: CONCAT('{SHA512}', password))",
);
const PBKDF2: Unnamed = no_hash(
    "100 hexadecimal digits (Grafana, Gitea)",
    "a key by PBKDF2, whose salt is in another column: let the query put them together, as docs/passwords.md says",
);
const SALTED_MD5: Unnamed = no_hash(
    "MD5 and a salt (Joomla before 3.2, osCommerce, Magento 1)",
    "the form does not say which comes first; Joomla's is a {SMD5} when the query puts it together, as docs/passwords.md \
     says, the others' cannot be verified: these users need a new password",
);
const SALTED_SHA256: Unnamed = no_hash(
    "SHA-256, a salt and a version (Magento 2)",
    "it is not supported: these users need a new password",
);
const POSTGRESQL: Unnamed = no_hash(
    "PostgreSQL's own (md5…, SCRAM-SHA-256$…)",
    "the password of a role of the database, not of an application; it is not supported: take the application's column",
);
const MYSQL: Unnamed = no_hash(
    "MySQL's own (PASSWORD(), *…)",
    "the password of a user of the database, not of an application; it is not supported: these users need a new password",
);
const SQL_SERVER: Unnamed = no_hash(
    "SQL Server's own (0x0100…, 0x0200…)",
    "it is not supported: these users need a new password",
);

const fn mark(scheme: &'static str, problem: Reason) -> Unnamed {
    Unnamed {
        scheme,
        problem,
        is_mark: true,
    }
}

const fn no_hash(scheme: &'static str, problem: Reason) -> Unnamed {
    Unnamed {
        scheme,
        problem,
        is_mark: false,
    }
}

/// Letters and digits behind the `!` of Django's unusable passwords.
const DJANGO_CHARACTERS: usize = 40;

/// Words in place of a hash, in lower case.
const WORDS: [&str; 16] = [
    "-",
    "--",
    "x",
    "np",
    "lk",
    "n/a",
    "\\n",
    "null",
    "(null)",
    "nil",
    "none",
    "undefined",
    "disabled",
    "locked",
    "nologin",
    "unset",
];

/// Whether a password can match a value.
type IsUsable<'a> = &'a dyn Fn(&str) -> bool;

/// What a value is that has none of the known beginnings. Some hold another one that is usable.
pub(super) fn look_at(stored: &str, is_usable: IsUsable) -> Unnamed {
    if stored.is_empty() {
        return NO_HASH;
    }
    marked(stored, is_usable)
        .or_else(|| of_databases(stored))
        .or_else(|| in_hexadecimal(stored))
        .or_else(|| wrapped(stored, is_usable))
        .unwrap_or(UNKNOWN)
}

fn marked(stored: &str, is_usable: IsUsable) -> Option<Unnamed> {
    if WORDS.contains(&stored.to_ascii_lowercase().as_str()) {
        return Some(MARK);
    }
    let rest = stored.strip_prefix(['!', '*'])?;
    if is_hexadecimal(rest) && rest.len() == 40 && stored.starts_with('*') {
        return Some(MYSQL);
    }
    let is_random = rest.len() == DJANGO_CHARACTERS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_random && stored.starts_with('!') {
        return Some(DJANGO);
    }
    let rest = rest
        .strip_prefix("LOCKED*")
        .unwrap_or(rest)
        .trim_start_matches(['!', '*']);
    let is_kept = is_usable(rest);
    Some(if is_kept { LOCKED } else { MARK })
}

fn of_databases(stored: &str) -> Option<Unnamed> {
    let is_md5 = stored
        .strip_prefix("md5")
        .is_some_and(|rest| rest.len() == 32 && is_hexadecimal(rest));
    if is_md5 || stored.starts_with("SCRAM-SHA-256$") {
        return Some(POSTGRESQL);
    }
    if ["0x0100", "0x0200"]
        .iter()
        .any(|beginning| stored.starts_with(beginning))
    {
        return Some(SQL_SERVER);
    }
    None
}

fn in_hexadecimal(stored: &str) -> Option<Unnamed> {
    if let Some((digest, rest)) = stored.split_once(':') {
        return match (digest.len(), is_hexadecimal(digest)) {
            (32, true) => Some(SALTED_MD5),
            (64, true) if rest.contains(':') => Some(SALTED_SHA256),
            _ => None,
        };
    }
    match (stored.len(), is_hexadecimal(stored)) {
        (32, true) => Some(MD5),
        (40, true) => Some(SHA1),
        (64, true) => Some(SHA256),
        (96, true) => Some(SHA384),
        (100, true) => Some(PBKDF2),
        (128, true) => Some(SHA512),
        _ => None,
    }
}

/// Hashes that were stored, or are read, with something around them.
fn wrapped(stored: &str, is_usable: IsUsable) -> Option<Unnamed> {
    if stored.starts_with("\\x24") || stored.starts_with("\\x7b") {
        return Some(BYTEA);
    }
    let inner = stored.trim_start();
    if inner.len() < stored.len() {
        return is_usable(inner).then_some(BLANKS);
    }
    let stored = stored.strip_prefix('b').unwrap_or(stored);
    let quote = stored.chars().next().filter(|sign| ['\'', '"', '`'].contains(sign))?;
    let inner = stored.strip_prefix(quote)?.strip_suffix(quote)?;
    is_usable(inner).then_some(QUOTES)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::password::classify;

    const CRYPT: &str =
        "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";

    #[test]
    fn accounts_without_a_password_are_known_as_such() {
        let django = format!("!{}", "aZ09".repeat(10));
        for (stored, scheme) in [
            ("", "empty"),
            ("  ", "empty"),
            (&django, "Django's unusable password"),
            (&format!("!{CRYPT}"), "locked"),
            (&format!("!!{CRYPT}"), "locked"),
            (&format!("*{CRYPT}"), "locked"),
            (&format!("*LOCKED*{CRYPT}"), "locked"),
            ("!{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "locked"),
            ("!", "a mark in place of a hash"),
            ("!!", "a mark in place of a hash"),
            ("*", "a mark in place of a hash"),
            ("*0", "a mark in place of a hash"),
            ("*LK*", "a mark in place of a hash"),
            ("*NP*", "a mark in place of a hash"),
            ("x", "a mark in place of a hash"),
            ("NULL", "a mark in place of a hash"),
            ("None", "a mark in place of a hash"),
            ("\\N", "a mark in place of a hash"),
        ] {
            let found = classify(stored);
            assert_eq!((found.scheme, found.is_mark), (scheme, true), "{stored}");
            assert!(found.problem.is_some() && !found.is_named, "{stored}");
        }
    }

    #[test]
    fn what_has_no_name_is_told_by_its_looks() {
        let hexadecimal = |count: usize| "0a".repeat(count / 2);
        for (stored, scheme, cure) in [
            (hexadecimal(32), "MD5 in hexadecimal", "'{MD5}' || password"),
            (hexadecimal(32).to_uppercase(), "MD5 in hexadecimal", "NT hash"),
            (hexadecimal(40), "SHA-1 in hexadecimal", "CONCAT('{SHA}', password)"),
            (hexadecimal(64), "SHA-256 in hexadecimal", "'{SHA256}' || password"),
            (hexadecimal(96), "SHA-384 in hexadecimal", "'{SHA384}' || password"),
            (hexadecimal(128), "SHA-512 in hexadecimal", "'{SHA512}' || password"),
            (
                hexadecimal(100),
                "100 hexadecimal digits (Grafana, Gitea)",
                "docs/passwords.md",
            ),
            (
                format!("md5{}", hexadecimal(32)),
                "PostgreSQL's own (md5…, SCRAM-SHA-256$…)",
                "role",
            ),
            (
                "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy".to_owned(),
                "PostgreSQL's own (md5…, SCRAM-SHA-256$…)",
                "role",
            ),
            (
                format!("*{}", hexadecimal(40).to_uppercase()),
                "MySQL's own (PASSWORD(), *…)",
                "user of the database",
            ),
            (
                format!("{}:salt", hexadecimal(32)),
                "MD5 and a salt (Joomla before 3.2, osCommerce, Magento 1)",
                "{SMD5}",
            ),
            (
                format!("{}:salt:1", hexadecimal(64)),
                "SHA-256, a salt and a version (Magento 2)",
                "new password",
            ),
            (
                format!("0x0200{}", hexadecimal(128)),
                "SQL Server's own (0x0100…, 0x0200…)",
                "new password",
            ),
            (format!(" {CRYPT}"), "a hash behind blanks", "trim(password)"),
            (format!("b'{CRYPT}'"), "a hash between quotes", "b'…'"),
            (format!("\"{CRYPT}\""), "a hash between quotes", "b'…'"),
            (
                "\\x243524".to_owned(),
                "a hash as PostgreSQL writes bytea (\\x24…)",
                "convert_from",
            ),
            ("hunter2".to_owned(), "unknown form", "plain text"),
            ("b".to_owned(), "unknown form", "plain text"),
            ("'".to_owned(), "unknown form", "plain text"),
            ("0a:".to_owned(), "unknown form", "plain text"),
        ] {
            let found = classify(&stored);
            assert_eq!(
                (found.scheme, found.is_mark, found.is_named),
                (scheme, false, false),
                "{stored}"
            );
            let problem = found.problem.unwrap_or_default();
            assert!(problem.contains(cure), "{stored}: {problem}");
            assert!(!problem.contains("hunter2") && !problem.contains("0a0a"), "{stored}");
        }
    }

    /// As the cures say.
    #[test]
    fn digests_that_the_query_names_are_usable() {
        for (name, digits) in [
            ("MD5", 32),
            ("SHA", 40),
            ("SHA256", 64),
            ("SHA384", 96),
            ("SHA512", 128),
        ] {
            let stored = format!("{{{name}}}{}", "0a".repeat(digits / 2));
            assert_eq!(classify(&stored).problem, None, "{name}");
        }
    }

    #[test]
    fn many_signs_one_around_the_other_end() {
        for sign in ["!", "*", "'", "b'", " ", "{", "1|"] {
            assert!(classify(&sign.repeat(1000)).problem.is_some());
        }
    }

    #[test]
    fn the_documentation_has_every_one() {
        let page = include_str!("../../../docs/passwords.md");
        for found in [
            NO_HASH,
            DJANGO,
            LOCKED,
            MARK,
            UNKNOWN,
            BLANKS,
            QUOTES,
            BYTEA,
            MD5,
            SHA1,
            SHA256,
            SHA384,
            SHA512,
            PBKDF2,
            SALTED_MD5,
            SALTED_SHA256,
            POSTGRESQL,
            MYSQL,
            SQL_SERVER,
        ] {
            let cells: Vec<&str> = page.lines().flat_map(|line| line.split(" | ")).collect();
            let is_there = cells
                .iter()
                .any(|cell| *cell == found.scheme || cell.split(", ").any(|part| part == found.scheme));
            assert!(is_there, "{}", found.scheme);
        }
    }
}
