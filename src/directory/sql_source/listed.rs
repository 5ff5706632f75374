//! The memberships in a filter, as pushdown takes them.

use crate::directory::{entry_source::MembershipSet, pushdown::predicate::Listed};
use std::sync::Arc;

impl Listed for &[Arc<MembershipSet>] {
    fn listed(&self, relation: usize) -> Option<&[String]> {
        Some(self.get(relation)?.names())
    }
}
