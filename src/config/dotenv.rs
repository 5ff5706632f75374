//! `.env` files, read as the Node gateway's `dotenv` package reads them, because deployments have such
//! files: an unquoted value runs to the end of its line (`SQL_QUERY_ALL_USERS=SELECT "uid" AS …`),
//! nothing is substituted (`$1`, passwords with `$`), a quoted value may span lines (PEM). The dotenvy
//! crate follows the shell instead: it refuses the first and empties the second.
//! Must not know: which names are settings.

/// What one file says, in its order, and the lines that say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Names and values; of equal names the later counts.
    pub values: Vec<(String, String)>,
    /// Numbers of lines that are neither assignments, comments nor empty: ignored, with a warning.
    pub ignored: Vec<usize>,
    /// Numbers of lines where a quotation begins that never ends.
    pub unclosed: Vec<usize>,
}

/// Reads the text of a `.env` file. Never fails: what can not be read is listed by line number.
pub(super) fn parse(text: &str) -> Parsed {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut parsed = Parsed::default();
    let mut rest = text.as_str();
    let mut number = 1;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut next = after;
        let start = line.trim_start();
        if !start.is_empty() && !start.starts_with('#') {
            match assignment(line, rest) {
                Assignment::None => parsed.ignored.push(number),
                Assignment::Unclosed(name) => {
                    parsed.unclosed.push(number);
                    parsed.values.push((name, String::new()));
                }
                Assignment::Value { name, value, after } => {
                    parsed.values.push((name, value));
                    next = after;
                }
            }
        }
        let consumed = rest.len().saturating_sub(next.len());
        number += rest.bytes().take(consumed).filter(|byte| *byte == b'\n').count();
        rest = next;
    }
    parsed
}

enum Assignment<'a> {
    None,
    Unclosed(String),
    Value {
        name: String,
        value: String,
        after: &'a str,
    },
}

/// Reads the assignment that begins `rest`, whose first line is `line`.
fn assignment<'a>(line: &str, rest: &'a str) -> Assignment<'a> {
    let Some((name, before_value)) = name(line) else {
        return Assignment::None;
    };
    let value_and_after = rest.get(before_value..).unwrap_or("");
    let value = value_and_after.trim_start_matches([' ', '\t']);
    match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => match quoted(value, quote) {
            Quoted::Value(value, after) => Assignment::Value { name, value, after },
            Quoted::Unclosed => Assignment::Unclosed(name),
            Quoted::FollowedByText => unquoted(name, value_and_after),
        },
        _ => unquoted(name, value_and_after),
    }
}

/// The name before `=` (or `: `), and where the text after that sign begins.
fn name(line: &str) -> Option<(String, usize)> {
    let at = line.find(['=', ':'])?;
    let (left, right) = line.split_at_checked(at)?;
    if right.starts_with(':') && !right.starts_with(": ") {
        return None;
    }
    let left = left.trim();
    let name = match left.split_once([' ', '\t']) {
        Some(("export", name)) => name.trim_start(),
        _ => left,
    };
    let valid = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    valid.then(|| (name.to_owned(), at + 1))
}

enum Quoted<'a> {
    Value(String, &'a str),
    Unclosed,
    FollowedByText,
}

/// Reads a quoted value; only double quotes know `\n`, `\r` and `\"`.
fn quoted(text: &str, quote: char) -> Quoted<'_> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.peek().map(|(_, next)| *next) {
                Some(next) if next == quote => {
                    value.push(next);
                    characters.next();
                }
                Some('n') if quote == '"' => {
                    value.push('\n');
                    characters.next();
                }
                Some('r') if quote == '"' => {
                    value.push('\r');
                    characters.next();
                }
                _ => value.push('\\'),
            },
            _ if character == quote => {
                let after = text.get(at + character.len_utf8()..).unwrap_or("");
                let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
                let tail = tail.trim();
                return if tail.is_empty() || tail.starts_with('#') {
                    Quoted::Value(value, after)
                } else {
                    Quoted::FollowedByText
                };
            }
            _ => value.push(character),
        }
    }
    Quoted::Unclosed
}

/// An unquoted value: to the end of the line or to a comment, which needs a blank before its `#`
/// (a password or a fragment may contain one).
fn unquoted(name: String, text: &str) -> Assignment<'_> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| {
        line.get(..*at)
            .is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    });
    let value = comment.and_then(|at| line.get(..at)).unwrap_or(line).trim().to_owned();
    Assignment::Value { name, value, after }
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
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let parsed = parse(text);
        assert!(parsed.ignored.is_empty() && parsed.unclosed.is_empty(), "{parsed:?}");
        parsed.values
    }

    fn value(text: &str) -> String {
        let values = values(text);
        assert_eq!(values.len(), 1, "{values:?}");
        values[0].1.clone()
    }

    #[test]
    fn deployed_queries_are_read_to_the_end_of_the_line() {
        let query = r#"SELECT g."cn" AS name FROM "Groups" g WHERE u."uid" = ?"#;
        assert_eq!(value(&format!("SQL_QUERY_GROUPS_BY_MEMBER={query}\n")), query);
        assert_eq!(
            value("SQL_URI=postgres://u:pa$$w0rd#1@h:5432/d"),
            "postgres://u:pa$$w0rd#1@h:5432/d"
        );
        assert_eq!(value("Q=SELECT a FROM b WHERE c = $1"), "SELECT a FROM b WHERE c = $1");
    }

    #[test]
    fn quotes_comments_export_and_blanks() {
        assert_eq!(value("  export A = b c   # comment"), "b c");
        assert_eq!(value("A: b"), "b");
        assert_eq!(value("A='b # c' # d"), "b # c");
        assert_eq!(value(r#"A="b \"c\"\nd\e""#), "b \"c\"\nd\\e");
        assert_eq!(value("A=`it's \"b\"`"), "it's \"b\"");
        assert_eq!(value("A="), "");
        assert_eq!(value("A= # nothing"), "");
        assert_eq!(value(r#"A="Users" u"#), r#""Users" u"#);
        assert_eq!(value("\u{feff}A=b\r\n"), "b");
        assert_eq!(value("# x\n\n  # y\nA=b"), "b");
    }

    #[test]
    fn quoted_values_span_lines() {
        assert_eq!(
            values("KEY=\"-----BEGIN\nabc\n-----END\"\nB=1\n"),
            vec![
                ("KEY".into(), "-----BEGIN\nabc\n-----END".into()),
                ("B".into(), "1".into())
            ]
        );
    }

    #[test]
    fn what_can_not_be_read_is_named_by_its_line() {
        let parsed = parse("A=\"1\n2\"\njust words\nB=2\nC='open\nD=3");
        assert_eq!(parsed.ignored, vec![3]);
        assert_eq!(parsed.unclosed, vec![5]);
        assert_eq!(
            parsed.values.iter().find(|(name, _)| name == "D"),
            Some(&("D".into(), "3".into()))
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_always_ends(text in "[A-Z=:'\"`#\\\\ \n\r\t$é]{0,80}") {
            parse(&text);
        }

        #[test]
        fn single_quoted_values_come_back(value in "[^'\\\\\r]{0,60}") {
            prop_assert_eq!(parse(&format!("A='{value}'\n")).values, vec![("A".to_owned(), value)]);
        }
    }
}
