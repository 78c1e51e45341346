//! How a file is read, from the caller's options and the start of the file.

use std::fmt::{self, Write};

use super::columns::{self, Columns};
use super::options::{MAX_SEPARATOR, PAIR_SEPARATOR};
use super::rows::{Readable, Rows};
use super::{Encoding, Format, Options, ReadError, cell, guess, header, table, trim, words};

/// From how many zeros on, in all of the long numbers of a column together, they are a spreadsheet's: codes end so by
/// chance in one of 100,000 files.
const ROUNDED_ZEROS: usize = 5;

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
    /// The names of the columns, where a row has them; it holds no code where it recurs either.
    pub(super) names: Vec<String>,
    /// The columns, from 0, of which all long numbers at the start of the file end in zeros, as a spreadsheet rounds
    /// them.
    pub(super) rounded: Vec<usize>,
}

/// Rows at the start of a file that hold no code, by the lines that they begin on. A row that cannot be read may stand
/// before them, and is refused like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leading {
    /// The line that only names the delimiter.
    pub separator_line: Option<u64>,
    /// The row that only names the columns.
    pub header: Option<u64>,
}

impl Leading {
    /// Whether the row that begins on this line is one of them.
    pub(super) fn is_at(self, line: u64) -> bool {
        self.separator_line == Some(line) || self.header == Some(line)
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
        let mut lines = Readable::read(Rows::new(sample, encoding, None), Some)?;
        let named = lines.rows.first().and_then(|line| table::separator_line(line));
        let is_table = matches!(options.format, Format::Auto | Format::Csv);
        let named = named.filter(|_| is_table && options.separator.is_none());
        let separator_line = lines.lines.first().copied().filter(|_| named.is_some());
        lines.drop_first(separator_line);
        let (format, delimiter) = format(&lines.rows, named, options)?;
        let mut reading = Self {
            encoding,
            is_packed,
            form: Form::Lines,
            leading: Leading {
                separator_line,
                header: None,
            },
            names: Vec::new(),
            rounded: Vec::new(),
        };
        match format {
            Format::Csv => {
                let mut rows = table::rows(sample, encoding, delimiter)?;
                rows.drop_first(separator_line);
                let columns = reading.columns(&rows, options)?;
                reading.form = Form::Csv { delimiter, columns };
                reading.rounded = reading.find_rounded(rows.rows);
            }
            Format::Pairs => {
                let separator = options.separator.clone();
                reading.form = Form::Pairs { separator };
                reading.heading(&lines, options)?;
            }
            Format::Lines | Format::Auto => reading.heading(&lines, options)?,
        }
        Ok(reading)
    }

    /// Whether the first of these lines is a heading, and which of their cells a spreadsheet rounded.
    fn heading(&mut self, lines: &Readable<String>, options: &Options) -> Result<(), ReadError> {
        let cells: Vec<Vec<String>> = lines.rows.iter().map(|line| self.cells(line)).collect();
        let is_header = header::is_first(&accounts(&cells), options.header, Some(0))?;
        self.leading.header = header_line(&lines.lines, lines.unreadable, is_header, options)?;
        self.names = cells.first().filter(|_| is_header).cloned().unwrap_or_default();
        self.rounded = self.find_rounded(cells);
        Ok(())
    }

    /// The fields of a row; of a line one, of a pair its two sides.
    pub(super) fn cells(&self, row: &str) -> Vec<String> {
        match &self.form {
            Form::Lines => vec![row.to_owned()],
            Form::Pairs { separator } => {
                let sides = row.split_once(separator.as_deref().unwrap_or(PAIR_SEPARATOR));
                sides.map_or_else(
                    || vec![row.to_owned()],
                    |(account, rest)| vec![account.to_owned(), rest.to_owned()],
                )
            }
            Form::Csv { delimiter, .. } => table::fields(row, *delimiter).unwrap_or_default(),
        }
    }

    /// Whether a row after the first is a header: two files may have become one.
    pub(super) fn names_columns(&self, cells: &[String]) -> bool {
        let filled = |cells: &[String]| -> Vec<String> {
            let cells = cells.iter().map(|cell| trim(cell)).filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect()
        };
        let cells = filled(cells);
        let is_known = || cells.iter().all(|cell| words::meaning(cell).is_some());
        !cells.is_empty() && (cells == filled(&self.names) || is_known())
    }

