//! Small private files (mode 0600), written atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::Rng;

use super::{KeyFileError, at};

/// Read and write for the owner only.
const MODE: u32 = 0o600;

/// Creates `path`. A crash leaves the whole file or none, and at most a temporary file beside it.
///
/// # Errors
/// `AlreadyExists` if `path` exists, and other I/O errors.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, bytes)?;
    // A link instead of a rename, which would replace a file that another process has created meanwhile.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    linked?;
    sync_folder_of(path)
}

/// Replaces `path`. A crash leaves the old file or the new one.
///
/// # Errors
/// I/O errors.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, bytes)?;
    fs::rename(&temporary, path)?;
    sync_folder_of(path)
}

/// Removes `path` durably: a crash afterwards does not bring it back.
///
/// # Errors
/// I/O errors.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder_of(path)
}

/// Reads at most `max_bytes` of a file that has none of the permissions `others`.
pub(super) fn read_private(path: &Path, others: u32, max_bytes: u64) -> Result<Vec<u8>, KeyFileError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => at(path)(error),
    })?;
    let mode = file.metadata().map_err(at(path))?.permissions().mode() & 0o777;
    if mode & others != 0 {
        return Err(KeyFileError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Vec::new();
    file.take(max_bytes).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(bytes)
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let temporary = path.with_extension(format!("{:016x}.tmp", rand::rng().next_u64()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(temporary)
}

/// Makes the entry of `path` in its folder durable.
///
/// # Errors
/// I/O errors.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
