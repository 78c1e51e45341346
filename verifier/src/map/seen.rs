//! The tree as planned epochs above it leave it, seen node by node: their changes are walked down beside it.

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{Bucket, BucketId};
use super::error::MapError;
use super::tree::{Change, Place, Tree};
use crate::history::EMPTY;

/// A node, as whoever plans the next epoch sees it.
pub(super) struct Seen<'a> {
    /// What the planned epochs make of it, newest first; none where they leave it alone.
    changes: Vec<&'a Change>,
    /// Where it stands in the map's own tree; `None` below a bucket that a planned epoch split, which has given both
    /// halves.
    at: Option<usize>,
}

impl<'a> Seen<'a> {
    /// The root below these epochs' changes, newest first.
    pub(super) fn root(changes: impl Iterator<Item = &'a Change>) -> Self {
        Self {
            changes: changes.collect(),
            at: Some(0),
        }
    }

    /// The node itself: the newest change tells.
    pub(super) fn hash(&self, tree: &Tree) -> B256 {
        let own = || self.at.map_or(EMPTY, |at| tree.hash(at));
        self.changes.first().map_or_else(own, |change| change.hash())
    }

    /// Its halves; `None` for a bucket. A half that the newest change leaves alone is as the changes before left it.
    pub(super) fn halves(&self, tree: &Tree) -> Option<[Self; 2]> {
        let own = self.at.and_then(|at| tree.halves(at));
        match self.changes.first() {
            Some(Change::Bucket(_)) => return None,
            Some(Change::Inner { .. }) => {}
            None => _ = own?,
        }
        Some([0, 1].map(|side| Self {
            changes: self.changes.iter().filter_map(|change| change.half(side)).collect(),
            at: own.map(|halves| halves[side]),
        }))
    }

    /// What the bucket here holds.
    pub(super) fn bucket(&self, base: &Base, id: BucketId) -> Result<Bucket, MapError> {
        match self.changes.first() {
            Some(Change::Bucket(row)) => Ok(Bucket::of(row)),
            _ => base.read(&Place {
                bucket: id,
                root: self.hash(&base.tree),
            }),
        }
    }
}
