//! Groups whose members may search (`SEARCH_ALLOWED_TO`), and that are not there.

use super::{answer::answered, report::Report};
use crate::{
    config::Readers,
    directory::{Directory, DirectoryError, diagnostics::names::lacking, kind::GROUPS},
};

/// Warns of each group that is not there: it admits nobody.
///
/// # Errors
/// The database cannot be reached any more.
pub async fn show(directory: &Directory, readers: &Readers, report: &mut Report) -> Result<(), DirectoryError> {
    let Readers::Some { groups, .. } = readers else {
        return Ok(());
    };
    let found = lacking(directory, &GROUPS, groups).await;
    for group in answered("SEARCH_ALLOWED_TO: whether its groups exist", found, report)?.unwrap_or_default() {
        report.warn(format!(
            "SEARCH_ALLOWED_TO: there is no group `{group}`: it lets nobody search"
        ));
    }
    Ok(())
}
