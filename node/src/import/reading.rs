//! How a file is read, from the caller's options and the start of the file.

use std::fmt::{self, Write};

use super::columns::{self, Columns};
use super::options::{MAX_SEPARATOR, PAIR_SEPARATOR};
use super::rows::Rows;
use super::{Encoding, Format, Options, ReadError, cell, guess, header, table, trim, words};

/// From how many long numbers on their last digits tell whether a spreadsheet rounded all of them.
const ROUNDED_CODES: usize = 5;

/// Where a line's code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One code a line.
    Lines,
    /// `account----password`.
    Pairs {
        /// What the caller named as the separator; else exactly four dashes.
        separator: Option<String>,
    },
    /// A table.
    Csv {
        /// What separates fields.
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
    /// Whether the file is unpacked first.
    pub is_packed: bool,
    /// Where a line's code is.
    pub form: Form,
    /// The rows that hold no code.
    pub leading: Leading,
    /// Whether every long number at the start of the file ends in zeros, as a spreadsheet rounds them.
    pub is_rounded: bool,
}

/// Rows at the start of a file that hold no code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leading {
    /// Whether the first line only names the delimiter.
    pub separator_line: bool,
    /// Whether the first row, after such a line, only names the columns.
    pub header: bool,
}

impl Leading {
    pub(super) fn count(self) -> usize {
        usize::from(self.separator_line) + usize::from(self.header)
    }
}

impl Reading {
    /// How to read a file that begins with the lines of `sample`.
    ///
    /// # Errors
    /// Where it cannot be detected, or contradicts the options.
    pub(super) fn resolve(
        sample: &[u8],
        encoding: Encoding,
        is_packed: bool,
        options: &Options,
    ) -> Result<Self, ReadError> {
        if sample.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty);
        }
        let mut lines = lines(sample, encoding)?;
        let named = lines.first().and_then(|line| table::separator_line(line));
        let is_table = matches!(options.format, Format::Auto | Format::Csv);
        let named = named.filter(|_| is_table && options.separator.is_none());
        if named.is_some() {
            lines.remove(0);
        }
        let (format, delimiter) = format(&lines, named, options)?;
        let mut reading = Self {
            encoding,
            is_packed,
            form: Form::Lines,
            leading: Leading {
                separator_line: named.is_some(),
                header: false,
            },
            is_rounded: false,
        };
        match format {
            Format::Csv => {
                let mut rows = table::rows(sample, encoding, delimiter)?;
                rows.drain(..usize::from(named.is_some()).min(rows.len()));
                let columns = reading.columns(&rows, options)?;
                reading.form = Form::Csv { delimiter, columns };
            }
            Format::Pairs => {
                let separator = options.separator.clone();
                let rows = pairs(&lines, separator.as_deref().unwrap_or(PAIR_SEPARATOR));
                reading.leading.header = header::is_first(&rows, options.header, Some(0))?;
                reading.form = Form::Pairs { separator };
            }
            Format::Lines | Format::Auto => {
                let rows: Vec<Vec<String>> = lines.iter().map(|line| vec![trim(line).to_owned()]).collect();
                reading.leading.header = header::is_first(&rows, options.header, Some(0))?;
            }
        }
        reading.is_rounded = reading.finds_rounded(&lines);
        Ok(reading)
    }

    /// The columns of a table that begins with `rows`, and whether the first row names them.
    fn columns(&mut self, rows: &[Vec<String>], options: &Options) -> Result<Columns, ReadError> {
        let first = rows.first().ok_or(ReadError::NoHeader)?;
        let code = options.code_column.as_deref();
        let mut wanted = code
            .iter()
            .copied()
            .chain(options.extra_columns.iter().map(String::as_str));
        // Who names a column by its name has said that the first row holds names.
        let is_by_name = wanted
            .any(|wanted| wanted.trim().parse::<usize>().is_err() && columns::find(Some(first), 0, wanted).is_some());
        let asked = options.header.or(is_by_name.then_some(true));
        let column = code.and_then(|wanted| columns::find(None, first.len(), wanted));
        self.leading.header = header::is_first(rows, asked, column)?;
        let sample = columns::Sample {
            rows,
            is_named: self.leading.header,
        };
        Columns::choose(sample, code, &options.extra_columns)
    }

    /// Whether the codes of these first lines are numbers that a spreadsheet rounded: one in ten numbers ends in a
    /// zero, and five in a row do by chance once in 100,000 files.
    fn finds_rounded(&self, lines: &[String]) -> bool {
        let codes = lines.iter().filter_map(|line| match &self.form {
            Form::Lines => Some(trim(line).to_owned()),
            Form::Pairs { .. } => None,
            Form::Csv { delimiter, columns } => table::fields(line, *delimiter)?
                .get(columns.code)
                .map(|code| trim(code).to_owned()),
        });
        let is_long = |code: &String| code.len() > cell::KEPT_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        let (mut count, mut rounded) = (0, 0);
        for code in codes.filter(is_long) {
            count += 1;
            rounded += usize::from(cell::is_rounded(&code, 1));
        }
        count >= ROUNDED_CODES && count == rounded
    }
}

