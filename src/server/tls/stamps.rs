//! What `stat` says of the certificate's files: by it a change is noticed.

use std::{os::unix::fs::MetadataExt, path::Path};

use super::certificate;
use crate::config::TlsSettings;

/// What `stat` says of each file; None for one that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<[i64; 7]>>);

impl Stamps {
    pub(super) fn of(settings: &TlsSettings) -> Stamps {
        Stamps(certificate::files(settings).iter().map(|path| stamp(path)).collect())
    }
}

fn stamp(path: &Path) -> Option<[i64; 7]> {
    let file = std::fs::metadata(path).ok()?;
    Some([
        file.dev().cast_signed(),
        file.ino().cast_signed(),
        file.size().cast_signed(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ])
}
