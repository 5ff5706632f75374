//! What `check` has found, in the order in which it is told. It does not know how anything was found.

use crate::config::{Problem, RealmSettings, Warning, settings::find};
use std::fmt;

/// Whose exit code a problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Wrong without asking anybody: settings, certificate, texts that can be no query.
    Settings,
    /// The database, or what it says about a query.
    Database,
    /// What the gateway serves, and clients refuse.
    Clients,
    /// One attribute, which is not served; everything else is.
    Attribute,
}

/// Everything found.
#[derive(Debug, Default)]
pub struct Report {
    sections: Vec<(String, Vec<String>)>,
    warnings: Vec<String>,
    advice: Vec<String>,
    faults: Vec<(Fault, String)>,
    wrong_settings: Vec<String>,
    /// The realm that is reported on; none where there is one, made of the plain settings.
    realm: Option<RealmSettings>,
}

impl Report {
    /// Begins with what is wrong or odd about the settings.
    pub fn new(problems: &[Problem], warnings: &[Warning]) -> Self {
        let faults = problems.iter().map(|problem| (Fault::Settings, problem.to_string()));
        Report {
            faults: faults.collect(),
            warnings: warnings.iter().map(ToString::to_string).collect(),
            wrong_settings: problems.iter().map(|problem| problem.variable.clone()).collect(),
            ..Report::default()
        }
    }

    /// Whether one of these settings is wrong, so that its value in the configuration is a stand-in.
    pub fn has_wrong_setting(&self, names: &[&str]) -> bool {
        let place = |name: &&str| match &self.realm {
            Some(realm) => realm.place(name),
            None => (*name).to_owned(),
        };
        let places: Vec<String> = names.iter().map(place).collect();
        self.wrong_settings.iter().any(|wrong| places.contains(wrong))
    }

    /// What follows is about this realm, and named so where it has a name.
    pub fn begin(&mut self, realm: &RealmSettings) {
        self.realm = realm.name.as_ref().map(|_| realm.clone());
    }

    /// What follows is about the whole gateway.
    pub fn end_realm(&mut self) {
        self.realm = None;
    }

    /// A text with the realm it is about: where it begins with the names of settings, these are where they were given.
    fn located(&self, text: String) -> String {
        let Some(realm) = &self.realm else {
            return text;
        };
        match text.split_once(": ") {
            Some((names, rest)) if names.split(", ").all(|name| find(name).is_some()) => {
                let places: Vec<String> = names.split(", ").map(|name| realm.place(name)).collect();
                format!("{}: {rest}", places.join(", "))
            }
            Some((place, _)) if place.starts_with("realms[") => text,
            _ => format!("realm {}: {text}", realm.title()),
        }
    }

    /// Adds a section of its own.
    pub fn section(&mut self, title: &str, lines: Vec<String>) {
        let title = match &self.realm {
            Some(realm) => format!("{}: {title}", realm.title()),
            None => title.to_owned(),
        };
        self.sections.push((title, lines));
    }

    /// Adds something legal that is probably not meant.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = self.located(text.into());
        self.warnings.push(text);
    }

    /// Adds something that would be better.
    pub fn advise(&mut self, text: impl Into<String>) {
        let text = self.located(text.into());
        self.advice.push(text);
    }

    /// Adds something that keeps the gateway from serving, all of it or an attribute.
    pub fn fault(&mut self, fault: Fault, text: impl Into<String>) {
        let text = self.located(text.into());
        self.faults.push((fault, text));
    }

    /// What is wrong.
    pub fn faults(&self) -> &[(Fault, String)] {
        &self.faults
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, lines) in &self.sections {
            writeln!(f, "{title}")?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
            writeln!(f)?;
        }
        for (title, texts) in [("Warnings", &self.warnings), ("Advice", &self.advice)] {
            if texts.is_empty() {
                continue;
            }
            writeln!(f, "{title}")?;
            for text in texts {
                let mut lines = text.lines();
                writeln!(f, "  - {}", lines.next().unwrap_or_default())?;
                for line in lines {
                    writeln!(f, "    {line}")?;
                }
            }
            writeln!(f)?;
        }
        f.write_str(if self.faults.is_empty() {
            "The gateway can serve this."
        } else if self.faults.iter().all(|(fault, _)| *fault == Fault::Attribute) {
            "The gateway serves this without what is named below."
        } else if self
            .faults
            .iter()
            .all(|(fault, _)| matches!(fault, Fault::Attribute | Fault::Clients))
        {
            "The gateway serves this, and clients refuse what is named below."
        } else {
            "The gateway cannot serve this."
        })
    }
}

/// Rows in columns as wide as their widest cell.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| Some(row.get(column)?.chars().count()))
                .max()
                .unwrap_or_default()
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_first_and_several_lines_are_indented() {
        let mut report = Report::default();
        report.advise("an index:\nCREATE INDEX");
        report.warn("odd");
        report.section("Database", vec!["SQLite".to_owned()]);
        assert_eq!(
            report.to_string(),
            "Database\n  SQLite\n\nWarnings\n  - odd\n\nAdvice\n  - an index:\n    CREATE INDEX\n\nThe gateway can serve this."
        );
        report.fault(Fault::Attribute, "SQL_QUERY_ALL_USERS: column title");
        assert!(
            report
                .to_string()
                .ends_with("The gateway serves this without what is named below.")
        );
        report.fault(Fault::Clients, "LDAP_CERT_PATH: has ended");
        assert!(report.to_string().ends_with("and clients refuse what is named below."));
        report.fault(Fault::Database, "SQL_URI: away");
        assert!(report.to_string().ends_with("The gateway cannot serve this."));
        assert_eq!(report.faults().len(), 3);
    }

    #[test]
    fn tables_are_aligned_by_characters() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["größe", "INT4", "a"]), row(["x", "VARCHAR", ""])];
        assert_eq!(table(&rows), ["größe  INT4     a", "x      VARCHAR"]);
    }
}
