//! The buckets on disk and the tree above them: what an epoch is planned on and read from.

use std::path::Path;

use super::bucket::Bucket;
use super::error::MapError;
use super::store::{Marker, Store};
use super::tree::{Place, Tree};

/// The map's two parts, which always describe the same epoch.
pub(super) struct Base {
    /// The buckets.
    pub(super) store: Store,
    /// Their roots, and the nodes above.
    pub(super) tree: Tree,
}

impl Base {
    /// Opens the store in that folder, or makes an empty one, and builds the tree: each bucket is read once, its
    /// checksum is tested, and the roots must join to the root in the marker.
    pub(super) fn open(path: &Path) -> Result<(Self, Marker), MapError> {
        let (store, marker) = Store::open(path)?;
        let rows = store.rows()?;
        let keys: u64 = rows.iter().map(|row| row.keys).sum();
        let tree = Tree::build(&rows).ok_or_else(|| store.damaged("its buckets leave a gap or overlap"))?;
        if tree.root() != marker.root || keys != marker.keys {
            return Err(store.damaged("its buckets are not those of the epoch it names"));
        }
        Ok((Self { store, tree }, marker))
    }

    /// Reads a bucket, which must have the root that the tree holds for it.
    pub(super) fn read(&self, place: &Place) -> Result<Bucket, MapError> {
        let bucket = self.store.bucket(&place.bucket)?;
        if bucket.root() != place.root {
            return Err(self.store.damaged("a bucket is of another epoch"));
        }
        Ok(bucket)
    }
}
