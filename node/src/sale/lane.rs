//! The lanes: queues of the jobs that wait for a batch, one for each account.
//!
//! Each lane has a bound, so an account that sends more than the shop can sell fills its own lane and is the only one
//! that is refused. A batch takes jobs from the lanes in turn, so that every account has its share of it.
//!
//! A job whose product or wallet another transaction has locked is *parked*: it still counts against the bounds, and no
//! batch takes it before it is due.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::domain::sale::Lane;

/// The most jobs that may wait, and the most that a batch takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The most jobs of one lane.
    pub(super) per_lane: usize,
    /// The most jobs of all lanes, and so the most lanes.
    pub(super) in_all: usize,
    /// The most jobs of a batch.
    pub(super) batch_jobs: usize,
}

/// The error that a lane, or all lanes together, are full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The lanes. A lane exists while it has a job, waiting or parked.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    queues: HashMap<Lane, Queue<T>>,
    /// The lanes with jobs that a batch may take, in the order of their turns.
    turns: VecDeque<Lane>,
    parked: Vec<Parked<T>>,
    waiting: usize,
    bounds: Bounds,
}

#[derive(Debug)]
struct Queue<T> {
    ready: VecDeque<T>,
    parked: usize,
}

#[derive(Debug)]
struct Parked<T> {
    lane: Lane,
    due: Instant,
    job: T,
}

impl<T> Queue<T> {
    const fn new() -> Self {
        Self {
            ready: VecDeque::new(),
            parked: 0,
        }
    }

    fn len(&self) -> usize {
        self.ready.len() + self.parked
    }
}

