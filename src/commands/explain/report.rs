//! What `explain` has found, as text and as JSON. It does not know how anything was found.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::decisions::Note;
use crate::sql::{
    Arg, Recorded,
    plan::{Access, QueryPlan},
};

/// Longer lists of values are cut.
const VALUES_SHOWN: usize = 8;
/// Stands for a value that came from a row.
const HIDDEN: &str = "…";

/// What the operator typed: the only values that are shown. Others come from rows, as the groups of a user do.
pub struct Typed(Vec<String>);

impl Typed {
    /// From all that was typed, in any letter case.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        Typed(texts.into_iter().map(|text| text.to_lowercase()).collect())
    }

    /// The text if all of it was typed. `%` and `|` are a pattern's own.
    fn show(&self, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let mut pieces = lower.split(['%', '|']);
        pieces
            .all(|piece| self.0.iter().any(|typed| typed.contains(piece)))
            .then(|| format!("{text:?}"))
    }

    fn values(&self, args: &[Arg]) -> Vec<String> {
        let show = |text: &str| self.show(text).unwrap_or_else(|| HIDDEN.to_owned());
        args.iter()
            .map(|arg| match arg {
                Arg::Text(text) => show(text),
                Arg::Integer(number) => show(&number.to_string()).replace('"', ""),
                Arg::TextList(list) => {
                    let mut shown: Vec<String> = list.iter().filter_map(|text| self.show(text)).collect();
                    shown.truncate(VALUES_SHOWN);
                    match list.len().saturating_sub(shown.len()) {
                        0 => {}
                        hidden => shown.push(format!("{hidden} more")),
                    }
                    format!("[{}]", shown.join(", "))
                }
            })
            .collect()
    }

    /// A line of a plan without the literals that were not typed and do not stand in the statement itself.
    fn plan(&self, line: &str, sql: &str) -> String {
        let mut shown = String::new();
        let mut pieces = line.split('\'').peekable();
        let mut outside = true;
        while let Some(piece) = pieces.next() {
            match outside || sql.contains(piece) || self.show(piece).is_some() {
                true => shown.push_str(piece),
                false => shown.push_str(HIDDEN),
            }
            if pieces.peek().is_some() {
                shown.push('\'');
            }
            outside = !outside;
        }
        shown
    }
}

/// A statement, and how the engine runs it.
pub struct Explained {
    /// What was sent first.
    pub recorded: Recorded,
    /// How often the same text was sent again, with other values.
    pub repeated: usize,
    /// How the engine runs it.
    pub plan: Result<QueryPlan, String>,
}

impl Explained {
    /// The same text was sent again.
    pub fn add(&mut self, again: &Recorded) {
        self.repeated += 1;
        self.recorded.rows += again.rows;
        self.recorded.elapsed += again.elapsed;
        if self.recorded.error.is_none() {
            self.recorded.error.clone_from(&again.error);
        }
    }
}

/// Something that happened.
pub enum Step {
    /// A decision.
    Note(Note),
    /// A statement.
    Statement(Box<Explained>),
}

/// Everything there is to say.
pub struct Report {
    /// What was typed.
    pub typed: Typed,
    /// The search itself.
    pub search: Vec<(&'static str, String)>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// So many entries, or why not.
    pub found: Result<usize, Unanswered>,
}

/// Why a search has no entries to tell of.
pub struct Unanswered {
    /// For people.
    pub why: String,
    /// It broke off: what it would have asked further nobody knows.
    pub is_failure: bool,
}

impl Report {
    /// Whether the search was answered with success.
    pub fn is_success(&self) -> bool {
        self.found.is_ok()
    }

    /// For people.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        labelled(&mut text, "", &self.search);
        let mut number = 0;
        for step in &self.steps {
            match step {
                Step::Note(note) => {
                    let _ = writeln!(text, "\n{}", note.about);
                    labelled(&mut text, "  ", &note.details);
                }
                Step::Statement(explained) => {
                    number += 1;
                    self.statement(&mut text, number, explained, verbose);
                }
            }
        }
        let _ = writeln!(text);
        let stopped = self.notes().any(|note| note.stopped);
        match &self.found {
            Ok(1) => text.push_str("1 entry"),
            Ok(entries) => _ = write!(text, "{entries} entries"),
            Err(unanswered) => text.push_str(&unanswered.why),
        }
        if stopped {
            text.push_str(", and more: it stopped after the first rows");
        }
        let _ = write!(text, "\n{}", self.verdict());
        text
    }

