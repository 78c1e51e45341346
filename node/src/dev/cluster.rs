//! A private PostgreSQL cluster, run with the distribution's programs. Its Unix socket is in its own folder.

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::child::{ChildError, POLL, Server, Signal, command, is_running, run};
use super::tools::{self, ToolError};

/// How long the server may take to accept connections, including the recovery after a crash.
const START_BOUND: Duration = Duration::from_mins(1);

/// How long to wait for the server of a killed process to end.
const LEAVE_BOUND: Duration = Duration::from_secs(20);

/// The account to use if this process is root's, since PostgreSQL refuses to run as root. The distribution's package
/// creates it.
const ACCOUNT: &str = "postgres";

pub const SUPERUSER: &str = "shelfproof";

/// The port in the name of the socket. Each cluster has its own folder, so the number can always be the same.
const SOCKET_PORT: u16 = 5432;

/// The kernel's limit for a socket's path.
const SOCKET_MAX_BYTES: usize = 107;

/// Why the cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Tool(#[from] ToolError),
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error("the cluster's folder {}: {cause}", folder.display())]
    Folder { folder: PathBuf, cause: io::Error },
    #[error("{} is too long a path for PostgreSQL's socket: choose a folder nearer to the root", .0.display())]
    TooLong(PathBuf),
    #[error("PostgreSQL, process {pid}, still runs over {}: end it first", data.display())]
    InUse { pid: u32, data: PathBuf },
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'a> {
    /// Turns off fsync and similar settings. The server is faster, but a crash of the machine destroys the data.
    pub is_volatile: bool,
    /// Listens on a free port of the loopback interface too.
    pub on_loopback: bool,
    /// Further settings of the server, as names and values.
    pub server: &'a [(&'a str, &'a str)],
    /// A file that the server's processes hold open while they run.
    pub lock: Option<&'a File>,
}

/// A running cluster. Dropping it ends the server.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    folder: PathBuf,
    port: u16,
    arguments: Vec<String>,
}

impl Cluster {
    /// Starts the cluster in `folder`, creating it if it does not exist, and waits until it accepts connections.
    ///
    /// # Errors
    /// If another server runs in the folder, or if a program fails; the error has its output.
    pub fn start(folder: &Path, settings: Settings<'_>) -> Result<Self, ClusterError> {
        let in_folder = |cause| ClusterError::Folder {
            folder: folder.to_owned(),
            cause,
        };
        let folder = folder.canonicalize().map_err(in_folder)?;
        let socket = folder.join(format!(".s.PGSQL.{SOCKET_PORT}"));
        if socket.as_os_str().len() > SOCKET_MAX_BYTES {
            return Err(ClusterError::TooLong(socket));
        }
        let account = account(&folder)?;
        make(&folder, account, settings.is_volatile)?;
        let port = if settings.on_loopback {
            free_port().map_err(in_folder)?
        } else {
            SOCKET_PORT
        };
        let arguments = arguments(settings, port);
        let server = serve(&folder, account, &arguments, settings.lock)?;
        Ok(Self {
            server,
            folder,
            port,
            arguments,
        })
    }

    /// Starts a killed or stopped cluster again with the same data and port, and waits until it accepts connections.
    ///
    /// # Errors
    /// If the server does not accept connections in time; the error has its log.
    pub fn restart(&mut self, lock: Option<&File>) -> Result<(), ClusterError> {
        self.server = serve(&self.folder, account(&self.folder)?, &self.arguments, lock)?;
        Ok(())
    }

    /// Kills the postmaster and its processes at once, as a crash of the machine would.
    ///
    /// # Errors
    /// If they cannot be killed.
    pub fn kill(&mut self) -> Result<(), ClusterError> {
        Ok(self.server.kill()?)
    }

    /// Shuts the server down. It writes its data to disk, and does not wait for clients.
    ///
    /// # Errors
    /// If it cannot be ended.
    pub fn stop(&mut self) -> Result<(), ClusterError> {
        Ok(self.server.stop(Signal::Interrupt)?)
    }

    /// Creates a database unless it exists. The name must be a plain word.
    ///
    /// # Errors
    /// If the server refuses; the error has its message.
    pub fn create_database(&self, name: &str) -> Result<(), ClusterError> {
        let mut createdb = Command::new(tools::postgres("createdb")?);
        createdb.args(["-U", SUPERUSER, "-h"]).arg(&self.folder);
        createdb.args([
            "-p",
            &self.port.to_string(),
            "--template=template0",
            "--encoding=UTF8",
            name,
        ]);
        match run("createdb", createdb) {
            Err(ChildError::Ended { log, .. }) if log.contains("already exists") => Ok(()),
            made => Ok(made.map(drop)?),
        }
    }

    /// Runs `sql` with `psql`, and returns the rows that it prints, unaligned.
    ///
    /// # Errors
    /// If the server refuses; the error has its message.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, ClusterError> {
        let mut psql = Command::new(tools::postgres("psql")?);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER]);
        psql.args(["-d", database, "-c", sql, "-p", &self.port.to_string(), "-h"]);
        let rows = run("psql", {
            psql.arg(&self.folder);
            psql
        })?;
        Ok(rows.trim_end().to_owned())
    }

    /// The connection URL of `database`, over the socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = percent_encoded(&self.folder.to_string_lossy());
        format!("postgres://{SUPERUSER}@{folder}:{}/{database}", self.port)
    }

    /// The port in the name of the socket, which is also the TCP port if the cluster listens on the loopback interface.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's output since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool, ClusterError> {
        Ok(self.server.has_ended()?)
    }
}

