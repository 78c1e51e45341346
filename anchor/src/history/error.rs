//! What can go wrong with a history, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use shelfproof_verifier::audit::Breach;
use shelfproof_verifier::map::MapError;

/// A failure of a history folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A write of the map failed half-way, as on a full disk: only opening it again shows its state.
    #[error("{0}; the map must be opened again: start the program again")]
    Lost(MapError),
    /// The history map refuses: another process has it open, its folder holds something else, or an epoch is not the
    /// next.
    #[error(transparent)]
    Map(MapError),
    /// Map or proofs are damaged. They can be built again from the chain and the published data.
    #[error(
        "{path}: {detail}; run `shelfproof-anchor rebuild`, which makes it again from the chain and the published data"
    )]
    Damaged { path: PathBuf, detail: String },
    #[error("{0}: this folder holds the history of another merchant; name this merchant's, or an empty one")]
    OtherMerchant(PathBuf),
    #[error("{path}: {cause}")]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The events break the protocol and must not be anchored.
    #[error("these events must not be anchored, for every auditor would refuse them: {0}")]
    Breach(Breach),
    #[error("{0}: the data of this epoch is not there; put the published file back")]
    Missing(PathBuf),
    /// An epoch's data has another hash than the epoch names.
    #[error("{0}: this is not the data of the epoch; put the published file back")]
    Differs(PathBuf),
    #[error("epoch {0} is not the oldest epoch that waits to be final")]
    NotWaiting(u64),
    #[error("no epoch is final yet, so there is nothing to prove from")]
    NothingFinal,
    #[error("epoch {epoch} is not final or has no version {version} of key {key}, above 1")]
    NoSuchEvent { key: B256, version: u32, epoch: u64 },
}

impl HistoryError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |cause| Self::Io { path, cause }
    }

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
