//! The tree of the buckets' roots, in memory: the upper part of the trie, down to the buckets.

use alloy_primitives::B256;

use super::bucket::{BucketId, MAX_DEPTH, Row, Summary};
use crate::history::{self, EMPTY};

/// A binary tree with buckets as its leaves. It only grows: keys are never removed, and buckets that split never join.
pub(super) struct Tree {
    /// The root first; the two halves of a node are adjacent, left first.
    nodes: Vec<Node>,
    /// The depth of its deepest bucket.
    deepest: u8,
}

struct Node {
    hash: B256,
    /// The index of its left half; 0, the root's own index, for a bucket.
    halves: usize,
}

impl Node {
    const fn bucket(hash: B256) -> Self {
        Self { hash, halves: 0 }
    }
}

/// A bucket, and the root that the tree has for it.
pub(super) struct Place {
    /// The bucket.
    pub(super) bucket: BucketId,
    /// The trie's node above its leaves.
    pub(super) root: B256,
}

/// A key's path in the tree, as far as its proof needs it.
pub(super) struct Path {
    /// The node on the other side of each step, from the root down.
    pub(super) siblings: Vec<B256>,
    /// The bucket of the leaves that the path ends at; `None` if it ends in an empty subtree.
    pub(super) end: Option<Place>,
}

/// A change to a part of the tree. Parts that do not change are absent.
pub(super) enum Change {
    /// A bucket's new content.
    Bucket(Row),
    /// An inner node changes. If it was a bucket before, both halves are present.
    Inner {
        /// The new node.
        hash: B256,
        /// The changes to its halves; `None` for a half that does not change.
        halves: [Option<Box<Self>>; 2],
    },
}

impl Change {
    /// The node after the change.
    pub(super) fn hash(&self) -> B256 {
        match self {
            Self::Bucket(row) => row.root,
            Self::Inner { hash, .. } => *hash,
        }
    }

    /// The change to its left half (0) or its right half (1); `None` if that half does not change.
    pub(super) fn half(&self, side: usize) -> Option<&Self> {
        match self {
            Self::Bucket(_) => None,
            Self::Inner { halves, .. } => halves[side].as_deref(),
        }
    }

    /// The depth of the deepest bucket that changes.
    pub(super) fn deepest(&self) -> u8 {
        let mut deepest = 0;
        self.each_row(&mut |row| deepest = row.id.depth.max(deepest));
        deepest
    }

    /// Calls `take` with every changed row, in order of keys.
    pub(super) fn each_row(&self, take: &mut impl FnMut(&Row)) {
        match self {
            Self::Bucket(row) => take(row),
            Self::Inner { halves, .. } => halves.iter().flatten().for_each(|half| half.each_row(take)),
        }
    }
}

impl Tree {
    /// The tree over these buckets, given in order of keys; `None` if they leave a gap or overlap.
    pub(super) fn build(buckets: &[Summary]) -> Option<Self> {
        let mut tree = Self {
            nodes: vec![Node::bucket(EMPTY)],
            deepest: buckets.iter().map(|bucket| bucket.id.depth).max()?,
        };
        tree.fill(0, BucketId::ROOT, buckets)?;
        Some(tree)
    }

    /// Recurses once for each bit, at most [`MAX_DEPTH`] times.
    fn fill(&mut self, at: usize, id: BucketId, buckets: &[Summary]) -> Option<()> {
        if let [only] = buckets
            && only.id == id
        {
            self.nodes[at].hash = only.root;
            return Some(());
        }
        if buckets.is_empty() || id.depth >= MAX_DEPTH {
            return None;
        }
        let middle = id.half(true).prefix;
        let (left, right) = buckets.split_at(buckets.partition_point(|bucket| bucket.id.prefix < middle));
        let halves = self.split(at);
        self.fill(halves, id.half(false), left)?;
        self.fill(halves + 1, id.half(true), right)?;
        self.nodes[at].hash = history::join(&self.nodes[halves].hash, &self.nodes[halves + 1].hash);
        Some(())
    }

    /// Turns a bucket's node into an inner one, and returns the index of its left half.
    fn split(&mut self, at: usize) -> usize {
        let halves = self.nodes.len();
        self.nodes.extend([Node::bucket(EMPTY), Node::bucket(EMPTY)]);
        self.nodes[at].halves = halves;
        halves
    }

