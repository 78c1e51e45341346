//! The demo's folder: locked by this process, and emptied at the start.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shelfproof::dev::{Folder, FolderError};

use shelfproof_tests::Result;

/// The folder of `shelfproof dev` in it.
const SHOP: &str = "shop";

/// The file that marks a folder as a demo's, which the next demo may empty.
const MARK: &str = "demo";

/// The lock's file, as [`Folder`] names it.
const LOCK: &str = "lock";

/// The folder, until this process and all of its children that hold the lock have ended.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<Folder>);

impl Place {
    /// Takes the folder, and removes what an earlier demo left in it. A folder that holds anything else is not touched.
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
        // Before anything else is in it: a demo that is killed here leaves a folder that the next one knows.
        File::create(folder.join(MARK))?;
        let place = Self(Arc::new(folder));
        place.clear()?;
        Ok(place)
    }

    fn clear(&self) -> Result<()> {
        for entry in fs::read_dir(self.0.path())? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            // A link is removed, never what it leads to.
            let is_folder = entry.file_type()?.is_dir();
            if name == LOCK || name == MARK {
                continue;
            }
            if is_folder && name == SHOP {
                // Its database may lie elsewhere on the machine; whoever keeps it knows where.
                Folder::take(&path)?.remove()?;
            } else if is_folder {
                fs::remove_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            } else {
                fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        Ok(())
    }

    /// A file or folder in it.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A new folder in it.
    pub(super) fn make(&self, name: &str) -> Result<PathBuf> {
        let path = self.join(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// The shop's folder.
    pub(super) fn shop(&self) -> PathBuf {
        self.join(SHOP)
    }

    /// What children hold open, so that nobody else takes the folder while one of them runs.
    pub(super) fn lock(&self) -> &File {
        self.0.lock()
    }
}

/// That nothing stands at `path`, or an empty folder, or a demo's: all that is in it will be removed.
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
    // A demo that was killed at once leaves the lock alone.
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
