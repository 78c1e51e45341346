//! Child processes that never outlive this one, not even when it is killed with `kill -9`.
//!
//! Each child is started through `setpriv` of util-linux, which sets the kernel's parent-death signal and then executes
//! the program. The kernel sends that signal when the *thread* that started the child ends. Therefore one thread, which
//! lasts as long as the process, starts all children.

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

/// The pause between two checks of a child that is starting or stopping.
pub(super) const POLL: Duration = Duration::from_millis(10);

/// How long a child may take to stop before it is killed.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// The failure of a child process.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// A system call failed.
    #[error("{name}: {cause}")]
    System { name: &'static str, cause: io::Error },
    /// A server ended by itself, or a command ended without success.
    #[error("{name} ended with {status}; it said:\n{log}")]
    Ended {
        name: &'static str,
        status: ExitStatus,
        log: String,
    },
    /// A server runs, but did not become ready within the bound.
    #[error("{name} is not ready after {bound:?}; it said:\n{log}")]
    NotReady {
        name: &'static str,
        bound: Duration,
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
    /// Ends a program that has nothing to save.
    Kill,
    /// PostgreSQL's immediate shutdown: it ends its child processes and frees its shared memory, and recovers at its
    /// next start.
    Quit,
    /// PostgreSQL's fast shutdown: it aborts transactions under way and writes everything to disk.
    Interrupt,
    /// Tells a program to save and end.
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

/// Makes a command whose process gets `signal` when this process dies. It runs as `user` if that is given, which only
/// root can do.
///
/// If this process dies between the fork and `setpriv`, the signal is never sent. A shell in between therefore checks
/// that its parent is still this process before it executes the program.
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
    // Each child has its own process group. Ctrl-C on a terminal signals a whole group, and children must end in order.
    command.process_group(0);
    command
}

/// Starts `command` on the thread that starts all children.
///
/// # Errors
/// The system's error if the command cannot be started.
pub fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // The caller waits for the reply below, so that sending it cannot fail.
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

/// Runs a program to its end and returns what it printed to standard output.
///
/// # Errors
/// If it fails or cannot be started; the error has its output.
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

/// Sends `signal` to a process, which may belong to another user. It is no error if the process has ended already.
///
/// # Errors
/// If the signal cannot be sent.
pub fn send(signal: Signal, pid: u32) -> io::Result<()> {
    signal_by_name(signal.name(), pid)
}

/// Whether a process exists and has not ended. In many containers process 1 does not reap orphans, so that they stay as
/// zombies, with the state `Z`, after they have ended.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    // The state is the first field after the program's name.
    stat(pid).is_some_and(|stat| !stat.starts_with(['Z', 'X']))
}

/// Kills a process and its children at once, as a power failure would, and waits until they are gone.
///
/// # Errors
/// If they cannot be killed.
pub fn kill_with_children(pid: u32) -> io::Result<()> {
    // While the process is stopped, it cannot start more children.
    signal_by_name("STOP", pid)?;
    let children: Vec<u32> = processes().filter(|other| parent(*other) == Some(pid)).collect();
    for each in children.iter().copied().chain([pid]) {
        send(Signal::Kill, each)?;
    }
    // Only the children are waited for: the process itself is reaped by its parent.
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

/// The ids of all descendants of a process.
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

/// The fields of `/proc/{pid}/stat` from the state on. The program's name comes before it, in parentheses, and may
/// contain any character.
fn stat(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}

/// A running server with its output in a file. Dropping this value ends the process and reaps it.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    signal: Signal,
}

impl Server {
    /// Starts a command made by [`command`], with its output in `log`. `signal` is sent to end it when this value is
    /// dropped.
    ///
    /// # Errors
    /// If the log cannot be written or the command cannot be started.
    pub fn start(name: &'static str, command: Command, signal: Signal, log: &Path) -> Result<Self, ChildError> {
        Self::start_holding(name, command, signal, log, None)
    }

    /// As [`Self::start`], with the file `held` as standard input, so that it stays open until the server and all its
    /// children have ended.
    ///
    /// # Errors
    /// As [`Self::start`].
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

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log).map_or_else(
            |error| error.to_string(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Waits until `ready` returns a value for the server's log, and returns that value.
    ///
    /// # Errors
    /// If the server ends first or `bound` passes; the error has the log.
    pub fn wait_for<T>(&mut self, bound: Duration, ready: impl Fn(&str) -> Option<T>) -> Result<T, ChildError> {
        let end = Instant::now() + bound;
        loop {
            // The status is read before the log, so that the log is complete if the server has ended.
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

    /// Whether the server has ended. If so, it is reaped.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool, ChildError> {
        Ok(self.status()?.is_some())
    }

    /// The server's exit status, if it has ended.
    ///
    /// # Errors
    /// The system's error.
    pub fn status(&mut self) -> Result<Option<ExitStatus>, ChildError> {
        self.child.try_wait().map_err(ChildError::system(self.name))
    }

    /// Sends `signal`, waits for the server to end, and kills it if it does not.
    ///
    /// # Errors
    /// If it cannot be killed.
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
    /// If they cannot be killed.
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
