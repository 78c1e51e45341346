//! The demo's folder: locked by this process, and emptied at the start.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shelfproof::dev::{Folder, FolderError};

use shelfproof_tests::Result;

/// The name of the folder for `shelfproof dev`.
const SHOP: &str = "shop";

/// The name of the file that marks a folder as a demo's. The next demo may empty such a folder.
const MARK: &str = "demo";

/// The name of the lock file, as [`Folder`] uses it.
const LOCK: &str = "lock";

/// The folder. It stays locked until this process and all of its children that hold the lock have ended.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<Folder>);

impl Place {
    /// Takes the folder, and removes the files of an earlier demo. A folder with any other content is left untouched.
    pub(super) fn take(path: &Path) -> Result<Self> {
        refuse_others(path)?;
        let folder = Folder::take(path).map_err(|error| match error {
            FolderError::InUse { folder, pid } => {
                let folder = folder.display();
                format!("a demo runs in {folder} already, process {pid}: end that one first, with Ctrl-C")
            }
            other => other.to_string(),
        })?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700))?;
        // Written before anything else, so that the next demo recognizes the folder even if this one is killed here.
        File::create(folder.join(MARK))?;
        let place = Self(Arc::new(folder));
        place.clear()?;
        Ok(place)
    }

    fn clear(&self) -> Result<()> {
        for entry in fs::read_dir(self.0.path())? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            // A symbolic link is removed, but never its target.
            let is_folder = entry.file_type()?.is_dir();
            if name == LOCK || name == MARK {
                continue;
            }
            if is_folder && name == SHOP {
                // The shop's database may be elsewhere on the machine; the owner of that folder knows where.
                Folder::take(&path)?.remove()?;
            } else if is_folder {
                fs::remove_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            } else {
                fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        Ok(())
    }

    /// The path of a file or folder in it.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates a folder in it.
    pub(super) fn make(&self, name: &str) -> Result<PathBuf> {
        let path = self.join(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// The shop's folder.
    pub(super) fn shop(&self) -> PathBuf {
        self.join(SHOP)
    }

    /// The lock file. Children hold it open, so that no other demo takes the folder while one of them runs.
    pub(super) fn lock(&self) -> &File {
        self.0.lock()
    }
}

/// Refuses `path` unless it is missing, an empty folder, or the folder of a demo, because everything in it will be
/// removed.
fn refuse_others(path: &Path) -> Result<()> {
    let shown = path.display();
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| format!("{shown}: {error}"))?,
    };
    if !found.is_dir() {
        return Err(format!("{shown} is no folder; choose another one with --folder").into());
    }
    let mut entries = fs::read_dir(path).map_err(|error| format!("{shown}: {error}"))?;
    // A demo that was killed immediately leaves only the lock.
    let is_empty = entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK));
    if is_empty || path.join(MARK).is_file() {
        return Ok(());
    }
    Err(
        format!("{shown} holds something else than a demo, which would empty it; choose another one with --folder")
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_but_a_demo_s_is_removed() {
        let outer = tempfile::tempdir().unwrap();
        let (others, link, own) = (
            outer.path().join("others"),
            outer.path().join("link"),
            outer.path().join("own"),
        );
        fs::create_dir(&others).unwrap();
        fs::write(others.join("kept"), "").unwrap();
        symlink(&others, &link).unwrap();
        assert!(Place::take(&others).is_err() && Place::take(&link).is_err());
        let place = Place::take(&own).unwrap();
        for name in ["shop", "buyers"] {
            symlink(&others, place.join(name)).unwrap();
        }
        fs::create_dir(place.join("cheats")).unwrap();
        drop(place);
        let place = Place::take(&own).unwrap();
        let left: Vec<_> = fs::read_dir(&own)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 2, "lock and mark: {left:?}");
        assert!(others.join("kept").exists() && !others.join("lock").exists());
        drop(place);
    }
}
