//! Who is in which group: one relation, read from one of three sources. `memberUid`, `member`, `uniqueMember` and
//! `memberOf` are all made of it, so they always agree.

pub mod members_column;
pub mod memberships;
pub mod memberships_query;
pub mod resolve;
