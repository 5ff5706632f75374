//! From a filter to a condition on rows, as far as SQL can tell. The filter has the last word on what comes back.
//!
//! `predicate::narrow` is the way in. `predicate` takes a filter apart, `attribute` says where an attribute's value comes
//! from, `value_test` what is asked of it there.

pub(crate) mod attribute;
pub(crate) mod predicate;
pub(crate) mod value_test;
