//! Who is in which group. `memberUid`, `member`, `uniqueMember` and `memberOf` are all made of what [`Memberships`] reads.
//!
//! It comes from one of three sources, each a file: a query that lists memberships, a column of all-groups that lists
//! members, or the groups-by-member query. `relation` says what a membership is and how one asks for some; `resolve` finds
//! the entries behind their names. This room reads listings and knows no filters.

mod by_member;
mod members_column;
mod memberships;
mod memberships_query;
mod relation;
mod resolve;
mod rows;

pub use memberships::Memberships;
pub(crate) use memberships_query::MembershipsQuery;
pub(crate) use relation::{Membership, MembershipsOf, NameSet};
