//! The inbox, in which jobs wait for the workers.
//!
//! One worker at a time has the [`Turn`], which is the right to take a batch. It keeps the turn while it prepares
//! that batch, so that more jobs arrive in the meantime and the next batch is larger. Jobs are in memory only: after
//! a crash, customers send their requests again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};
use tokio::time::{sleep, timeout_at};

use super::job::Job;
use super::lane::{Bounds, Full, Lanes};

/// The lanes, shared by requests and workers.
#[derive(Debug)]
pub(super) struct Inbox {
    lanes: Mutex<Lanes<Job>>,
    /// Notified when a job arrives or is parked, and when the inbox closes.
    arrived: Notify,
    turn: Arc<AsyncMutex<()>>,
    is_closing: AtomicBool,
    /// The number of workers.
    seats: AtomicUsize,
}

/// The longest time that a batch keeps the turn: several times what its preparation takes. A batch that takes longer is
/// waiting for a lock or for the server, and other orders must not wait for it.
const TURN_BOUND: Duration = Duration::from_millis(50);

/// The right to take the next batch. It passes to the next worker when it is dropped, which a worker does before it
/// writes, or after [`TURN_BOUND`].
#[derive(Debug)]
pub(super) struct Turn(Arc<Mutex<Option<OwnedMutexGuard<()>>>>);

impl Turn {
    fn new(guard: OwnedMutexGuard<()>) -> Self {
        let turn = Arc::new(Mutex::new(Some(guard)));
        let late = Arc::downgrade(&turn);
        tokio::spawn(async move {
            sleep(TURN_BOUND).await;
            if let Some(turn) = late.upgrade() {
                turn.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
        });
        Self(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Counts one worker. When the last seat is dropped, no job can be answered any more, and all waiting jobs are dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<Inbox>);

/// Why the inbox did not accept a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Its lane, or all lanes together, are full.
    Full,
    /// There is no worker.
    Closed,
}

impl Inbox {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            lanes: Mutex::new(Lanes::new(bounds)),
            arrived: Notify::new(),
            turn: Arc::default(),
            is_closing: AtomicBool::new(false),
            seats: AtomicUsize::new(0),
        }
    }

    /// The number of jobs that wait, the parked ones included.
    pub(super) fn waiting(&self) -> usize {
        self.lanes().waiting()
    }

    /// How long the oldest job that is not parked has waited.
    pub(super) fn oldest_wait(&self) -> Duration {
        let oldest = self.lanes().fronts().map(|job| job.arrived).min();
        oldest.map_or(Duration::ZERO, |arrived| arrived.elapsed())
    }

    /// Whether there is a worker.
    pub(super) fn is_open(&self) -> bool {
        self.seats.load(Ordering::Acquire) > 0
    }

    pub(super) fn push(&self, job: Job) -> Result<(), NotTaken> {
        let mut lanes = self.lanes();
        // Checked under the lock: the last worker to leave takes the same lock, and drops the job if it was added
        // before.
        if !self.is_open() {
            return Err(NotTaken::Closed);
        }
        lanes.push(job.intent.lane(), job).map_err(|Full| NotTaken::Full)?;
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Returns jobs of a batch to the inbox. The next batch begins with them.
    pub(super) fn put_back(&self, jobs: Vec<Job>) {
        self.lanes()
            .put_back(jobs.into_iter().map(|job| (job.intent.lane(), job)).collect());
        self.arrived.notify_one();
    }

    /// Keeps a job of a batch until it is `due`, when the next batch begins with it.
    pub(super) fn park(&self, job: Job, due: Instant) {
        self.lanes().park(job.intent.lane(), due, job);
        // Wakes a worker that is waiting for jobs, so that it takes this job's time into account.
        self.arrived.notify_one();
    }

    /// Lets the workers end once nothing waits any more.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<Job>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        inbox.seats.fetch_add(1, Ordering::AcqRel);
        Self(inbox)
    }

    /// The inbox that this seat belongs to.
    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.0)
    }

    /// Waits for the next batch. `None` when the inbox is closing and empty.
    pub(super) async fn next(&self) -> Option<(Vec<Job>, Turn)> {
        let inbox = &self.0;
        let turn = Arc::clone(&inbox.turn).lock_owned().await;
        loop {
            let (batch, next_due, is_empty) = {
                let mut lanes = inbox.lanes();
                let next_due = lanes.unpark(Instant::now());
                let batch = lanes.take();
                (batch, next_due, lanes.waiting() == 0)
            };
            if !batch.is_empty() {
                return Some((batch, Turn::new(turn)));
            }
            if is_empty && inbox.is_closing.load(Ordering::Acquire) {
                return None;
            }
            // `Notify` keeps a permit, so a job that arrived since the check above ends this wait at once.
            let arrived = inbox.arrived.notified();
            match next_due {
                Some(due) => drop(timeout_at(due.into(), arrived).await),
                None => arrived.await,
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut lanes = self.0.lanes();
        if self.0.seats.fetch_sub(1, Ordering::AcqRel) == 1 {
            lanes.clear();
        }
    }
}
