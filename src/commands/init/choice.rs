//! Which tables are meant: the only ones that are recognised, or those that were named. Never a guess between two. Pure.

use super::recognise::{Recognised, recognise};
use super::shown::shown;
use super::user_table::{Lacking, UserTable};
use crate::sql::{Catalog, CatalogTable, Engine};

/// How many tables a message names.
const MOST_NAMED: usize = 20;

/// What was asked for on the command line.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub table: Option<&'a str>,
    pub software: Option<&'a str>,
}

/// Tables for which settings can be written.
#[derive(Debug)]
pub struct Candidate<'c> {
    pub kind: Kind<'c>,
    users: &'c CatalogTable,
}

/// Whose tables they are.
#[derive(Debug)]
pub enum Kind<'c> {
    Software(Recognised<'c>),
    Plain(UserTable<'c>),
}

impl<'c> Candidate<'c> {
    /// The table of the users.
    pub fn users(&self) -> &'c CatalogTable {
        self.users
    }

    /// All of its tables.
    pub fn tables(&self) -> Vec<&'c CatalogTable> {
        match &self.kind {
            Kind::Software(recognised) => recognised.tables.clone(),
            Kind::Plain(users) => vec![users.table],
        }
    }

    /// Whose tables they are, as a sentence.
    pub fn sentence(&self) -> String {
        let are = match self.kind {
            Kind::Software(_) => "These are",
            Kind::Plain(_) => "This is",
        };
        format!("{are} {}.", self.title())
    }

    /// Whose tables they are, in words.
    fn title(&self) -> String {
        match &self.kind {
            Kind::Software(recognised) => format!("the tables of {}", recognised.software.title),
            Kind::Plain(_) => "a table of users that no known software has made".to_owned(),
        }
    }

    /// A table's name, with its schema where it needs one.
    pub fn place(&self, table: &CatalogTable) -> String {
        place(table)
    }

    fn unreadable(&self) -> Vec<&'c CatalogTable> {
        match &self.kind {
            Kind::Software(recognised) => recognised.unreadable(),
            Kind::Plain(_) => Vec::new(),
        }
    }

    fn is(&self, wanted: &Wanted<'_>) -> bool {
        let users = self.users;
        let is_table = |name: &str| {
            let qualified = format!("{}.{}", users.schema, users.name);
            users.name == name || qualified == name
        };
        let is_software = |name: &str| match &self.kind {
            Kind::Software(recognised) => recognised.software.name.eq_ignore_ascii_case(name),
            Kind::Plain(_) => false,
        };
        wanted.table.is_none_or(is_table) && wanted.software.is_none_or(is_software)
    }
}

/// The tables that are meant.
///
/// # Errors
/// What to say where none is or several are.
pub fn choose<'c>(catalog: &'c Catalog, engine: Engine, wanted: &Wanted<'_>) -> Result<Candidate<'c>, Vec<String>> {
    if catalog.tables.is_empty() {
        return Err(vec![
            "no tables: the database is empty, or this account may see none (GRANT SELECT ON … TO …)".to_owned(),
        ]);
    }
    let (candidates, lacking) = look(catalog, engine);
    let is_asked = wanted.table.is_some() || wanted.software.is_some();
    let mut meant: Vec<_> = candidates
        .into_iter()
        .filter(|candidate| candidate.is(wanted))
        .collect();
    // What is elsewhere may be somebody else's copy: it is meant only where it is named.
    let elsewhere: Vec<_> = if meant.iter().any(|candidate| candidate.users.is_found) || !is_asked {
        meant.extract_if(.., |candidate| !candidate.users.is_found).collect()
    } else {
        Vec::new()
    };
    let only = match meant.len() {
        0 | 1 => meant.pop(),
        _ => return Err(several("several tables could be meant; none is proposed:", &meant)),
    };
    if only.is_none() && !elsewhere.is_empty() {
        let found = "nothing is recognised where statements look without a schema; elsewhere there are:";
        return Err(several(found, &elsewhere));
    }
    let Some(only) = only else {
        return Err(nothing(catalog, &lacking, is_asked.then_some(wanted)));
    };
    let unreadable = only.unreadable();
    if unreadable.is_empty() {
        return Ok(only);
    }
    let names: Vec<_> = unreadable.iter().map(|table| place(table)).collect();
    Err(vec![format!(
        "these are {}, and this account may not read all that is needed: GRANT SELECT ON {} TO …",
        only.title(),
        names.join(", ")
    )])
}