    /// The depth of its deepest bucket.
    pub(super) const fn deepest(&self) -> u8 {
        self.deepest
    }

    /// The trie's root.
    pub(super) fn root(&self) -> B256 {
        self.hash(0)
    }

    /// The node at that index.
    pub(super) fn hash(&self, at: usize) -> B256 {
        self.nodes[at].hash
    }

    /// Indices of a node's halves; `None` for a bucket.
    pub(super) fn halves(&self, at: usize) -> Option<[usize; 2]> {
        let halves = self.nodes[at].halves;
        (halves != 0).then_some([halves, halves + 1])
    }

    /// The bucket that the key belongs to.
    pub(super) fn place(&self, key: &B256) -> Place {
        let (mut at, mut bucket) = (0, BucketId::ROOT);
        while let Some(halves) = self.halves(at) {
            let right = history::bit(key, usize::from(bucket.depth));
            (at, bucket) = (halves[usize::from(right)], bucket.half(right));
        }
        Place {
            bucket,
            root: self.hash(at),
        }
    }

    /// The key's path down to a lone leaf, an empty subtree, or a bucket with several leaves.
    pub(super) fn path(&self, key: &B256) -> Path {
        let (mut at, mut bucket, mut siblings) = (0, BucketId::ROOT, Vec::new());
        while let Some(halves) = self.halves(at)
            && history::is_inner(&self.hash(at))
        {
            let right = history::bit(key, usize::from(bucket.depth));
            siblings.push(self.hash(halves[usize::from(!right)]));
            (at, bucket) = (halves[usize::from(right)], bucket.half(right));
        }
        if self.hash(at) == EMPTY {
            return Path { siblings, end: None };
        }
        // A subtree with one leaf is that leaf's node: it is in the only bucket below that is not empty.
        while let Some(halves) = self.halves(at) {
            let right = self.hash(halves[0]) == EMPTY;
            (at, bucket) = (halves[usize::from(right)], bucket.half(right));
        }
        Path {
            siblings,
            end: Some(Place {
                bucket,
                root: self.hash(at),
            }),
        }
    }

    /// Applies the change.
    pub(super) fn apply(&mut self, change: &Change) {
        self.apply_at(0, change);
        self.deepest = self.deepest.max(change.deepest());
    }

    fn apply_at(&mut self, at: usize, change: &Change) {
        self.nodes[at].hash = change.hash();
        if let Change::Inner { halves, .. } = change {
            let [left, right] = self.halves(at).unwrap_or_else(|| {
                let first = self.split(at);
                [first, first + 1]
            });
            for (at, half) in [left, right].into_iter().zip(halves) {
                if let Some(half) = half {
                    self.apply_at(at, half);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(id: BucketId) -> Summary {
        Summary {
            id,
            root: EMPTY,
            keys: 0,
        }
    }

    #[test]
    fn buckets_that_leave_a_gap_or_overlap_make_no_tree() {
        let [left, right] = [false, true].map(|right| BucketId::ROOT.half(right));
        assert!(Tree::build(&[bucket(BucketId::ROOT)]).is_some());
        assert!(Tree::build(&[bucket(left), bucket(right)]).is_some());
        assert!(Tree::build(&[]).is_none());
        assert!(Tree::build(&[bucket(left)]).is_none());
        assert!(Tree::build(&[bucket(right)]).is_none());
        assert!(Tree::build(&[bucket(left), bucket(left)]).is_none());
        assert!(Tree::build(&[bucket(BucketId::ROOT), bucket(right)]).is_none());
    }

    #[test]
    fn a_bucket_deeper_than_any_makes_no_tree() {
        let deepest = (0..MAX_DEPTH).fold(BucketId::ROOT, |id, _| id.half(true));
        let mut buckets = vec![bucket(BucketId {
            depth: MAX_DEPTH + 1,
            ..deepest
        })];
        assert!(Tree::build(&buckets).is_none());
        // With every sibling of its path the tree would be whole, except for its depth.
        let mut id = BucketId::ROOT;
        for _ in 0..MAX_DEPTH {
            buckets.push(bucket(id.half(false)));
            id = id.half(true);
        }
        buckets.sort_by_key(|bucket| bucket.id.prefix);
        assert!(Tree::build(&buckets).is_none());
    }
}