impl<T> Lanes<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            queues: HashMap::new(),
            turns: VecDeque::new(),
            parked: Vec::new(),
            waiting: 0,
            bounds,
        }
    }

    /// The number of jobs that wait, the parked ones included.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// The first job of each lane; parked jobs are left out.
    pub(super) fn fronts(&self) -> impl Iterator<Item = &T> {
        self.queues.values().filter_map(|queue| queue.ready.front())
    }

    /// Puts a job at the end of its lane.
    pub(super) fn push(&mut self, lane: Lane, job: T) -> Result<(), Full> {
        let length = self.queues.get(&lane).map_or(0, Queue::len);
        if length >= self.bounds.per_lane || self.waiting >= self.bounds.in_all {
            return Err(Full);
        }
        let queue = self.queues.entry(lane).or_insert_with(Queue::new);
        if queue.ready.is_empty() {
            self.turns.push_back(lane);
        }
        queue.ready.push_back(job);
        self.waiting += 1;
        Ok(())
    }

    /// Puts jobs that a batch took back to the front of their lanes, in the same order. A lane that the batch had emptied is
    /// the first in turn again, so that its job does not wait behind full lanes for ever. The bounds do not apply: the jobs
    /// were counted when they were pushed.
    pub(super) fn put_back(&mut self, jobs: Vec<(Lane, T)>) {
        self.waiting += jobs.len();
        for (lane, job) in jobs.into_iter().rev() {
            self.put_first(lane, job);
        }
    }

    /// Keeps a job that a batch took until it is `due`.
    pub(super) fn park(&mut self, lane: Lane, due: Instant, job: T) {
        self.queues.entry(lane).or_insert_with(Queue::new).parked += 1;
        self.parked.push(Parked { lane, due, job });
        self.waiting += 1;
    }

    /// Moves the parked jobs that are due to the front of their lanes, so that the next batch begins with them, in the
    /// order in which they were parked. Returns the time when the next one is due.
    pub(super) fn unpark(&mut self, now: Instant) -> Option<Instant> {
        let (due, parked) = self.parked.drain(..).partition(|parked: &Parked<T>| parked.due <= now);
        self.parked = parked;
        let due: Vec<_> = due;
        for Parked { lane, job, .. } in due.into_iter().rev() {
            self.put_first(lane, job).parked -= 1;
        }
        self.parked.iter().map(|parked| parked.due).min()
    }

    /// Takes the next batch: one job of each lane in turn, until the bound is reached or no job is left.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut batch = Vec::new();
        while batch.len() < self.bounds.batch_jobs
            && let Some(job) = self.next()
        {
            batch.push(job);
        }
        batch
    }

    /// Drops every job.
    pub(super) fn clear(&mut self) {
        self.queues.clear();
        self.turns.clear();
        self.parked.clear();
        self.waiting = 0;
    }

    /// Takes the next job of the lane whose turn it is.
    fn next(&mut self) -> Option<T> {
        let lane = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&lane)?;
        let next = queue.ready.pop_front()?;
        self.waiting -= 1;
        if !queue.ready.is_empty() {
            self.turns.push_back(lane);
        } else if queue.parked == 0 {
            self.queues.remove(&lane);
        }
        Some(next)
    }

    /// Puts a job at the front of its lane. If the lane had no turn, it gets the first one.
    fn put_first(&mut self, lane: Lane, job: T) -> &mut Queue<T> {
        let queue = self.queues.entry(lane).or_insert_with(Queue::new);
        if queue.ready.is_empty() {
            self.turns.push_front(lane);
        }
        queue.ready.push_front(job);
        queue
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
    };

    fn lane(number: u8) -> Lane {
        Lane::Account(AccountId(Uuid::from_u128(u128::from(number))))
    }

    /// One lane for each text, with one job for each letter of it.
    fn filled(texts: &[&str]) -> Lanes<char> {
        let mut lanes = Lanes::new(BOUNDS);
        for (number, text) in (0..).zip(texts) {
            for letter in text.chars() {
                lanes.push(lane(number), letter).unwrap();
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
        assert_eq!(lanes.push(lane(0), 'f'), Err(Full));
        assert_eq!(lanes.push(lane(1), 'x'), Ok(()));
        assert_eq!(batches(&mut lanes), ["axbc", "de"]);
        assert_eq!(lanes.push(lane(0), 'f'), Ok(()));
    }

    #[test]
    fn all_lanes_together_are_bounded() {
        let mut lanes = filled(&["abcde", "vwxyz", "12"]);
        assert_eq!(lanes.push(lane(3), '!'), Err(Full));
        lanes.take();
        assert_eq!(lanes.push(lane(3), '!'), Ok(()));
    }

    #[test]
    fn a_job_that_was_put_back_comes_first() {
        let mut lanes = filled(&["abc", "x"]);
        let batch = lanes.take();
        assert_eq!(batch, ['a', 'x', 'b', 'c']);
        lanes.push(lane(2), 'z').unwrap();
        lanes.put_back(vec![(lane(1), 'x'), (lane(0), 'b'), (lane(0), 'c')]);
        assert_eq!(lanes.waiting(), 4);
        assert_eq!(batches(&mut lanes), ["xbzc"]);
    }

    #[test]
    fn a_job_that_never_fits_moves_up_whatever_the_other_lanes_hold() {
        let mut lanes = filled(&["aa", "bb", "cc", "d"]);
        // Each batch has room for its first three jobs and puts the fourth back. The lanes are refilled each time.
        for _ in 0..2 {
            let mut batch = lanes.take();
            let last = batch.split_off(3);
            if batch.contains(&'d') {
                return;
            }
            let numbered = last.into_iter().map(|job| (lane(job as u8 - b'a'), job));
            lanes.put_back(numbered.collect());
            for number in 0..3 {
                lanes.push(lane(number), (b'a' + number) as char).unwrap();
            }
        }
        panic!("the job of the fourth lane was not taken by the second batch");
    }

    #[test]
    fn a_parked_job_waits_until_it_is_due_and_fills_its_lane_meanwhile() {
        let mut lanes = filled(&["abcde", "x"]);
        let now = Instant::now();
        let later = now + std::time::Duration::from_secs(1);
        assert_eq!(lanes.take(), ['a', 'x', 'b', 'c']);
        for letter in ['a', 'b', 'c'] {
            lanes.park(lane(0), later, letter);
        }
        assert_eq!(lanes.push(lane(0), 'f'), Err(Full), "three are parked and two wait");
        assert_eq!((lanes.unpark(now), lanes.take()), (Some(later), vec!['d', 'e']));
        assert_eq!((lanes.waiting(), lanes.fronts().count()), (3, 0));
        assert_eq!(lanes.unpark(later), None);
        assert_eq!(batches(&mut lanes), ["abc"]);
        assert_eq!((lanes.waiting(), lanes.queues.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_lane_waits_longer_than_a_turn_of_each_other(
            pushes in prop::collection::vec(0..4u8, 0..60)
        ) {
            let mut lanes = Lanes::new(BOUNDS);
            let mut kept = Vec::new();
            for (at, number) in pushes.into_iter().enumerate() {
                if lanes.push(lane(number), (number, at)).is_ok() {
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
