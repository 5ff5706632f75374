//! Which file stands under a path.

use std::path::PathBuf;

/// The file that a SQLite connection has open. Without it, a file that was deleted or replaced would be read for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) path: PathBuf,
    identity: (u64, u64),
}

impl FileId {
    pub(crate) fn of(path: &PathBuf) -> std::io::Result<FileId> {
        let metadata = std::fs::metadata(path)?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let identity = (u64::from(metadata.is_file()), 0);
        Ok(FileId {
            path: path.clone(),
            identity,
        })
    }
}
