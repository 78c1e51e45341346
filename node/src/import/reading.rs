//! How a file is read: what is asked for, and what a look at the file's beginning makes of it.

use std::fmt;
use std::io;

use super::columns::Columns;
use super::encoding::Encoding;
use super::guess;
use super::rows::Rows;
use super::trim;

/// Bytes at a file's beginning that tell its encoding, its format and its header row.
pub const SAMPLE_BYTES: usize = 64 * 1024;

/// Where a line's code is, as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Told by the file's beginning, where it leaves no doubt.
    #[default]
    Auto,
    /// One code a line.
    Lines,
    /// `account----password`: the account is the code, the rest is delivered with it.
    Pairs,
    /// A table with a header row.
    Csv,
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where a line's code is.
    pub format: Format,
    /// The encoding; told by the file's beginning where it is not given.
    pub encoding: Option<Encoding>,
    /// Of a table, the code's column: a name of the header row, or a number from 1.
    pub code_column: Option<String>,
    /// Of a table, the columns that are delivered with the code.
    pub beside_columns: Vec<String>,
}

/// Where a line's code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One code a line.
    Lines,
    /// `account----password`.
    Pairs,
    /// A table with a header row.
    Csv {
        /// What parts its fields: a comma, a semicolon or a tab.
        delimiter: u8,
        /// Which are used.
        columns: Columns,
    },
}

/// How a file is read. Its text names everything that makes a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The encoding.
    pub encoding: Encoding,
    /// Where a line's code is.
    pub form: Form,
}

/// Why a file cannot be read. Nothing is quoted from it: a header row may be none, and hold a code.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system's.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It has a byte order mark of UTF-16.
    #[error("the file is in UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8) and import that")]
    Utf16,
    /// There is nothing in its first [`SAMPLE_BYTES`].
    #[error("the file is empty, or begins with 64 KiB that hold nothing")]
    Empty,
    /// The format cannot be told.
    #[error("the format cannot be told: {0}; name it with --format lines, pairs or csv")]
    WhichFormat(&'static str),
    /// The file's first row is no header that can be read.
    #[error("the first row is to be a header, and cannot be read as one; check --format, --encoding and its quotes")]
    NoHeader,
    /// No column, or more than one, is called as vendors call a code's.
    #[error(
        "the header row has {columns} columns, and which of them holds the code cannot be told; name it, or give its \
         number from 1, with --code-column"
    )]
    WhichColumn {
        /// How many there are.
        columns: usize,
    },
    /// No column, or more than one, has that name.
    #[error("of the header row's {columns} columns not exactly one is called {wanted:?}; give its number from 1")]
    NoColumn {
        /// What was asked for.
        wanted: String,
        /// How many there are.
        columns: usize,
    },
    /// Columns are named for a file that has none.
    #[error("--code-column and --beside-column are for tables: use --format csv with them")]
    NoTable,
}

impl Reading {
    /// How to read a file that begins with `sample`, its first [`SAMPLE_BYTES`] or all of it.
    ///
    /// # Errors
    /// Where that cannot be told, or cannot be what is asked for.
    pub fn resolve(sample: &[u8], options: &Options) -> Result<Self, ReadError> {
        let detected = Encoding::detect(sample).ok_or(ReadError::Utf16)?;
        let encoding = options.encoding.unwrap_or(detected);
        if sample.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty);
        }
        let names_columns = options.code_column.is_some() || !options.beside_columns.is_empty();
        let format = match options.format {
            Format::Auto if names_columns => Format::Csv,
            Format::Auto => guess::format(sample, encoding)?,
            format => format,
        };
        if names_columns && format != Format::Csv {
            return Err(ReadError::NoTable);
        }
        let form = match format {
            Format::Csv => {
                let (delimiter, header) = header(sample, encoding)?;
                let columns = Columns::choose(&header, options.code_column.as_deref(), &options.beside_columns)?;
                Form::Csv { delimiter, columns }
            }
            Format::Pairs => Form::Pairs,
            Format::Lines | Format::Auto => Form::Lines,
        };
        Ok(Self { encoding, form })
    }
}

/// What parts the fields of a table, and its first row.
pub(super) fn header(sample: &[u8], encoding: Encoding) -> Result<(u8, Vec<String>), ReadError> {
    let row = |delimiter| {
        let row = Rows::new(sample, encoding, delimiter).next()?;
        row.and_then(|row| row.text.ok()).ok_or(ReadError::NoHeader)
    };
    let line = row(None)?;
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    // The last of those that part it equally often: a comma, unless another is there more often.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    let fields = fields(&row(Some(delimiter))?, delimiter).ok_or(ReadError::NoHeader)?;
    Ok((delimiter, fields))
}

/// The fields of a table's row.
pub(super) fn fields(row: &str, delimiter: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(row.len())
        .from_reader(row.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(|field| trim(field).to_owned()).collect())
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Lines => write!(f, "lines: one code a line")?,
            Form::Pairs => write!(f, "pairs: account----password")?,
            Form::Csv { delimiter, columns } => {
                let parted = match delimiter {
                    b'\t' => "tabs",
                    b';' => "semicolons",
                    _ => "commas",
                };
                write!(
                    f,
                    "csv: first row a header, parted by {parted}, code in column {}",
                    columns.code + 1
                )?;
                // By number alone: of a file without a header the first row holds a code.
                for (at, _) in &columns.beside {
                    write!(f, ", with it column {}", at + 1)?;
                }
            }
        }
        write!(f, "; {}", self.encoding)
    }
}
