//! Lines become rows. A row is a line, except in a table, where a quoted field may span several.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::cell::Refused;
use super::encoding::{Encoding, without_bom};
use super::lines::{Line, Lines, MAX_LINE};
use super::{Reason, trim};

/// A row that is not blank.
pub(super) struct Row {
    /// The line that it begins on, from 1.
    pub(super) line: u64,
    /// The line that it ends on.
    pub(super) last_line: u64,
    /// Its text, or why it cannot be read.
    pub(super) text: Result<String, Refused>,
}

/// The rows of a sample that can be read, each with the line that it begins on.
pub(super) struct Readable<T> {
    pub(super) lines: Vec<u64>,
    pub(super) rows: Vec<T>,
    /// The first line that cannot be read.
    pub(super) unreadable: Option<u64>,
}

impl<T> Readable<T> {
    /// Reads all rows; `parse` makes of a row's text what is wanted of it.
    pub(super) fn read<R: Read>(mut rows: Rows<R>, parse: impl Fn(String) -> Option<T>) -> io::Result<Self> {
        let mut read = Self {
            lines: Vec::new(),
            rows: Vec::new(),
            unreadable: None,
        };
        while let Some(row) = rows.next()? {
            if let Some(parsed) = row.text.ok().and_then(&parse) {
                read.lines.push(row.line);
                read.rows.push(parsed);
            } else {
                read.unreadable.get_or_insert(row.line);
            }
        }
        Ok(read)
    }

    /// Drops the row of that line, if it is the first one.
    pub(super) fn drop_first(&mut self, line: Option<u64>) {
        if line.is_some() && self.lines.first().copied() == line {
            self.lines.remove(0);
            self.rows.remove(0);
        }
    }
}

/// A decoded line.
struct Decoded {
    number: u64,
    text: Result<String, Refused>,
}

/// The rows of a reader.
pub(super) struct Rows<R> {
    lines: Lines<R>,
    encoding: Encoding,
    delimiter: Option<u8>,
    /// Lines that were read ahead for the end of a quoted field, and are to be read again. At most [`MAX_LINE`] bytes.
    again: VecDeque<Decoded>,
    last_line: u64,
}

impl<R: Read> Rows<R> {
    /// Rows of a table whose fields are separated by `delimiter`; without one every line is a row.
    pub(super) fn new(reader: R, encoding: Encoding, delimiter: Option<u8>) -> Self {
        Self {
            lines: Lines::new(reader),
            encoding,
            delimiter,
            again: VecDeque::new(),
            last_line: 0,
        }
    }

    /// The last line of the last row, from 1; 0 before the first. At the end it is the number of lines.
    pub(super) const fn last_line(&self) -> u64 {
        self.last_line
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        while let Some(Decoded { number, text }) = self.decoded()? {
            self.last_line = number;
            let row = match text {
                Ok(text) if trim(&text).is_empty() => continue,
                Ok(text) => self.whole(number, text)?,
                Err(_) => Row {
                    line: number,
                    last_line: number,
                    text,
                },
            };
            self.last_line = row.last_line;
            return Ok(Some(row));
        }
        Ok(None)
    }

    fn decoded(&mut self) -> io::Result<Option<Decoded>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        Ok(self.lines.next()?.map(|Line { number, bytes }| {
            let text = bytes.ok_or((Reason::TooLong, String::new())).and_then(|bytes| {
                let bytes = if number == 1 { without_bom(&bytes) } else { &bytes };
                Ok(self.encoding.decode(bytes)?.into_owned())
            });
            Decoded { number, text }
        }))
    }

    /// The row that begins with `text`, with the lines that its quoted fields span. Where a field does not end within
    /// the bound and on readable lines, only the first line is refused and the others become rows of their own: a
    /// forgotten quote does not swallow the file.
    fn whole(&mut self, line: u64, text: String) -> io::Result<Row> {
        let Some(delimiter) = self.delimiter else {
            return Ok(Row {
                line,
                last_line: line,
                text: Ok(text),
            });
        };
        let mut quotes = Quotes::of(&text, delimiter);
        let (mut joined, mut taken) = (text, Vec::new());
        while quotes == Quotes::Open {
            let Some(next) = self.decoded()? else { break };
            if let Ok(more) = &next.text
                && joined.len() + more.len() < MAX_LINE
            {
                joined = [joined.as_str(), more].join("\n");
                quotes = Quotes::of(&joined, delimiter);
                taken.push(next);
            } else {
                self.again.push_front(next);
                break;
            }
        }
        if quotes == Quotes::Closed {
            return Ok(Row {
                line,
                last_line: taken.last().map_or(line, |line| line.number),
                text: Ok(joined),
            });
        }
        // A quote out of place would be taken off, and a password be delivered without it.
        let reason = if quotes == Quotes::Broken && taken.is_empty() {
            Reason::BrokenQuote
        } else {
            Reason::UnclosedQuote
        };
        for line in taken.into_iter().rev() {
            self.again.push_front(line);
        }
        Ok(Row {
            line,
            last_line: line,
            text: Err((reason, String::new())),
        })
    }
}

