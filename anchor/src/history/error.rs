//! What can go wrong with a history, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use shelfproof_verifier::audit::Breach;
use shelfproof_verifier::map::MapError;

/// Why a history cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The map's write failed half-way, as on a full disk: where it stands, only opening it again tells.
    #[error("{0}; the map must be opened again: start the program again")]
    Lost(MapError),
    /// The history map refuses: another process has it open, its folder is something else, an epoch is not the next.
    #[error(transparent)]
    Map(MapError),
    /// What is derived is not whole. The epochs and the published data are, or are looked for by what is advised.
    #[error(
        "{path}: {detail}; run `shelfproof-anchor rebuild`, which makes it again from the chain and the published data"
    )]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What gave it away.
        detail: String,
    },
    /// The folder is another merchant's.
    #[error("{0}: this folder holds the history of another merchant; name this merchant's, or an empty one")]
    OtherMerchant(PathBuf),
    /// The file system failed.
    #[error("{path}: {cause}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The events are none that may be anchored: an auditor would call it a breach.
    #[error("these events must not be anchored, for every auditor would refuse them: {0}")]
    Breach(Breach),
    /// An epoch's data is not in the folder.
    #[error("{0}: the data of this epoch is not there; put the published file back")]
    Missing(PathBuf),
    /// An epoch's data has another hash than it was sealed with.
    #[error("{0}: this is not the data that the epoch was sealed with; put the published file back")]
    Differs(PathBuf),
    /// That epoch is not the oldest that waits.
    #[error("epoch {0} is not the oldest epoch that waits to be final")]
    NotWaiting(u64),
    /// No epoch is final yet.
    #[error("no epoch is final yet, so there is nothing to prove from")]
    NothingFinal,
    /// A key with more events than a bundle holds.
    #[error("the key {0} has more events than a proof bundle holds")]
    TooLong(B256),
}

impl HistoryError {
    /// What the system said of that file.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |cause| Self::Io { path, cause }
    }

    /// What is derived and not whole.
    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            detail: detail.into(),
        }
    }
}

impl From<MapError> for HistoryError {
    fn from(error: MapError) -> Self {
        match error {
            MapError::Damaged { path, detail } => Self::Damaged {
                path,
                detail: format!("this history map is damaged: {detail}"),
            },
            MapError::Io { path, cause } => Self::Io { path, cause },
            other => Self::Map(other),
        }
    }
}

impl From<Breach> for HistoryError {
    fn from(breach: Breach) -> Self {
        Self::Breach(breach)
    }
}
