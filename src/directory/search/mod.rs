//! A search: planned for each kind of entries, read in chunks or by name, filtered, cut into pages.

pub mod assemble;
pub mod assertions;
pub mod page;
pub mod plan;
pub mod query;
pub mod required;
pub mod results;
pub mod scan;
pub mod trace;
