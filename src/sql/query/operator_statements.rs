//! The operator's statements that change something: checked, cut at `;`, their named parameters found. Knows the surface
//! of SQL only.
//!
//! **A parameter** is a colon and, without a blank, a name: `:password`. `::` is a cast, `:=` an assignment. Inside the
//! brackets of a subscript (`list[1:n]`, PostgreSQL) a colon that follows a value separates the bounds of a slice.
//! Strings, comments and quoted names hold none. `?` is an operator on PostgreSQL, where `??` writes it too, as in queries;
//! the other engines have no such operator, so it is an error there, like `$1` everywhere.

use std::fmt;

use super::error::QueryError;
use super::lexer::{Kind, Token, is_word_part, scan};
use super::tokens::{ends_value, is_one_of, touch};
use super::type_name::cast_text;
use crate::sql::engine::Engine;

/// The statements of one setting, to be run in order, in one transaction.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorStatements {
    engine: Engine,
    statements: Vec<OperatorStatement>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorStatement {
    engine: Engine,
    parts: Vec<Part>,
    counts_rows: bool,
    rows_a_change: u64,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A parameter, by its position among those that there are.
    Parameter(usize),
}

/// One statement as the engine wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundStatement {
    /// The text.
    pub sql: String,
    /// The parameters to bind, in this order, each by its position among those that there are.
    pub parameters: Vec<usize>,
    /// The most rows that the engine counts when one row changes; `None` where its count says nothing.
    pub rows_a_change: Option<u64>,
}

/// What a statement of the operator's may begin with. What is not here has no place in a transaction (COMMIT), ends one
/// (ALTER TABLE on MariaDB), or outlives it (SET).
const BEGINNINGS: &[&str] = &[
    "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "SELECT", "WITH", "VALUES",
];

impl OperatorStatements {
    /// Checks `text` and finds its parameters, which are among `names`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, engine: Engine, names: &[&str]) -> Result<OperatorStatements, QueryError> {
        let tokens = scan(text, engine)?;
        let mut statements = Vec::new();
        for tokens in tokens.split(|token| token.kind == Kind::Semicolon) {
            if tokens.iter().any(|token| token.kind != Kind::Blank) {
                statements.push(OperatorStatement::read(tokens, engine, names)?);
            }
        }
        match statements.is_empty() {
            true => Err(QueryError::Empty),
            false => Ok(OperatorStatements { engine, statements }),
        }
    }

    /// The statements, in order.
    pub fn each(&self) -> &[OperatorStatement] {
        &self.statements
    }

    /// The engine whose rules they were read by.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether any of them uses the parameter at this position.
    pub fn uses(&self, parameter: usize) -> bool {
        self.statements.iter().any(|statement| statement.uses(parameter))
    }

    /// The words in them, in any letter case and without the marks of quoted names: names of tables are among these.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let texts = self.statements.iter().flat_map(|statement| &statement.parts);
        let texts = texts.filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Parameter(_) => None,
        });
        texts
            .flat_map(|text| text.split(|c| !is_word_part(c)))
            .filter(|word| !word.is_empty())
    }
}

impl fmt::Debug for OperatorStatements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.statements.iter().map(OperatorStatement::to_describe);
        f.debug_list().entries(texts).finish()
    }
}

