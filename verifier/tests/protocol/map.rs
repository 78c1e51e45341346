//! The history map on disk, compared with the trie in memory: across reopening, kills and damage.

mod damage;
mod deltas;
mod kills;
mod overlay;

use std::collections::BTreeMap;
use std::fs;

use alloy_primitives::keccak256;
use proptest::prelude::*;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::{self, Head, Proven};
use shelfproof_verifier::map::{BUCKET_RECORDS, Map, MapError};

type Heads = BTreeMap<B256, Head>;

fn head(seed: u64) -> Head {
    let kind = Kind::ALL[usize::try_from(seed % 10).unwrap()];
    Head {
        version: u32::try_from(seed % 1_000).unwrap() + 1,
        hash: keccak256(seed.to_be_bytes()),
        kind,
        at_ms: seed * 1_000,
        epoch: seed,
    }
}

fn root_of(heads: &Heads) -> B256 {
    history::root_of(
        &heads
            .iter()
            .map(|(key, head)| (*key, head.value_hash()))
            .collect::<Vec<_>>(),
    )
}

/// The hash of an epoch in these tests.
fn named(epoch: u64) -> B256 {
    keccak256(epoch.to_be_bytes())
}

fn advance(map: &mut Map, updates: &Heads) {
    let updates: Vec<_> = updates.iter().map(|(key, head)| (*key, *head)).collect();
    let plan = map.plan(&updates).unwrap();
    let (root, epoch) = (plan.root(), map.epoch().0 + 1);
    map.commit(plan, epoch, named(epoch)).unwrap();
    assert_eq!(map.root(), root);
}

/// Checks that root, length, heads and proofs are those of the trie in memory.
fn assert_holds(map: &Map, heads: &Heads) {
    assert_eq!(map.root(), root_of(heads));
    assert_eq!(map.len(), heads.len() as u64);
    assert_eq!(map.is_empty(), heads.is_empty());
    let mut keys: Vec<B256> = heads.keys().copied().collect();
    // Neighbours of present keys, and random keys.
    keys.extend(heads.keys().map(|key| flipped(*key, 255)));
    keys.extend((0..50u64).map(|seed| keccak256(seed.to_le_bytes())));
    keys.sort_unstable();
    assert_eq!(
        map.heads(&keys).unwrap(),
        keys.iter().map(|key| heads.get(key).copied()).collect::<Vec<_>>()
    );
    let leaves: Vec<_> = heads.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    for key in keys.iter().step_by(keys.len() / 300 + 1) {
        assert_eq!(map.head(key).unwrap(), heads.get(key).copied());
        let proof = map.prove(key).unwrap();
        assert_eq!(proof, history::prove_from(&leaves, key));
        let told = heads.get(key).map_or(Proven::Absent, |head| Proven::Present {
            value_hash: head.value_hash(),
        });
        assert_eq!(history::climb(key, &proof, &map.root()), Some(told));
    }
}

fn flipped(mut key: B256, bit: usize) -> B256 {
    key[bit / 8] ^= 0x80 >> (bit % 8);
    key
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_epochs_give_the_roots_heads_and_proofs_of_the_trie(
        epochs in prop::collection::vec(prop::collection::vec((0..400u64, 0..4usize, any::<u64>()), 0..150), 1..6)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let mut heads = Heads::new();
        for (at, epoch) in epochs.iter().enumerate() {
            let updates: Heads = epoch.iter().map(|(number, shared, seed)| {
                let mut key = keccak256(number.to_be_bytes());
                key[..shared * 2].fill(0x5A);
                (key, head(seed % (1 << 40)))
            }).collect();
            heads.extend(&updates);
            advance(&mut map, &updates);
            assert_holds(&map, &heads);
            if at % 2 == 0 {
                drop(map);
                map = Map::open(folder.path()).unwrap();
                prop_assert_eq!(map.epoch(), (at as u64 + 1, named(at as u64 + 1)));
                assert_holds(&map, &heads);
            }
        }
    }
}

#[test]
fn a_large_epoch_is_worked_on_by_two_threads_and_comes_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    assert_holds(&map, &Heads::new());
    let mut heads = Heads::new();
    for epoch in 0..3u64 {
        let updates: Heads = (epoch * 4_000..epoch * 4_000 + 9_000)
            .map(|seed| (keccak256(seed.to_be_bytes()), head(seed + epoch)))
            .collect();
        heads.extend(&updates);
        advance(&mut map, &updates);
        assert_holds(&map, &heads);
    }
    drop(map);
    assert_holds(&Map::open(folder.path()).unwrap(), &heads);
}

