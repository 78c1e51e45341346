//! The history map on disk, compared with the trie in memory: across reopening, kills and damage.

mod crowds;
mod damage;
mod deltas;
mod kills;
mod overlay;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

use alloy_primitives::keccak256;
use proptest::prelude::*;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::{self, Head, Proven};
use shelfproof_verifier::map::{Followed, Map, MapError, Overlay, Plan};

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

/// Updates of the map, in order of keys.
type Updates = Vec<(B256, Head)>;

/// Gives the updates' heads whatever was before.
fn given(updates: &[(B256, Head)]) -> impl Fn(Range<usize>, &[Option<Head>]) -> Result<Updates, MapError> + Sync {
    |range, before| {
        assert_eq!(range.len(), before.len());
        Ok(updates[range].to_vec())
    }
}

fn plan(map: &Map, updates: &[(B256, Head)]) -> Result<Plan, MapError> {
    let keys: Vec<B256> = updates.iter().map(|(key, _)| *key).collect();
    Ok(map.follow(&keys, given(updates))?.plan)
}

fn follow_above(overlay: &Overlay, updates: &[(B256, Head)]) -> Result<Followed, MapError> {
    let keys: Vec<B256> = updates.iter().map(|(key, _)| *key).collect();
    overlay.follow(&keys, given(updates))
}

/// Commits the oldest epoch above the map; `None` if there is none.
fn commit_first(overlay: &mut Overlay) -> Option<(u64, B256)> {
    let written = overlay.write_first().unwrap()?;
    Some(overlay.settle_first(written).unwrap())
}

fn advance(map: &mut Map, updates: &Heads) {
    let updates: Vec<_> = updates.iter().map(|(key, head)| (*key, *head)).collect();
    let plan = plan(map, &updates).unwrap();
    let (root, epoch) = (plan.root(), map.epoch().0 + 1);
    map.commit(plan, epoch, named(epoch)).unwrap();
    assert_eq!(map.root(), root);
}

/// The heads that an epoch with events of these keys finds.
fn heads_in(map: &Map, keys: &[B256]) -> Result<Vec<Option<Head>>, MapError> {
    Ok(map.follow(keys, |_, _| Ok::<_, MapError>(Vec::new()))?.heads)
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
    keys.dedup();
    assert_eq!(
        heads_in(map, &keys).unwrap(),
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

/// How many bytes of their beginning ids share here, as those of real codes and as made-up ones do.
const SHARED: [usize; 5] = [0, 2, 4, 6, 30];

/// The key with that number among those that share so many bytes.
fn key(number: u64, shared: usize) -> B256 {
    let mut key = keccak256(number.to_be_bytes());
    key[..shared].fill(0x5A);
    key
}

fn flipped(mut key: B256, bit: usize) -> B256 {
    key[bit / 8] ^= 0x80 >> (bit % 8);
    key
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_epochs_give_the_roots_heads_and_proofs_of_the_trie(
        epochs in prop::collection::vec(prop::collection::vec(
            (0..400u64, prop::sample::select(&SHARED), any::<u64>()), 0..200
        ), 1..6)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let mut heads = Heads::new();
        for (at, epoch) in epochs.iter().enumerate() {
            let updates: Heads = epoch
                .iter()
                .map(|(number, shared, seed)| (key(*number, *shared), head(seed % (1 << 40))))
                .collect();
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

#[test]
fn a_plan_is_committed_on_the_state_it_was_made_on_as_the_next_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let updates = [(named(1), head(1))];
    let (first, second) = (
        plan(&map, &updates).unwrap(),
        plan(&map, &[(named(2), head(2))]).unwrap(),
    );
    assert!(matches!(
        map.commit(first, 2, named(2)),
        Err(MapError::Number { wanted: 1, given: 2 })
    ));
    let first = plan(&map, &updates).unwrap();
    map.commit(first, 1, named(1)).unwrap();
    assert!(matches!(map.commit(second, 2, named(2)), Err(MapError::OtherState)));
    assert_eq!(map.epoch(), (1, named(1)));
    // An epoch without a change still advances the marker.
    let idle = plan(&map, &[]).unwrap();
    assert_eq!(idle.root(), map.root());
    map.commit(idle, 2, named(2)).unwrap();
    assert_eq!(map.epoch(), (2, named(2)));
}

/// Two events are refused, in parts of the map that different threads work on: the first by key is told.
#[test]
fn of_several_refusals_the_first_in_the_order_of_the_keys_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let heads: Heads = (0..6_000u64).map(|seed| (key(seed, 0), head(seed))).collect();
    advance(&mut map, &heads);
    let keys: Vec<B256> = heads.keys().copied().collect();
    for refused in [[0, 5_999], [2_900, 3_100], [4_000, 5_000]] {
        let answer = map.follow(&keys, |range, _| {
            match refused.into_iter().find(|refused| range.contains(refused)) {
                Some(refused) => Err(MapError::Order(refused)),
                None => Ok(Vec::new()),
            }
        });
        assert!(
            matches!(answer, Err(MapError::Order(first)) if first == refused[0]),
            "{refused:?}"
        );
    }
}

#[test]
fn keys_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map::open(folder.path()).unwrap();
    let (low, high) = (B256::repeat_byte(1), B256::repeat_byte(2));
    assert!(matches!(
        plan(&map, &[(low, head(1)), (high, head(1)), (low, head(1))]),
        Err(MapError::Order(2))
    ));
    assert!(matches!(
        plan(&map, &[(low, head(1)), (low, head(2))]),
        Err(MapError::Order(1))
    ));
    assert_eq!(heads_in(&map, &[low, high]).unwrap(), [None, None]);
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
