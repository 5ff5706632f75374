//! The settings for a table of users that no known software has made. What says who may sign in is used so that unclear
//! values refuse; what was not understood becomes a line to check. Pure.

use std::collections::BTreeMap;

use super::look::{MOST_WORDS, Words};
use super::recipe::{Line, table_name};
use super::shown::shown;
use super::user_table::{Use, UserTable};
use crate::config::{RefusedWords, settings};
use crate::model::prepare::prepare_ignore_case;
use crate::sql::{CatalogColumn, ColumnClass, Engine};

/// What is added to a key, so that no system account has the number.
const FIRST_NUMBER: i64 = 10_000;
/// Words of a status that let in wherever they are used.
const GOOD_WORDS: [&str; 9] = [
    "active",
    "enabled",
    "ok",
    "normal",
    "approved",
    "valid",
    "current",
    "good",
    "activated",
];

/// The settings for a table, and what somebody must look at.
#[derive(Debug, Default)]
pub struct Draft {
    /// Settings, with comments.
    pub lines: Vec<Line>,
    /// What is not certain.
    pub checks: Vec<String>,
}

/// The columns whose values must be known before settings can be written.
pub fn asked<'c>(users: &UserTable<'c>) -> Vec<&'c CatalogColumn> {
    let of = users.columns.iter().filter(|(of, column)| match of {
        Use::Status => true,
        Use::Enabled | Use::Locked => column.class != ColumnClass::Boolean,
        _ => false,
    });
    of.map(|(_, column)| *column).collect()
}

/// Writes the settings. `words` has the values of the columns that [`asked`] names, by name.
pub fn draft(users: &UserTable<'_>, engine: Engine, words: &BTreeMap<&str, Words>) -> Draft {
    let mut writer = Writer {
        users,
        engine,
        words,
        columns: Vec::new(),
        refused: Vec::new(),
        draft: Draft::default(),
    };
    let Some(name) = users.name() else {
        return writer.draft;
    };
    writer.names(name);
    writer.numbers();
    writer.people();
    writer.account();
    writer.finish(name)
}

struct Writer<'d, 'c> {
    users: &'d UserTable<'c>,
    engine: Engine,
    words: &'d BTreeMap<&'d str, Words>,
    /// Expressions and what they are called.
    columns: Vec<(String, &'static str)>,
    /// Words of the status that refuse, beside the usual ones.
    refused: Vec<String>,
    draft: Draft,
}

impl Writer<'_, '_> {
    fn column(&self, column: &CatalogColumn) -> String {
        format!("u.{}", self.engine.quote(&column.name))
    }

    fn check(&mut self, text: String) {
        self.draft.checks.push(text);
    }

    fn take(&mut self, column: &CatalogColumn, name: &'static str) {
        let expression = self.column(column);
        self.columns.push((expression, name));
    }

