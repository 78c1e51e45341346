//! What the map writes of a delta, against the vectors and against the trie in memory; and the ids that crowd it.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;
use shelfproof_verifier::audit::{self, EventsByKey};
use shelfproof_verifier::delta;
use shelfproof_verifier::event::EVENT_BYTES;
use shelfproof_verifier::history::{self, Head};
use shelfproof_verifier::map::{Followed, Map, MapError, Overlay};

use super::{Heads, SHARED, commit_first, follow_above, head, key, named};
use crate::deltas;

#[test]
fn the_map_s_update_gives_the_vectors_deltas() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let mut newest: BTreeMap<B256, [u8; EVENT_BYTES]> = BTreeMap::new();
    let vectors = deltas::vectors();
    for (epoch, expected) in vectors.epochs.iter().zip(&vectors.deltas) {
        let header = epoch.header();
        let events = audit::read_epoch(&header, &epoch.data(), 1).unwrap();
        let by_key = EventsByKey::new(events.iter().map(|hashed| hashed.event.key_id));
        let keys = by_key.keys();
        let follow = |range, heads: &[_]| {
            Ok::<_, MapError>(audit::advance(&events[by_key.of(range)], heads, header.number, u64::MAX).unwrap())
        };
        let Followed { plan, trie, .. } = overlay.follow(keys, follow).unwrap();
        assert_eq!(plan.root(), header.history_root);
        let mut delta = Vec::new();
        for key in keys {
            delta::write_newest(&mut delta, newest.get(key));
        }
        delta.extend(trie);
        assert_eq!(expected.number, header.number);
        assert_eq!(delta, expected.delta(), "epoch {}", header.number);
        newest.extend(
            events
                .iter()
                .map(|hashed| (hashed.event.key_id, hashed.event.to_bytes())),
        );
        overlay.push(plan, header.number, named(header.number)).unwrap();
        // The first two lie in the map below, the others in memory above it.
        if header.number <= 2 {
            commit_first(&mut overlay).unwrap();
        }
    }
}

/// The trie of these heads, opened along the keys of an epoch, and its root after that.
fn opened(heads: &Heads, keys: &[(B256, Head)]) -> (Vec<u8>, B256) {
    let leaves: Vec<_> = heads.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    let mut out = Vec::new();
    let updates: Vec<_> = keys.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    let root = delta::open_part(&mut out, &leaves, 0, &updates);
    let mut after = heads.clone();
    after.extend(keys.iter().copied());
    let after: Vec<_> = after.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    assert_eq!(root, delta::open_part(&mut Vec::new(), &after, 0, &[]));
    (out, root)
}

/// Updates by seeds and by how much their keys share, and whether the epoch is committed.
fn an_epoch() -> impl Strategy<Value = (Heads, bool)> {
    let update = (0..600u64, prop::sample::select(&SHARED), any::<u64>());
    let update = update.prop_map(|(number, shared, seed)| (key(number, shared), head(seed % 9_999)));
    (
        prop::collection::vec(update, 1..200).prop_map(Heads::from_iter),
        any::<bool>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_epoch_opens_the_trie_as_the_trie_in_memory_does(
        epochs in prop::collection::vec(an_epoch(), 1..6)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
        let mut heads = Heads::new();
        for (number, (updates, is_final)) in (1..).zip(epochs) {
            let listed: Vec<(B256, Head)> = updates.iter().map(|(key, head)| (*key, *head)).collect();
            let Followed { plan, trie, .. } = follow_above(&overlay, &listed).unwrap();
            prop_assert_eq!((trie, plan.root()), opened(&heads, &listed));
            heads.extend(updates);
            overlay.push(plan, number, named(number)).unwrap();
            if is_final {
                commit_first(&mut overlay).unwrap();
            }
        }
    }
}

/// Enough updates that both halves of the map are planned at once.
#[test]
fn a_large_epoch_opens_both_halves() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let heads: Heads = (0..6_000u64)
        .map(|seed| (keccak256(seed.to_be_bytes()), head(seed)))
        .collect();
    let listed: Vec<_> = heads.iter().map(|(key, head)| (*key, *head)).collect();
    let Followed { plan, trie, .. } = follow_above(&overlay, &listed).unwrap();
    assert_eq!(trie, [0]);
    overlay.push(plan, 1, named(1)).unwrap();
    let some: Vec<_> = listed.into_iter().step_by(2).collect();
    let Followed { plan, trie, .. } = follow_above(&overlay, &some).unwrap();
    assert_eq!((trie, plan.root()), opened(&heads, &some));
}

