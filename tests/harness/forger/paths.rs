//! Changed lists of siblings: an event's path, a receipt's path, a history proof's path.

use alloy_primitives::B256;

use super::bench::flip;

/// A change, and how many siblings it needs.
type Change = fn(&mut Vec<B256>);

const CHANGES: [(&str, usize, Change); 10] = [
    ("first-sibling-changed", 1, |path| flip(&mut path[0])),
    ("last-sibling-changed", 2, |path| flip(last(path))),
    ("first-siblings-swapped", 2, |path| path.swap(0, 1)),
    ("siblings-reversed", 3, |path| path.reverse()),
    ("first-sibling-dropped", 1, |path| {
        path.remove(0);
    }),
    ("last-sibling-dropped", 2, |path| {
        path.pop();
    }),
    ("sibling-zero-added", 0, |path| path.push(B256::ZERO)),
    ("sibling-all-ones-added", 0, |path| path.push(B256::repeat_byte(0xff))),
    ("first-sibling-twice", 1, |path| path.insert(0, path[0])),
    ("siblings-dropped", 2, Vec::clear),
];

/// Returns the lists that the changes make of `path`, each with its name, without those that are equal to it.
pub(super) fn changed(path: &[B256]) -> Vec<(&'static str, Vec<B256>)> {
    let change = |(name, least, change): (_, usize, Change)| {
        let mut changed = path.to_vec();
        (path.len() >= least).then(|| change(&mut changed))?;
        (changed != path).then_some((name, changed))
    };
    CHANGES.into_iter().filter_map(change).collect()
}

fn last(path: &mut [B256]) -> &mut B256 {
    let last = path.len() - 1;
    &mut path[last]
}
