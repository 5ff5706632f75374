//! What a query spells as other engines and tools do, and this engine does not: placeholders with names, quotes around a
//! placeholder, the quotes of other engines. Only for hints: whether it is wrong, the engine decides.

use super::lexer::{Kind, Token, scan};
use super::tokens::{ends_value, is_one_of, touch};
use crate::sql::engine::Engine;

/// How much of a spelling is shown.
const SHOWN: usize = 40;

/// Something that this engine spells otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// What elsewhere stands for a value: `:name`, `%s`, `@name`, `{name}`.
    Placeholder(String),
    /// A placeholder within quotes, which is a text: `'?'`.
    QuotedPlaceholder(String),
    /// A name in the quotes of another engine: how it is written there, and the name.
    Quoted(String, String),
}

/// All of them in an operator's query, in their order.
pub(crate) fn foreign(sql: &str, engine: Engine) -> Vec<Foreign> {
    let tokens = scan(sql, engine).unwrap_or_default();
    let code: Vec<Token> = tokens.into_iter().filter(|token| token.kind != Kind::Blank).collect();
    in_code(&code, engine)
}

/// The same in tokens without blanks.
pub(super) fn in_code(code: &[Token], engine: Engine) -> Vec<Foreign> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).and_then(|before| code.get(before));
        let earlier = at.checked_sub(2).and_then(|before| code.get(before));
        let follows_value = before.is_some_and(|token| ends_value(token, earlier));
        let (one, length) = match placeholder(rest, before, follows_value) {
            Some(length) => (Some(Foreign::Placeholder(text(rest, length))), length),
            None => quoted(rest, engine, before, follows_value).unwrap_or((None, 1)),
        };
        found.extend(one);
        at += length;
    }
    found
}

/// How many tokens a placeholder of another tool has that begins here.
fn placeholder(rest: &[Token], before: Option<&Token>, follows_value: bool) -> Option<usize> {
    let [first, more @ ..] = rest else {
        return None;
    };
    let is = |at: usize, text: &str| more.get(at).is_some_and(|token| token.text == text);
    let is_word = |at: usize| more.get(at).is_some_and(|token| token.kind == Kind::Word);
    let is_near = |at: usize| {
        let previous = at.checked_sub(1).map_or(Some(first), |at| more.get(at));
        matches!((previous, more.get(at)), (Some(first), Some(second)) if touch(first, second))
    };
    // `a::text`, `a[1:n]`, `@@version`, `a % s` are none.
    let is_doubled = before.is_some_and(|token| token.text == first.text && touch(token, first));
    if follows_value || is_doubled {
        return None;
    }
    match first.text {
        ":" | "@" if is_word(0) && is_near(0) => Some(2),
        "%" if is_word(0) && is_near(0) => Some(2),
        "%" if is(0, "(") && is_word(1) && is(2, ")") && is_word(3) => Some(5),
        "$" if is(0, "{") && is_word(1) && is(2, "}") => Some(4),
        "$" if is_word(0) && is_near(0) => Some(2),
        "{" if is(0, "{") && is_word(1) && is(2, "}") && is(3, "}") => Some(5),
        "{" if is_word(0) && is(1, "}") => Some(3),
        _ => None,
    }
}

/// What stands in quotes that mean something else here, and how many tokens it has.
fn quoted(
    rest: &[Token],
    engine: Engine,
    before: Option<&Token>,
    follows_value: bool,
) -> Option<(Option<Foreign>, usize)> {
    let first = rest.first()?;
    match first.kind {
        Kind::Text | Kind::DoubleQuotedText | Kind::Identifier => {
            let inner = first.text.get(1..first.text.len().checked_sub(1)?)?;
            let one = if is_placeholder(inner) {
                Some(Foreign::QuotedPlaceholder(shortened(first.text)))
            } else if first.kind == Kind::DoubleQuotedText {
                Some(Foreign::Quoted(shortened(first.text), inner.to_owned()))
            } else {
                None
            };
            Some((one, 1))
        }
        // A value in a backtick's place is an operator's operand nowhere.
        Kind::Symbol if first.text == "`" && engine == Engine::PostgreSql => {
            let length = 2 + rest.iter().skip(1).position(|token| token.text == "`")?;
            let name: String = rest.iter().take(length - 1).skip(1).map(|token| token.text).collect();
            Some((Some(Foreign::Quoted(text(rest, length), name)), length))
        }
        Kind::Open
            if first.text == "[" && !follows_value && !before.is_some_and(|word| is_one_of(word, &["ARRAY"])) =>
        {
            let [_, word, close, ..] = rest else {
                return None;
            };
            let is_name = word.kind == Kind::Word && close.text == "]";
            is_name.then(|| (Some(Foreign::Quoted(text(rest, 3), word.text.to_owned())), 3))
        }
        _ => None,
    }
}

