//! What an operator should know of the queries and the rows behind a directory, for `check` and the log of the start.
//! Nothing is served from here.

pub mod consistency;
pub mod indexes;
pub mod rehearsal;
pub mod remarks;
pub mod rows;
pub mod tables;