/// The format that is asked for, or that the lines have, and of a table its delimiter.
fn format(lines: &[String], named: Option<u8>, options: &Options) -> Result<(Format, u8), ReadError> {
    let names_columns = options.code_column.is_some() || !options.extra_columns.is_empty();
    if let Some(separator) = &options.separator {
        let is_usable = (1..=MAX_SEPARATOR).contains(&separator.len()) && !separator.contains(char::is_control)
            || separator == "\t";
        let is_of_pairs = matches!(options.format, Format::Auto | Format::Pairs) && !names_columns;
        return (is_usable && is_of_pairs)
            .then_some((Format::Pairs, b','))
            .ok_or(ReadError::NoPairs);
    }
    let delimiter = || {
        named
            .or_else(|| table::consistent_delimiter(lines))
            .unwrap_or_else(|| table::usual_delimiter(lines))
    };
    match options.format {
        Format::Csv => Ok((Format::Csv, delimiter())),
        Format::Auto if names_columns || named.is_some() => Ok((Format::Csv, delimiter())),
        Format::Auto => guess::format(lines, options.header),
        Format::Lines | Format::Pairs if names_columns => Err(ReadError::NoTable),
        other => Ok((other, b',')),
    }
}

/// The two sides of each line; the accounts alone where the first one is no name of a column: any word may be a
/// password.
fn pairs(lines: &[String], separator: &str) -> Vec<Vec<String>> {
    let sides = lines
        .iter()
        .map(|line| line.split_once(separator).unwrap_or((line.as_str(), "")));
    let mut rows: Vec<Vec<String>> = sides
        .map(|(account, rest)| vec![account.to_owned(), rest.to_owned()])
        .collect();
    if rows.first().is_some_and(|first| words::meaning(&first[0]).is_none()) {
        for row in &mut rows {
            row.truncate(1);
        }
    }
    rows
}

/// The lines of the sample that are text and not blank.
fn lines(sample: &[u8], encoding: Encoding) -> Result<Vec<String>, ReadError> {
    let mut rows = Rows::new(sample, encoding, None);
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        texts.extend(row.text.ok());
    }
    Ok(texts)
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = if self.leading.header {
            "the first row names the columns"
        } else {
            "no header"
        };
        match &self.form {
            Form::Lines if self.leading.header => write!(f, "lines: one code a line, the first line is a heading")?,
            Form::Lines => write!(f, "lines: one code a line")?,
            Form::Pairs { separator } => {
                let separator = separator.as_deref().unwrap_or(PAIR_SEPARATOR);
                write!(f, "pairs: account{separator}password, {header}")?;
            }
            Form::Csv { delimiter, columns } => {
                write!(
                    f,
                    "csv: {header}, parted by {}, {columns}",
                    table::delimiter_name(*delimiter)
                )?;
            }
        }
        if self.leading.separator_line {
            f.write_str(", after a line sep=")?;
        }
        if self.is_rounded {
            f.write_str(", long numbers rounded by a spreadsheet")?;
        }
        write!(
            f,
            "; {}{}",
            self.encoding,
            if self.is_packed { ", packed with gzip" } else { "" }
        )
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |at: usize| match self.usual_name(at) {
            Some(name) => format!("{} ({name})", at + 1),
            None => (at + 1).to_string(),
        };
        let list = |columns: &[usize]| {
            let mut text = String::new();
            for (at, column) in columns.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}{}", if at == 0 { "" } else { ", " }, named(*column));
            }
            text
        };
        write!(f, "code in column {}", named(self.code))?;
        if !self.extra.is_empty() {
            write!(f, ", with it {}", list(&self.extra))?;
        }
        let dropped: Vec<usize> = self.dropped().collect();
        if !dropped.is_empty() {
            write!(f, ", not delivered {}", list(&dropped))?;
        }
        Ok(())
    }
}