impl OperatorStatement {
    fn read(tokens: &[Token<'_>], engine: Engine, names: &[&str]) -> Result<Self, QueryError> {
        let is_blank = |token: &&Token<'_>| token.kind == Kind::Blank;
        let leading = tokens.iter().take_while(is_blank).count();
        let trailing = tokens.iter().rev().take_while(is_blank).count();
        let tokens = tokens.get(leading..tokens.len() - trailing).unwrap_or_default();
        let first = tokens.iter().find(|token| token.kind == Kind::Word).or(tokens.first());
        let first = first.ok_or(QueryError::Empty)?;
        if !is_one_of(first, BEGINNINGS) {
            return Err(QueryError::NoChange {
                word: first.text.chars().take(32).collect(),
                line: first.line,
            });
        }
        let counted = is_one_of(first, &["UPDATE", "DELETE", "INSERT", "REPLACE", "MERGE"]);
        // MariaDB counts an INSERT … ON DUPLICATE KEY UPDATE and a REPLACE of one row as two.
        let twice = engine == Engine::MySql && is_one_of(first, &["INSERT", "REPLACE"]);
        let mut statement = OperatorStatement {
            engine,
            parts: Vec::new(),
            counts_rows: counted,
            rows_a_change: if twice { 2 } else { 1 },
        };
        let mut finder = Finder::new(engine, names);
        let mut rest = tokens.iter().peekable();
        while let Some(token) = rest.next() {
            let next = rest.peek().copied();
            match finder.meaning(token, next)? {
                Meaning::Text => statement.push_text(token.text),
                Meaning::Operator => statement.push_text("?"),
                Meaning::Parameter(parameter, also_next) => {
                    if also_next {
                        rest.next();
                    }
                    statement.push_parameter(parameter);
                }
            }
        }
        finder.end(tokens)?;
        Ok(statement)
    }

    /// Whether it uses the parameter at this position.
    pub fn uses(&self, parameter: usize) -> bool {
        self.parts.contains(&Part::Parameter(parameter))
    }

    /// The text to prepare when the types of its parameters are asked for: each occurrence is a parameter of its own,
    /// because one may have several types.
    pub fn to_describe(&self) -> String {
        self.render(|occurrence| self.engine.placeholder(occurrence + 1))
    }

    /// The same where the database can tell no types: they are texts (PostgreSQL).
    pub fn to_describe_as_text(&self) -> String {
        self.render(|occurrence| format!("${}::text", occurrence + 1))
    }

    /// The statement with its values to be bound as texts, whatever types the operator's SQL wants there: `types` are
    /// those of the parameters of [`to_describe`](Self::to_describe), where the engine tells them.
    pub fn bound(&self, types: &[Option<String>]) -> BoundStatement {
        let sql = self.render(|occurrence| match self.engine {
            Engine::PostgreSql => {
                let wanted = types.get(occurrence).and_then(Option::as_deref);
                cast_text(&format!("${}::text", occurrence + 1), wanted)
            }
            engine @ (Engine::MySql | Engine::Sqlite) => engine.placeholder(occurrence + 1),
        });
        let parameters = self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Parameter(parameter) => Some(*parameter),
        });
        BoundStatement {
            sql,
            parameters: parameters.collect(),
            rows_a_change: self.counts_rows.then_some(self.rows_a_change),
        }
    }

    /// With each parameter replaced by what the function makes of its occurrence, from 0.
    fn render(&self, mut replacement: impl FnMut(usize) -> String) -> String {
        let mut text = String::new();
        let mut occurrence = 0;
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Parameter(_) => {
                    text.push_str(&replacement(occurrence));
                    occurrence += 1;
                }
            }
        }
        text
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            // `:nameAND` is one name, but `:name'x'` is none: the placeholder must not run into what follows.
            Some(Part::Parameter(_)) if text.starts_with(is_word_part) => {
                self.parts.push(Part::Text(format!(" {text}")))
            }
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn push_parameter(&mut self, parameter: usize) {
        // `LIKE:name` must not become the name `LIKE$1`.
        match self.parts.last_mut() {
            Some(Part::Text(last)) if last.ends_with(is_word_part) => last.push(' '),
            _ => {}
        }
        self.parts.push(Part::Parameter(parameter));
    }
}

/// What a token is.
enum Meaning {
    Text,
    /// A `?` of PostgreSQL's.
    Operator,
    /// A parameter; whether its name is the next token.
    Parameter(usize, bool),
}

/// An open bracket or parenthesis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    Parenthesis,
    /// `ARRAY[…]` and what is nested in it.
    Array,
    /// `list[…]`
    Subscript,
}

/// Finds parameters, token by token.
struct Finder<'a, 'n> {
    engine: Engine,
    names: &'n [&'n str],
    opened: Vec<Opened>,
    /// The last two tokens that are no blanks.
    previous: Option<&'a Token<'a>>,
    earlier: Option<&'a Token<'a>>,
    /// Whether a value has ended with the last of them.
    ended: bool,
}

