//! The database's clock beside this machine's, and whose decisions depend on either.

use super::report::Report;
use crate::sql::{Database, clock};

/// Warns of clocks that differ. One that could not be asked for is no news: the queries tell as much.
pub async fn check(database: &Database, report: &mut Report) {
    if let Ok(Some(offset)) = clock::offset(database).await
        && let Some(remark) = clock::remark(offset)
    {
        report.warn(format!("SQL_URI: {remark}"));
    }
}
