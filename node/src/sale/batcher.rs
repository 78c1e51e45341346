//! Gathers orders into batches: each worker takes what waits while the others commit. Alone, an order waits for nobody.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Builder;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::task::JoinSet;

use super::worker::Worker;
use super::{Clock, Job};
use crate::config;
use crate::fence::Gate;
use crate::vault::Vault;

/// The right to take what waits. It passes on when a batch only waits for its commit, or for somebody else's lock.
pub(super) type Turn = OwnedMutexGuard<mpsc::Receiver<Job>>;

/// Starts the workers over one queue.
pub(super) fn start(
    inbox: mpsc::Receiver<Job>,
    options: &PgConnectOptions,
    vault: &Arc<Vault>,
    settings: &config::Sale,
    now_ms: Clock,
    gate: &Arc<Gate>,
) -> JoinSet<()> {
    let inbox = Arc::new(Mutex::new(inbox));
    let mut workers = JoinSet::new();
    for _ in 0..settings.workers {
        let (options, vault, gate) = (options.clone(), Arc::clone(vault), Arc::clone(gate));
        let (inbox, anchor_within_s, batch_max) = (Arc::clone(&inbox), settings.anchor_within_s, settings.batch_max);
        // A thread of its own: between two statements a worker must not wait behind the requests that it just answered,
        // for it holds the pool's lock.
        workers.spawn_blocking(move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return tracing::error!(%error, "a worker could not start"),
            };
            let new = || Worker::new(&options, Arc::clone(&vault), anchor_within_s, now_ms, &gate);
            // Orders of a batch that ends in a panic are told to come back; the next worker finds what stood.
            while runtime
                .block_on(runtime.spawn(work(new(), Arc::clone(&inbox), batch_max)))
                .is_err()
            {
                tracing::error!("a worker ended in a panic; another takes its place");
            }
        });
    }
    workers
}

/// Batch after batch, until the counter is gone and the queue is empty.
async fn work(mut worker: Worker, inbox: Arc<Mutex<mpsc::Receiver<Job>>>, batch_max: usize) {
    loop {
        let mut batch = Vec::new();
        // One worker waits at the queue, the others for their turn there.
        let mut turn = Arc::clone(&inbox).lock_owned().await;
        if turn.recv_many(&mut batch, batch_max).await == 0 {
            return;
        }
        worker.run(batch, turn).await;
    }
}
