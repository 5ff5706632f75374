//! Entries from the operator's database: what stands behind the seam that a search asks (`entry_source`). Here a filter
//! becomes a condition on rows, rows become entries, and the rows that are no entries are left out.

mod entries;
mod listed;
mod parts;
mod related;
mod rows;
mod scan;

pub(crate) use parts::SqlSource;
