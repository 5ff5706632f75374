//! Values that could not be decoded: counted, and logged once a column.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::model::value::Cell;

/// Counts the values that could not be decoded.
#[derive(Default)]
pub(crate) struct UndecodableValues {
    count: AtomicU64,
    named: Mutex<HashSet<(String, String)>>,
}

impl UndecodableValues {
    /// How many logged columns are remembered: an operator's query has not that many.
    const NAMED: usize = 1000;

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, column: &str, type_name: &str) -> Cell {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < Self::NAMED && named.insert((column.to_owned(), type_name.to_owned())) {
            tracing::warn!(
                column,
                r#type = type_name,
                "a value of this column cannot be decoded (logged once): an attribute is absent, and a column that decides \
                 about binds refuses"
            );
        }
        Cell::Unreadable
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted() {
        let undecodable = UndecodableValues::default();
        assert_eq!(undecodable.note("c", "T"), Cell::Unreadable);
        undecodable.note("c", "T");
        assert_eq!((undecodable.count(), undecodable.named.lock().unwrap().len()), (2, 1));
    }
}
