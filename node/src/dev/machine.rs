//! The child processes of a shop on one machine: database, chain and anchor.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use super::anchor;
use super::anvil::{self, Anvil};
use super::child::{ChildError, Server};
use super::cluster::{self, Cluster, ClusterError};
use super::folder::{Folder, FolderError};
use super::tools::{self, ToolError};

const DATABASE: &str = "shelfproof";

/// Seconds between the chain's blocks.
const BLOCK_TIME_S: u64 = 1;

/// Why the children cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Tool(#[from] ToolError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Child(#[from] ChildError),
}

/// The running child processes.
#[derive(Debug)]
pub struct Machine {
    // Fields are dropped in this order: each process uses those below it.
    anchor: Option<Server>,
    anvil: Anvil,
    cluster: Cluster,
    folder: Folder,
}

impl Machine {
    /// Starts the database and the chain with the data in `folder`, which is created at the first start.
    ///
    /// # Errors
    /// If a program is missing or fails; the error has its output.
    pub fn start(folder: Folder) -> Result<Self, MachineError> {
        let program = tools::anvil()?;
        folder.make_keys()?;
        let settings = cluster::Settings {
            lock: Some(folder.lock()),
            ..cluster::Settings::default()
        };
        let cluster = Cluster::start(&folder.cluster()?, settings)?;
        cluster.create_database(DATABASE)?;
        let state = sound_state(&folder)?;
        let settings = anvil::Settings {
            block_time_s: Some(BLOCK_TIME_S),
            state: Some(&state),
            lock: Some(folder.lock()),
            ..anvil::Settings::default()
        };
        Ok(Self {
            anchor: None,
            anvil: Anvil::start(&program, folder.path(), settings)?,
            cluster,
            folder,
        })
    }

    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    #[must_use]
    pub fn database_url(&self) -> String {
        self.cluster.url(DATABASE)
    }

    #[must_use]
    pub fn rpc(&self) -> &str {
        self.anvil.url()
    }

    /// Starts the anchor. The database must have its schema already.
    ///
    /// # Errors
    /// If the program fails; the error has its output.
    pub fn start_anchor(&mut self, config: &Path) -> Result<(), MachineError> {
        let started = anchor::start(&tools::anchor()?, config, self.folder.path(), self.folder.lock());
        self.anchor = Some(started?);
        Ok(())
    }

    /// The name and the log of a child that has ended by itself; `None` if all run.
    ///
    /// # Errors
    /// The system's error.
    pub fn ended(&mut self) -> Result<Option<(&'static str, String)>, MachineError> {
        if let Some(anchor) = &mut self.anchor
            && anchor.has_ended()?
        {
            return Ok(Some((tools::ANCHOR, anchor.log())));
        }
        if self.anvil.has_ended()? {
            return Ok(Some(("anvil", self.anvil.log())));
        }
        if self.cluster.has_ended()? {
            return Ok(Some(("postgres", self.cluster.log())));
        }
        Ok(None)
    }

    /// Ends the anchor, then the chain, which writes its file, and then the database.
    ///
    /// # Errors
    /// The system's error.
    pub fn stop(mut self) -> Result<(), MachineError> {
        drop(self.anchor);
        drop(self.anvil);
        Ok(self.cluster.stop()?)
    }
}

/// The file that keeps the chain. Anvil overwrites it in place, so that a crash can leave it incomplete. It is then
/// replaced by the copy that was made at the last start, and later blocks are lost.
fn sound_state(folder: &Folder) -> Result<PathBuf, FolderError> {
    let (state, copy) = (folder.join("chain.json"), folder.join("chain.copy.json"));
    if is_json(&state).map_err(FolderError::at(&state))? {
        fs::copy(&state, &copy).map_err(FolderError::at(&copy))?;
    } else if is_json(&copy).map_err(FolderError::at(&copy))? {
        tracing::warn!("the chain's file is damaged; the chain continues from the last start");
        fs::copy(&copy, &state).map_err(FolderError::at(&state))?;
    } else if state.exists() {
        tracing::warn!("the chain's file is damaged; the chain starts again from its first block");
        fs::remove_file(&state).map_err(FolderError::at(&state))?;
    }
    Ok(state)
}

fn is_json(path: &Path) -> io::Result<bool> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice::<IgnoredAny>(&bytes).is_ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
