//! The text of a proposal: a `.env` file whose comments say what was seen, and what somebody must look at.

use super::look::{SAMPLE, Sample};
use super::recipe::Line;
use super::shown::{has_signs, shown};
use crate::config::{dotenv_line, dotenv_reads_as};

/// Everything that a proposal says.
#[derive(Debug, Default)]
pub struct Proposal {
    /// What was seen, in lines.
    pub seen: Vec<String>,
    /// How the database is named: a setting, or a comment that says where it is.
    pub database: Vec<Line>,
    /// The DN of the directory.
    pub base: String,
    /// The settings for the tables.
    pub lines: Vec<Line>,
    /// What is not certain.
    pub checks: Vec<String>,
}

impl Proposal {
    /// Its settings.
    pub fn settings(&self) -> Vec<(String, String)> {
        let base = ("LDAP_BASE_DN".to_owned(), self.base.clone());
        let of = |lines: &[Line]| {
            let settings = lines.iter().filter_map(|line| match line {
                Line::Setting(name, value) => Some((name.clone(), value.clone())),
                Line::Comment(_) => None,
            });
            settings.collect::<Vec<_>>()
        };
        let (database, lines) = (of(&self.database), of(&self.lines));
        database.into_iter().chain([base]).chain(lines).collect()
    }

    /// Its text. None where a name has what no `.env` file can hold or no terminal should see.
    pub fn text(&self) -> Option<String> {
        let mut text = String::new();
        for line in self.seen.iter().chain(self.checks.iter()) {
            comment(&mut text, line);
        }
        text.push('\n');
        for line in &self.database {
            put(&mut text, line)?;
        }
        put(&mut text, &Line::Setting("LDAP_BASE_DN".to_owned(), self.base.clone()))?;
        for line in &self.lines {
            put(&mut text, line)?;
        }
        let has_signs = self.settings().iter().any(|(_, value)| has_signs(value));
        if has_signs {
            return None;
        }
        dotenv_reads_as(&text, &self.settings()).then_some(text)
    }
}

fn comment(text: &mut String, line: &str) {
    text.push('#');
    if !line.is_empty() {
        text.push(' ');
        text.push_str(&shown(line));
    }
    text.push('\n');
}

fn put(text: &mut String, line: &Line) -> Option<()> {
    match line {
        Line::Comment(line) => comment(text, line),
        Line::Setting(name, value) => {
            text.push_str(&dotenv_line(name, value)?);
            text.push('\n');
        }
    }
    Some(())
}

/// What a sample of the users tells somebody to look at.
pub fn remarks(sample: &Sample) -> Vec<String> {
    let of = match sample.rows {
        SAMPLE => format!("of the first {SAMPLE} users"),
        rows => format!("of {rows} users"),
    };
    let mut remarks = Vec::new();
    for (count, what) in [
        (sample.nameless, "have no name and are left out"),
        (
            sample.capitals,
            "have names with capitals: LDAP takes Alice and alice for one, Unix hosts may not",
        ),
        (
            sample.addresses,
            "have names with @: Unix tools refuse them, LDAP does not",
        ),
        (
            sample.blanks,
            "have names with blanks: Unix tools refuse them, LDAP does not",
        ),
        (
            sample.odd,
            "have names with other characters than letters, digits, dot, - and _",
        ),
        (
            sample.names_again,
            "have a name that another one has, in whatever case: one of them is served",
        ),
        (sample.mails_again, "have a mail address that another one has"),
        (sample.without_hash, "have no password and cannot sign in"),
    ] {
        if count > 0 {
            remarks.push(format!("{count} {of} {what}"));
        }
    }
    for ((scheme, is_usable), count) in &sample.schemes {
        if !is_usable {
            remarks.push(format!(
                "{count} {of} have a password whose form ({scheme}) is not understood, so that they cannot sign in \
                 (docs/passwords.md)"
            ));
        }
    }
    remarks
}

/// What the password hashes look like, in one line. None where there are none.
pub fn hashes(sample: &Sample) -> Option<String> {
    let usable = sample.schemes.iter().filter(|((_, is_usable), _)| *is_usable);
    let usable: Vec<_> = usable.map(|((scheme, _), _)| *scheme).collect();
    (!usable.is_empty()).then(|| format!("Passwords look like {}.", usable.join(", ")))
}