/// The state of the quotes at the end of a row's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// Every quoted field ended before a delimiter or the end.
    Closed,
    /// The last field is quoted and has no end.
    Open,
    /// A quoted field is followed by more text.
    Broken,
}

impl Quotes {
    /// A quote within unquoted text is text; a doubled one within quotes is one quote.
    fn of(text: &str, delimiter: u8) -> Self {
        #[derive(PartialEq)]
        enum At {
            Start,
            Plain,
            Quoted,
            Quote,
        }
        let (mut at, mut is_broken) = (At::Start, false);
        for byte in text.bytes() {
            at = match (at, byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Start | At::Quote, b'"') | (At::Quoted, _) => At::Quoted,
                (_, byte) if byte == delimiter => At::Start,
                // White space around a field is no part of it.
                (At::Quote, b' ' | b'\t') => At::Quote,
                (before, _) => {
                    is_broken |= before == At::Quote;
                    At::Plain
                }
            };
        }
        match (at, is_broken) {
            (At::Quoted, _) => Self::Open,
            (_, true) => Self::Broken,
            _ => Self::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, u64, Result<String, Reason>)> {
        let mut rows = Rows::new(text.as_bytes(), Encoding::Utf8, Some(b','));
        std::iter::from_fn(|| rows.next().unwrap())
            .map(|row| (row.line, row.last_line, row.text.map_err(|(reason, _)| reason)))
            .collect()
    }

    #[test]
    fn quotes_are_told_from_quotes() {
        for (text, quotes) in [
            ("a,b", Quotes::Closed),
            ("\"a", Quotes::Open),
            ("\"a\"", Quotes::Closed),
            ("\"a\"\"", Quotes::Open),
            ("\"a\"\"\"", Quotes::Closed),
            ("a\"b", Quotes::Closed),
            ("a,\"b,", Quotes::Open),
            ("\"a\"b\"", Quotes::Broken),
            ("\"a\"b,c", Quotes::Broken),
            ("\"a\" ,b", Quotes::Closed),
        ] {
            assert_eq!(Quotes::of(text, b','), quotes, "{text}");
        }
    }

    #[test]
    fn a_row_goes_on_over_lines() {
        let read = rows("a,\"b\r\n\r\nc\"\r\n\r\nd\r\n");
        assert_eq!(
            read,
            [(1, 3, Ok("a,\"b\n\nc\"".to_owned())), (5, 5, Ok("d".to_owned()))]
        );
    }

    #[test]
    fn a_quote_out_of_place_costs_its_line() {
        assert_eq!(
            rows("user1,\"a\"b\nuser2,\"a\"\"b\""),
            [
                (1, 1, Err(Reason::BrokenQuote)),
                (2, 2, Ok("user2,\"a\"\"b\"".to_owned()))
            ]
        );
    }

    #[test]
    fn a_forgotten_quote_costs_its_line_only() {
        let refused = |line| (line, line, Err(Reason::UnclosedQuote));
        let good = |line, text: &str| (line, line, Ok(text.to_owned()));
        assert_eq!(
            rows("\"a\nb\n\nc\n\"d\""),
            [refused(1), good(2, "b"), good(4, "c"), good(5, "\"d\"")]
        );
        assert_eq!(rows("\"a\nb\n\nc"), [refused(1), good(2, "b"), good(4, "c")]);
        let long = format!("\"a\n{}\nb", "x,".repeat(MAX_LINE / 2));
        assert_eq!(rows(&long)[0], refused(1));
        assert_eq!(rows(&long)[2], good(3, "b"));
    }
}
