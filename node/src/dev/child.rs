//! Child processes that cannot outlive this one, not even when it is killed with `kill -9`.
//!
//! The kernel's parent-death signal does it: `setpriv`, of util-linux, sets it and becomes the program. That signal
//! comes when the *thread* that started the child ends, so all children are started by one thread that lasts as long
//! as the process.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often a child is looked at while it starts or stops.
pub(super) const POLL: Duration = Duration::from_millis(10);

/// How long a child may take to stop before it is killed.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// A child that does not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It cannot be started, asked or ended.
    #[error("{name}: {cause}")]
    System {
        /// The program.
        name: &'static str,
        /// The system's words.
        cause: io::Error,
    },
    /// It ended by itself.
    #[error("{name} ended with {status}; it said:\n{log}")]
    Ended {
        /// The program.
        name: &'static str,
        /// How.
        status: ExitStatus,
        /// All that it printed.
        log: String,
    },
    /// It runs, but does not come to do its work.
    #[error("{name} is not ready after {bound:?}; it said:\n{log}")]
    NotReady {
        /// The program.
        name: &'static str,
        /// How long it had.
        bound: Duration,
        /// All that it printed.
        log: String,
    },
}

impl ChildError {
    pub(super) fn system(name: &'static str) -> impl Fn(io::Error) -> Self {
        move |cause| Self::System { name, cause }
    }
}

/// A signal that ends a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ends a program that keeps nothing.
    Kill,
    /// PostgreSQL's immediate shutdown: it ends its own children and gives its shared memory back.
    Quit,
    /// PostgreSQL's fast shutdown: it breaks off what is under way and writes what it holds.
    Interrupt,
    /// Asks a program to save and end.
    Terminate,
}

impl Signal {
    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
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
    // Ctrl-C on a terminal goes to a whole group, and children are ended in an order.
    command.process_group(0);
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

/// What a program printed that ran to its end, and succeeded.
///
/// # Errors
/// With the program's own words, where it failed or could not be started.
pub fn run(name: &'static str, mut command: Command) -> Result<String, ChildError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = spawn(command)
        .and_then(Child::wait_with_output)
        .map_err(ChildError::system(name))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(ChildError::Ended {
        name,
        status: output.status,
        log: text(&output.stdout) + &text(&output.stderr),
    })
}

/// Sends `signal` to a process that may be another user's.
///
/// # Errors
/// The system's, where it cannot be sent. A process that is gone already is none.
pub fn send(signal: Signal, pid: u32) -> io::Result<()> {
    signal_by_name(signal.name(), pid)
}

/// Whether a process is there and has not ended. One that ended stays as a zombie, state `Z`, where process 1 does not
/// wait for what it inherits: in many containers.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    // The state follows the program's name.
    stat(pid).is_some_and(|stat| !stat.starts_with(['Z', 'X']))
}

