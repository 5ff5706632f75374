//! How well a realm is served beyond the state of its connectivity: which of its queries are broken, and why nobody can sign
//! in. Whoever describes the queries says what it found, and `/readyz` and the metrics show it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was found last; clones share it.
#[derive(Debug, Clone)]
pub struct RealmHealth(Arc<Mutex<Found>>);

#[derive(Debug, Clone)]
struct Found {
    queries: Vec<QueryHealth>,
    problems: Vec<String>,
    admits_nobody: bool,
}

/// A query, by the setting that holds it, and whether the database takes it; None while nobody knows.
pub type QueryHealth = (&'static str, Option<bool>);

impl RealmHealth {
    /// Of a realm with these queries, of which nothing is known yet.
    pub fn new(queries: impl IntoIterator<Item = &'static str>) -> Self {
        RealmHealth(Arc::new(Mutex::new(Found {
            queries: queries.into_iter().map(|query| (query, None)).collect(),
            problems: Vec::new(),
            admits_nobody: false,
        })))
    }

    /// All queries work.
    pub fn is_well(&self) {
        let mut found = self.found();
        found.queries.iter_mut().for_each(|(_, works)| *works = Some(true));
        found.problems.clear();
        found.admits_nobody = false;
    }

    /// Some queries are broken, as `problems` say; `admits_nobody`: without them nobody can sign in.
    pub fn is_broken(&self, broken: &[&'static str], problems: Vec<String>, admits_nobody: bool) {
        let mut found = self.found();
        for (query, works) in &mut found.queries {
            *works = Some(!broken.contains(query));
        }
        found.problems = problems;
        found.admits_nobody = admits_nobody;
    }

    /// The database cannot be asked, so that nothing new is known of the queries.
    pub fn is_unknown(&self, why: Vec<String>) {
        self.found().problems = why;
    }

    /// Whether the queries that a login needs work, as far as is known.
    pub fn admits_somebody(&self) -> bool {
        !self.found().admits_nobody
    }

    /// What is wrong, a line each.
    pub fn problems(&self) -> Vec<String> {
        self.found().problems.clone()
    }

    /// The queries.
    pub fn queries(&self) -> Vec<QueryHealth> {
        self.found().queries.clone()
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
