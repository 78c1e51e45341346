//! Where jobs wait for the workers. One worker at a time takes what waits: the others gather behind it, and so do jobs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard};

use super::job::Job;
use super::lane::{Bounds, Full, Lanes};

/// The lanes, shared by requests and workers.
#[derive(Debug)]
pub(super) struct Inbox {
    lanes: Mutex<Lanes<Job>>,
    arrived: Notify,
    turn: Arc<AsyncMutex<()>>,
    is_closing: AtomicBool,
    seats: AtomicUsize,
}

/// The right to take what waits. It passes on when a batch only waits for its commit, or for somebody else's lock.
pub(super) type Turn = OwnedMutexGuard<()>;

/// A worker's place at the inbox. When the last worker leaves, nobody will answer what still waits, and it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<Inbox>);

/// Why a job was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
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

    /// Jobs that wait.
    pub(super) fn waiting(&self) -> usize {
        self.lanes().waiting()
    }

    /// Whether a worker is there.
    pub(super) fn is_open(&self) -> bool {
        self.seats.load(Ordering::Acquire) > 0
    }

    pub(super) fn push(&self, job: Job) -> Result<(), NotTaken> {
        let mut lanes = self.lanes();
        // Under the lock, so that the last worker to leave finds the job and drops it.
        if !self.is_open() {
            return Err(NotTaken::Closed);
        }
        let (lane, keys) = (job.intent.lane(), job.intent.keys());
        lanes.push(lane, keys, job).map_err(|Full| NotTaken::Full)?;
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Workers end when they have taken what waits.
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

    /// The next batch, once something waits; none when the inbox is closing and empty.
    pub(super) async fn next(&self) -> Option<(Vec<Job>, Turn)> {
        let inbox = &self.0;
        let turn = Arc::clone(&inbox.turn).lock_owned().await;
        loop {
            let batch = inbox.lanes().take();
            if !batch.is_empty() {
                return Some((batch, turn));
            }
            if inbox.is_closing.load(Ordering::Acquire) {
                return None;
            }
            // A job that arrived since left its permit here.
            inbox.arrived.notified().await;
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
