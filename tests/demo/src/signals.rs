//! How the demo is ended from outside: Ctrl-C, a closed terminal, a service manager, or the end of its `make`.

use std::io::{IsTerminal, stdin};
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use shelfproof_tests::Result;

/// How often is asked whether the shop still runs.
const WATCH: Duration = Duration::from_millis(500);

/// Signals that end the demo, listened to from the moment that this is made.
pub(super) struct Signals {
    runtime: Runtime,
    kinds: [Signal; 3],
}

impl Signals {
    pub(super) fn listen() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let kinds = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ];
        drop(guard);
        Ok(Self { runtime, kinds })
    }

    /// Waits for a signal; returns an error as soon as `failure` reports one.
    pub(super) fn wait_unless(&mut self, mut failure: impl FnMut() -> Option<String>) -> Result<()> {
        let kinds = &mut self.kinds;
        let failed = async {
            loop {
                if let Some(why) = failure() {
                    return why;
                }
                tokio::time::sleep(WATCH).await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                () = any(kinds) => Ok(()),
                why = failed => Err(why.into()),
            }
        })
    }
}

async fn any([interrupt, terminate, hangup]: &mut [Signal; 3]) {
    tokio::select! {
        () = terminal_gone() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Resolves when the terminal has gone. Only the first program of its session gets a signal then, which may be `make`,
/// and `make` passes none on.
async fn terminal_gone() {
    // A demo that was started without a terminal waits for ever.
    let mut had_one = false;
    loop {
        match (had_one, stdin().is_terminal()) {
            (true, false) => return,
            (_, has_one) => had_one = has_one,
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// The result of `work`, which runs on a thread of its own; `None` where a signal came first. The thread then ends with
/// the process.
pub(super) fn first_of<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    signals: &mut Signals,
) -> Result<Option<T>> {
    let (done, outcome) = oneshot::channel();
    thread::spawn(move || {
        // Nobody waits any more after a signal.
        let _ = done.send(work());
    });
    let kinds = &mut signals.kinds;
    signals.runtime.block_on(async {
        tokio::select! {
            () = any(kinds) => Ok(None),
            outcome = outcome => Ok(Some(outcome.map_err(|_| "the demo's thread panicked")?)),
        }
    })
}
