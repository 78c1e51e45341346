//! Why a file cannot be read, or what must be known first.
//!
//! The texts name no option: the command line and the API each add how to set it there.

use std::fmt;
use std::io;

use super::Encoding;

/// Why a file cannot be read. The texts quote nothing of the file but the usual names of columns, and the first
/// characters of samples: what was taken for a header row may hold a code.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system's error, or a packed file's.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is no text; what it is, and what to do.
    #[error("the file cannot be read: {0}")]
    NoText(&'static str),
    /// The file's bytes fit these encodings, or none for certain.
    #[error("the encoding of the file's text cannot be told for certain; its bytes fit {}", names(.0))]
    WhichEncoding(Vec<Encoding>),
    /// The bytes are of another encoding than the one that was named.
    #[error("the encoding was named as {}, but the file's bytes are {}", named.name(), found.name())]
    OtherEncoding {
        /// The caller's.
        named: Encoding,
        /// That of the bytes, by their mark or beyond doubt.
        found: Encoding,
    },
    /// The first [`SAMPLE_BYTES`](super::SAMPLE_BYTES) are blank.
    #[error("the file is empty, or its first 64 KiB are blank")]
    Empty,
    /// The format cannot be detected.
    #[error("the format cannot be detected: {0}")]
    WhichFormat(&'static str),
    /// Another number of dashes than the separator's four stands in the lines.
    #[error(
        "{}{dashes} dashes stand in its lines, where four would part an account from its password: the separator must \
         be named",
        if *.is_some { "in some lines " } else { "" }
    )]
    WhichSeparator {
        /// How many dashes there are.
        dashes: usize,
        /// Whether other lines have four.
        is_some: bool,
    },
    /// The first row may name the columns, or hold a code.
    #[error("the first row ({first}) is unlike the rows after it ({second}): it may name the columns, or hold a code")]
    WhichHeader {
        /// The first row, masked.
        first: String,
        /// The second row, masked.
        second: String,
    },
    /// The file's first row should name the columns, and cannot be read.
    #[error("the first row cannot be read as one that names columns; check the format, the encoding and the quotes")]
    NoHeader,
    /// Nobody named the columns, and they are not a usual pair.
    #[error("which column is the code, and which are delivered with it? {0}")]
    WhichColumn(ColumnSamples),
    /// No column, or more than one, has the requested name.
    #[error("of these columns not exactly one is called {wanted:?}; give its name or its number from 1: {columns}")]
    NoColumn {
        /// The requested name.
        wanted: String,
        /// The columns that there are.
        columns: ColumnSamples,
    },
    /// Columns were named, but the format has none.
    #[error("only tables have columns to name; the format must be csv")]
    NoTable,
    /// A separator was named, but the format has none, or it is none.
    #[error("a separator is 1 to 16 bytes of text, and only pairs have one; the format must be pairs")]
    NoPairs,
}

/// The columns of a table, from which one is to be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSamples(pub Vec<ColumnSample>);

/// A column of a table, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSample {
    /// From 1.
    pub number: usize,
    /// Its name in the header row, where that is a usual one.
    pub name: Option<String>,
    /// Its first values, masked.
    pub values: Vec<String>,
}

impl fmt::Display for ColumnSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}", self.number)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " holds {}", self.values.join(", "))
    }
}

impl fmt::Display for ColumnSamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, column) in self.0.iter().enumerate() {
            write!(f, "{}{column}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

fn names(encodings: &[Encoding]) -> String {
    encodings
        .iter()
        .map(|encoding| encoding.name())
        .collect::<Vec<_>>()
        .join(", ")
}
