//! What an operator should know of the queries and the rows behind a directory, for `check` and `explain`. Nothing is served
//! from here.
//!
//! Each file answers one kind of question, by functions of a directory: `sample` how many rows there are, and some of them;
//! `consistency` where queries disagree; `rows` what all rows are as entries, with `owners` (whose a value is, in few octets) and
//! `oddities` (of one row alone); `logins` what binds would find of each user; `indexes` which index would help; `sign_in` what the
//! links of the chain would be given; `tables` whose table a plan names; `names` which names
//! nobody has.

pub(crate) mod consistency;
pub(crate) mod indexes;
pub(crate) mod logins;
pub(crate) mod names;
pub(crate) mod oddities;
pub(crate) mod owners;
pub(crate) mod rows;
pub mod sample;
pub(crate) mod sign_in;
pub(crate) mod tables;
