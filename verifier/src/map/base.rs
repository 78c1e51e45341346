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

#[cfg(test)]
mod tests {
    use super::super::bucket::{BucketId, Row};
    use super::super::tree::Change;
    use super::*;
    use crate::history::EMPTY;
    use alloy_primitives::B256;

    #[test]
    fn a_bucket_that_is_not_the_tree_s_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut base, marker) = Base::open(folder.path()).unwrap();
        let place = base.tree.place(&B256::ZERO);
        assert_eq!(base.read(&place).unwrap().root(), EMPTY);
        let mut row = Row::new(BucketId::ROOT, &[]);
        let mut value = row.value.to_vec();
        value[1] = 7;
        row.value = value.into();
        base.store.write(Some(&Change::Bucket(row)), &marker).unwrap();
        // It is not read before it is settled.
        assert!(base.read(&place).is_ok());
        base.store.settle();
        let refused = base.read(&place).err().unwrap().to_string();
        assert!(refused.contains("a bucket is of another epoch"), "{refused}");
    }
}
