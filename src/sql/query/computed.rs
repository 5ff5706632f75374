//! What a column of the operator's query is computed of, where the text tells it: an expression over the columns of one
//! table, as an index could hold it. Knows the surface of SQL only; what is not plain is nothing.

use super::lexer::{Kind, Token, scan};
use super::operator_query::OperatorQuery;
use super::tokens::is_one_of;

/// An expression over one table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The table, as the query spells it.
    pub table: String,
    /// The expression, its columns without the table's name.
    pub expression: String,
    /// Whether it is just a column.
    pub is_plain: bool,
}

/// Words that make a column depend on more than its own row, or the rows on more than their tables.
const NOT_PLAIN: [&str; 13] = [
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "GROUP",
    "HAVING",
    "WINDOW",
    "DISTINCT",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "WITH",
    "LATERAL",
    "OVER",
];
/// Words that end the tables of a FROM.
const AFTER_TABLES: [&str; 2] = ["WHERE", "ORDER"];
/// Words before a table's name.
const BEFORE_TABLE: [&str; 2] = ["FROM", "JOIN"];
/// Words that follow a table and are no alias.
const NO_ALIAS: [&str; 12] = [
    "ON", "USING", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER", "WHERE", "ORDER",
];

/// A table of the query's FROM.
struct Table {
    spelled: String,
    name: String,
}

impl OperatorQuery {
    /// What the column with this name is computed of. None where it is a plain column, or depends on more than one row of
    /// one table.
    pub fn computed(&self, column: &str) -> Option<Computed> {
        let text = self.to_describe();
        let tokens = scan(&text, self.engine()).ok()?;
        let code = tokens.iter().filter(|token| token.kind != Kind::Blank);
        if code.clone().any(|token| is_one_of(token, &NOT_PLAIN)) {
            return None;
        }
        let (list, tables) = split_select(&tokens)?;
        let items = split_commas(list);
        let item = items.iter().rev().find_map(|item| unaliased(item, column))?;
        expression(item, &tables_of(tables)?).filter(|found| !found.is_plain)
    }

    /// What a lookup compares its parameter with: `lower(login)` of `WHERE lower(login) = lower(?)`. None where it is
    /// nothing of one table.
    pub fn compared(&self) -> Option<Computed> {
        let text = self.to_describe();
        let tokens = scan(&text, self.engine()).ok()?;
        let (_, tables) = split_select(&tokens)?;
        let hole = tokens
            .iter()
            .position(|token| matches!(token.kind, Kind::Question | Kind::Numbered(_)))?;
        let before = tokens.get(..hole)?;
        // Between the sign and the parameter only the call of a function may stand.
        let sign = before
            .iter()
            .rposition(|token| !matches!(token.kind, Kind::Blank | Kind::Open | Kind::Word))?;
        if before.get(sign)?.text != "=" || before.get(sign.checked_sub(1)?)?.kind == Kind::Symbol {
            return None;
        }
        let side = before.get(..sign)?;
        let mut depth = 0_usize;
        let begin = side.iter().rposition(|token| {
            match token.kind {
                Kind::Close => depth += 1,
                Kind::Open if depth == 0 => return true,
                Kind::Open => depth -= 1,
                _ => {}
            }
            depth == 0 && is_one_of(token, &["WHERE", "AND", "OR", "NOT", "ON"])
        })?;
        expression(trimmed(side.get(begin + 1..)?), &tables_of(tables)?)
    }
}

/// The list of a plain SELECT, and what follows its FROM.
fn split_select<'t, 's>(tokens: &'t [Token<'s>]) -> Option<(&'t [Token<'s>], &'t [Token<'s>])> {
    let select = tokens.iter().position(|token| token.kind != Kind::Blank)?;
    let (first, rest) = tokens.get(select..)?.split_first()?;
    if !is_one_of(first, &["SELECT"]) {
        return None;
    }
    let from = outside(rest).find(|(_, token)| is_one_of(token, &["FROM"]))?.0;
    let list = rest.get(..from)?;
    let tables = rest.get(from..)?;
    let end = outside(tables).find(|(_, token)| is_one_of(token, &AFTER_TABLES));
    Some((list, tables.get(..end.map_or(tables.len(), |(at, _)| at))?))
}

/// The tokens that stand in no brackets, with their positions.
fn outside<'t, 's>(tokens: &'t [Token<'s>]) -> impl Iterator<Item = (usize, &'t Token<'s>)> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter(move |(_, token)| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.kind != Kind::Close
    })
}