    /// The columns of a table that begins with `rows`, and whether the first row names them.
    fn columns(&mut self, read: &Readable<Vec<String>>, options: &Options) -> Result<Columns, ReadError> {
        let rows = read.rows.as_slice();
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
        let is_named = header::is_first(rows, asked, column)?;
        self.leading.header = header_line(&read.lines, read.unreadable, is_named, options)?;
        self.names = if is_named { first.clone() } else { Vec::new() };
        let sample = columns::Sample { rows, is_named };
        Columns::choose(sample, code, &options.extra_columns)
    }

    /// The used columns of these first rows in which a spreadsheet rounded the numbers: every long one, of at least
    /// two, ends in zeros, or one does and others have an exponent.
    fn find_rounded(&self, mut rows: Vec<Vec<String>>) -> Vec<usize> {
        rows.drain(..usize::from(self.leading.header.is_some()).min(rows.len()));
        let mut used = match &self.form {
            Form::Lines => vec![0],
            Form::Pairs { .. } => vec![0, 1],
            Form::Csv { columns, .. } => [&[columns.code][..], &columns.extra].concat(),
        };
        used.retain(|at| is_rounded(rows.iter().filter_map(|row| row.get(*at)).map(|cell| trim(cell))));
        used
    }
}

/// Whether a spreadsheet rounded the numbers among these cells.
fn is_rounded<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut long, mut damaged, mut zeros) = (0, 0, 0);
    for cell in cells {
        let digits = cell.strip_suffix(".0").unwrap_or(cell);
        if cell::is_scientific(cell) {
            (damaged, zeros) = (damaged + 1, zeros + ROUNDED_ZEROS);
        } else if digits.len() > cell::KEPT_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if !cell::is_rounded(cell, 1) {
                return false;
            }
            (long, zeros) = (long + 1, zeros + digits.len() - cell::KEPT_DIGITS);
        }
    }
    long > 0 && long + damaged > 1 && zeros >= ROUNDED_ZEROS
}

/// The line of the header, where the first row that can be read is one. Where the caller says that the first row is
/// one, it must be readable: the next one is data.
fn header_line(
    lines: &[u64],
    unreadable: Option<u64>,
    is_header: bool,
    options: &Options,
) -> Result<Option<u64>, ReadError> {
    if !is_header {
        return Ok(None);
    }
    let first = *lines.first().ok_or(ReadError::NoHeader)?;
    if options.header == Some(true) && unreadable.is_some_and(|line| line < first) {
        return Err(ReadError::NoHeader);
    }
    Ok(Some(first))
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

/// The cells of lines or pairs; the first ones alone where the first of all is no name of a column: any word may be a
/// password.
fn accounts(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let is_named = rows.first().is_some_and(|first| words::meaning(&first[0]).is_some());
    let count = if is_named { 2 } else { 1 };
    rows.iter().map(|row| row[..row.len().min(count)].to_vec()).collect()
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = if self.leading.header.is_some() {
            "the first row names the columns"
        } else {
            "no header"
        };
        match &self.form {
            Form::Lines if self.leading.header.is_some() => {
                write!(f, "lines: one code a line, the first line is a heading")?;
            }
            Form::Lines => write!(f, "lines: one code a line")?,
            Form::Pairs { separator } => {
                // Four dashes that were named take a longer run apart, which is refused else.
                let (separator, named) = match separator {
                    Some(separator) => (separator.as_str(), ", the separator as named"),
                    None => (PAIR_SEPARATOR, ""),
                };
                write!(f, "pairs: account{separator}password{named}, {header}")?;
            }
            Form::Csv { delimiter, columns } => {
                write!(
                    f,
                    "csv: {header}, parted by {}, {columns}",
                    table::delimiter_name(*delimiter)
                )?;
            }
        }
        if self.leading.separator_line.is_some() {
            f.write_str(", after a line sep=")?;
        }
        if !self.rounded.is_empty() {
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