    /// Takes the likeliest column of a use, and says which others there are.
    fn likeliest(&mut self, wanted: Use, name: &'static str) {
        let all = self.users.all(wanted);
        let Some((first, others)) = all.split_first() else {
            return;
        };
        self.take(first, name);
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|column| shown(&column.name)).collect();
            let text = format!(
                "{} is taken for {name}; so might {} be",
                shown(&first.name),
                others.join(", ")
            );
            self.check(text);
        }
    }

    fn names(&mut self, name: &CatalogColumn) {
        match self.users.first(Use::Username) {
            Some(_) => self.likeliest(Use::Username, "username"),
            None => {
                self.take(name, "username");
                let text = "no column of user names: people are named by their mail addresses, as in \
                            uid=alice@example.com,BASE; Unix logins want names without @";
                self.check(text.to_owned());
            }
        }
        if !name.is_unique {
            let text = format!(
                "nothing in the database keeps two rows from having one {}: only the row with the lowest number would be \
                 served, and a unique index makes lookups fast",
                shown(&name.name)
            );
            self.check(text);
        }
        self.likeliest(Use::Mail, "mail");
    }

    fn numbers(&mut self) {
        let own = [(Use::UidNumber, "uid_number"), (Use::GidNumber, "gid_number")];
        if self.users.first(Use::UidNumber).is_some() {
            for (wanted, name) in own {
                self.likeliest(wanted, name);
            }
            if self.users.first(Use::GidNumber).is_none() {
                let text = "no column of gid numbers: without one users are served without posixAccount";
                self.check(text.to_owned());
            }
            return;
        }
        let Some(key) = self.users.number else {
            let integers = self
                .users
                .table
                .columns
                .iter()
                .filter(|column| column.class == ColumnClass::Integer);
            let integers: Vec<_> = integers.map(|column| shown(&column.name)).collect();
            let others = match integers.is_empty() {
                true => String::new(),
                false => format!(" (whole numbers: {})", integers.join(", ")),
            };
            let text = format!(
                "no column of uid numbers, and no unique whole number that could be one{others}: users are served without \
                 posixAccount, so they cannot log in to Unix hosts; other clients do not mind"
            );
            self.check(text);
            return;
        };
        let sum = format!("{} + {FIRST_NUMBER}", self.column(key));
        self.columns.push((sum.clone(), "uid_number"));
        self.columns.push((sum, "gid_number"));
        let text = format!(
            "uid and gid numbers are {} + {FIRST_NUMBER}: files belong to them, so choose before the first login, free of \
             the numbers that your hosts use",
            shown(&key.name)
        );
        self.check(text);
    }

    fn people(&mut self) {
        for (wanted, name) in [
            (Use::FullName, "full_name"),
            (Use::FirstName, "first_name"),
            (Use::LastName, "last_name"),
            (Use::HomeDirectory, "home_directory"),
            (Use::LoginShell, "login_shell"),
            (Use::SshPublicKey, "ssh_public_key"),
            (Use::ExpiresAt, "expires_at"),
        ] {
            self.likeliest(wanted, name);
        }
        for column in self.users.unclear.clone() {
            let text = format!(
                "{} ({}) is not used: its name says one thing and its type another, or it may not be read",
                shown(&column.name),
                shown(&column.type_name)
            );
            self.check(text);
        }
        for column in self.users.all(Use::Verified) {
            let text = format!(
                "{} is not used: whoever has not confirmed an address may sign in",
                shown(&column.name)
            );
            self.check(text);
        }
    }

    fn account(&mut self) {
        let enabled = self.users.all(Use::Enabled);
        let mut locked = self.users.all(Use::Locked);
        locked.extend(self.users.all(Use::LockedAt));
        self.state(&enabled, "enabled");
        self.state(&locked, "locked");
        self.status();
        for column in self.users.all(Use::DeletedAt) {
            let text = format!(
                "rows with a time in {} are taken for deleted and left out",
                shown(&column.name)
            );
            self.check(text);
        }
    }

    /// Columns that say yes or no about signing in. Several are one expression, in which each can refuse.
    fn state(&mut self, columns: &[&CatalogColumn], name: &'static str) {
        let refusing = name == "locked";
        for column in columns {
            self.unclear_values(column, refusing);
        }
        let is_plain = |column: &CatalogColumn| match column.class {
            ColumnClass::Integer => refusing || !self.has_other_numbers(column),
            ColumnClass::Time => false,
            _ => true,
        };
        match columns {
            [] => {}
            [only] if is_plain(only) => self.take(only, name),
            several => {
                let good: Vec<_> = several.iter().map(|column| self.lets_in(column, refusing)).collect();
                let (yes, no) = if refusing { (0, 1) } else { (1, 0) };
                let case = format!("CASE WHEN {} THEN {yes} ELSE {no} END", good.join(" AND "));
                self.columns.push((case, name));
            }
        }
    }

    /// A condition that is true only where a column clearly lets in.
    fn lets_in(&self, column: &CatalogColumn, refusing: bool) -> String {
        let name = self.column(column);
        match (column.class, refusing) {
            (ColumnClass::Time, _) => format!("{name} IS NULL"),
            (ColumnClass::Boolean, true) => format!("{name} IS NOT TRUE"),
            (ColumnClass::Boolean, false) => format!("{name} IS TRUE"),
            (ColumnClass::Integer, true) => format!("COALESCE({name}, 0) = 0"),
            (ColumnClass::Integer, false) => format!("{name} = 1"),
            (_, true) => format!("lower({name}) IN ('0', 'f', 'false', 'n', 'no', 'off')"),
            (_, false) => format!("lower({name}) IN ('1', 't', 'true', 'y', 'yes', 'on')"),
        }
    }

    fn has_other_numbers(&self, column: &CatalogColumn) -> bool {
        let words = self.words.get(column.name.as_str());
        words.is_some_and(|words| {
            words.has_others || words.are_many || words.words.iter().any(|word| word != "0" && word != "1")
        })
    }

    fn unclear_values(&mut self, column: &CatalogColumn, refusing: bool) {
        let Some(words) = self.words.get(column.name.as_str()) else {
            return;
        };
        let name = shown(&column.name);
        if column.class == ColumnClass::Integer {
            if self.has_other_numbers(column) {
                let which = if refusing { "0" } else { "1" };
                let text = format!("{name} has {}: only those with {which} may sign in", told(words));
                self.check(text);
            }
            return;
        }
        const KNOWN: [&str; 12] = ["0", "f", "false", "n", "no", "off", "1", "t", "true", "y", "yes", "on"];
        let is_known = |word: &String| KNOWN.contains(&word.to_lowercase().as_str());
        if words.has_others || words.are_many || !words.words.iter().all(is_known) {
            let text = format!("{name} has {}: whatever is neither yes nor no refuses", told(words));
            self.check(text);
        }
    }

    /// A column of states: those that are not known to be good refuse, until somebody has looked.
    fn status(&mut self) {
        let all = self.users.all(Use::Status);
        let Some((column, others)) = all.split_first() else {
            return;
        };
        let name = shown(&column.name);
        for other in others {
            self.check(format!(
                "{} is not used: {name} is taken for the status",
                shown(&other.name)
            ));
        }
        let words = self.words.get(column.name.as_str()).cloned().unwrap_or_default();
        if words.are_many {
            let text = format!("{name} is not used: it has more than {MOST_WORDS} values, so it says something else");
            return self.check(text);
        }
        if words.has_others {
            let listed: Vec<_> = words.words.iter().map(|word| format!("'{word}'")).collect();
            let column = self.column(column);
            let known = match listed.is_empty() {
                true => format!("{column} IS NULL"),
                false => format!("{column} IS NULL OR {column} IN ({})", listed.join(", ")),
            };
            self.columns
                .push((format!("CASE WHEN {known} THEN {column} ELSE 'blocked' END"), "status"));
            self.check(format!("{name} has values that are no words: they refuse"));
        } else {
            self.take(column, "status");
        }
        let usual = usual_refused();
        let is_refused = |word: &str| prepare_ignore_case(word).is_some_and(|word| usual.contains(&word));
        let is_good = |word: &str| GOOD_WORDS.contains(&word.to_lowercase().as_str());
        let unclear = words.words.iter().filter(|word| !is_refused(word) && !is_good(word));
        let unclear: Vec<String> = unclear.cloned().collect();
        if unclear.is_empty() {
            return;
        }
        let text = format!(
            "it is not known what {} in {name} means: until you take {} out of ACCOUNT_STATUS_REFUSED, nobody with {} may \
             sign in",
            unclear.join(", "),
            if unclear.len() == 1 { "it" } else { "those that may" },
            if unclear.len() == 1 { "it" } else { "one of them" }
        );
        self.check(text);
        self.refused = unclear;
    }

    fn finish(mut self, name: &CatalogColumn) -> Draft {
        self.likeliest(Use::Password, "password");
        let list: Vec<_> = self
            .columns
            .iter()
            .map(|(expression, name)| format!("{expression} AS {name}"))
            .collect();
        let table = table_name(self.users.table, self.engine);
        let deleted = self.users.all(Use::DeletedAt);
        let present: Vec<_> = deleted
            .iter()
            .map(|column| format!("{} IS NULL", self.column(column)))
            .collect();
        let all = match present.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", present.join(" AND ")),
        };
        let asked = format!("{} = ?", self.column(name));
        let one: Vec<_> = present.iter().cloned().chain([asked.clone()]).collect();
        let select = format!("SELECT {} FROM {table} u", list.join(", "));
        let nobody = format!("SELECT 'none' AS name, 0 AS gid_number FROM {table} u WHERE 1 = 0");
        let setting = |name: &str, value: String| Line::Setting(name.to_owned(), value);
        let comment = |text: &str| Line::Comment(text.to_owned());
        let mut lines = vec![
            setting("SQL_QUERY_ALL_USERS", format!("{select}{all}")),
            setting("SQL_QUERY_ONE_USER", format!("{select} WHERE {}", one.join(" AND "))),
            comment(
                "No groups: these two find nothing. Put queries of your own tables of groups here (docs/queries.md).",
            ),
            setting("SQL_QUERY_ALL_GROUPS", nobody.clone()),
            setting("SQL_QUERY_GROUPS_BY_MEMBER", format!("{nobody} AND {asked}")),
        ];
        if !self.refused.is_empty() {
            let usual = usual_refused_words().unwrap_or_default();
            let words = format!("{usual},{}", self.refused.join(","));
            lines.push(setting("ACCOUNT_STATUS_REFUSED", words));
        }
        self.draft.lines = lines;
        self.draft
    }
}

/// The values of a column, as far as they may be told.
fn told(words: &Words) -> String {
    if words.are_many {
        return format!("more than {MOST_WORDS} values");
    }
    let mut told: Vec<_> = words.words.iter().cloned().collect();
    if words.has_others {
        told.push("values that are no words".to_owned());
    }
    let is_one = told.len() == 1;
    format!(
        "{} {}",
        if is_one { "the value" } else { "the values" },
        told.join(", ")
    )
}

fn usual_refused_words() -> Option<&'static str> {
    match settings::find("ACCOUNT_STATUS_REFUSED")?.default {
        settings::Absent::Value(words) => Some(words),
        _ => None,
    }
}

fn usual_refused() -> RefusedWords {
    RefusedWords::new(usual_refused_words().unwrap_or_default().split(','))
}
