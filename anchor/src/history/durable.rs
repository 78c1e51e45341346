//! Files that must be whole or not there at all, for everybody to read.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;

/// Puts what `fill` writes in the place of `path`. A crash leaves the old file or the new one, and at most a file of
/// the same name with `.next` behind it, which the next call writes over: one process at a time writes here.
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

/// Makes the folder and those above it, so that they stay after a power failure.
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

/// Waits until the names in the folder of `path` are on disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
