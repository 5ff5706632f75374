//! What would put a statement right that the engine refused: told by `check` and by the log alike, as the end of the problem's
//! sentence. `refusal` says what it was refused for, `spelling` which of the names that there are was probably meant. A hint is
//! never acted on.

mod refusal;
pub(crate) mod spelling;

use refusal::Refusal;
use spelling::{nearest, written};
use std::fmt;
use std::time::Duration;

use crate::sql::catalog::{Catalog, CatalogTable};
use crate::sql::database::Database;
use crate::sql::engine::Engine;
use crate::sql::error::StatementError;
use crate::sql::query::foreign::{Foreign, foreign};
use crate::sql::query::operator_query::words_of;

/// How long one question may take: the log waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many columns of a table are listed.
const LISTED: usize = 12;

/// What would put a statement right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Write one of these names instead.
    Names(Vec<String>),
    /// The table is in a schema, or another database of the server, that is not looked into: its name with that, and that.
    Elsewhere(String, String),
    /// There is not a single table that this user can see.
    NoTables,
    /// The names that a table has, none of which is like the one that was asked for.
    Has(Vec<String>),
    /// A function of that name was meant for a table: the table's name in quotes.
    IsFunction(String, String),
    /// A text in quotes that make a name of it here: as it was written, and as a text.
    IsName(String, String),
    /// A word with a meaning of its own: the word, and how it is a name.
    Reserved(String, String),
    /// A name in the quotes of another engine: as it was written, and as it is written here.
    Quotes(String, String),
    /// What other tools take for a placeholder, and whether it stands in quotes.
    Placeholder(String),
    /// What the owner of the tables would say to allow it.
    Grant(String),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::Names(names) => write!(f, "did you mean {}?", names.join(" or ")),
            Hint::Elsewhere(name, schema) => write!(f, "the table is in {schema}, which is not looked into: write {name}"),
            Hint::NoTables => f.write_str(
                "this user sees no table at all in this database: is its name at the end of SQL_URI right, may the user see \
                 its tables?",
            ),
            Hint::Has(names) => write!(f, "there are {}", names.join(", ")),
            Hint::IsFunction(word, table) => write!(f, "{word} is a function here, and the table is written {table}"),
            Hint::IsName(name, text) => write!(f, "{name} is a name in these quotes; the text is written {text}"),
            Hint::Reserved(word, name) => write!(f, "{word} is a word of SQL; the name is written {name}"),
            Hint::Quotes(written, right) => write!(f, "{written} is quoted as another engine does it; write {right}"),
            Hint::Placeholder(text) => write!(f, "{text} is no placeholder; write ? instead, without quotes"),
            Hint::Grant(statement) => write!(f, "its owner can allow it: {statement}"),
        }
    }
}

/// What would put `sql` right, the text of an operator's query that the database refused with `error`. None where nothing is
/// known, or the database could not be asked. Reads the catalog, so it is asked for when somebody is told, not each time.
pub async fn hint(database: &Database, sql: &str, error: &StatementError) -> Option<Hint> {
    let engine = database.engine();
    let refusal = Refusal::of(engine, error)?;
    if let Some(hint) = of_spelling(&refusal, sql, engine) {
        return Some(hint);
    }
    let catalog = Catalog::read(database, PATIENCE).await.ok()?;
    let tables = Tables {
        engine,
        all: &catalog.tables,
        words: named(sql, engine),
    };
    match &refusal {
        Refusal::Table(name) => tables.missing_table(name),
        Refusal::Column(name) => tables.missing_column(name, sql),
        Refusal::Denied(_) | Refusal::DeniedSchema(_) => tables.denied(&refusal, &user(database).await?),
        Refusal::Syntax(Some(word)) => tables.reserved(word),
        Refusal::Syntax(None) => None,
    }
}

