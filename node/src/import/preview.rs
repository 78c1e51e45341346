//! What an import would make of a file, without bringing anything in.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;

use secrecy::ExposeSecret;

use super::mask::masked;
use super::{Content, ImportRow, ImportRows, Options, ReadError, Reading, Reason, Refusal};

/// The most rows of the start, and of the end, that are shown.
const SHOWN_ROWS: usize = 3;

/// The most refused lines that are shown.
const SHOWN_REFUSALS: usize = 20;

/// A row as a preview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRow {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// The start of its code.
    pub code: String,
    /// The start of what is delivered with it; empty where nothing is.
    pub extra: String,
}

/// What an import would make of a file.
#[derive(Clone, Debug)]
pub struct Preview {
    /// How it is read.
    pub reading: Reading,
    /// Its lines.
    pub lines: u64,
    /// Codes that can be named. Which of them are in the file twice or in stock, an import finds.
    pub codes: u64,
    /// Codes that a spreadsheet's wrapping would be taken off.
    pub unwrapped: u64,
    /// Codes that characters without width would be taken off.
    pub cleaned: u64,
    /// How many lines would be refused for each reason.
    pub refused: BTreeMap<Reason, u64>,
    /// The first codes.
    pub first: Vec<PreviewRow>,
    /// The last codes that are not among the first.
    pub last: Vec<PreviewRow>,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
}

/// Reads the whole of `reader`, which must be at the start of the file, in bounded memory.
///
/// # Errors
/// As [`ImportRows::open`], and the reader's.
pub fn preview(reader: impl Read, options: &Options) -> Result<Preview, ReadError> {
    let mut rows = ImportRows::open(reader, options)?;
    let mut preview = Preview {
        reading: rows.reading().clone(),
        lines: 0,
        codes: 0,
        unwrapped: 0,
        cleaned: 0,
        refused: BTreeMap::new(),
        first: Vec::new(),
        last: Vec::new(),
        refusals: Vec::new(),
    };
    let mut last = VecDeque::new();
    while let Some(row) = rows.read_next()? {
        if let Some(shown) = preview.count(row) {
            last.push_back(shown);
            if last.len() > SHOWN_ROWS {
                last.pop_front();
            }
        }
    }
    preview.lines = rows.last_line();
    preview.last = last.into();
    Ok(preview)
}

impl Preview {
    /// Lines that would be refused.
    #[must_use]
    pub fn refused_lines(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Counts a row, and returns it as it is shown where it is a code after the first ones.
    fn count(&mut self, row: ImportRow) -> Option<PreviewRow> {
        match row.content {
            Content::Goods { code, extra, taken } => {
                self.codes += 1;
                self.unwrapped += u64::from(taken.wrapping);
                self.cleaned += u64::from(taken.invisible);
                let extra = extra.expose_secret();
                let shown = PreviewRow {
                    line: row.line,
                    code: masked(code.expose_secret()),
                    extra: if extra.is_empty() { String::new() } else { masked(extra) },
                };
                if self.first.len() == SHOWN_ROWS {
                    return Some(shown);
                }
                self.first.push(shown);
            }
            Content::Refused(refusal) => {
                *self.refused.entry(refusal.reason).or_default() += 1;
                if self.refusals.len() < SHOWN_REFUSALS {
                    self.refusals.push(refusal);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_and_shown_masked() {
        let codes: Vec<String> = (1..=9).map(|at| format!("=\"AAAA-BBBB-{at:04}\",pw{at}")).collect();
        let file = format!("account,password\n{}\nNULL,x\n", codes.join("\n"));
        let preview = preview(file.as_bytes(), &Options::default()).unwrap();
        assert_eq!((preview.lines, preview.codes, preview.unwrapped), (11, 9, 9));
        assert_eq!(preview.refused, BTreeMap::from([(Reason::Placeholder, 1)]));
        let lines = |rows: &[PreviewRow]| rows.iter().map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(
            (lines(&preview.first), lines(&preview.last)),
            (vec![2, 3, 4], vec![8, 9, 10])
        );
        assert_eq!(preview.first[0].code, "AAA*** (14 long)");
        assert_eq!(preview.first[0].extra, "*** (3 long)");
    }
}