fn look(catalog: &Catalog, engine: Engine) -> (Vec<Candidate<'_>>, Vec<Lacking<'_>>) {
    let recognised = recognise(catalog, engine);
    let is_known = |table: &CatalogTable| {
        let mut tables = recognised.iter().flat_map(|known| &known.tables);
        tables.any(|known| std::ptr::eq(*known, table))
    };
    let (mut plain, mut lacking) = (Vec::new(), Vec::new());
    for table in catalog.tables.iter().filter(|table| !is_known(table)) {
        match UserTable::of(table) {
            Some(Ok(users)) => plain.push(Candidate {
                users: table,
                kind: Kind::Plain(users),
            }),
            Some(Err(lacks)) => lacking.push(lacks),
            None => {}
        }
    }
    let known = recognised.into_iter().filter_map(|recognised| {
        Some(Candidate {
            users: recognised.users()?,
            kind: Kind::Software(recognised),
        })
    });
    (known.chain(plain).collect(), lacking)
}

fn several(found: &str, meant: &[Candidate<'_>]) -> Vec<String> {
    let mut lines = vec![found.to_owned()];
    for candidate in meant.iter().take(MOST_NAMED) {
        let users = candidate.users;
        let option = match &candidate.kind {
            Kind::Software(recognised) => format!("--software {} ", recognised.software.name),
            Kind::Plain(_) => String::new(),
        };
        lines.push(format!("- {}: {option}--table {}", candidate.title(), place(users)));
    }
    lines.push("choose one with these options (of a name with blanks or other signs, in quotes)".to_owned());
    lines
}

fn nothing(catalog: &Catalog, lacking: &[Lacking<'_>], wanted: Option<&Wanted<'_>>) -> Vec<String> {
    let mut lines = Vec::new();
    match wanted {
        Some(Wanted { table: Some(name), .. }) => lines.push(format!(
            "no table {} whose users are understood{}",
            shown(name),
            if catalog.named(name).next().is_some() {
                "; there is one of that name"
            } else {
                ""
            }
        )),
        Some(_) => lines.push("no tables of that software with all that its queries need".to_owned()),
        None => lines.push("no table of users was recognised".to_owned()),
    }
    for lacks in lacking.iter().take(MOST_NAMED) {
        let columns: Vec<_> = lacks.columns.iter().map(|column| shown(&column.name)).collect();
        lines.push(format!(
            "- {}: has {}, and lacks {}",
            place(lacks.table),
            columns.join(", "),
            lacks.lacks
        ));
    }
    let elsewhere = catalog.tables.iter().filter(|table| !table.is_found).count();
    let hidden = catalog.tables.iter().filter(|table| !table.is_readable()).count();
    let count = catalog.tables.len();
    lines.push(format!(
        "{count} table{} seen, {elsewhere} of them outside of what is searched without a schema, {hidden} that this account \
         may not read",
        if count == 1 { "" } else { "s" }
    ));
    if catalog.is_cut {
        lines.push("there are more columns than were looked at".to_owned());
    }
    lines.push("docs/queries.md says what queries must return, docs/recipes has examples".to_owned());
    lines
}

fn place(table: &CatalogTable) -> String {
    match table.is_found {
        true => shown(&table.name),
        false => format!("{}.{}", shown(&table.schema), shown(&table.name)),
    }
}