/// Who we are, as a GRANT names it; None where nobody is granted anything.
async fn user(database: &Database) -> Option<String> {
    let engine = database.engine();
    let sql = match engine {
        Engine::PostgreSql => "SELECT current_user::text",
        Engine::MySql => "SELECT CAST(CURRENT_USER() AS CHAR)",
        Engine::Sqlite => return None,
    };
    let rows = database.fetch_read_only(sql, &[], PATIENCE).await.ok()?;
    let user = rows.first()?.first()?.to_text()?;
    Some(match (engine, user.rsplit_once('@')) {
        (Engine::MySql, Some((name, host))) => format!("'{name}'@'{host}'"),
        _ => written(engine, &user),
    })
}

/// The words of a query that may be names of tables, in lower case.
fn named(sql: &str, engine: Engine) -> Vec<String> {
    words_of(sql, engine)
        .into_iter()
        .map(|word| word.to_lowercase())
        .collect()
}

/// What the text alone shows.
fn of_spelling(refusal: &Refusal, sql: &str, engine: Engine) -> Option<Hint> {
    let found = foreign(sql, engine);
    let placeholder = found.iter().find_map(|foreign| match foreign {
        Foreign::Placeholder(text) | Foreign::QuotedPlaceholder(text) => Some(Hint::Placeholder(text.clone())),
        Foreign::Quoted(..) => None,
    });
    let mut quoted = found.iter().filter_map(|foreign| match foreign {
        Foreign::Quoted(as_written, name) => Some((as_written, name)),
        _ => None,
    });
    match refusal {
        Refusal::Syntax(_) => {
            let quotes = quoted.next();
            let quotes = quotes.map(|(as_written, name)| Hint::Quotes(as_written.clone(), engine.quote(name)));
            quotes.or(placeholder)
        }
        // `= "?"`, which is a name on PostgreSQL.
        Refusal::Column(column) => {
            let is_meant = |hint: &Hint| matches!(hint, Hint::Placeholder(text) if text.contains(column.as_str()));
            placeholder.filter(is_meant)
        }
        _ => None,
    }
}

/// The tables that there are, and the words of the query.
struct Tables<'a> {
    engine: Engine,
    all: &'a [CatalogTable],
    words: Vec<String>,
}