/// Whether a text within quotes was meant to be replaced by a value.
fn is_placeholder(inner: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
    };
    let within = |open: &str, close: &str| {
        let name = inner.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        name.is_some_and(is_name)
    };
    matches!(inner, "?" | "$1" | "%s" | "%u" | "%n" | "%?%" | "%?" | "?%")
        || within(":", "")
        || within("@", "")
        || within("{", "}")
        || within("{{", "}}")
        || within("${", "}")
        || within("%(", ")s")
}

fn text(tokens: &[Token], length: usize) -> String {
    shortened(&tokens.iter().take(length).map(|token| token.text).collect::<String>())
}

fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Engine::{MySql, PostgreSql, Sqlite};

    fn found(condition: &str, engine: Engine) -> Vec<Foreign> {
        foreign(&format!("SELECT a FROM t WHERE {condition}"), engine)
    }

    #[test]
    fn placeholders_of_other_tools_are_known() {
        for engine in [PostgreSql, MySql] {
            for text in [
                ":username",
                "@username",
                "%s",
                "%u",
                "%(name)s",
                "{username}",
                "{{ user }}",
                "${user}",
            ] {
                let one = [Foreign::Placeholder(text.replace(' ', ""))];
                assert_eq!(found(&format!("u = {text}"), engine), one, "{engine:?} {text}");
                assert_eq!(
                    found(&format!("u IN ({text}) AND b = 1"), engine),
                    one,
                    "{engine:?} {text}"
                );
            }
        }
        for engine in [PostgreSql, MySql, Sqlite] {
            for text in ["?", "$1", "%s", ":username", "{username}", "%?%", "${user}"] {
                let one = [Foreign::QuotedPlaceholder(format!("'{text}'"))];
                assert_eq!(found(&format!("u = '{text}'"), engine), one, "{engine:?} {text}");
            }
            let one = [Foreign::QuotedPlaceholder("\"?\"".to_owned())];
            assert_eq!(found("u = \"?\"", engine), one, "{engine:?}");
        }
    }

    #[test]
    fn quotes_of_other_engines_are_known() {
        let quoted = |text: &str, name: &str| Foreign::Quoted(text.to_owned(), name.to_owned());
        assert_eq!(
            found("`a b`.`c` = 1", PostgreSql),
            [quoted("`ab`", "ab"), quoted("`c`", "c")]
        );
        assert_eq!(found("[user] = 1", PostgreSql), [quoted("[user]", "user")]);
        assert_eq!(found("t.a = [b]", MySql), [quoted("[b]", "b")]);
        assert_eq!(found("\"a\" = 1", MySql), [quoted("\"a\"", "a")]);
    }

    #[test]
    fn what_this_engine_means_by_it_is_left_alone() {
        for (text, engine) in [
            ("a::text = ? AND b[1:n] = 1 AND 10 % s = 1", PostgreSql),
            ("a = ARRAY[b] AND x[y] = 1 AND a @> b AND a @ b", PostgreSql),
            ("a = '?a' AND b = 'what?' AND c = '%' AND d = 'a@b'", PostgreSql),
            ("a = @@version AND 5 % s = 1 AND a = 'x'", MySql),
            ("`a` = ? AND b = '%s %s'", MySql),
            ("[a] = ? AND `b` = 1 AND \"c\" = 1", Sqlite),
        ] {
            assert_eq!(found(text, engine), [], "{text}");
        }
    }
}
