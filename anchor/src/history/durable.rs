//! Writes files and folders that a power failure leaves either whole or absent.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub(super) use shelfproof_base::keyfile::disk::sync_folder_of;

const BUFFER_BYTES: usize = 1 << 16;

/// Replaces the file at `path` by what `fill` writes. A crash leaves the old file or the new one, and possibly one more
/// with `.next` appended to its name, which the next call overwrites: one process at a time may write here.
pub(super) fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut next = OsString::from(path);
    next.push(".next");
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&next)?);
    fill(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    fs::rename(&next, path)?;
    sync_folder_of(path)
}

/// Creates the folder and its parents.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    match fs::create_dir(path) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    sync_folder_of(path)
}