/// Kills a process and all its children at once, as a machine that loses its power does, and waits until they are gone.
///
/// # Errors
/// The system's, where they cannot be killed.
pub fn kill_with_children(pid: u32) -> io::Result<()> {
    // A stopped process makes no child while its children are counted.
    signal_by_name("STOP", pid)?;
    let children: Vec<u32> = processes().filter(|other| parent(*other) == Some(pid)).collect();
    for each in children.iter().copied().chain([pid]) {
        send(Signal::Kill, each)?;
    }
    // The process itself is its parent's to wait for.
    let end = Instant::now() + STOP_BOUND;
    while children.iter().any(|child| is_running(*child)) {
        if Instant::now() > end {
            return Err(io::Error::other(format!(
                "children of {pid} still run after {STOP_BOUND:?}"
            )));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// The processes below that one: its children, and theirs.
#[must_use]
pub fn below(parent_pid: u32) -> Vec<u32> {
    let pairs: Vec<(u32, u32)> = processes().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![parent_pid];
    let mut at = 0;
    while at < found.len() {
        let above = found[at];
        found.extend(pairs.iter().filter(|(_, of)| *of == above).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

fn signal_by_name(name: &str, pid: u32) -> io::Result<()> {
    let kill = format!("kill -{name} {pid}");
    let status = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status()?;
    if status.success() || !is_running(pid) {
        return Ok(());
    }
    Err(io::Error::other(format!("the signal {name} cannot be sent to {pid}")))
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What the kernel tells of a process, from its state on: the name before it stands in parentheses and may hold any.
fn stat(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
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
    /// Starts `command` (of [`command`]), its output going to `log`, to be ended with `signal`.
    ///
    /// # Errors
    /// Where the log cannot be written or the command not be started.
    pub fn start(name: &'static str, command: Command, signal: Signal, log: &Path) -> Result<Self, ChildError> {
        Self::start_holding(name, command, signal, log, None)
    }

    /// The same; `held` is its standard input, and so stays open until the server and all its children have ended.
    ///
    /// # Errors
    /// Where the log cannot be written or the command not be started.
    pub fn start_holding(
        name: &'static str,
        mut command: Command,
        signal: Signal,
        log: &Path,
        held: Option<&File>,
    ) -> Result<Self, ChildError> {
        let start = || {
            let output = File::create(log)?;
            let input = held.map_or_else(|| Ok(Stdio::null()), |file| file.try_clone().map(Stdio::from))?;
            command.stdin(input).stdout(output.try_clone()?).stderr(output);
            spawn(command)
        };
        Ok(Self {
            name,
            child: start().map_err(ChildError::system(name))?,
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
    pub fn wait_for<T>(&mut self, bound: Duration, ready: impl Fn(&str) -> Option<T>) -> Result<T, ChildError> {
        let end = Instant::now() + bound;
        loop {
            // The state before the log: what a server printed before it ended is then always in the log.
            let ended = self.child.try_wait().map_err(ChildError::system(self.name))?;
            let (name, log) = (self.name, self.log());
            if let Some(found) = ready(&log) {
                return Ok(found);
            }
            if let Some(status) = ended {
                return Err(ChildError::Ended { name, status, log });
            }
            if Instant::now() > end {
                return Err(ChildError::NotReady { name, bound, log });
            }
            thread::sleep(POLL);
        }
    }

    /// Whether it has ended; one that has is then waited for, and leaves no zombie.
    ///
    /// # Errors
    /// The system's.
    pub fn has_ended(&mut self) -> Result<bool, ChildError> {
        Ok(self.status()?.is_some())
    }

    /// How it ended, where it has.
    ///
    /// # Errors
    /// The system's.
    pub fn status(&mut self) -> Result<Option<ExitStatus>, ChildError> {
        self.child.try_wait().map_err(ChildError::system(self.name))
    }

    /// Asks the server to end with `signal`, waits for it, and kills it where it does not.
    ///
    /// # Errors
    /// The system's, where it cannot be killed.
    pub fn stop(&mut self, signal: Signal) -> Result<(), ChildError> {
        let mut stop = || {
            if signal != Signal::Kill && self.child.try_wait()?.is_none() {
                send(signal, self.child.id())?;
                let end = Instant::now() + STOP_BOUND;
                while self.child.try_wait()?.is_none() && Instant::now() < end {
                    thread::sleep(POLL);
                }
            }
            self.child.kill()?;
            self.child.wait().map(drop)
        };
        stop().map_err(ChildError::system(self.name))
    }

    /// Kills the server and all its children at once.
    ///
    /// # Errors
    /// The system's, where they cannot be killed.
    pub fn kill(&mut self) -> Result<(), ChildError> {
        let mut kill = || {
            if self.child.try_wait()?.is_none() {
                kill_with_children(self.child.id())?;
            }
            self.child.wait().map(drop)
        };
        kill().map_err(ChildError::system(self.name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop(self.signal) {
            tracing::warn!(%error, "a child was not stopped");
        }
    }
}
