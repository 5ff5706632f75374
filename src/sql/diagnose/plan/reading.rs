//! What is read out of a plan.

/// How the rows of a table are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The whole table is read, or a whole index over all of its rows.
    Whole {
        /// The index, where it is one.
        index: Option<String>,
    },
    /// Rows are taken in the order of an index, no more than are returned.
    InOrder {
        /// The index.
        index: String,
    },
    /// The rows wanted are found by an index.
    Index {
        /// Its name; what the engine calls its primary key's.
        index: String,
    },
}

/// A table that a statement reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The table as the plan names it: by an alias on MySQL and SQLite.
    pub table: String,
    /// How.
    pub access: Access,
}

/// What is read out of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Each table, in the plan's order.
    pub reads: Vec<Read>,
    /// Why there may be more to read than these tables: empty when the whole plan was understood.
    pub unknown: Vec<String>,
}

impl Reading {
    /// Nothing of the plan is understood.
    pub(super) fn nothing(why: impl Into<String>) -> Self {
        Reading {
            reads: Vec::new(),
            unknown: vec![why.into()],
        }
    }

    pub(super) fn read(&mut self, table: &str, access: Access) {
        self.reads.push(Read {
            table: table.to_owned(),
            access,
        });
    }

    /// Says once that something is not known.
    pub(super) fn unknown(&mut self, why: String) {
        if !self.unknown.contains(&why) {
            self.unknown.push(why);
        }
    }
}

/// What the engine says.
#[derive(Debug, Clone)]
pub struct QueryPlan {
    /// What is read out of it.
    pub reading: Reading,
    /// The whole plan in the engine's own words.
    pub text: Vec<String>,
}

impl QueryPlan {
    /// The tables, or their aliases, that are read from end to end.
    pub fn whole(&self) -> Vec<String> {
        let reads = self.reading.reads.iter();
        let whole = reads.filter(|read| matches!(read.access, Access::Whole { .. }));
        let mut tables: Vec<String> = whole.map(|read| read.table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// Why other tables may be read than those that it names; None when the whole plan was understood.
    pub fn not_known(&self) -> Option<String> {
        (!self.reading.unknown.is_empty()).then(|| self.reading.unknown.join(", "))
    }
}
