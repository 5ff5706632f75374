//! Rows of a result. What a column means is not known here.

use crate::model::value::Cell;

/// One row: the cells of its columns, in order.
pub type Row = Vec<Cell>;
