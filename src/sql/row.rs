//! A row of a result, before anybody says what its columns mean.

use crate::model::value::Cell;

/// One row: the cells of its columns, in order.
pub type Row = Vec<Cell>;
