//! Serves HTTP connections within bounds, and ends them in order at shutdown.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

pub mod file;
mod stall;
pub mod stream;

use stall::Stalling;

/// Connections open at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 8192;
/// The longest head of a request, and the most that is read ahead of its body.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a client may take to send a request's head, and how long a connection may be idle between two requests.
const HEAD_BOUND: Duration = Duration::from_secs(30);
/// How long a client may leave sent data unread.
const STALL_BOUND: Duration = Duration::from_secs(30);
/// The pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address that a request's connection comes from: the client's, or that of a proxy before this server. It is among the
/// request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Serves `router` until `shutdown` completes; then accepts no more connections, and gives requests in flight the time
/// `drain` to end.
///
/// # Errors
/// If the listener fails.
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
    // All places are free once every connection has ended. A connection that is still open after `drain` ends with the
    // process.
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    if timeout(drain, places.acquire_many(all)).await.is_err() {
        tracing::warn!(
            open = MAX_CONNECTIONS - places.available_permits(),
            "connections are cut off"
        );
    }
    Ok(())
}

/// Accepts the next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Ok((stream, place)),
            // A connection that was closed early, or too many open files: neither is a reason to stop.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection.
async fn answer(router: Router, stream: TcpStream, mut stopping: watch::Receiver<()>) {
    // Answers are written whole, so that waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    // Of a connection that is gone already there is no address, and no answer.
    let peer = stream
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_BOUND)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(Stalling::new(stream, STALL_BOUND)), service);
    let mut connection = pin!(connection);
    let ended: Result<(), _> = tokio::select! {
        ended = connection.as_mut() => ended,
        // Shutdown: the request in flight is answered, and none after it.
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
