//! `--write`: a new file that only its owner may read. One that is there already stays as it is, also behind a link.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes the file.
///
/// # Errors
/// There is something of that name, or it cannot be written; then there is no half of it.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // Links are not followed then, not even those that lead nowhere.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Ours, as it was made just now.
        let _ = fs::remove_file(path);
    }
    written
}
