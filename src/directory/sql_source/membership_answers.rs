//! The memberships in a filter, as pushdown asks for them.

use crate::directory::{entry_source::MembershipSet, pushdown::predicate::MembershipAnswers};
use std::sync::Arc;

impl MembershipAnswers for &[Arc<MembershipSet>] {
    fn names(&self, relation: usize) -> Option<&[String]> {
        Some(self.get(relation)?.names())
    }
}
