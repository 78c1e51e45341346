//! Why a file cannot be read.
//!
//! The texts name no option: the command line and the API each add how to set it there.

use std::io;

/// Why a file cannot be read. The texts quote nothing of the file: what was taken for a header row may hold a code.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system's error.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file has a byte order mark of UTF-16.
    #[error("the file is in UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8) and import that")]
    Utf16,
    /// The first [`SAMPLE_BYTES`](super::SAMPLE_BYTES) are blank.
    #[error("the file is empty, or its first 64 KiB are blank")]
    Empty,
    /// The format cannot be detected.
    #[error("the format cannot be detected: {0}")]
    WhichFormat(&'static str),
    /// The file's first row cannot be read as a header.
    #[error("the first row cannot be read as a table's header row; check the format, the encoding and the quotes")]
    NoHeader,
    /// No column, or more than one, has a name that vendors use for the code's.
    #[error("the header row has {columns} columns, and not exactly one of them has a usual name for the code's column")]
    WhichColumn {
        /// Columns of the header row.
        columns: usize,
    },
    /// No column, or more than one, has the requested name.
    #[error("of the header row's {columns} columns not exactly one is called {wanted:?}; give its number from 1")]
    NoColumn {
        /// The requested name.
        wanted: String,
        /// Columns of the header row.
        columns: usize,
    },
    /// Columns were named, but the format has none.
    #[error("only tables have columns to name; the format must be csv")]
    NoTable,
}
