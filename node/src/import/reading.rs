//! How a file is read, from the caller's options and the start of the file.

use std::fmt;

use super::columns::Columns;
use super::table::header;
use super::{Encoding, Format, Options, ReadError, guess};

/// Where a line's code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One code a line.
    Lines,
    /// `account----password`.
    Pairs,
    /// A table with a header row.
    Csv {
        /// What separates fields: a comma, a semicolon or a tab.
        delimiter: u8,
        /// The columns that are used.
        columns: Columns,
    },
}

/// How a file is read. Its `Display` names everything that changes what is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The encoding.
    pub encoding: Encoding,
    /// Where a line's code is.
    pub form: Form,
}

impl Reading {
    /// How to read a file that begins with `sample`, its first [`SAMPLE_BYTES`] or all of it.
    ///
    /// # Errors
    /// Where it cannot be detected, or contradicts the options.
    pub fn resolve(sample: &[u8], options: &Options) -> Result<Self, ReadError> {
        let detected = Encoding::detect(sample).ok_or(ReadError::Utf16)?;
        let encoding = options.encoding.unwrap_or(detected);
        if sample.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty);
        }
        let names_columns = options.code_column.is_some() || !options.extra_columns.is_empty();
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
                let columns = Columns::choose(&header, options.code_column.as_deref(), &options.extra_columns)?;
                Form::Csv { delimiter, columns }
            }
            Format::Pairs => Form::Pairs,
            Format::Lines | Format::Auto => Form::Lines,
        };
        Ok(Self { encoding, form })
    }
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
                for (at, _) in &columns.extra {
                    write!(f, ", with it column {}", at + 1)?;
                }
            }
        }
        write!(f, "; {}", self.encoding)
    }
}
