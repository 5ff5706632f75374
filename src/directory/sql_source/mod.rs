//! Entries from the operator's database: what stands behind the seam that a search asks (`entry_source`). Here a filter
//! becomes a condition on rows, rows become entries, and the rows that are no entries are left out.

mod entries;
mod membership_answers;
mod related;
mod rows;
mod scan;
mod source;

pub(crate) use source::SqlSource;
