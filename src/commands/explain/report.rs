//! What `explain` has found, as text and as JSON. Must not know: how it was found.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::sql::{
    plan::{Access, QueryPlan},
    record::{Note, Recorded},
    statement::Arg,
};

/// Longer lists of values are cut.
const VALUES_SHOWN: usize = 8;

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
    /// The search itself.
    pub search: Vec<(&'static str, String)>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// So many entries, or why not.
    pub found: Result<usize, String>,
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
                    statement(&mut text, number, explained, verbose);
                }
            }
        }
        let _ = writeln!(text);
        let stopped = self.notes().any(|note| note.details.iter().any(|(label, _)| *label == "stopped"));
        match &self.found {
            Ok(1) => text.push_str("1 entry"),
            Ok(entries) => _ = write!(text, "{entries} entries"),
            Err(why) => text.push_str(why),
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
            pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect()
        };
        let steps: Vec<Json> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Note(note) => json!({"about": note.about, "details": object(&note.details)}),
                Step::Statement(explained) => statement_json(explained),
            })
            .collect();
        let report = json!({
            "search": object(&self.search),
            "steps": steps,
            "entries": self.found.as_ref().ok(),
            "problem": self.found.as_ref().err(),
            "whole": self.whole(),
            "verdict": self.verdict(),
        });
        report.to_string()
    }

    /// What is read from end to end, or would be if the search were not stopped.
    fn whole(&self) -> Vec<String> {
        let mut whole: Vec<String> = self.notes().filter(|note| note.everything).map(|note| note.about.to_owned()).collect();
        for explained in self.statements() {
            whole.extend(explained.plan.iter().flat_map(QueryPlan::whole));
        }
        whole.sort_unstable();
        whole.dedup();
        whole
    }

    fn verdict(&self) -> String {
        let whole = self.whole();
        let unknown = self.statements().any(|explained| explained.plan.is_err());
        match whole.as_slice() {
            [] if self.statements().next().is_none() && self.found.is_ok() => "asks the database nothing".to_owned(),
            [] if unknown => "which tables are read is not known: the database did not explain every statement".to_owned(),
            [] => "uses indexes only".to_owned(),
            [one] => format!("reads a whole table: {one}"),
            several => format!("reads whole tables: {}", several.join(", ")),
        }
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

fn statement(text: &mut String, number: usize, explained: &Explained, verbose: bool) {
    let recorded = &explained.recorded;
    let _ = writeln!(text, "\n  statement {number}");
    for line in recorded.statement.sql.lines() {
        let _ = writeln!(text, "    {line}");
    }
    if !recorded.statement.args.is_empty() {
        let _ = writeln!(text, "  values  {}", values(&recorded.statement.args).join(", "));
    }
    let again = match explained.repeated {
        0 => String::new(),
        times => format!(", with {times} more of the same text"),
    };
    let streamed = if recorded.streamed { ", streamed" } else { "" };
    let milliseconds = recorded.elapsed.as_secs_f64() * 1000.0;
    let _ = writeln!(text, "  rows    {} in {milliseconds:.1} ms{again}{streamed}", recorded.rows);
    if let Some(error) = &recorded.error {
        let _ = writeln!(text, "  error   {error}");
    }
    match &explained.plan {
        Ok(plan) => {
            for read in &plan.reads {
                let _ = writeln!(text, "  reads   {}: {}", read.table, access(&read.access));
            }
            if verbose {
                let _ = writeln!(text, "  plan");
                for line in &plan.text {
                    let _ = writeln!(text, "    {line}");
                }
            }
        }
        Err(error) => _ = writeln!(text, "  plan    not known: {error}"),
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

fn values(args: &[Arg]) -> Vec<String> {
    args.iter()
        .map(|arg| match arg {
            Arg::Text(text) => format!("{text:?}"),
            Arg::Integer(number) => number.to_string(),
            Arg::TextList(list) => {
                let shown: Vec<String> = list.iter().take(VALUES_SHOWN).map(|text| format!("{text:?}")).collect();
                match list.len().checked_sub(VALUES_SHOWN) {
                    Some(more @ 1..) => format!("[{}, … {more} more]", shown.join(", ")),
                    _ => format!("[{}]", shown.join(", ")),
                }
            }
        })
        .collect()
}

fn statement_json(explained: &Explained) -> Json {
    let recorded = &explained.recorded;
    let reads: Vec<Json> = explained
        .plan
        .iter()
        .flat_map(|plan| &plan.reads)
        .map(|read| {
            let (how, index) = match &read.access {
                Access::Whole { index } => ("whole", index.as_ref()),
                Access::InOrder { index } => ("in order", Some(index)),
                Access::Index { index } => ("index", Some(index)),
            };
            json!({"table": read.table, "access": how, "index": index})
        })
        .collect();
    json!({
        "sql": recorded.statement.sql,
        "values": values(&recorded.statement.args),
        "rows": recorded.rows,
        "milliseconds": recorded.elapsed.as_secs_f64() * 1000.0,
        "times": explained.repeated + 1,
        "streamed": recorded.streamed,
        "error": recorded.error,
        "reads": reads,
        "plan": explained.plan.as_ref().map_or_else(|error| vec![error.clone()], |plan| plan.text.clone()),
    })
}
