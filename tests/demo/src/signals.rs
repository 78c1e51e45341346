//! Ways to end the demo from outside: Ctrl-C, a closed terminal, a service manager, or the end of the `make` that runs
//! it.

use std::io::{IsTerminal, stdin};
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use shelfproof_tests::Result;

/// The pause between two checks whether the shop still runs.
const WATCH: Duration = Duration::from_millis(500);

/// The signals that end the demo. They are caught from the moment that this value is created.
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

/// Resolves when the terminal has gone. Only the first program of the terminal's session gets a signal then. That may
/// be `make`, which does not forward signals.
async fn terminal_gone() {
    // Never resolves if the demo was started without a terminal.
    let mut had_one = false;
    loop {
        match (had_one, stdin().is_terminal()) {
            (true, false) => return,
            (_, has_one) => had_one = has_one,
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// Runs `work` on a thread of its own and returns its result, or `None` if a signal came first. In that case the thread
/// ends with the process.
pub(super) fn first_of<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    signals: &mut Signals,
) -> Result<Option<T>> {
    let (done, outcome) = oneshot::channel();
    thread::spawn(move || {
        // After a signal, nobody receives the result.
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
