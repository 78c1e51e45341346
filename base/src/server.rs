//! HTTP from others: connections are accepted, bounded, and ended in order.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

pub mod file;
mod stall;

use stall::Stalling;

/// Open connections.
const MAX_CONNECTIONS: usize = 8192;
/// Bytes of a request's head, and of what is read ahead of its body.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a connection may take to send a request's head; also how long it may idle between two requests.
const HEAD_BOUND: Duration = Duration::from_secs(30);
/// How long a connection may take nothing of what it is sent.
const STALL_BOUND: Duration = Duration::from_secs(30);
/// How long accepting waits after the system refused a connection, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers connections until `shutdown`; then accepts no more, and gives requests in flight `drain` to end.
///
/// # Errors
/// Where the listener's address is gone.
pub async fn run(
    router: Router,
    listener: TcpListener,
    drain: Duration,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (stop, stopping) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, place) = accepted?;
        let connection = answer(router.clone(), stream, stopping.clone());
        tokio::spawn(async move {
            connection.await;
            drop::<OwnedSemaphorePermit>(place);
        });
    }
    drop(listener);
    drop(stop);
    // Every connection gave back its place: all have ended. What still runs then is cut off with the process.
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    if timeout(drain, places.acquire_many(all)).await.is_err() {
        tracing::warn!(
            open = MAX_CONNECTIONS - places.available_permits(),
            "connections are cut off"
        );
    }
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Ok((stream, place)),
            // One caller's connection that ended too early, or too many open files: neither is a reason to stop.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection.
async fn answer(router: Router, stream: TcpStream, mut stopping: watch::Receiver<()>) {
    // Answers are whole when they are written: to wait for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_BOUND)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(
            TokioIo::new(Stalling::new(stream, STALL_BOUND)),
            TowerToHyperService::new(router),
        );
    let mut connection = pin!(connection);
    let ended: Result<(), _> = tokio::select! {
        ended = connection.as_mut() => ended,
        // The sender is gone: the request in flight is answered, and none after it.
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