    /// For programs.
    pub fn json(&self) -> String {
        let object = |pairs: &[(&'static str, String)]| -> Json {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), json!(value)))
                .collect()
        };
        let steps: Vec<Json> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Note(note) => json!({"about": note.about, "details": object(&note.details)}),
                Step::Statement(explained) => self.statement_json(explained),
            })
            .collect();
        let report = json!({
            "search": object(&self.search),
            "steps": steps,
            "entries": self.found.as_ref().ok(),
            "problem": self.found.as_ref().err().map(|unanswered| &unanswered.why),
            "whole": self.whole(),
            "unknown": self.unknown(),
            "verdict": self.verdict(),
        });
        report.to_string()
    }

    /// What is read from end to end, or would be if the search were not stopped.
    fn whole(&self) -> Vec<String> {
        let mut whole: Vec<String> = self
            .notes()
            .filter(|note| note.everything)
            .map(|note| note.about.to_owned())
            .collect();
        for explained in self.statements() {
            whole.extend(explained.plan.iter().flat_map(QueryPlan::whole));
        }
        whole.sort_unstable();
        whole.dedup();
        whole
    }

    /// Why more may be read than is known, once each.
    fn unknown(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        for explained in self.statements() {
            let why = match &explained.plan {
                Ok(plan) => plan.not_known(),
                Err(error) => Some(format!("the database did not explain a statement: {error}")),
            };
            reasons.extend(why.filter(|why| !reasons.contains(why)));
        }
        if self.found.as_ref().is_err_and(|unanswered| unanswered.is_failure) {
            reasons.push("the search broke off".to_owned());
        }
        reasons
    }

    /// What the whole search reads. It reassures only where every statement's plan was understood.
    fn verdict(&self) -> String {
        let unknown = self.unknown().join("; ");
        let whole = self.whole();
        let reads = |explained: &Explained| explained.plan.as_ref().is_ok_and(|plan| !plan.reading.reads.is_empty());
        let verdict = match whole.as_slice() {
            [] if !unknown.is_empty() => return format!("which tables are read is not known: {unknown}"),
            [] if self.statements().next().is_none() => "asks the database nothing".to_owned(),
            [] if !self.statements().any(reads) => "reads no table".to_owned(),
            [] => "uses indexes only".to_owned(),
            [one] => format!("reads a whole table: {one}"),
            several => format!("reads whole tables: {}", several.join(", ")),
        };
        match unknown.is_empty() {
            true => verdict,
            false => format!("{verdict}; whether it reads others is not known: {unknown}"),
        }
    }

    fn statement(&self, text: &mut String, number: usize, explained: &Explained, verbose: bool) {
        let recorded = &explained.recorded;
        let _ = writeln!(text, "\n  statement {number}");
        for line in recorded.statement.sql.lines() {
            let _ = writeln!(text, "    {line}");
        }
        if !recorded.statement.args.is_empty() {
            let _ = writeln!(
                text,
                "  values  {}",
                self.typed.values(&recorded.statement.args).join(", ")
            );
        }
        let again = match explained.repeated {
            0 => String::new(),
            times => format!(", with {times} more of the same text"),
        };
        let streamed = if recorded.streamed { ", streamed" } else { "" };
        let milliseconds = recorded.elapsed.as_secs_f64() * 1000.0;
        let _ = writeln!(
            text,
            "  rows    {} in {milliseconds:.1} ms{again}{streamed}",
            recorded.rows
        );
        if let Some(error) = &recorded.error {
            let _ = writeln!(text, "  error   {error}");
        }
        match &explained.plan {
            Ok(plan) => {
                match plan.not_known() {
                    Some(why) => _ = writeln!(text, "  reads   not known: {why}"),
                    None if plan.reading.reads.is_empty() => {
                        let _ = writeln!(text, "  reads   no table");
                    }
                    None => {}
                }
                let mut said = Vec::new();
                for read in &plan.reading.reads {
                    if !said.contains(&read) {
                        let _ = writeln!(text, "  reads   {}: {}", read.table, access(&read.access));
                        said.push(read);
                    }
                }
                if verbose {
                    let _ = writeln!(text, "  plan");
                    for line in &plan.text {
                        let _ = writeln!(text, "    {}", self.typed.plan(line, &recorded.statement.sql));
                    }
                }
            }
            Err(error) => _ = writeln!(text, "  plan    not known: {error}"),
        }
    }

    fn statement_json(&self, explained: &Explained) -> Json {
        let recorded = &explained.recorded;
        let reads: Vec<Json> = explained
            .plan
            .iter()
            .flat_map(|plan| &plan.reading.reads)
            .map(|read| {
                let (how, index) = match &read.access {
                    Access::Whole { index } => ("whole", index.as_ref()),
                    Access::InOrder { index } => ("in order", Some(index)),
                    Access::Index { index } => ("index", Some(index)),
                };
                json!({"table": read.table, "access": how, "index": index})
            })
            .collect();
        let unknown = match &explained.plan {
            Ok(plan) => plan.not_known(),
            Err(error) => Some(error.clone()),
        };
        let plan: Vec<String> = match &explained.plan {
            Ok(plan) => plan
                .text
                .iter()
                .map(|line| self.typed.plan(line, &recorded.statement.sql))
                .collect(),
            Err(error) => vec![error.clone()],
        };
        json!({
            "sql": recorded.statement.sql,
            "values": self.typed.values(&recorded.statement.args),
            "rows": recorded.rows,
            "milliseconds": recorded.elapsed.as_secs_f64() * 1000.0,
            "times": explained.repeated + 1,
            "streamed": recorded.streamed,
            "error": recorded.error,
            "reads": reads,
            "unknown": unknown,
            "plan": plan,
        })
    }

    fn notes(&self) -> impl Iterator<Item = &Note> {
        self.steps.iter().filter_map(|step| match step {
            Step::Note(note) => Some(note),
            Step::Statement(_) => None,
        })
    }

    fn statements(&self) -> impl Iterator<Item = &Explained> {
        self.steps.iter().filter_map(|step| match step {
            Step::Statement(explained) => Some(&**explained),
            Step::Note(_) => None,
        })
    }
}

