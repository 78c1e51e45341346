//! Files of our own: written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::cause::Cause;
use crate::report::Failure;

/// Where this program keeps its files, by the habits of the system.
pub(crate) fn folders() -> Result<ProjectDirs, Failure> {
    ProjectDirs::from("", "", "shelfproof").ok_or_else(|| {
        Failure::new(
            Cause::Storage,
            "this user has no home folder: name the file or folder yourself",
        )
    })
}

/// What cannot be read or written there.
pub(crate) fn failed(path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::new(Cause::Storage, format!("{}: {error}", path.display()))
}

/// Reads a file of ours; `None` where there is none yet.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Puts `bytes` in the place of whatever `path` held. A crash leaves the old file, or the new one, and at worst a file
/// with `.new` at its end that the next run writes over.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, &mut File::options()).map_err(|error| failed(path, &error))
}

/// The same for a file that only its owner may read.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    write(path, bytes, &mut options).map_err(|error| failed(path, &error))
}

fn write(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    // The parent of a bare name is empty, which is the folder that we are in.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    // What a crash left would keep its own mode.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options.write(true).create_new(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // Without this the name may lead to the old file again after a power cut. Only Unix opens folders as files.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
