//! What breaks at 3 a.m., one thing at a time: the log, `check`, the metrics and `/readyz` name the cause in the very texts
//! that docs/troubleshooting.md lists.

mod accounts;
mod database;
mod page;
mod rows;
mod surroundings;
mod texts;

use crate::harness::gateway::{Env, run_to_end};
use crate::harness::{Database, Engine, eventually};
use crate::observability::Observed;
use std::time::Duration;

pub const LONG: Duration = Duration::from_secs(60);

/// What one of the four places says of a breakage.
#[derive(Clone, Copy)]
pub enum Said {
    /// These texts, in this order in one line; `…` stands for what is between. A metric: its series, and how its value
    /// compares.
    Text(&'static str),
    /// Nothing that names it, and why.
    Nothing(&'static str),
}

/// Something that breaks, and who says so.
pub struct Breakage {
    pub title: &'static str,
    /// What clients see.
    pub client: &'static str,
    pub log: Said,
    pub check: Said,
    pub metric: Said,
    /// The body of `/readyz`.
    pub ready: Said,
    pub cure: &'static str,
}

impl Breakage {
    /// Fails unless all four say what they are to say.
    fn is_told(&self, observed: &Observed, env: &Env) {
        let log = || has_line(&observed.gateway.log(), self.log);
        assert!(
            eventually(LONG, log),
            "{}: log:\n{}",
            self.title,
            observed.gateway.log_tail()
        );
        self.is_told_but_in_the_log(observed, env);
    }

    /// Fails if one of them says it before anything is broken, so that the texts prove something.
    fn is_news(&self, observed: &Observed, env: &Env) {
        let is_said = |text: &str, said| matches!(said, Said::Text(_)) && has_line(text, said);
        assert!(!is_said(&observed.gateway.log(), self.log), "{}: log", self.title);
        assert!(
            !is_said(&observed.get("/readyz").unwrap().1, self.ready),
            "{}",
            self.title
        );
        assert!(
            matches!(self.metric, Said::Nothing(_)) || !compares(observed, self.metric),
            "{}: metric",
            self.title
        );
        let report = run_to_end(env, &["check"], "").text();
        assert!(!is_said(&report, self.check), "{}: check:\n{report}", self.title);
    }

    fn is_told_but_in_the_log(&self, observed: &Observed, env: &Env) {
        let ready = || has_line(&observed.get("/readyz").unwrap().1, self.ready);
        assert!(
            eventually(LONG, ready),
            "{}: /readyz: {:?}",
            self.title,
            observed.get("/readyz")
        );
        let metric = || compares(observed, self.metric);
        let page = || observed.get("/metrics").unwrap().1;
        assert!(eventually(LONG, metric), "{}: metrics:\n{}", self.title, page());
        self.is_told_by_check(env);
    }

    fn is_told_by_check(&self, env: &Env) {
        let report = run_to_end(env, &["check"], "").text();
        assert!(has_line(&report, self.check), "{}: check:\n{report}", self.title);
    }
}

/// Whether a line has the texts of a pattern in their order.
fn has_line(text: &str, said: Said) -> bool {
    let Said::Text(pattern) = said else {
        return true;
    };
    text.lines().any(|line| {
        let mut rest = line;
        pattern.split('…').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    })
}

/// Whether a series is there and its value compares as said: `==`, `>`.
fn compares(observed: &Observed, said: Said) -> bool {
    let Said::Text(expression) = said else {
        return true;
    };
    let mut words = expression.rsplitn(3, ' ');
    let (bound, operator, series) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let bound: f64 = bound.parse().unwrap();
    let value = observed.metrics().get(series).copied();
    match operator {
        "==" => value == Some(bound),
        ">" => value.is_some_and(|value| value > bound),
        other => panic!("{other}"),
    }
}

/// A gateway that is well, on a database of its own, before something breaks.
fn well(database: &Database) -> (Env, Observed) {
    let env = database.deployed().with("LOG_LEVEL", "info");
    let observed = Observed::start(&env);
    assert!(eventually(LONG, || observed.get("/readyz").unwrap().1 == "serving\n"));
    (env, observed)
}

fn postgres() -> Database {
    Database::fresh(Engine::PostgreSql)
}
