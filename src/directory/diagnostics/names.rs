//! Names that settings mention, and that no entry has.

use super::sample::budget;
use crate::directory::{Directory, DirectoryError, kind::Kind, naming::tree::Name};

/// Those of the names that no entry of a kind has, in whatever spelling.
///
/// # Errors
/// The database could not answer.
pub async fn lacking<'a>(
    directory: &Directory,
    kind: Kind,
    names: &'a [String],
) -> Result<Vec<&'a str>, DirectoryError> {
    let listing = directory.source.listing(kind);
    let mut lacking = Vec::new();
    for name in names {
        let is_there = match Name::new(name) {
            Some(name) => listing.find(&name, budget()).await?.is_some(),
            None => false,
        };
        if !is_there {
            lacking.push(name.as_str());
        }
    }
    Ok(lacking)
}