/// Key ids that were made to share their first bits: there are few buckets above, the crowded one does not split below
/// its bound, and every answer is right.
#[test]
fn keys_that_share_sixty_bits_neither_split_without_end_nor_go_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let mut heads = Heads::new();
    for epoch in 0..3u64 {
        let updates: Heads = (0..40 * BUCKET_RECORDS as u64)
            .map(|seed| {
                let mut key = keccak256((epoch * 300 + seed).to_be_bytes());
                key[..7].fill(0xC3);
                key[7] |= 0xF0;
                (key, head(seed + epoch))
            })
            .collect();
        heads.extend(&updates);
        advance(&mut map, &updates);
        assert_holds(&map, &heads);
    }
    // And keys that differ from the others first at each bit.
    let (crowded, one) = heads.iter().next().map(|(key, head)| (*key, *head)).unwrap();
    let updates: Heads = (0..60).map(|bit| (flipped(crowded, bit), one)).collect();
    heads.extend(&updates);
    advance(&mut map, &updates);
    assert_holds(&map, &heads);
    drop(map);
    assert_holds(&Map::open(folder.path()).unwrap(), &heads);
}

#[test]
fn a_crowd_that_chance_never_brings_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let crowd = |count: u32| -> Vec<(B256, Head)> {
        let id = |seed: u32| [[0xC3; 28].as_slice(), &seed.to_be_bytes()].concat();
        (0..count).map(|seed| (B256::from_slice(&id(seed)), head(1))).collect()
    };
    let plan = map.plan(&crowd(1 << 14)).unwrap();
    assert!(matches!(map.plan(&crowd((1 << 14) + 1)), Err(MapError::Crowded)));
    map.commit(plan, 1, named(1)).unwrap();
    let one_more = [(B256::repeat_byte(0xC3), head(2))];
    assert!(matches!(map.plan(&one_more), Err(MapError::Crowded)));
    assert_eq!(map.len(), 1 << 14);
}

#[test]
fn a_plan_is_committed_on_the_state_it_was_made_on_as_the_next_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let updates = [(named(1), head(1))];
    let (first, second) = (map.plan(&updates).unwrap(), map.plan(&[(named(2), head(2))]).unwrap());
    assert!(matches!(
        map.commit(first, 2, named(2)),
        Err(MapError::Number { wanted: 1, given: 2 })
    ));
    let first = map.plan(&updates).unwrap();
    map.commit(first, 1, named(1)).unwrap();
    assert!(matches!(map.commit(second, 2, named(2)), Err(MapError::OtherState)));
    assert_eq!(map.epoch(), (1, named(1)));
    // An epoch without a change still advances the marker.
    let idle = map.plan(&[]).unwrap();
    assert_eq!(idle.root(), map.root());
    map.commit(idle, 2, named(2)).unwrap();
    assert_eq!(map.epoch(), (2, named(2)));
}

#[test]
fn keys_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map::open(folder.path()).unwrap();
    let (low, high) = (B256::repeat_byte(1), B256::repeat_byte(2));
    assert!(matches!(
        map.plan(&[(low, head(1)), (high, head(1)), (low, head(1))]),
        Err(MapError::Order(2))
    ));
    assert!(matches!(
        map.plan(&[(low, head(1)), (low, head(2))]),
        Err(MapError::Order(1))
    ));
    assert!(matches!(map.heads(&[high, low]), Err(MapError::Order(1))));
    assert_eq!(map.heads(&[low, low]).unwrap(), [None, None]);
}

#[test]
fn a_folder_that_is_open_elsewhere_or_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map::open(folder.path()).unwrap();
    assert!(matches!(Map::open(folder.path()), Err(MapError::Locked(_))));
    drop(map);
    Map::open(folder.path()).unwrap();
    fs::write(folder.path().join("format"), "shelfproof history map 2\n").unwrap();
    assert!(matches!(Map::open(folder.path()), Err(MapError::Foreign(_))));

    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letters.txt"), "mine").unwrap();
    assert!(matches!(Map::open(other.path()), Err(MapError::Foreign(_))));
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
}
