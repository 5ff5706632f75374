//! The schema (RFC 4512 section 4): attribute types, object classes, syntaxes and matching rules.
//!
//! The standard definitions are tables: `user`, `cosine`, `person`, `nis`, `operational` for attribute types, `classes`,
//! `syntax`, `rules`. A [`Schema`] is an index over them and over the attributes that an operator passes through. Nothing
//! here knows which columns become which attributes.

#[macro_use]
mod definition;
mod attribute_set;
mod classes;
mod cosine;
pub mod ids;
mod index;
mod names;
mod nis;
mod operational;
mod person;
mod render;
mod rules;
mod syntax;
#[cfg(test)]
mod tests;
mod user;

pub use attribute_set::AttributeSet;
pub use classes::class_ids;
pub use definition::{AttributeId, AttributeType, ClassId, ObjectClass, ObjectClassKind, Usage};
pub use index::Schema;
pub use rules::{MatchingRule, RuleKind};
pub use syntax::Syntax;
