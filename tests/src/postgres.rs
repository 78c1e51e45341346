//! A private PostgreSQL cluster, of the distribution's programs, on a Unix socket in a folder of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::child::{Server, Signal, command};
use crate::{Result, tools};

/// How long the server may take to accept connections.
const START_BOUND: Duration = Duration::from_mins(1);

/// The account that the distribution's package makes. PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";

/// The cluster's superuser.
const SUPERUSER: &str = "shelfproof";

/// Whether what was committed survives a crash of the machine. Only tests of exactly that need to pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit reaches the disk.
    Fsync,
    /// The kernel writes when it likes.
    None,
}

/// A running cluster, gone with this value.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    databases: AtomicU32,
    // Dropped after the server that lives in it.
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and waits until it accepts connections.
    ///
    /// # Errors
    /// With the programs' own words, where one of them fails.
    pub fn start(durability: Durability) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pg-").tempdir()?;
        let account = account(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = command(tools::postgres("initdb")?, account, Signal::Kill);
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--username",
            SUPERUSER,
        ]);
        initdb.arg("--pgdata").arg(&data).current_dir(folder.path());
        succeed("initdb", initdb.output()?)?;

        let mut postgres = command(tools::postgres("postgres")?, account, Signal::Quit);
        postgres
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses="]);
        if durability == Durability::None {
            postgres.args([
                "-c",
                "fsync=off",
                "-c",
                "full_page_writes=off",
                "-c",
                "synchronous_commit=off",
            ]);
        }
        postgres.current_dir(folder.path());
        let mut server = Server::start("postgres", postgres, Signal::Quit, &folder.path().join("postgres.log"))?;
        server.wait_for(START_BOUND, |log| {
            log.contains("database system is ready to accept connections")
                .then_some(())
        })?;
        Ok(Self {
            server,
            databases: AtomicU32::new(0),
            folder,
        })
    }

    /// A new, empty database.
    ///
    /// # Errors
    /// With the server's words.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// What `psql` prints for `sql`: the rows alone, unaligned.
    ///
    /// # Errors
    /// With the server's words.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(tools::postgres("psql")?);
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            SUPERUSER,
            "-d",
            database,
            "-c",
            sql,
        ]);
        let output = succeed("psql", psql.arg("-h").arg(self.folder.path()).output()?)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// A connection string for `database`, as libpq and its kin read it.
    #[must_use]
    pub fn connection(&self, database: &str) -> String {
        format!(
            "host={} user={SUPERUSER} dbname={database}",
            self.folder.path().display()
        )
    }

    /// The postmaster's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// The folder that holds the cluster, its socket and its log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Whom to run the server as: as root the distribution's account, to which the folder is given.
fn account(folder: &Path) -> Result<Option<&'static str>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let id = |flag| -> Result<u32> {
        let output = succeed("id", Command::new("id").args([flag, ACCOUNT]).output()?)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    };
    chown(folder, Some(id("-u")?), Some(id("-g")?))?;
    Ok(Some(ACCOUNT))
}

/// The output of a program that succeeded; else its words as the error.
fn succeed(name: &str, output: Output) -> Result<Output> {
    if output.status.success() {
        return Ok(output);
    }
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!("{name} ended with {}:\n{out}{err}", output.status).into())
}
