//! How many users can log in at all, as far as their rows tell, and why the others cannot.

use super::{
    answer::answered,
    report::{Report, table},
};
use crate::{
    auth::{link::totp, password::classify},
    config::{AuthBackend, AuthSettings, Chain, RefusedWords},
    directory::{
        Directory, DirectoryError, Shadowed,
        account::{AccountColumns, Refusal, Standing},
        diagnostics::{
            logins::{self, Coverage, Login, LoginRow, NoRow},
            owners::{Named, shown},
        },
    },
    model::{time::Timestamp, value::Cell},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// How many reasons, and words of the status, are listed.
const LISTED: usize = 50;
/// How many are counted: a column may have another value in each row.
const COUNTED: usize = 1000;
/// Values of a column that are shown.
const VALUES: usize = 3;

/// What decides about a bind besides the row.
#[derive(Debug, Clone, Copy)]
pub struct LoginRules<'a> {
    /// The words of a status that refuse binds.
    pub words: &'a RefusedWords,
    /// The links that there are.
    pub auth: &'a AuthSettings,
    /// Whether the hashes are read by a query of their own.
    pub hashes_are_elsewhere: bool,
}

/// Looks at the users whom binds could name. `users` is how many rows have a name; `twins` are the rows that are no entries.
///
/// # Errors
/// The database cannot be reached any more.
pub async fn show(
    directory: &Directory,
    (users, twins): (u64, Shadowed),
    rules: LoginRules<'_>,
    report: &mut Report,
) -> Result<(), DirectoryError> {
    let mut tally = Tally::new(rules);
    let coverage = logins::each(directory, users, twins, |login| tally.count(&login)).await;
    if let Some(Some(coverage)) = answered("who can log in", coverage, report)? {
        tally.tell(coverage, users, report);
    }
    Ok(())
}

/// A reason, in the order in which reasons are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    NoRow(NoRow),
    Status(String),
    Refused(String),
    Unreadable(&'static str),
    Chain(String),
    Hash(String),
    Code(String),
    /// There were too many others.
    More,
}

impl Reason {
    fn text(&self) -> String {
        match self {
            Reason::NoRow(NoRow::Twin) => "another one's name differs only in case or blanks".to_owned(),
            Reason::NoRow(NoRow::Missing) => "not found by SQL_QUERY_ONE_USER".to_owned(),
            Reason::NoRow(NoRow::OtherNumber) => "another uid number in SQL_QUERY_ONE_USER".to_owned(),
            Reason::NoRow(NoRow::Several) => "several rows that differ in SQL_QUERY_ONE_USER".to_owned(),
            Reason::NoRow(NoRow::Fails(error)) => format!("SQL_QUERY_ONE_USER fails: {error}"),
            Reason::Status(word) => format!("status {word}"),
            Reason::Unreadable(column) => format!("{column} is not understood"),
            Reason::Refused(text) | Reason::Chain(text) | Reason::Hash(text) | Reason::Code(text) => text.clone(),
            Reason::More => "other reasons".to_owned(),
        }
    }
}

struct Tally<'a> {
    rules: LoginRules<'a>,
    now: Timestamp,
    looked_at: usize,
    good: usize,
    reasons: BTreeMap<Reason, Named>,
    /// Words of the status that refuse nobody.
    words: BTreeMap<String, usize>,
    /// Values that are not understood, by column.
    values: BTreeMap<&'static str, BTreeSet<String>>,
}