/// A key of the place that is crowded, or of the one beside it, with which it shares 47 bits.
fn crowding(seed: u64, beside: bool) -> B256 {
    let mut key = keccak256(seed.to_be_bytes());
    key[..6].fill(0xC0);
    key[5] ^= u8::from(beside);
    key
}

fn listed(keys: impl IntoIterator<Item = B256>) -> Vec<(B256, Head)> {
    let heads: Heads = keys.into_iter().map(|key| (key, head(1))).collect();
    heads.into_iter().collect()
}

#[test]
fn ids_that_crowd_one_place_are_found_in_the_map_and_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let keys = |updates: &[(B256, Head)]| updates.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let at_once = listed((0..257).map(|seed| crowding(seed, false)));
    assert_eq!(overlay.crowded(&keys(&at_once)).unwrap(), Some(at_once[0].0));
    assert_eq!(overlay.crowded(&keys(&at_once[1..])).unwrap(), None);

    let first = listed(
        (0..250)
            .map(|seed| crowding(seed, false))
            .chain((0..250).map(|seed| crowding(seed, true))),
    );
    let second = listed((250..256).map(|seed| crowding(seed, false)));
    for (number, updates) in (1..).zip([first, second]) {
        assert_eq!(overlay.crowded(&keys(&updates)).unwrap(), None);
        let plan = follow_above(&overlay, &updates).unwrap().plan;
        overlay.push(plan, number, named(number)).unwrap();
    }
    let (held, new) = (crowding(3, false), crowding(256, false));
    let check = |overlay: &Overlay| {
        assert_eq!(overlay.crowded(&[held]).unwrap(), None, "it is there already");
        assert_eq!(overlay.crowded(&[new]).unwrap(), Some(new));
        assert_eq!(overlay.crowded(&[crowding(256, true)]).unwrap(), None);
    };
    check(&overlay);
    while commit_first(&mut overlay).is_some() {}
    check(&overlay);
    assert_eq!(overlay.map().crowded(&[new]).unwrap(), Some(new));
    drop(overlay);
    assert_eq!(Map::open(folder.path()).unwrap().crowded(&[new]).unwrap(), Some(new));
}

#[test]
fn the_vectors_of_key_ids_are_judged_by_the_map() {
    for case in &deltas::vectors().key_ids {
        let folder = tempfile::tempdir().unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let mut verdict = None;
        for epoch in &case.epochs {
            let (header, data) = (epoch.header(), epoch.data());
            assert_eq!(verdict, None, "{}: only the last epoch is refused", case.name);
            if map.crowded(&audit::key_ids_in(&data)).unwrap().is_some() {
                verdict = Some("key_ids".to_owned());
                continue;
            }
            let events = audit::read_epoch(&header, &data, 1).unwrap();
            let by_key = EventsByKey::new(events.iter().map(|hashed| hashed.event.key_id));
            let follow = |range, heads: &[_]| {
                Ok::<_, MapError>(audit::advance(&events[by_key.of(range)], heads, header.number, u64::MAX).unwrap())
            };
            let Followed { plan, updates, .. } = map.follow(by_key.keys(), follow).unwrap();
            assert_eq!(plan.root(), header.history_root);
            assert_eq!(
                history::root_of(
                    &updates
                        .iter()
                        .map(|(key, head)| (*key, head.value_hash()))
                        .collect::<Vec<_>>()
                ),
                plan.root()
            );
            map.commit(plan, header.number, named(header.number)).unwrap();
        }
        assert_eq!(verdict, case.verdict, "{}", case.name);
    }
}