fn split_commas<'t, 's>(list: &'t [Token<'s>]) -> Vec<&'t [Token<'s>]> {
    let commas = outside(list).filter(|(_, token)| token.text == ",").map(|(at, _)| at);
    let mut items = Vec::new();
    let mut begin = 0;
    for comma in commas.chain([list.len()]) {
        items.extend(list.get(begin..comma));
        begin = comma + 1;
    }
    items
}

/// The item before `AS column`; the word AS may be left out.
fn unaliased<'t, 's>(item: &'t [Token<'s>], column: &str) -> Option<&'t [Token<'s>]> {
    let item = trimmed(item);
    let (alias, before) = item.split_last()?;
    if !matches!(alias.kind, Kind::Word | Kind::Identifier) || !unquoted(alias.text).eq_ignore_ascii_case(column) {
        return None;
    }
    let before = trimmed(before);
    let (last, rest) = before.split_last()?;
    let ends_value = matches!(
        last.kind,
        Kind::Word | Kind::Identifier | Kind::Close | Kind::Number | Kind::Text
    );
    match is_one_of(last, &["AS"]) {
        true => Some(trimmed(rest)),
        false => ends_value.then_some(before),
    }
}

fn trimmed<'t, 's>(tokens: &'t [Token<'s>]) -> &'t [Token<'s>] {
    let is_code = |token: &Token<'_>| token.kind != Kind::Blank;
    let begin = tokens.iter().position(is_code).unwrap_or(tokens.len());
    let end = tokens.iter().rposition(is_code).map_or(begin, |last| last + 1);
    tokens.get(begin..end).unwrap_or_default()
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '`'])
}

