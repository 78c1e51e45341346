//! The folder that keeps the data of a shop on one machine from one start to the next.
//!
//! Whatever is created here gets its final name last, so that a crash leaves it complete or absent.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::hex;
use rand::random;
use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::config::read_secret;
use shelfproof_base::keyfile::disk;

use super::child::{POLL, is_running};
use super::cluster::{ClusterError, is_reachable};
use crate::vault::VaultError;
use crate::vault::folder::make;

/// How long to wait for the children of a killed process to end.
const LEAVE_BOUND: Duration = Duration::from_secs(30);

/// The parent folder of clusters whose shop's folder the database's account cannot reach, for example in root's home.
const CLUSTERS: &str = "/var/lib/shelfproof-dev";

/// The number of random bytes in the name of a cluster's folder below [`CLUSTERS`].
const CLUSTER_NAME_BYTES: usize = 8;

/// The file in the shop's folder that holds the path of its cluster below [`CLUSTERS`].
const CLUSTER_NOTE: &str = "postgres.path";

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("a shop runs in {} already, process {pid}: end that one, or choose another --folder", folder.display())]
    InUse { folder: PathBuf, pid: u32 },
    #[error("children of a shop that was killed still run over {} after {LEAVE_BOUND:?}: end them first", .0.display())]
    Orphans(PathBuf),
    #[error("{}: {cause}", path.display())]
    System { path: PathBuf, cause: io::Error },
    #[error("{} names no cluster of {CLUSTERS}: restore the file, or remove the folder and begin anew", .0.display())]
    Note(PathBuf),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl FolderError {
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::System {
            path: path.to_owned(),
            cause,
        }
    }
}

/// A locked folder. The lock is released once this process and all children that hold it have ended.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Creates the folder if it does not exist, and locks it. If the process that held it was killed, waits for its
    /// children to end.
    ///
    /// # Errors
    /// If another shop runs in the folder, children of a killed one do not end in time, or a system call fails.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        private_folder(path)?;
        let path = path.canonicalize().map_err(FolderError::at(path))?;
        let file = path.join("lock");
        let in_lock = FolderError::at(&file);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = options.open(&file).map_err(&in_lock)?;
        let end = Instant::now() + LEAVE_BOUND;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(cause)) => return Err(in_lock(cause)),
                Err(TryLockError::WouldBlock) => {}
            }
            let mut holder = String::new();
            File::open(&file)
                .and_then(|mut file| file.read_to_string(&mut holder))
                .map_err(&in_lock)?;
            if let Some(pid) = holder.trim().parse().ok().filter(|pid| is_running(*pid)) {
                return Err(FolderError::InUse { folder: path, pid });
            }
            if Instant::now() > end {
                return Err(FolderError::Orphans(path));
            }
            thread::sleep(POLL);
        }
        let own = std::process::id();
        lock.set_len(0).and_then(|()| write!(lock, "{own}")).map_err(&in_lock)?;
        Ok(Self { path, lock })
    }

    /// Removes the folder with its contents, and its cluster if that is elsewhere.
    ///
    /// # Errors
    /// If a system call fails. Part of the folder may be left then; another call removes the rest.
    pub fn remove(self) -> Result<(), FolderError> {
        if let Some(outside) = self.cluster_outside()?.filter(|outside| outside.exists()) {
            fs::remove_dir_all(&outside).map_err(FolderError::at(&outside))?;
        }
        fs::remove_dir_all(&self.path).map_err(FolderError::at(&self.path))
    }

    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock file. Children hold it open, so that the folder stays locked while one of them runs.
    #[must_use]
    pub const fn lock(&self) -> &File {
        &self.lock
    }

    #[must_use]
    pub fn passphrase_file(&self) -> PathBuf {
        self.join("passphrase")
    }

    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.join("keys")
    }

    /// Creates the passphrase and the keys unless they exist.
    ///
    /// # Errors
    /// If a system call fails.
    pub fn make_keys(&self) -> Result<(), FolderError> {
        let (keys, unfinished) = (self.keys(), self.join("keys.new"));
        let file = self.passphrase_file();
        if !file.exists() {
            self.write_secret("passphrase", &SecretString::from(hex::encode(random::<[u8; 32]>())))?;
        }
        if keys.exists() {
            return Ok(());
        }
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(FolderError::at(&unfinished))?;
        }
        make::init(&unfinished, &read_secret(&file).map_err(FolderError::at(&file))?)?;
        fs::rename(&unfinished, &keys).map_err(FolderError::at(&keys))
    }

    /// Creates the folder of the receipt journal, `journal`, unless it exists.
    ///
    /// # Errors
    /// If a system call fails.
    pub fn make_journal(&self) -> Result<(), FolderError> {
        private_folder(&self.join("journal"))
    }

    /// Writes a secret to a new file that only its owner can read.
    ///
    /// # Errors
    /// If the file exists, or a system call fails.
    pub fn write_secret(&self, name: &str, secret: &SecretString) -> Result<(), FolderError> {
        let path = self.join(name);
        let line = SecretString::from(format!("{}\n", secret.expose_secret()));
        disk::create(&path, line.expose_secret().as_bytes()).map_err(FolderError::at(&path))
    }

    /// The folder of the database's cluster, which is created if it does not exist. It is in this folder, or below
    /// [`CLUSTERS`] if the account that the server runs as cannot reach this one.
    ///
    /// # Errors
    /// If a system call fails.
    pub fn cluster(&self) -> Result<PathBuf, FolderError> {
        let inside = self.join("postgres");
        let note = self.join(CLUSTER_NOTE);
        if let Some(outside) = self.cluster_outside()? {
            private_folder(&outside)?;
            return Ok(outside);
        }
        if is_reachable(&self.path)? {
            private_folder(&inside)?;
            return Ok(inside);
        }
        // The name is random and not derived from this folder's path, so that a folder that was removed by hand and
        // created again gets an empty database.
        let outside = Path::new(CLUSTERS).join(hex::encode(random::<[u8; CLUSTER_NAME_BYTES]>()));
        fs::create_dir_all(CLUSTERS).map_err(FolderError::at(Path::new(CLUSTERS)))?;
        private_folder(&outside)?;
        disk::create(&note, outside.to_string_lossy().as_bytes()).map_err(FolderError::at(&note))?;
        Ok(outside)
    }

    /// The cluster's folder, if it is below [`CLUSTERS`] and not in this folder.
    fn cluster_outside(&self) -> Result<Option<PathBuf>, FolderError> {
        let note = self.join(CLUSTER_NOTE);
        let outside = match fs::read_to_string(&note) {
            Ok(text) => PathBuf::from(text.trim_end()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FolderError::at(&note)(cause)),
        };
        if is_cluster(&outside) {
            Ok(Some(outside))
        } else {
            Err(FolderError::Note(note))
        }
    }
}

