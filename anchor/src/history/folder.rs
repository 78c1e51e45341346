//! The layout of a history folder.
//!
//! - `data/epochs/0000000001.events`, `.delta` and, of a final epoch, `.header.json` …: published; nothing else in the
//!   folder may be;
//! - `proofs/0000000001.proofs` …: what proves the events of a final epoch;
//! - `map/`: the history map at the last final epoch.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use shelfproof_verifier::map::{Map, MapError};

use super::durable;
use super::error::HistoryError;
use super::proofs::ProofsFile;
use super::published::Published;

pub(super) struct Folder {
    pub(super) data: Published,
    merchant_id: B256,
    proofs: PathBuf,
    map: PathBuf,
}

impl Folder {
    /// Creates what is missing in that folder.
    pub(super) fn make(folder: &Path, merchant_id: B256) -> Result<Self, HistoryError> {
        let made = Self {
            data: Published::open(&folder.join("data"))?,
            merchant_id,
            proofs: folder.join("proofs"),
            map: folder.join("map"),
        };
        durable::make_folder(&made.proofs).map_err(HistoryError::io(&made.proofs))?;
        Ok(made)
    }

    /// Opens the map, which must be of this merchant and hold every epoch that has a proofs file; but a crash between
    /// the two writes of [`super::History::finalise`] leaves proofs of one epoch more.
    pub(super) fn open_map(&self) -> Result<Map, HistoryError> {
        let map = Map::open(&self.map)?;
        let (number, hash) = map.epoch();
        let newest = self.newest_proofs()?;
        if newest > number.saturating_add(1) {
            let detail =
                format!("this history map stands at epoch {number}, and there are proofs up to epoch {newest}");
            return Err(HistoryError::damaged(&self.map, detail));
        }
        if number == 0 {
            return Ok(map);
        }
        let proofs = self.proofs(number)?;
        let header = &proofs.facts().header;
        if header.hash(&self.merchant_id) == hash && header.history_root == map.root() {
            Ok(map)
        } else {
            Err(proofs.damaged(format!("epoch {number} is another one here than in the history map")))
        }
    }

    pub(super) fn proofs_path(&self, number: u64) -> PathBuf {
        self.proofs.join(format!("{number:010}.proofs"))
    }

    /// Opens an epoch's proofs, which must be this merchant's.
    pub(super) fn proofs(&self, number: u64) -> Result<ProofsFile, HistoryError> {
        let path = self.proofs_path(number);
        let file = ProofsFile::open(&path, number)?;
        if file.facts().merchant_id == self.merchant_id {
            Ok(file)
        } else {
            Err(HistoryError::OtherMerchant(path))
        }
    }

    /// The highest epoch with a proofs file; 0 for none.
    fn newest_proofs(&self) -> Result<u64, HistoryError> {
        let mut newest = 0;
        for entry in fs::read_dir(&self.proofs).map_err(HistoryError::io(&self.proofs))? {
            let name = entry.map_err(HistoryError::io(&self.proofs))?.file_name();
            let digits = name.to_str().and_then(|name| name.strip_suffix(".proofs"));
            newest = newest.max(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0));
        }
        Ok(newest)
    }
}

/// Removes map and proofs, and leaves the published data. A crash here leaves a folder that does not open until this is
/// repeated.
pub(super) fn clear(folder: &Path) -> Result<(), HistoryError> {
    let map = folder.join("map");
    // A map that another process has open stays; one that does not open for another reason is to be removed.
    if map.exists()
        && let Err(error @ MapError::Locked(_)) = Map::open(&map)
    {
        return Err(error.into());
    }
    for derived in [folder.join("proofs"), map] {
        match fs::remove_dir_all(&derived) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(HistoryError::io(&derived)(cause)),
            _ => {}
        }
    }
    Ok(())
}