/// Creates the data folder unless it exists. It gets its name last, so that a crash leaves only `data.new`, which the
/// next start removes.
fn make(folder: &Path, account: Option<&str>, is_volatile: bool) -> Result<(), ClusterError> {
    let (data, unfinished) = (folder.join("data"), folder.join("data.new"));
    if data.is_dir() {
        return Ok(());
    }
    let in_folder = |cause| ClusterError::Folder {
        folder: folder.to_owned(),
        cause,
    };
    if unfinished.is_dir() {
        fs::remove_dir_all(&unfinished).map_err(in_folder)?;
    }
    let mut initdb = command(tools::postgres("initdb")?, account, Signal::Kill);
    initdb.args([
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--username",
        SUPERUSER,
    ]);
    if is_volatile {
        initdb.arg("--no-sync");
    }
    initdb.arg("--pgdata").arg(&unfinished).current_dir(folder);
    run("initdb", initdb)?;
    fs::rename(&unfinished, &data).map_err(in_folder)
}

fn arguments(settings: Settings<'_>, port: u16) -> Vec<String> {
    let listen = if settings.on_loopback { "127.0.0.1" } else { "" };
    let volatile = [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
    ];
    let volatile = if settings.is_volatile { &volatile[..] } else { &[] };
    let named = |(name, value): &(&str, &str)| ["-c".to_owned(), format!("{name}={value}")];
    let place = [
        "-p".to_owned(),
        port.to_string(),
        "-c".to_owned(),
        format!("listen_addresses={listen}"),
    ];
    let settings = volatile.iter().chain(settings.server).flat_map(named);
    place.into_iter().chain(settings).collect()
}

/// Starts the server with the data in `folder`.
fn serve(
    folder: &Path,
    account: Option<&str>,
    arguments: &[String],
    lock: Option<&File>,
) -> Result<Server, ClusterError> {
    clear_stale_locks(folder)?;
    let mut postgres = command(tools::postgres("postgres")?, account, Signal::Quit);
    postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    postgres.args(arguments).current_dir(folder);
    let log = folder.join("postgres.log");
    let mut server = Server::start_holding("postgres", postgres, Signal::Quit, &log, lock)?;
    server.wait_for(START_BOUND, |log| {
        log.contains("database system is ready to accept connections")
            .then_some(())
    })?;
    Ok(server)
}

/// Waits for the server of a killed process to end, and removes the lock files of a killed server.
///
/// PostgreSQL itself checks only whether a process with the id in the lock file exists. In a container, another process
/// may soon have that id, or the old process may stay as a zombie, and then the cluster would never start again.
fn clear_stale_locks(folder: &Path) -> Result<(), ClusterError> {
    let data = folder.join("data");
    let lock = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&lock) else {
        return Ok(());
    };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    let Some(pid) = pid else { return Ok(()) };
    let end = Instant::now() + LEAVE_BOUND;
    while is_running(pid) && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data) {
        if Instant::now() > end {
            return Err(ClusterError::InUse { pid, data });
        }
        thread::sleep(POLL);
    }
    // If no process has the id, PostgreSQL removes the file itself, and frees the shared memory that is named there.
    if Path::new(&format!("/proc/{pid}")).exists() {
        let socket = text
            .lines()
            .nth(3)
            .map(|port| folder.join(format!(".s.PGSQL.{port}.lock")));
        for file in [Some(lock), socket].into_iter().flatten() {
            // Another process may have removed it.
            let _ = fs::remove_file(file);
        }
    }
    Ok(())
}

/// The account to run the server as; `None` for this process's own. For root it is [`ACCOUNT`], which is made the
/// owner of the folder.
fn account(folder: &Path) -> Result<Option<&'static str>, ClusterError> {
    let in_folder = |cause| ClusterError::Folder {
        folder: folder.to_owned(),
        cause,
    };
    if !is_root().map_err(in_folder)? {
        return Ok(None);
    }
    let id = |flag| -> Result<u32, ClusterError> {
        let mut id = Command::new("id");
        id.args([flag, ACCOUNT]);
        let text = run("id", id)?;
        text.trim().parse().map_err(|error| in_folder(io::Error::other(error)))
    };
    chown(folder, Some(id("-u")?), Some(id("-g")?)).map_err(in_folder)?;
    Ok(Some(ACCOUNT))
}

pub(super) fn is_root() -> io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// Whether the account that the server runs as can enter `folder`, which must exist.
pub(super) fn is_reachable(folder: &Path) -> Result<bool, ClusterError> {
    let in_folder = |cause| ClusterError::Folder {
        folder: folder.to_owned(),
        cause,
    };
    if !is_root().map_err(in_folder)? {
        return Ok(true);
    }
    let mut test = command("test", Some(ACCOUNT), Signal::Kill);
    test.arg("-x").arg(folder);
    match run("test", test) {
        Ok(_) => Ok(true),
        Err(ChildError::Ended { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A port of the loopback interface that is free now. Another process may take it before it is used.
///
/// # Errors
/// The system's error.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
