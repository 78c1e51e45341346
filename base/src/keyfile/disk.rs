//! Small files that must be whole or not there at all, and are their owner's alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::Rng;

use super::{KeyFileError, at};

/// Read and write for the owner, nothing for others.
const MODE: u32 = 0o600;

/// Makes `path` with these bytes, mode 0600. A crash leaves the whole file or none, and at most a temporary one beside it.
///
/// # Errors
/// `AlreadyExists` where something stands there, and what the system says.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, bytes)?;
    // A link, for a rename would take the place of a file that another process made meanwhile.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    linked?;
    sync_folder_of(path)
}

/// Puts these bytes in the place of `path`, mode 0600. A crash leaves the old file or the new one.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, bytes)?;
    fs::rename(&temporary, path)?;
    sync_folder_of(path)
}

/// Takes `path` away, so that it stays away after a crash.
///
/// # Errors
/// What the system says.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder_of(path)
}

/// The bytes of a file that nobody of the permissions `others` may touch, and that has at most `max_bytes`.
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

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
