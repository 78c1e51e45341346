//! Why the vault does not open, or does not open something.

use std::path::PathBuf;

use shelfproof_base::keyfile::KeyFileError;

use crate::domain::id::BatchId;

/// A failure of the vault. Names files, batches and generations; never anything secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key file cannot be made or opened.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The folder holds no master key at all.
    #[error("{0} holds no master key; run `shelfproof admin keyring init`, or restore the folder from a backup")]
    NoMaster(PathBuf),
    /// Keys are only made in an empty folder.
    #[error(
        "{0} is not empty and is left as it is; name another folder, or, where an `init` was killed there (no receipt.active), empty it first"
    )]
    NotEmpty(PathBuf),
    /// The newest master key is in use.
    #[error("{0} is the newest master key and stays; `shelfproof admin keyring rotate master` makes a newer one")]
    NewestMaster(PathBuf),
    /// The file that names the active receipt key is missing or holds something else.
    #[error("{0} must name the active receipt key by its number; run `shelfproof admin keyring use-receipt NUMBER`")]
    ActiveReceipt(PathBuf),
    /// A key file opens, but what is in it is no key of its kind.
    #[error(
        "{0} opens, but holds no key of its kind, or another than the public part that it shows; restore it from a backup"
    )]
    NotThisKind(PathBuf),
    /// A backup opens, but is not whole.
    #[error("the backup {0} opens, but does not hold every key; use another backup")]
    Backup(PathBuf),
    /// A batch's data key is wrapped by a master key that was not there when the vault was opened.
    #[error(
        "batch {batch} needs master key {master}, which is not open here; put master-{master}.key in the folder and restart"
    )]
    UnknownMaster {
        /// The batch.
        batch: BatchId,
        /// The generation.
        master: i32,
    },
    /// A batch's data key does not open.
    #[error(
        "the data key of batch {batch} does not open by master key {master}: folder and database are not each other's, or the row was changed"
    )]
    DataKey {
        /// The batch.
        batch: BatchId,
        /// The generation.
        master: i32,
    },
    /// Sealed goods do not open.
    #[error("sealed goods of batch {0} do not open: they are another key's or another batch's, or were changed")]
    Goods(BatchId),
    /// The folder cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}
