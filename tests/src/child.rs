//! Child processes that cannot outlive this one, not even when it is killed with `kill -9`.
//!
//! The kernel's parent-death signal does it: `setpriv`, of util-linux, sets it and becomes the program. That signal
//! comes when the *thread* that started the child ends, and a test's thread ends with the test, so all children are
//! started by one thread that lasts as long as the process.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// How often a child's log is looked at while it starts or stops.
const POLL: Duration = Duration::from_millis(10);

/// How long a child may take to stop before it is killed.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// The signal that ends a child, on drop and when this process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ends a program that keeps nothing.
    Kill,
    /// PostgreSQL's immediate shutdown: it ends its own children and gives its shared memory back.
    Quit,
}

impl Signal {
    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }
}

/// A command that `signal` ends when this process dies, run as `user` where one is named (only root can).
///
/// Between fork and `setpriv` this process may already have died, and the signal would never come: the shell in
/// between looks whether its parent still is this process, and only then becomes the program.
pub fn command(program: impl AsRef<OsStr>, user: Option<&str>, signal: Signal) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.args([
        "--pdeathsig",
        signal.name(),
        "--",
        "sh",
        "-c",
        r#"[ "$PPID" = "$0" ] && exec "$@""#,
    ]);
    command.arg(std::process::id().to_string()).arg(program);
    command
}

/// Starts `command` from the thread that lasts.
///
/// # Errors
/// The system's, where it cannot be started.
pub fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // Whoever ordered waits for the reply below, so that it is always taken.
                let _ = reply.send(command.spawn());
            }
        });
        orders
    });
    let (reply, answer) = channel();
    let gone = || io::Error::other("the thread that starts children is gone");
    SPAWNER.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

/// A running server: its output in a file, ended and reaped on drop.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    signal: Signal,
}

impl Server {
    /// Starts `command` (of [`command`], with the same `signal`), its output going to `log`.
    ///
    /// # Errors
    /// Where the log cannot be written or the command not be started.
    pub fn start(name: &'static str, mut command: Command, signal: Signal, log: &Path) -> Result<Self> {
        let output = File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = spawn(command).map_err(|error| format!("{name} does not start: {error}"))?;
        Ok(Self {
            name,
            child,
            log: log.to_owned(),
            signal,
        })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log).map_or_else(
            |error| error.to_string(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Waits until `ready` finds in the log what it looks for.
    ///
    /// # Errors
    /// With the log, where the server ended first or `bound` passed.
    pub fn wait_for<T>(&mut self, bound: Duration, ready: impl Fn(&str) -> Option<T>) -> Result<T> {
        let end = Instant::now() + bound;
        loop {
            // The state before the log: what a server printed before it ended is then always in the log.
            let ended = self.child.try_wait()?;
            let log = self.log();
            if let Some(found) = ready(&log) {
                return Ok(found);
            }
            if let Some(status) = ended {
                return Err(format!("{} ended with {status}; its log:\n{log}", self.name).into());
            }
            if Instant::now() > end {
                return Err(format!("{} is not ready after {bound:?}; its log:\n{log}", self.name).into());
            }
            thread::sleep(POLL);
        }
    }

    /// Asks the server to end, waits for it, and kills it where it does not.
    fn stop(&mut self) -> io::Result<()> {
        if self.signal != Signal::Kill && self.child.try_wait()?.is_none() {
            let kill = format!("kill -{} {}", self.signal.name(), self.pid());
            Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status()?;
            let end = Instant::now() + STOP_BOUND;
            while self.child.try_wait()?.is_none() && Instant::now() < end {
                thread::sleep(POLL);
            }
        }
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("{} was not stopped: {error}", self.name);
        }
    }
}