impl<'a, 'n> Finder<'a, 'n> {
    fn new(engine: Engine, names: &'n [&'n str]) -> Self {
        Finder {
            engine,
            names,
            opened: Vec::new(),
            previous: None,
            earlier: None,
            ended: false,
        }
    }

    fn meaning(&mut self, token: &'a Token<'a>, next: Option<&'a Token<'a>>) -> Result<Meaning, QueryError> {
        if token.kind == Kind::Blank {
            return Ok(Meaning::Text);
        }
        let meaning = match token.kind {
            Kind::Numbered(number) => {
                return Err(QueryError::UnknownParameter {
                    number,
                    line: token.line,
                });
            }
            Kind::Question if self.engine != Engine::PostgreSql => {
                return Err(QueryError::NotNamed {
                    names: self.listed(),
                    line: token.line,
                });
            }
            Kind::Question => Meaning::Operator,
            // SQLite's lexer takes colon and name together, as SQLite does.
            Kind::Named => match token.text.strip_prefix(':') {
                Some(name) => Meaning::Parameter(self.parameter(name, token.line)?, false),
                None => return Err(self.unknown(token.text, token.line)),
            },
            Kind::Symbol if token.text == ":" => self.colon(token, next)?,
            _ => Meaning::Text,
        };
        self.brackets(token)?;
        let now_ended = match meaning {
            Meaning::Parameter(..) => true,
            Meaning::Operator => false,
            Meaning::Text => ends_value(token, self.previous),
        };
        (self.earlier, self.previous, self.ended) = (self.previous, Some(token), now_ended);
        Ok(meaning)
    }

    fn colon(&self, token: &'a Token<'a>, next: Option<&'a Token<'a>>) -> Result<Meaning, QueryError> {
        let is_cast = self
            .previous
            .is_some_and(|previous| previous.text == ":" && touch(previous, token));
        let is_slice = self.opened.last() == Some(&Opened::Subscript)
            && (self.ended || self.previous.is_some_and(|previous| previous.kind == Kind::Open));
        if is_cast || is_slice {
            return Ok(Meaning::Text);
        }
        match next {
            Some(name) if name.kind == Kind::Word => {
                Ok(Meaning::Parameter(self.parameter(name.text, token.line)?, true))
            }
            Some(name) if name.kind == Kind::Number => Err(self.unknown(&format!(":{}", name.text), token.line)),
            _ => Ok(Meaning::Text),
        }
    }

    fn brackets(&mut self, token: &Token<'_>) -> Result<(), QueryError> {
        match token.kind {
            Kind::Open if token.text == "(" => self.opened.push(Opened::Parenthesis),
            Kind::Open => {
                let is_array = self.previous.is_some_and(|previous| is_one_of(previous, &["ARRAY"]))
                    || self.opened.last() == Some(&Opened::Array) && !self.ended;
                self.opened
                    .push(if is_array { Opened::Array } else { Opened::Subscript });
            }
            Kind::Close => {
                let unbalanced = QueryError::UnbalancedParentheses { line: token.line };
                self.opened.pop().ok_or(unbalanced)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&self, tokens: &[Token<'_>]) -> Result<(), QueryError> {
        match self.opened.is_empty() {
            true => Ok(()),
            false => Err(QueryError::UnbalancedParentheses {
                line: tokens.last().map_or(1, |token| token.line),
            }),
        }
    }

    fn parameter(&self, name: &str, line: usize) -> Result<usize, QueryError> {
        let found = self.names.iter().position(|known| *known == name);
        found.ok_or_else(|| self.unknown(&format!(":{name}"), line))
    }

    fn unknown(&self, name: &str, line: usize) -> QueryError {
        QueryError::UnknownName {
            name: name.chars().take(32).collect(),
            names: self.listed(),
            line,
        }
    }

    fn listed(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!(":{name}")).collect();
        names.join(", ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["password", "username", "uid_number"];

    fn parse(text: &str, engine: Engine) -> Result<OperatorStatements, QueryError> {
        OperatorStatements::parse(text, engine, &NAMES)
    }

    /// Each statement with its parameters as `<name>`.
    fn marked(text: &str, engine: Engine) -> Vec<String> {
        let statements = parse(text, engine).unwrap();
        let marked = statements.each().iter().map(|statement| {
            let names = statement.bound(&[]).parameters;
            statement.render(|occurrence| format!("<{}>", NAMES[names[occurrence]]))
        });
        marked.collect()
    }

    #[test]
    fn the_managers_statement_on_each_engine() {
        for (engine, text, sql) in [
            (
                Engine::PostgreSql,
                r#"UPDATE "Users" SET "userPassword" = :password WHERE "uidNumber" = :uid_number"#,
                r#"UPDATE "Users" SET "userPassword" = $1::text WHERE "uidNumber" = ($2::text)::int4"#,
            ),
            (
                Engine::MySql,
                "UPDATE `Users` SET `userPassword` = :password WHERE `uidNumber` = :uid_number",
                "UPDATE `Users` SET `userPassword` = ? WHERE `uidNumber` = ?",
            ),
            (
                Engine::Sqlite,
                r#"UPDATE "Users" SET "userPassword" = :password WHERE "uidNumber" = :uid_number"#,
                r#"UPDATE "Users" SET "userPassword" = ? WHERE "uidNumber" = ?"#,
            ),
        ] {
            let statements = parse(text, engine).unwrap();
            let types = [Some("VARCHAR".to_owned()), Some("INT4".to_owned())];
            let bound = statements.each()[0].bound(&types);
            assert_eq!(bound.sql, sql);
            assert_eq!((bound.parameters, bound.rows_a_change), (vec![0, 2], Some(1)));
            assert!(statements.uses(0) && !statements.uses(1));
        }
    }

    #[test]
    fn several_statements_run_in_order() {
        let text = "\n UPDATE a SET p = :password; -- first\n;; /* second */ INSERT INTO log VALUES (':password;', :username)\n;\n";
        for engine in [Engine::PostgreSql, Engine::MySql, Engine::Sqlite] {
            assert_eq!(
                marked(text, engine),
                [
                    "UPDATE a SET p = <password>",
                    "INSERT INTO log VALUES (':password;', <username>)"
                ]
            );
        }
        for empty in ["", " ", ";", "-- x", "/* x */ ;; "] {
            assert_eq!(
                parse(empty, Engine::PostgreSql).unwrap_err(),
                QueryError::Empty,
                "{empty:?}"
            );
        }
    }

    #[test]
    fn what_is_no_parameter_on_postgresql() {
        let text = r#"UPDATE t SET a = :password::text, b = ':password', c = E'\':password', d = $$:password$$,
            e = $x$ ; :password $$ $x$, f = x::jsonb -> 'k' ->> ':username', g = "a:password", h = f(k := 1),
            i = l[1:2], j = l[n:password], k = l[:username], l = ARRAY[:username, :uid_number], m = ARRAY[[:username]],
            n = x ? 'k', o = x ?? 'k', p = x @> '{}' AND x ?| ARRAY[:username] /* :password /* ; */ */ -- :password ;
            WHERE id =:uid_number::int"#;
        let expected = r#"UPDATE t SET a = <password>::text, b = ':password', c = E'\':password', d = $$:password$$,
            e = $x$ ; :password $$ $x$, f = x::jsonb -> 'k' ->> ':username', g = "a:password", h = f(k := 1),
            i = l[1:2], j = l[n:password], k = l[:username], l = ARRAY[<username>, <uid_number>], m = ARRAY[[<username>]],
            n = x ? 'k', o = x ? 'k', p = x @> '{}' AND x ?| ARRAY[<username>] /* :password /* ; */ */ -- :password ;
            WHERE id =<uid_number>::int"#;
        assert_eq!(marked(text, Engine::PostgreSql), [expected]);
    }

    #[test]
    fn what_is_no_parameter_on_the_others() {
        let text = "UPDATE t SET a = ':password\\' :username;', b = \":password\", `c:password` = 1, d = @x := :username, \
                    e = 5--:password\n, f = JSON_EXTRACT(g, '$.:x') # :password ;\n, h = j -> '$.a' WHERE i=:uid_number";
        let expected = "UPDATE t SET a = ':password\\' :username;', b = \":password\", `c:password` = 1, d = @x := <username>, \
                    e = 5--<password>\n, f = JSON_EXTRACT(g, '$.:x') # :password ;\n, h = j -> '$.a' WHERE i=<uid_number>";
        assert_eq!(marked(text, Engine::MySql), [expected]);
        let text =
            "UPDATE t SET a = 'x\\', b = :password, [c:password] = ':username', d = g ->> '$.a' WHERE i=:uid_number";
        let expected =
            "UPDATE t SET a = 'x\\', b = <password>, [c:password] = ':username', d = g ->> '$.a' WHERE i=<uid_number>";
        assert_eq!(marked(text, Engine::Sqlite), [expected]);
    }

    #[test]
    fn placeholders_do_not_run_into_words() {
        let text = "UPDATE t SET a = CASE WHEN:username='x'THEN:password ELSE:password END";
        for engine in [Engine::PostgreSql, Engine::MySql, Engine::Sqlite] {
            assert_eq!(
                marked(text, engine),
                ["UPDATE t SET a = CASE WHEN <username>='x'THEN <password> ELSE <password> END"]
            );
        }
    }

    #[test]
    fn each_occurrence_has_a_type_of_its_own() {
        let statements = parse("UPDATE t SET a = :username WHERE b = :username", Engine::PostgreSql).unwrap();
        let statement = &statements.each()[0];
        assert_eq!(statement.to_describe(), "UPDATE t SET a = $1 WHERE b = $2");
        let bound = statement.bound(&[Some("BYTEA".into()), Some("citext".into())]);
        assert_eq!(
            bound.sql,
            "UPDATE t SET a = convert_to($1::text, 'UTF8') WHERE b = ($2::text)::\"citext\""
        );
        assert_eq!(bound.parameters, [1, 1]);
    }

    #[test]
    fn counts_that_say_something() {
        let rows = |text: &str, engine| parse(text, engine).unwrap().each()[0].bound(&[]).rows_a_change;
        assert_eq!(rows("UPDATE t SET a = :password", Engine::MySql), Some(1));
        assert_eq!(rows("REPLACE INTO t VALUES (:password)", Engine::MySql), Some(2));
        assert_eq!(rows("REPLACE INTO t VALUES (:password)", Engine::Sqlite), Some(1));
        assert_eq!(rows("SELECT set_password(:password)", Engine::PostgreSql), None);
        assert_eq!(
            rows("WITH x AS (SELECT 1) UPDATE t SET a = :password", Engine::Sqlite),
            None
        );
    }

    #[test]
    fn what_cannot_be_run() {
        use Engine::{MySql, PostgreSql, Sqlite};
        for (text, engine) in [
            ("COMMIT", PostgreSql),
            ("UPDATE t SET a = :password; COMMIT", Sqlite),
            ("BEGIN", MySql),
            ("SET autocommit = 1", MySql),
            ("ALTER TABLE t ADD c int", MySql),
            ("DROP TABLE t", PostgreSql),
            ("CALL p(:password)", MySql),
            ("DO $$ BEGIN END $$", PostgreSql),
            ("'x'", PostgreSql),
        ] {
            let error = parse(text, engine).unwrap_err();
            assert!(matches!(error, QueryError::NoChange { .. }), "{text}: {error}");
        }
        for (text, engine) in [
            ("UPDATE t SET a = :passwort", PostgreSql),
            ("UPDATE t SET a = :Password", MySql),
            ("UPDATE t SET a = :1", PostgreSql),
            ("UPDATE t SET a = :1", Sqlite),
            ("UPDATE t SET a = @password", Sqlite),
            ("UPDATE t SET a = $password", Sqlite),
        ] {
            let error = parse(text, engine).unwrap_err();
            assert!(matches!(error, QueryError::UnknownName { .. }), "{text}: {error}");
            assert!(
                error.to_string().contains(":password, :username, :uid_number"),
                "{error}"
            );
        }
        for (text, engine) in [("UPDATE t SET a = ?", MySql), ("UPDATE t SET a = ?", Sqlite)] {
            let error = parse(text, engine).unwrap_err();
            assert!(matches!(error, QueryError::NotNamed { .. }), "{text}: {error}");
        }
        for (text, engine) in [("UPDATE t SET a = $1", PostgreSql), ("UPDATE t SET a = ?1", Sqlite)] {
            let error = parse(text, engine).unwrap_err();
            assert!(matches!(error, QueryError::UnknownParameter { .. }), "{text}: {error}");
        }
        for text in [
            "UPDATE t SET a = (:password",
            "UPDATE t SET a = :password)",
            "UPDATE t SET a = 'x",
        ] {
            assert!(parse(text, PostgreSql).is_err(), "{text}");
        }
        assert!(parse("UPDATE t /*! SET a = :password */", MySql).is_err());
    }
}
