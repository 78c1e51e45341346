//! Where jobs wait for the workers. One worker at a time takes what waits: the others gather behind it, and so do jobs.

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
    arrived: Notify,
    turn: Arc<AsyncMutex<()>>,
    is_closing: AtomicBool,
    seats: AtomicUsize,
}

/// How long a batch keeps the others from the inbox, so that they gather meanwhile: several times what one takes to be
/// prepared. A batch that waits longer waits for somebody else, a lock or a server, and other products' orders need not.
const TURN_BOUND: Duration = Duration::from_millis(50);

/// The right to take what waits. It passes on when it is dropped, which a worker does when its batch only waits for the commit,
/// or after [`TURN_BOUND`].
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

    /// How long the oldest job has waited that nothing holds back.
    pub(super) fn oldest_wait(&self) -> Duration {
        let oldest = self.lanes().fronts().map(|job| job.arrived).min();
        oldest.map_or(Duration::ZERO, |arrived| arrived.elapsed())
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
        lanes.push(job.intent.lane(), job).map_err(|Full| NotTaken::Full)?;
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Returns jobs of a batch: the next one begins with them.
    pub(super) fn put_back(&self, jobs: Vec<Job>) {
        self.lanes()
            .put_back(jobs.into_iter().map(|job| (job.intent.lane(), job)).collect());
        self.arrived.notify_one();
    }

    /// Keeps a job of a batch until it is `due`.
    pub(super) fn park(&self, job: Job, due: Instant) {
        self.lanes().park(job.intent.lane(), due, job);
        // Whoever waits for a job does not know yet when this one is due.
        self.arrived.notify_one();
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

    /// Where the jobs wait.
    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.0)
    }

    /// The next batch, once something waits; none when the inbox is closing and empty.
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
            // A job that arrived since left its permit here.
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
