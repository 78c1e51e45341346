//! A PostgreSQL cluster in a temporary folder, and databases in it.

use std::env;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use shelfproof::dev::cluster::{Cluster, SUPERUSER, Settings};
use tempfile::TempDir;

use crate::Result;
use crate::permit::{self, Permit};

/// Whether commits survive a crash of the machine. Only tests of crashes need that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is synced to the disk.
    Fsync,
    /// Nothing is synced.
    None,
}

/// A running cluster. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    cluster: Cluster,
    databases: AtomicU32,
    // Dropped after the server, whose files are in it.
    _folder: TempDir,
    _permit: Permit,
}

impl Postgres {
    /// Starts a cluster in the folder for temporary files, and waits until it accepts connections.
    ///
    /// # Errors
    /// The output of a program that failed.
    pub fn start(durability: Durability) -> Result<Self> {
        Self::start_below(&env::temp_dir(), durability)
    }

    /// Starts a cluster in a new folder below `parent`, and waits until it accepts connections.
    ///
    /// # Errors
    /// The output of a program that failed.
    pub fn start_below(parent: &Path, durability: Durability) -> Result<Self> {
        Self::start_with(parent, durability, false, &[])
    }

    /// Like [`start_below`](Self::start_below), listening on the loopback interface too if asked, with further settings
    /// of the server by name (`max_connections`).
    ///
    /// # Errors
    /// The output of a program that failed.
    pub fn start_with(
        parent: &Path,
        durability: Durability,
        on_loopback: bool,
        server: &[(&str, &str)],
    ) -> Result<Self> {
        let permit = permit::share();
        let folder = tempfile::Builder::new().prefix("pg-").tempdir_in(parent)?;
        let settings = Settings {
            is_volatile: durability == Durability::None,
            on_loopback,
            server,
            lock: None,
        };
        Ok(Self {
            cluster: Cluster::start(folder.path(), settings)?,
            databases: AtomicU32::new(0),
            _folder: folder,
            _permit: permit,
        })
    }

    /// Kills the postmaster and all of its processes with `kill -9`, as a crash of the machine would.
    ///
    /// # Errors
    /// The system's error, if they cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        Ok(self.cluster.kill()?)
    }

    /// Stops the cluster in order.
    ///
    /// # Errors
    /// The system's error, if it cannot be ended.
    pub fn stop(&mut self) -> Result<()> {
        Ok(self.cluster.stop()?)
    }

    /// Starts a killed or stopped cluster again, with the same folder and port, and waits until it has recovered.
    ///
    /// # Errors
    /// Its log, if it does not start.
    pub fn restart(&mut self) -> Result<()> {
        Ok(self.cluster.restart(None)?)
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// The server's error.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Returns what `psql` prints for `sql`: only the rows, unaligned.
    ///
    /// # Errors
    /// The server's error.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        Ok(self.cluster.psql(database, sql)?)
    }

    /// Returns a connection string for `database`, in libpq's format.
    #[must_use]
    pub fn connection(&self, database: &str) -> String {
        let (folder, port) = (self.folder().display(), self.port());
        format!("host={folder} port={port} user={SUPERUSER} dbname={database}")
    }

    /// Returns the address of `database` as a URL, over the socket.
    #[must_use]
    pub fn connection_url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// Returns the same URL with a password, which this cluster does not ask for.
    #[must_use]
    pub fn url(&self, database: &str, password: &str) -> String {
        let folder = self.folder().display();
        format!(
            "postgres://{SUPERUSER}:{password}@localhost:{}/{database}?host={folder}",
            self.port()
        )
    }

    /// Returns the environment variables with which `psql` and `pgbench` connect to that database.
    #[must_use]
    pub fn environment(&self, database: &str) -> [(&'static str, String); 4] {
        [
            ("PGHOST", self.folder().display().to_string()),
            ("PGPORT", self.port().to_string()),
            ("PGUSER", SUPERUSER.to_owned()),
            ("PGDATABASE", database.to_owned()),
        ]
    }
}

impl Deref for Postgres {
    type Target = Cluster;

    fn deref(&self) -> &Self::Target {
        &self.cluster
    }
}
