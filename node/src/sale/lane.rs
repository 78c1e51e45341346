//! Jobs that wait for a batch, in a lane for each channel: a channel that sends more than the shop sells fills its own lane,
//! and is refused alone. Lanes take turns, so that every channel has its share of each batch.

use std::collections::{HashMap, VecDeque};

use crate::domain::sale::Lane;

/// How much may wait, and how much a batch may take, at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Jobs of one lane.
    pub(super) per_lane: usize,
    /// Jobs of all lanes, and so lanes.
    pub(super) in_all: usize,
    /// Jobs of a batch.
    pub(super) batch_jobs: usize,
    /// Keys of a batch; a single job may have more.
    pub(super) batch_keys: u32,
}

/// That a lane, or all lanes together, are full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The lanes. A lane is there while a job is in it.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    queues: HashMap<Lane, VecDeque<Waiting<T>>>,
    /// Whose turn it is, and whose is next.
    turns: VecDeque<Lane>,
    waiting: usize,
    bounds: Bounds,
}

#[derive(Debug)]
struct Waiting<T> {
    keys: u32,
    job: T,
}

impl<T> Lanes<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            queues: HashMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
            bounds,
        }
    }

    /// Jobs that wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Puts a job for that many keys at the end of its lane.
    pub(super) fn push(&mut self, lane: Lane, keys: u32, job: T) -> Result<(), Full> {
        let length = self.queues.get(&lane).map_or(0, VecDeque::len);
        if length >= self.bounds.per_lane || self.waiting >= self.bounds.in_all {
            return Err(Full);
        }
        if length == 0 {
            self.turns.push_back(lane);
        }
        self.queues.entry(lane).or_default().push_back(Waiting { keys, job });
        self.waiting += 1;
        Ok(())
    }

    /// The next batch: one job of each lane in turn, again and again, until a bound is reached or nothing waits. A job
    /// whose keys no longer fit is the first of the batch after.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut batch = Vec::new();
        let mut keys = 0;
        while batch.len() < self.bounds.batch_jobs
            && let Some(waiting) = self.next(self.bounds.batch_keys.saturating_sub(keys), batch.is_empty())
        {
            keys = keys.saturating_add(waiting.keys);
            batch.push(waiting.job);
        }
        batch
    }

    /// Drops every job.
    pub(super) fn clear(&mut self) {
        self.queues.clear();
        self.turns.clear();
        self.waiting = 0;
    }

    /// The job whose turn it is, if its keys fit or it `is_first`.
    fn next(&mut self, keys_left: u32, is_first: bool) -> Option<Waiting<T>> {
        let lane = *self.turns.front()?;
        let jobs = self.queues.get_mut(&lane)?;
        jobs.front().filter(|waiting| is_first || waiting.keys <= keys_left)?;
        let next = jobs.pop_front()?;
        let is_empty = jobs.is_empty();
        self.waiting -= 1;
        if is_empty {
            self.queues.remove(&lane);
            self.turns.pop_front();
        } else {
            self.turns.rotate_left(1);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::AccountId;

    const BOUNDS: Bounds = Bounds {
        per_lane: 5,
        in_all: 12,
        batch_jobs: 4,
        batch_keys: 100,
    };

    fn lane(number: u8) -> Lane {
        Lane::Account(AccountId(Uuid::from_u128(u128::from(number))))
    }

    /// Lanes with as many jobs of one key as there are letters in each text; a job is its letter.
    fn filled(texts: &[&str]) -> Lanes<char> {
        let mut lanes = Lanes::new(BOUNDS);
        for (number, text) in (0..).zip(texts) {
            for letter in text.chars() {
                lanes.push(lane(number), 1, letter).unwrap();
            }
        }
        lanes
    }

    fn batches(lanes: &mut Lanes<char>) -> Vec<String> {
        let batch = || Some(lanes.take().into_iter().collect::<String>()).filter(|batch| !batch.is_empty());
        std::iter::from_fn(batch).collect()
    }

    #[test]
    fn lanes_take_turns_and_each_keeps_its_order() {
        let mut lanes = filled(&["abcde", "v", "xyz"]);
        assert_eq!(batches(&mut lanes), ["avxb", "yczd", "e"]);
        assert_eq!(lanes.waiting(), 0);
    }

    #[test]
    fn a_full_lane_refuses_its_own_jobs_alone() {
        let mut lanes = filled(&["abcde"]);
        assert_eq!(lanes.push(lane(0), 1, 'f'), Err(Full));
        assert_eq!(lanes.push(lane(1), 1, 'x'), Ok(()));
        assert_eq!(batches(&mut lanes), ["axbc", "de"]);
        assert_eq!(lanes.push(lane(0), 1, 'f'), Ok(()));
    }

    #[test]
    fn all_lanes_together_are_bounded() {
        let mut lanes = filled(&["abcde", "vwxyz", "12"]);
        assert_eq!(lanes.push(lane(3), 1, '!'), Err(Full));
        lanes.take();
        assert_eq!(lanes.push(lane(3), 1, '!'), Ok(()));
    }

    #[test]
    fn a_batch_is_bounded_in_keys() {
        let mut lanes = Lanes::new(BOUNDS);
        for (number, keys, job) in [(0, 60, 'a'), (1, 40, 'b'), (2, 1, 'c'), (0, 500, 'd'), (1, 1, 'e')] {
            lanes.push(lane(number), keys, job).unwrap();
        }
        assert_eq!(batches(&mut lanes), ["ab", "c", "d", "e"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_lane_waits_longer_than_a_turn_of_each_other(
            pushes in prop::collection::vec((0..4u8, 1..100u32), 0..60)
        ) {
            let mut lanes = Lanes::new(BOUNDS);
            let mut kept = Vec::new();
            for (at, (number, keys)) in pushes.into_iter().enumerate() {
                if lanes.push(lane(number), keys, (number, at)).is_ok() {
                    kept.push((number, at));
                }
            }
            let mut taken = Vec::new();
            while lanes.waiting() > 0 {
                let batch = lanes.take();
                prop_assert!(!batch.is_empty() && batch.len() <= BOUNDS.batch_jobs);
                taken.extend(batch);
            }
            for number in 0..4 {
                let own: Vec<_> = taken.iter().filter(|job| job.0 == number).collect();
                prop_assert!(own.is_sorted(), "a lane keeps its order");
            }
            // While a lane has jobs, no other lane is served twice before it is served once.
            for (at, job) in taken.iter().enumerate() {
                let last = taken[..at].iter().rposition(|other| other.0 == job.0);
                let since = &taken[last.map_or(0, |last| last + 1)..at];
                for other in 0..4 {
                    prop_assert!(since.iter().filter(|job| job.0 == other).count() <= 1);
                }
            }
            kept.sort_unstable();
            taken.sort_unstable();
            prop_assert_eq!(kept, taken);
        }
    }
}
