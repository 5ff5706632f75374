//! Connections to the database. `driver` is one connection; `pool` has those that statements run on, `opener` makes
//! them, `lease` lends one, `cancel` ends what nobody waits for; `state` says whether the database is there, `probe`
//! finds out; `remedy` says what puts right why no connection can be made; `retry` tries a statement again, as its kind allows;
//! `transaction` begins and ends one. Nothing here knows the operator's queries, or what
//! the rows mean.

mod abandoned;
pub(crate) mod attempt_error;
pub(crate) mod cancel;
pub(crate) mod coalesce;
mod connect_options;
mod describe;
mod driver;
mod file_id;
mod hosts;
pub(crate) mod lease;
mod member;
mod opener;
pub(crate) mod pool;
pub(crate) mod postgres_server;
pub(crate) mod probe;
mod remedy;
pub(crate) mod retry;
mod role;
mod sessionless;
pub(crate) mod sink;
pub(crate) mod state;
pub(crate) mod target;
mod transaction;
mod type_names;
mod wait_queue;
