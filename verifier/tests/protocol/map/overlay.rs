//! Epochs in memory above the map, compared with maps in memory and with a map that commits each epoch at once.

use proptest::prelude::*;
use shelfproof_verifier::B256;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{BUCKET_RECORDS, Map, MapError, Overlay};

use super::{
    Heads, SHARED, advance, assert_holds, commit_first, flipped, follow_above, head, keccak256, key, named, root_of,
};

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<(u64, usize, u64)>),
    Commit,
    /// Drops this many epochs from the top.
    Truncate(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // Few keys, so that epochs update the same ones; many share a prefix, so that buckets split in any layer.
    let update = (0..90u64, prop::sample::select(&SHARED), 0..1_u64 << 40);
    prop_oneof![
        5 => prop::collection::vec(update, 0..120).prop_map(Step::Push),
        2 => Just(Step::Commit),
        1 => (0..4u64).prop_map(Step::Truncate),
    ]
}

/// The map after every epoch, in memory; index 0 is before the first.
struct Model {
    states: Vec<(Heads, B256)>,
    updates: Vec<Heads>,
    committed: u64,
    /// Makes each epoch's hash unique, also of two epochs with the same number.
    pushed: u64,
}

impl Model {
    fn tip(&self) -> (u64, B256) {
        (self.states.len() as u64 - 1, self.states[self.states.len() - 1].1)
    }

    fn heads(&self) -> &Heads {
        &self.states[self.states.len() - 1].0
    }

    fn push(&mut self, overlay: &mut Overlay, updates: Heads) {
        let list: Vec<(B256, Head)> = updates.iter().map(|(key, head)| (*key, *head)).collect();
        let plan = follow_above(overlay, &list).unwrap().plan;
        let mut heads = self.heads().clone();
        heads.extend(&updates);
        assert_eq!(plan.root(), root_of(&heads));
        self.pushed += 1;
        let (number, hash) = (self.tip().0 + 1, named(self.pushed));
        overlay.push(plan, number, hash).unwrap();
        self.states.push((heads, hash));
        self.updates.push(updates);
    }

    fn truncate(&mut self, overlay: &mut Overlay, layers: u64) {
        let number = self.tip().0.saturating_sub(layers);
        overlay.truncate(number);
        let kept = usize::try_from(number.max(self.committed)).unwrap();
        self.states.truncate(kept + 1);
        self.updates.truncate(kept);
    }

    fn commit(&mut self, overlay: &mut Overlay) {
        let expected = (self.committed < self.tip().0).then(|| {
            self.committed += 1;
            (self.committed, self.states[usize::try_from(self.committed).unwrap()].1)
        });
        assert_eq!(commit_first(overlay), expected);
    }

    fn assert_is(&self, overlay: &Overlay) {
        assert_eq!(overlay.tip(), self.tip());
        assert_eq!(overlay.layers() as u64, self.tip().0 - self.committed);
        let committed = usize::try_from(self.committed).unwrap();
        let waiting: usize = self.updates[committed..].iter().map(Heads::len).sum();
        assert_eq!(overlay.waiting(), waiting as u64);
        assert_eq!(overlay.root(), root_of(self.heads()));
        let mut keys: Vec<B256> = self.heads().keys().copied().collect();
        keys.extend(self.heads().keys().map(|key| flipped(*key, 255)));
        keys.sort_unstable();
        keys.dedup();
        let expected: Vec<_> = keys.iter().map(|key| self.heads().get(key).copied()).collect();
        assert_eq!(heads_above(overlay, &keys), expected);
        let (heads, hash) = &self.states[committed];
        assert_eq!(overlay.map().epoch(), (self.committed, *hash));
        assert_eq!(overlay.map().root(), root_of(heads));
    }
}

fn heads_above(overlay: &Overlay, keys: &[B256]) -> Vec<Option<Head>> {
    overlay
        .follow(keys, |_, _| Ok::<_, MapError>(Vec::new()))
        .unwrap()
        .heads
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_waits_is_final_or_is_taken_back_the_tip_is_that_of_the_trie(
        steps in prop::collection::vec(step(), 1..14)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
        let mut model = Model {
            states: vec![(Heads::new(), B256::ZERO)],
            updates: Vec::new(),
            committed: 0,
            pushed: 0,
        };
        for step in steps {
            match step {
                Step::Push(updates) => {
                    let updates = updates
                        .into_iter()
                        .map(|(number, shared, seed)| (key(number, shared), head(seed)))
                        .collect();
                    model.push(&mut overlay, updates);
                }
                Step::Commit => model.commit(&mut overlay),
                Step::Truncate(layers) => model.truncate(&mut overlay, layers),
            }
            model.assert_is(&overlay);
        }
        while overlay.layers() > 0 {
            model.commit(&mut overlay);
        }
        assert_holds(overlay.map(), model.heads());
        let other = tempfile::tempdir().unwrap();
        let mut direct = Map::open(other.path()).unwrap();
        for updates in &model.updates {
            advance(&mut direct, updates);
        }
        prop_assert_eq!(direct.root(), overlay.map().root());
        drop(overlay);
        assert_holds(&Map::open(folder.path()).unwrap(), model.heads());
    }
}

