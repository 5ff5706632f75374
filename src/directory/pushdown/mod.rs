//! From a filter to a condition on rows, as far as SQL can tell. The filter has the last word on what comes back.

pub(crate) mod attribute;
pub mod predicate;
pub mod value_test;
