//! A search: which entries are in scope (`begin`), how those of each kind are found (`plan`), the filter's last word on
//! each (`assemble`), where pages end (`page`), and what the session may see (`view`). [`results`] puts them in order. Entries come from an
//! [`EntrySource`](super::entry_source::EntrySource): nothing here knows rows or SQL.

mod assemble;
mod assertions;
pub mod begin;
mod context;
mod found_groups;
pub(crate) mod page;
mod plan;
pub mod query;
mod required;
pub(crate) mod results;
pub(crate) mod trace;
mod turn;
pub mod view;