fn labelled(text: &mut String, indent: &str, pairs: &[(&'static str, String)]) {
    let width = pairs.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
    for (label, value) in pairs {
        let _ = writeln!(text, "{indent}{label:width$}  {value}");
    }
}

fn access(access: &Access) -> String {
    match access {
        Access::Whole { index: None } => "ALL OF IT".to_owned(),
        Access::Whole { index: Some(index) } => format!("ALL OF IT, by the whole of {index}"),
        Access::InOrder { index } => format!("in the order of {index}, as many as are wanted"),
        Access::Index { index } => format!("by {index}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_typed_is_shown() {
        let typed = Typed::new(["Alice".to_owned(), "10001".to_owned(), "a_b".to_owned()]);
        let list = |names: [&str; 2]| Arg::TextList(names.map(str::to_owned).to_vec());
        let args = [
            Arg::Text("alice".to_owned()),
            Arg::Text("bob".to_owned()),
            Arg::Integer(10001),
            Arg::Integer(7),
            Arg::Text("%a|_b%".to_owned()),
            list(["alice", "staff"]),
        ];
        assert_eq!(
            typed.values(&args),
            ["\"alice\"", "…", "10001", "…", "\"%a|_b%\"", "[\"alice\", 1 more]"]
        );
        let line = "Filter: ((cn = 'staff') AND (uid = 'alice') AND (cn ~ '[^ -~]') AND cn = ANY ('{x,y}'))";
        assert_eq!(
            typed.plan(line, "cn ~ '[^ -~]'"),
            "Filter: ((cn = '…') AND (uid = 'alice') AND (cn ~ '[^ -~]') AND cn = ANY ('…'))"
        );
    }
}
