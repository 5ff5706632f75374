//! For `check` and `explain`: how the engine would run a statement (`plan`), which indexes would spare it work (`indexes`),
//! and what would put one right that was refused (`hints`), which the log says, too.

pub(crate) mod hints;
pub(crate) mod indexes;
pub(crate) mod plan;
