//! This program's own files, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::cause::Cause;
use crate::report::Failure;

/// The folders for this program's files, by the system's conventions.
pub(crate) fn folders() -> Result<ProjectDirs, Failure> {
    ProjectDirs::from("", "", "shelfproof").ok_or_else(|| {
        Failure::new(
            Cause::Storage,
            "this user has no home folder: name the file or folder yourself",
        )
    })
}

/// The failure to read or write a file.
pub(crate) fn failed(path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::new(Cause::Storage, format!("{}: {error}", path.display()))
}

/// Reads a file; `None` if it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Replaces the file at `path`. A crash leaves the old file or the new one, and possibly a file with the suffix `.new`,
/// which the next run overwrites.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, &mut File::options()).map_err(|error| failed(path, &error))
}

/// As [`replace`], for a file that only its owner may read.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    write(path, bytes, &mut options).map_err(|error| failed(path, &error))
}

/// Makes a file that only its owner may read, where none is yet. A crash leaves it incomplete, and it is never written
/// again.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let create = || {
        let mut options = File::options();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    create().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => failed(path, &"it is there already, and is not overwritten: name another file"),
        _ => failed(path, &error),
    })
}

fn write(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    // The parent of a bare name is empty, and means the working folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    // A file that a crash left would keep its own permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options.write(true).create_new(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // Without this, a power failure may undo the rename. Only Unix can open folders as files.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
