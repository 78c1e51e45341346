//! The end of a program that runs until it is told to stop.

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;

/// Listens, from now on, for Ctrl-C and for the signal by which service managers stop a program; the future that comes
/// back ends with the first of them.
///
/// # Errors
/// Where the system lets nobody listen.
pub(super) fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}
