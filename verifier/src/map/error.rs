//! The map's errors. Each message says what to do.

use std::path::PathBuf;

/// Why an operation on the map failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// Another process has it open.
    #[error("{0}: another process has this history map open; stop it, or give this one a folder of its own")]
    Locked(PathBuf),
    /// The folder holds something else.
    #[error("{0}: this folder holds something other than a history map of this version; name an empty folder")]
    Foreign(PathBuf),
    /// The map is not whole.
    #[error(
        "{path}: this history map is damaged: {detail}; delete the folder, and the next run rebuilds it from the \
         published data"
    )]
    Damaged {
        /// The map's folder.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file system failed.
    #[error("{path}: {cause}")]
    Io {
        /// The map's folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: std::io::Error,
    },
    /// Keys are out of order; the index of the first that is.
    #[error("key {0} does not come after the one before it")]
    Order(usize),
    /// The plan was made on another state of the map.
    #[error("the plan was made on another state of the history map; make it again")]
    OtherState,
    /// The epoch is not the next one.
    #[error("the history map waits for epoch {wanted}, not {given}")]
    Number {
        /// The epoch after the map's own.
        wanted: u64,
        /// The epoch offered.
        given: u64,
    },
}
