//! The pure model: values and time.

pub mod time;
pub mod value;