impl Tables<'_> {
    fn is_named(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.words.contains(&name)
    }

    /// A table's name as the query has to write it.
    fn written(&self, table: &CatalogTable) -> String {
        let name = written(self.engine, &table.name);
        match table.is_found {
            true => name,
            false => format!("{}.{name}", written(self.engine, &table.schema)),
        }
    }

    fn missing_table(&self, asked: &str) -> Option<Hint> {
        if self.all.is_empty() {
            return Some(Hint::NoTables);
        }
        let (schema, name) = match asked.rsplit_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, asked),
        };
        let is_here = |table: &&CatalogTable| match schema {
            Some(schema) if !table.is_found => table.schema == schema,
            _ => table.is_found,
        };
        let here: Vec<&CatalogTable> = self.all.iter().filter(is_here).collect();
        let near = nearest(name, here.iter().map(|table| table.name.as_str()));
        let names = || {
            let tables = near
                .iter()
                .filter_map(|name| here.iter().find(|table| table.name == *name));
            Some(Hint::Names(tables.map(|table| self.written(table)).collect()))
        };
        if near.iter().any(|found| found.eq_ignore_ascii_case(name)) {
            return names();
        }
        let is_elsewhere =
            |table: &&CatalogTable| !table.is_found && table.name == name && Some(&*table.schema) != schema;
        if let Some(table) = self.all.iter().find(is_elsewhere) {
            return Some(Hint::Elsewhere(
                self.written(table),
                written(self.engine, &table.schema),
            ));
        }
        if !near.is_empty() {
            return names();
        }
        let found: Vec<String> = here.iter().map(|table| self.written(table)).collect();
        (found.len() <= LISTED && !found.is_empty()).then_some(Hint::Has(found))
    }

    fn missing_column(&self, asked: &str, sql: &str) -> Option<Hint> {
        let (qualifier, name) = match asked.rsplit_once('.') {
            Some((qualifier, name)) => (Some(qualifier), name),
            None => (None, asked),
        };
        // Other databases of the server may have a table of that name, which the query does not mean.
        let is_of_query =
            |table: &&CatalogTable| self.is_named(&table.name) && (table.is_found || self.is_named(&table.schema));
        let of_query: Vec<&CatalogTable> = self.all.iter().filter(is_of_query).collect();
        // `FROM user` is a function of PostgreSQL, with one row and one column.
        if self.engine == Engine::PostgreSql
            && reads_from(&self.words, "user")
            && of_query.iter().any(|table| table.name == "user")
        {
            return Some(Hint::IsFunction("user".to_owned(), self.engine.quote("user")));
        }
        // An alias says nothing here; a table's own name does.
        let is_meant = |table: &&&CatalogTable| match qualifier {
            Some(qualifier) if of_query.iter().any(|table| table.name == qualifier) => table.name == qualifier,
            _ => true,
        };
        let columns = || of_query.iter().filter(is_meant).flat_map(|table| &table.columns);
        let near = nearest(name, columns().map(|column| column.name.as_str()));
        if !near.is_empty() {
            let names = near.into_iter().map(|name| written(self.engine, name));
            return Some(Hint::Names(names.collect()));
        }
        // `status = "active"`.
        let quoted = format!("\"{name}\"");
        if qualifier.is_none() && sql.contains(&quoted) && self.engine != Engine::MySql {
            return Some(Hint::IsName(quoted, format!("'{name}'")));
        }
        let columns: Vec<String> = columns().map(|column| written(self.engine, &column.name)).collect();
        (!columns.is_empty() && columns.len() <= LISTED).then_some(Hint::Has(columns))
    }

    fn reserved(&self, word: &str) -> Option<Hint> {
        let is_word = |name: &str| name.eq_ignore_ascii_case(word);
        let mut columns = self.all.iter().flat_map(|table| &table.columns);
        let is_name = self.all.iter().any(|table| is_word(&table.name)) || columns.any(|column| is_word(&column.name));
        let is_reserved = spelling::is_reserved(word) && is_name;
        is_reserved.then(|| Hint::Reserved(word.to_owned(), self.engine.quote(word)))
    }

    /// What allows everything that the query reads and this user may not; for a statement that changes something, that.
    fn denied(&self, refusal: &Refusal, user: &str) -> Option<Hint> {
        let verb = self.words.first().map(|word| word.to_uppercase());
        if let (Some(verb @ ("UPDATE" | "INSERT" | "DELETE")), Refusal::Denied(table)) = (verb.as_deref(), refusal) {
            let found = self
                .all
                .iter()
                .find(|known| known.name == *table && self.is_named(table));
            let table = found.map_or_else(|| written(self.engine, table), |table| self.written(table));
            return Some(Hint::Grant(format!("GRANT SELECT, {verb} ON {table} TO {user};")));
        }
        let is_missing = |table: &&CatalogTable| {
            let may_read = table.columns.iter().all(|column| column.is_readable);
            !may_read && self.is_named(&table.name) && (table.is_found || self.is_named(&table.schema))
        };
        let mut names: Vec<String> = self
            .all
            .iter()
            .filter(is_missing)
            .map(|table| self.written(table))
            .collect();
        let mut grants = Vec::new();
        match refusal {
            Refusal::DeniedSchema(schema) => {
                let schema = written(self.engine, schema);
                grants.push(format!("GRANT USAGE ON SCHEMA {schema} TO {user};"));
            }
            // MariaDB shows nobody what they may not read.
            Refusal::Denied(table) if names.is_empty() => names.push(written(self.engine, table)),
            _ => {}
        }
        // MariaDB takes one table at a time.
        let at_once = if self.engine == Engine::MySql {
            1
        } else {
            names.len().max(1)
        };
        for names in names.chunks(at_once) {
            grants.push(format!("GRANT SELECT ON {} TO {user};", names.join(", ")));
        }
        (!grants.is_empty()).then(|| Hint::Grant(grants.join(" ")))
    }
}

