//! Key ids that were made up to share their first bits: the map takes any of them, and what they cost is what they
//! touch. That they are a breach is for an audit to say.

use std::collections::BTreeSet;

use shelfproof_verifier::delta::{self, Delta};
use shelfproof_verifier::event::RawEvent;

use super::*;

/// Ids below one prefix of 48 bits.
const CROWD: u64 = 16_000;

/// The heads of these keys, made from a number.
fn heads_of(keys: impl IntoIterator<Item = B256>, seed: u64) -> Heads {
    (seed..).zip(keys).map(|(seed, key)| (key, head(seed))).collect()
}

/// Ids that share all bits but the last eight with others, and ids that differ from one of them first at each bit.
fn twins() -> Vec<B256> {
    let first = B256::repeat_byte(0xC3);
    let last_byte = (0..=255).map(|last| {
        let mut id = first;
        id[31] = last;
        id
    });
    last_byte.chain((0..256).map(|bit| flipped(first, bit))).collect()
}

#[test]
fn sixteen_thousand_ids_below_one_prefix_are_taken_proved_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let mut heads = heads_of((0..CROWD / 2).map(|number| key(number, 6)), 0);
    heads.extend(heads_of((0..2_000).map(|number| key(number, 0)), 7));
    advance(&mut map, &heads);
    assert_holds(&map, &heads);
    // Half of them are new, and every fourth is one of those before.
    let more = heads_of(
        (0..CROWD)
            .step_by(4)
            .chain(CROWD / 2..CROWD)
            .map(|number| key(number, 6)),
        9,
    );
    heads.extend(&more);
    advance(&mut map, &more);
    assert_holds(&map, &heads);
    assert_eq!(
        map.crowded(&[key(0, 6)]).unwrap(),
        Some(key(0, 6)),
        "the breach is told"
    );
    assert_eq!(map.crowded(&[key(0, 0)]).unwrap(), None);
    drop(map);
    let mut map = Map::open(folder.path()).unwrap();
    assert_holds(&map, &heads);
    let one = heads_of([key(CROWD, 6)], 5);
    heads.extend(&one);
    advance(&mut map, &one);
    assert_holds(&map, &heads);
}

#[test]
fn ids_that_share_all_bits_but_the_last_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let mut heads = Heads::new();
    // One by one where the buckets split, then many at once.
    let twins = twins();
    let (few, many) = twins.split_at(70);
    for (seed, key) in (0..).zip(few) {
        let one = heads_of([*key], seed);
        heads.extend(&one);
        advance(&mut map, &one);
    }
    assert_holds(&map, &heads);
    let rest = heads_of(many.iter().copied(), 1_000);
    heads.extend(&rest);
    advance(&mut map, &rest);
    assert_holds(&map, &heads);
    drop(map);
    let mut map = Map::open(folder.path()).unwrap();
    assert_holds(&map, &heads);
    let again = heads_of(twins, 5_000);
    heads.extend(&again);
    advance(&mut map, &again);
    assert_holds(&map, &heads);
}

/// An event of that key, and the head that it leaves.
fn event(key_id: B256, seed: u64) -> (RawEvent, Head) {
    let event = RawEvent {
        key_id,
        version: 7,
        kind: Kind::Sold as u8,
        at_ms: seed,
        prev: named(seed),
        payload: B256::ZERO,
    };
    let head = Head {
        version: event.version,
        hash: event.hash(),
        kind: Kind::Sold,
        at_ms: seed,
        epoch: seed,
    };
    (event, head)
}

/// The deltas of crowded epochs, above the map in memory and above it on disk, read as an auditor does.
#[test]
fn the_delta_of_a_crowded_epoch_leads_from_the_root_before_to_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let (mut heads, mut newest) = (Heads::new(), BTreeMap::new());
    let crowd = |numbers: Range<u64>| numbers.map(|number| key(number, 6)).collect();
    let epochs: [Vec<B256>; 5] = [
        twins().into_iter().step_by(2).collect(),
        crowd(0..3_000),
        twins(),
        crowd(2_000..4_000),
        vec![key(17, 6)],
    ];
    for (number, keys) in (1..).zip(epochs) {
        let keys: Vec<B256> = keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let events: Vec<(RawEvent, Head)> = keys.iter().map(|key| event(*key, number)).collect();
        let updates: Vec<(B256, Head)> = keys.iter().copied().zip(events.iter().map(|(_, head)| *head)).collect();
        let before = overlay.root();
        let Followed { plan, trie, .. } = follow_above(&overlay, &updates).unwrap();
        let mut bytes = Vec::new();
        for key in &keys {
            delta::write_newest(&mut bytes, newest.get(key));
        }
        bytes.extend(trie);
        assert!(bytes.len() <= delta::max_bytes(keys.len()));
        let read = Delta::read(&bytes, &keys, &before).unwrap();
        assert_eq!(read.root_after(&updates).unwrap(), plan.root());
        newest.extend(
            keys.iter()
                .copied()
                .zip(events.iter().map(|(event, _)| event.to_bytes())),
        );
        heads.extend(updates.iter().copied());
        assert_eq!(plan.root(), root_of(&heads));
        overlay.push(plan, number, named(number)).unwrap();
        if number == 2 {
            commit_first(&mut overlay).unwrap();
        }
    }
    while commit_first(&mut overlay).is_some() {}
    assert_holds(overlay.map(), &heads);
}