/// The tables after FROM; None where one is a query of its own.
fn tables_of(tokens: &[Token<'_>]) -> Option<Vec<Table>> {
    let mut tables = Vec::new();
    for (at, token) in outside(tokens) {
        if !is_one_of(token, &BEFORE_TABLE) && token.text != "," {
            continue;
        }
        let mut rest = tokens
            .iter()
            .skip(at + 1)
            .filter(|token| token.kind != Kind::Blank)
            .peekable();
        let mut spelled = String::new();
        while let Some(part) = rest.next_if(|part| matches!(part.kind, Kind::Word | Kind::Identifier)) {
            spelled.push_str(part.text);
            match rest.next_if(|dot| dot.text == ".") {
                Some(_) => spelled.push('.'),
                None => break,
            }
        }
        if spelled.is_empty() {
            return None;
        }
        rest.next_if(|word| is_one_of(word, &["AS"]));
        let alias =
            rest.next_if(|word| matches!(word.kind, Kind::Word | Kind::Identifier) && !is_one_of(word, &NO_ALIAS));
        let own = spelled.rsplit('.').next().unwrap_or_default();
        let name = unquoted(alias.map_or(own, |alias| alias.text)).to_lowercase();
        tables.push(Table { spelled, name });
    }
    Some(tables)
}

/// An item as an expression over one of the tables.
fn expression(item: &[Token<'_>], tables: &[Table]) -> Option<Computed> {
    let code: Vec<&Token<'_>> = item.iter().filter(|token| token.kind != Kind::Blank).collect();
    if !code
        .iter()
        .any(|token| matches!(token.kind, Kind::Word | Kind::Identifier))
    {
        return None;
    }
    let is_foreign = |token: &&Token<'_>| {
        matches!(
            token.kind,
            Kind::Question | Kind::Numbered(_) | Kind::Named | Kind::DoubleQuotedText
        ) || is_one_of(token, &["SELECT"])
    };
    if code.iter().any(is_foreign) {
        return None;
    }
    let mut used: Vec<&Table> = Vec::new();
    let mut text = String::new();
    let mut tokens = item.iter().peekable();
    let mut last: Option<&str> = None;
    let mut parts = 0;
    while let Some(token) = tokens.next() {
        let is_name = matches!(token.kind, Kind::Word | Kind::Identifier) && last != Some(".");
        if is_name && tokens.next_if(|dot| dot.text == ".").is_some() {
            let name = unquoted(token.text).to_lowercase();
            used.push(tables.iter().find(|table| table.name == name)?);
        } else {
            text.push_str(if token.kind == Kind::Blank { " " } else { token.text });
            parts += usize::from(token.kind != Kind::Blank);
        }
        last = Some(token.text);
    }
    let table = match (used.first(), tables) {
        (Some(first), _) if used.iter().all(|table| table.name == first.name) => *first,
        (None, [only]) => only,
        _ => return None,
    };
    Some(Computed {
        table: table.spelled.clone(),
        expression: text,
        is_plain: parts == 1,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sql::engine::Engine;

    fn computed(text: &str) -> Option<(String, String)> {
        let query = OperatorQuery::parse(text, Engine::PostgreSql).ok()?;
        let found = query.computed("uid_number")?;
        Some((found.table, found.expression))
    }

    #[test]
    fn an_expression_is_told_with_its_table() {
        for (text, table, expression) in [
            ("SELECT login, id+10000 AS uid_number FROM people", "people", "id+10000"),
            (
                "select p.id + 10000 uid_number, p.x from public.people p where p.x",
                "public.people",
                "id + 10000",
            ),
            (
                "SELECT 10000 + u.\"id\" AS \"uid_number\" FROM \"Users\" AS u",
                "\"Users\"",
                "10000 + \"id\"",
            ),
            (
                "SELECT id::text AS uid_number FROM people WHERE id = ?",
                "people",
                "id::text",
            ),
            (
                "SELECT CAST(id AS bigint) AS uid_number FROM people",
                "people",
                "CAST(id AS bigint)",
            ),
            (
                "SELECT lower(people.login) AS uid_number FROM people",
                "people",
                "lower(login)",
            ),
            (
                "SELECT first || '.' || last AS uid_number FROM people",
                "people",
                "first || '.' || last",
            ),
            (
                "SELECT a.x, b.id * 2 AS uid_number FROM accounts a JOIN people b ON a.id = b.account",
                "people",
                "id * 2",
            ),
        ] {
            assert_eq!(
                computed(text),
                Some((table.to_owned(), expression.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_lookup_tells_what_it_compares() {
        for (text, table, expression, is_plain) in [
            ("SELECT x FROM people WHERE login = ?", "people", "login", true),
            (
                "SELECT x FROM people p WHERE p.a AND p.\"login\" = $1",
                "people",
                "\"login\"",
                true,
            ),
            (
                "SELECT x FROM people WHERE lower(login) = lower(?)",
                "people",
                "lower(login)",
                false,
            ),
            (
                "SELECT x FROM people WHERE (a OR id + 7 = ?) AND b",
                "people",
                "id + 7",
                false,
            ),
            (
                "SELECT x FROM people p, teams t WHERE concat(p.a, p.b) = ?",
                "people",
                "concat(a, b)",
                false,
            ),
        ] {
            let found = OperatorQuery::parse(text, Engine::PostgreSql).unwrap().compared();
            let (table, expression) = (table.to_owned(), expression.to_owned());
            let wanted = Computed {
                table,
                expression,
                is_plain,
            };
            assert_eq!(found, Some(wanted), "{text}");
        }
        for text in [
            "SELECT x FROM people WHERE login LIKE ?",
            "SELECT x FROM people WHERE login >= ?",
            "SELECT x FROM people WHERE login IN (?)",
            "SELECT x FROM a, b WHERE login = ?",
            "SELECT x FROM people WHERE ? = login",
        ] {
            assert_eq!(
                OperatorQuery::parse(text, Engine::PostgreSql).unwrap().compared(),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn what_no_index_can_hold_is_nothing() {
        for text in [
            "SELECT id AS uid_number FROM people",
            "SELECT p.id AS uid_number FROM people p",
            "SELECT uid_number FROM people",
            "SELECT * FROM people",
            "SELECT 5 AS uid_number FROM people",
            "SELECT 5 + 5 AS uid_number FROM people",
            "SELECT row_number() OVER (ORDER BY id) AS uid_number FROM people",
            "SELECT DISTINCT id + 1 AS uid_number FROM people",
            "SELECT max(id) + 1 AS uid_number FROM people GROUP BY login",
            "SELECT id + 1 AS uid_number FROM people UNION SELECT id FROM others",
            "SELECT id + 1 AS uid_number FROM (SELECT id FROM people) x",
            "SELECT (SELECT max(id) FROM others) + id AS uid_number FROM people",
            "SELECT a.id + b.id AS uid_number FROM a, b",
            "SELECT id + 1 AS uid_number FROM a JOIN b ON a.x = b.x",
        ] {
            assert_eq!(computed(text), None, "{text}");
        }
    }
}