fn reads_from(words: &[String], table: &str) -> bool {
    words
        .windows(2)
        .any(|pair| matches!(pair, [from, name] if (from == "from" || from == "join") && name == table))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Engine::{MySql, PostgreSql, Sqlite};

    fn table(schema: &str, name: &str, is_found: bool) -> CatalogTable {
        CatalogTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            is_view: false,
            is_found,
            columns: Vec::new(),
        }
    }

    fn tables<'a>(engine: Engine, all: &'a [CatalogTable]) -> Tables<'a> {
        Tables {
            engine,
            all,
            words: Vec::new(),
        }
    }

    #[test]
    fn the_table_that_was_meant() {
        let all = [
            table("public", "Users", true),
            table("public", "auth_group", true),
            table("app", "people", false),
            table("app", "users", false),
        ];
        let told = |engine, asked| tables(engine, &all).missing_table(asked).map(|hint| hint.to_string());
        for (asked, expected) in [
            ("users", "did you mean \"Users\"?"),
            ("Usres", "did you mean \"Users\"?"),
            ("groups", "did you mean auth_group?"),
            (
                "people",
                "the table is in app, which is not looked into: write app.people",
            ),
            ("public.users", "did you mean \"Users\"?"),
            ("app.peopel", "did you mean app.people?"),
            ("machines", "there are \"Users\", auth_group"),
        ] {
            assert_eq!(told(PostgreSql, asked).unwrap(), expected, "{asked}");
        }
        assert_eq!(told(MySql, "public.users").unwrap(), "did you mean Users?");
        assert_eq!(tables(Sqlite, &[]).missing_table("users"), Some(Hint::NoTables));
    }

    #[test]
    fn what_a_grant_names() {
        let all = [table("public", "Users", true)];
        let told = |words: &[&str]| {
            let tables = Tables {
                words: words.iter().map(|word| (*word).to_owned()).collect(),
                ..tables(PostgreSql, &all)
            };
            let hint = tables.denied(&Refusal::Denied("Users".to_owned()), "gateway");
            hint.unwrap().to_string()
        };
        assert!(told(&["update", "users"]).ends_with("GRANT SELECT, UPDATE ON \"Users\" TO gateway;"));
        assert!(told(&["select", "users"]).ends_with("GRANT SELECT ON \"Users\" TO gateway;"));
    }

    #[test]
    fn what_the_text_shows() {
        let syntax = Refusal::Syntax(None);
        let told = |sql: &str, engine| of_spelling(&syntax, sql, engine).map(|hint| hint.to_string());
        for (sql, engine, part) in [
            ("SELECT `uid` FROM t", PostgreSql, "write \"uid\""),
            ("SELECT [uid] FROM t", PostgreSql, "write \"uid\""),
            ("SELECT * FROM \"Users\"", MySql, "write `Users`"),
            ("SELECT a FROM t WHERE a = :name", PostgreSql, ":name is no placeholder"),
            ("SELECT a FROM t WHERE a = %s", MySql, "%s is no placeholder"),
        ] {
            assert!(told(sql, engine).unwrap().contains(part), "{sql}");
        }
        assert_eq!(told("SELECT a FORM t WHERE a = $1", PostgreSql), None);
        let column = Refusal::Column("?".to_owned());
        assert!(of_spelling(&column, "SELECT a FROM t WHERE a = \"?\"", PostgreSql).is_some());
        let column = Refusal::Column("b".to_owned());
        assert!(of_spelling(&column, "SELECT b FROM t WHERE a = '?'", PostgreSql).is_none());
    }
}