impl<'a> Tally<'a> {
    fn new(rules: LoginRules<'a>) -> Self {
        Tally {
            rules,
            now: Timestamp::now(),
            looked_at: 0,
            good: 0,
            reasons: BTreeMap::new(),
            words: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    fn count(&mut self, login: &Login) {
        self.looked_at += 1;
        let reason = match &login.row {
            Err(why) => Some(Reason::NoRow(why.clone())),
            Ok(row) => self.refusal(row).or_else(|| self.chain(row)),
        };
        match reason {
            None => self.good += 1,
            Some(reason) => {
                let is_known = self.reasons.len() < COUNTED || self.reasons.contains_key(&reason);
                let reason = if is_known { reason } else { Reason::More };
                self.reasons.entry(reason).or_default().note(&login.name);
            }
        }
    }

    /// What the account columns refuse.
    fn refusal(&mut self, row: &LoginRow) -> Option<Reason> {
        let columns = &row.columns;
        let word = shown(columns.status.to_text().unwrap_or_default().trim());
        if !word.is_empty() && self.rules.words.judge(&columns.status) == Standing::Allowed {
            let is_known = self.words.len() < COUNTED || self.words.contains_key(&word);
            let word = if is_known {
                word.clone()
            } else {
                "of another word".to_owned()
            };
            *self.words.entry(word).or_default() += 1;
        }
        match columns.refusal(self.rules.words, self.now)? {
            Refusal::Status(_) => Some(Reason::Status(word)),
            Refusal::Unreadable(column) => {
                let values = self.values.entry(column).or_default();
                if values.len() < VALUES {
                    values.insert(value(columns, column));
                }
                Some(Reason::Unreadable(column))
            }
            refusal => Some(Reason::Refused(refusal.to_string())),
        }
    }

    /// What a link lacks. Upstream servers and telephones are not asked.
    fn chain(&self, row: &LoginRow) -> Option<Reason> {
        let own = row.columns.own_chain().unwrap_or_default();
        let chain: Cow<'_, Chain> = match own.is_empty() {
            true => Cow::Borrowed(&self.rules.auth.chain),
            false => match self.rules.auth.chain_of(&own) {
                Ok(chain) => Cow::Owned(chain),
                Err(error) => return Some(Reason::Chain(format!("auth_backends: {error}"))),
            },
        };
        if chain.has(AuthBackend::Sql) && !self.rules.hashes_are_elsewhere {
            let problem = match &row.hash {
                None if row.hash_is_unreadable => Some("the password is no text".to_owned()),
                None => Some("no password".to_owned()),
                Some(hash) => {
                    let hash = classify(hash.reveal());
                    let what = if hash.is_mark { "no password" } else { "unusable hash" };
                    hash.problem.map(|_| format!("{what} ({})", hash.scheme))
                }
            };
            if let Some(problem) = problem {
                return Some(Reason::Hash(problem));
            }
        }
        if chain.has(AuthBackend::Totp) {
            let problem = match row.totp_secret.as_ref().map(|secret| totp::readable(secret.reveal())) {
                None => Some("no totp_secret".to_owned()),
                Some(secret) => secret.err().map(|error| format!("totp_secret cannot be read, {error}")),
            };
            return problem.map(Reason::Code);
        }
        None
    }

    fn tell(&self, coverage: Coverage, users: u64, report: &mut Report) {
        let total = self.looked_at;
        if total == 0 {
            return;
        }
        let which = match coverage {
            Coverage::All => format!("{total} users"),
            Coverage::Listed => format!("{total} users, as SQL_QUERY_ALL_USERS has them"),
            Coverage::Picked => format!("{total} of {users} users, picked evenly"),
        };
        let mut lines = vec![format!(
            "{} of {total} users can log in, as far as their rows tell",
            self.good
        )];
        let mut rows = Vec::new();
        for (reason, users) in self.reasons.iter().take(LISTED) {
            let cells = [reason.text(), users.count.to_string(), "cannot bind".to_owned()];
            rows.push([&cells[..], &[users.to_string()]].concat());
        }
        let room = LISTED.saturating_sub(rows.len());
        for (word, count) in self.words.iter().take(room) {
            rows.push(vec![format!("status {word}"), count.to_string(), "may bind".to_owned()]);
        }
        lines.extend(table(&rows));
        let all = self.reasons.len() + self.words.len();
        if all > rows.len() {
            lines.push(format!("and {} more reasons and words of the status", all - rows.len()));
        }
        report.section(&format!("Accounts of {which}"), lines);
        for (reason, users) in &self.reasons {
            let why = match reason {
                Reason::Unreadable(column) => {
                    let (values, right) = (self.values_of(column), understood(column));
                    format!("their {column} cannot be read ({values}); {right}")
                }
                Reason::NoRow(NoRow::Fails(error)) => format!("the query fails for them: {error}"),
                Reason::NoRow(NoRow::Several) => "it has several rows for them that differ".to_owned(),
                _ => continue,
            };
            report.warn(format!(
                "SQL_QUERY_ONE_USER: {} of {total} users cannot bind: {why}: {users}",
                users.count
            ));
        }
        if self.good == 0 {
            report.warn(format!(
                "none of {total} users can log in; the section Accounts says why"
            ));
        }
    }

    fn values_of(&self, column: &str) -> String {
        let values: Vec<&str> = self
            .values
            .get(column)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        values.join(", ")
    }
}

/// What stands in an account column.
fn value(columns: &AccountColumns, column: &str) -> String {
    let cell = match column {
        "status" => &columns.status,
        "enabled" => &columns.enabled,
        "locked" => &columns.locked,
        "expires_at" => &columns.expires_at,
        "auth_backends" => &columns.auth_backends,
        _ => &Cell::Null,
    };
    match cell.to_text() {
        Some(text) => format!("\"{}\"", shown(&text)),
        None => "of another kind".to_owned(),
    }
}

/// What would be understood in an account column.
fn understood(column: &str) -> &'static str {
    match column {
        "enabled" | "locked" => "understood are true and false, yes and no, on and off, t and f, y and n, 1 and 0",
        "expires_at" => "understood are times, YYYY-MM-DD, YYYY-MM-DD HH:MM:SS, and seconds since 1970",
        "status" => "understood are words",
        _ => "understood are links' names with commas between them",
    }
}