/// Whether [`Folder::cluster`] could have created this path. The path is read from a file that the folder's owner can
/// write, and root writes to the path and removes it, so any other path is refused.
fn is_cluster(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_drawn = name.len() == 2 * CLUSTER_NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_drawn && path.parent() == Some(Path::new(CLUSTERS))
}

fn private_folder(path: &Path) -> Result<(), FolderError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(FolderError::at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_note_leads_anywhere_else() {
        assert!(is_cluster(&Path::new(CLUSTERS).join("87af273b120f4219")));
        for other in [
            "",
            ".",
            "..",
            "87af273b120f421",
            "87af273b120f421x",
            "87af273b120f4219/..",
            "../87af273b120f4219",
        ] {
            assert!(!is_cluster(&Path::new(CLUSTERS).join(other)), "{other}");
        }
        assert!(!is_cluster(Path::new("/87af273b120f4219")));
    }

    #[test]
    fn a_folder_is_removed_unless_its_note_leads_elsewhere() {
        let outer = tempfile::tempdir().unwrap();
        let (kept, shop) = (outer.path().join("kept"), outer.path().join("shop"));
        fs::create_dir(&kept).unwrap();
        let folder = Folder::take(&shop).unwrap();
        fs::write(folder.join(CLUSTER_NOTE), kept.to_str().unwrap()).unwrap();
        assert!(matches!(folder.remove(), Err(FolderError::Note(_))));
        assert!(kept.exists() && shop.exists());
        fs::remove_file(shop.join(CLUSTER_NOTE)).unwrap();
        Folder::take(&shop).unwrap().remove().unwrap();
        assert!(kept.exists() && !shop.exists());
    }
}
