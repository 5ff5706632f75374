//! The attribute types that code refers to by name.

pub use super::cosine::ids::*;
pub use super::nis::ids::*;
pub use super::operational::ids::*;
pub use super::person::ids::*;
pub use super::user::ids::*;
