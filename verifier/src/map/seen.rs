//! A view of the tree as it will be after the planned epochs. Each node is found by following the changes of these
//! epochs down the tree, together with the map's own nodes.

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{Bucket, BucketId};
use super::error::MapError;
use super::tree::{Change, Place, Tree};
use crate::history::EMPTY;

/// A node after the planned epochs.
#[derive(Clone)]
pub(super) struct Seen<'a> {
    /// The planned epochs' changes to it, newest first; empty if they do not touch it.
    changes: Vec<&'a Change>,
    /// Its index in the map's own tree; `None` below a bucket that a planned epoch split. That epoch's change then has
    /// both halves.
    at: Option<usize>,
}

impl<'a> Seen<'a> {
    /// The root after these epochs' changes, given newest first.
    pub(super) fn root(changes: impl Iterator<Item = &'a Change>) -> Self {
        Self {
            changes: changes.collect(),
            at: Some(0),
        }
    }

    /// The node's hash, from the newest change if there is one.
    pub(super) fn hash(&self, tree: &Tree) -> B256 {
        let own = || self.at.map_or(EMPTY, |at| tree.hash(at));
        self.changes.first().map_or_else(own, |change| change.hash())
    }

    /// Its halves; `None` for a bucket. A half that the newest change does not touch is as the earlier changes left it.
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

    /// The bucket at this node.
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