/// While an epoch is on disk and not settled, the map is read at the one before, whole: proofs need not wait for it.
#[test]
fn an_epoch_that_is_being_taken_in_is_read_once_it_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let mut states = vec![Heads::new()];
    for epoch in 1..=3u64 {
        // Buckets split, and keys that were there are updated.
        let updates: Heads = (0..epoch * 300)
            .map(|seed| (key(seed, 2), head(seed + epoch)))
            .collect();
        let mut all = states[states.len() - 1].clone();
        all.extend(&updates);
        states.push(all);
        let list: Vec<(B256, Head)> = updates.into_iter().collect();
        let plan = follow_above(&overlay, &list).unwrap().plan;
        overlay.push(plan, epoch, named(epoch)).unwrap();
    }
    for (number, pair) in (1..).zip(states.windows(2)) {
        let written = overlay.write_first().unwrap().unwrap();
        assert_eq!(overlay.map().epoch().0, number - 1);
        assert_holds(overlay.map(), &pair[0]);
        assert_eq!(overlay.settle_first(written).unwrap(), (number, named(number)));
        assert_holds(overlay.map(), &pair[1]);
    }
    assert!(overlay.write_first().unwrap().is_none());
    drop(overlay);
    assert_holds(&Map::open(folder.path()).unwrap(), &states[3]);
}

/// What is no longer the oldest epoch above the map is not settled; opened again, the map is at what was written.
#[test]
fn an_epoch_that_was_taken_back_while_it_was_written_is_not_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let list = vec![(named(1), head(1))];
    let plan = follow_above(&overlay, &list).unwrap().plan;
    overlay.push(plan, 1, named(1)).unwrap();
    let written = overlay.write_first().unwrap().unwrap();
    overlay.truncate(0);
    assert!(matches!(overlay.settle_first(written), Err(MapError::OtherState)));
    assert_eq!(overlay.map().epoch(), (0, B256::ZERO));
    drop(overlay);
    assert_eq!(Map::open(folder.path()).unwrap().epoch(), (1, named(1)));
}

/// A layer splits a bucket, the next writes one of its halves, the next the other, and the one after splits again.
#[test]
fn a_bucket_that_waiting_epochs_split_again_and_again_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let mut all = Heads::new();
    let many = BUCKET_RECORDS as u64;
    for (epoch, (from, to, bit)) in (1..).zip([
        (0, many, None),
        (many, many + 2, None),
        (0, 4, Some(false)),
        (4, 8, Some(true)),
        (0, 5 * many, Some(false)),
        (0, 5 * many, Some(true)),
    ]) {
        let updates: Heads = (from..to)
            .map(|seed| (key(seed, 2), head(seed + epoch)))
            .map(|(mut key, head)| {
                // The first bit that the keys do not share.
                if let Some(bit) = bit {
                    key[2] = key[2] & 0x7f | u8::from(bit) << 7;
                }
                (key, head)
            })
            .collect();
        all.extend(&updates);
        let list: Vec<(B256, Head)> = updates.into_iter().collect();
        let plan = follow_above(&overlay, &list).unwrap().plan;
        overlay.push(plan, epoch, named(epoch)).unwrap();
        assert_eq!(overlay.root(), root_of(&all));
    }
    while commit_first(&mut overlay).is_some() {}
    assert_holds(overlay.map(), &all);
}

#[test]
fn a_large_epoch_is_planned_above_another_by_two_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let mut all = Heads::new();
    for epoch in 1..=3u64 {
        let updates: Heads = (epoch * 2_000..epoch * 2_000 + 5_000)
            .map(|seed| (keccak256(seed.to_be_bytes()), head(seed + epoch)))
            .collect();
        all.extend(&updates);
        let list: Vec<(B256, Head)> = updates.into_iter().collect();
        let plan = follow_above(&overlay, &list).unwrap().plan;
        overlay.push(plan, epoch, named(epoch)).unwrap();
        assert_eq!(overlay.root(), root_of(&all));
    }
    while commit_first(&mut overlay).is_some() {}
    assert_holds(overlay.map(), &all);
}

#[test]
fn a_plan_goes_on_top_of_the_epoch_it_was_made_on_as_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let list = |seed| vec![(named(seed), head(seed))];
    let plan = |overlay: &Overlay, list: &[_]| follow_above(overlay, list).unwrap().plan;
    let (first, late) = (plan(&overlay, &list(1)), plan(&overlay, &list(2)));
    let early = plan(&overlay, &list(1));
    assert!(matches!(
        overlay.push(early, 2, named(2)),
        Err(MapError::Number { wanted: 1, given: 2 })
    ));
    overlay.push(first, 1, named(1)).unwrap();
    assert!(matches!(overlay.push(late, 2, named(2)), Err(MapError::OtherState)));
    // Another epoch 1 with the same events: a plan made on the first does not apply to the second.
    let second = plan(&overlay, &list(2));
    overlay.truncate(0);
    assert_eq!(overlay.tip(), (0, B256::ZERO));
    let again = plan(&overlay, &list(1));
    overlay.push(again, 1, named(3)).unwrap();
    assert!(matches!(overlay.push(second, 2, named(2)), Err(MapError::OtherState)));
    // An epoch without a change is kept all the same.
    let idle = plan(&overlay, &[]);
    assert_eq!(idle.root(), overlay.root());
    overlay.push(idle, 2, named(4)).unwrap();
    assert_eq!(commit_first(&mut overlay), Some((1, named(3))));
    assert_eq!(commit_first(&mut overlay), Some((2, named(4))));
    assert_eq!(commit_first(&mut overlay), None);
    assert_eq!(overlay.map().epoch(), (2, named(4)));
}

#[test]
fn keys_out_of_order_are_refused_above_a_layer_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut overlay = Overlay::new(Map::open(folder.path()).unwrap());
    let (low, high) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let list = vec![(low, head(1))];
    let plan = follow_above(&overlay, &list).unwrap().plan;
    overlay.push(plan, 1, named(1)).unwrap();
    assert_eq!(heads_above(&overlay, &[low, high]), [Some(head(1)), None]);
    assert!(matches!(
        follow_above(&overlay, &[(high, head(1)), (low, head(1))]),
        Err(MapError::Order(1))
    ));
}
