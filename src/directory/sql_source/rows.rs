//! Rows become entries, and others get their turn.

use crate::{directory::source::listing::Listing, model::entry::Entry, sql::Row};
use tokio::task::yield_now;

/// Rows made into entries before other tasks get their turn: a search of everything must not hold up lookups.
const ROWS_A_TURN: usize = 32;

/// The entries that a listing's rows make. Others get their turn in between.
pub(super) async fn entries_of(listing: &Listing, rows: Vec<Row>, operational: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, row) in rows.into_iter().enumerate() {
        entries.extend(listing.maker().entry(row, operational));
        if number % ROWS_A_TURN == ROWS_A_TURN - 1 {
            yield_now().await;
        }
    }
    entries
}
