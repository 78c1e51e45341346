//! Signals that stop a program.

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;

/// Listens for Ctrl-C and SIGTERM from now on; the returned future ends with the first of them.
///
/// # Errors
/// Where a signal handler cannot be installed.
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
