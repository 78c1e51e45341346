//! The folder that keeps a demo: this process's alone, and empty at the start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shelfproof::dev::{Folder, FolderError};

use crate::Result;

/// The shop in it, which `shelfproof dev` keeps.
const SHOP: &str = "shop";

/// The folder, until this process and all of its children that hold the lock have ended.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<Folder>);

impl Place {
    /// Takes the folder, and removes what an earlier demo left in it.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let folder = Folder::take(path).map_err(|error| match error {
            FolderError::InUse { folder, pid } => {
                let folder = folder.display();
                format!("a demo runs in {folder} already, process {pid}: end that one first, with Ctrl-C")
            }
            other => other.to_string(),
        })?;
        let place = Self(Arc::new(folder));
        place.clear()?;
        Ok(place)
    }

    fn clear(&self) -> Result<()> {
        // Its database may lie elsewhere on the machine; whoever keeps it knows where.
        if self.shop().exists() {
            Folder::take(&self.shop())?.remove()?;
        }
        for entry in fs::read_dir(self.0.path())? {
            let path = entry?.path();
            if path == self.join("lock") {
                continue;
            }
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
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
    pub(super) fn lock(&self) -> &fs::File {
        self.0.lock()
    }
}
