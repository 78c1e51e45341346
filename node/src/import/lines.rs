//! Bytes become lines. A line ends with LF, CR or CRLF in UTF-8 and in GBK alike: no other character contains those
//! bytes.

use std::io::{self, Read};

/// The longest line that is read, bytes. A longer one is counted and skipped without being held in memory.
pub const MAX_LINE: usize = 4096;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A line without its end.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// Its bytes; `None` where it is longer than [`MAX_LINE`].
    pub(super) bytes: Option<Vec<u8>>,
}

/// The lines of a reader. What follows the last line end is a line if it has a byte.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    number: u64,
    /// The byte before was a CR: an LF now belongs to it.
    after_cr: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            number: 0,
            after_cr: false,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let (mut bytes, mut is_long, mut is_begun) = (Vec::new(), false, false);
        loop {
            if self.start == self.end && !self.fill()? {
                return Ok(is_begun.then(|| self.line(bytes, is_long)));
            }
            if std::mem::take(&mut self.after_cr) && self.buffer[self.start] == b'\n' {
                self.start += 1;
                continue;
            }
            let held = &self.buffer[self.start..self.end];
            let end = held.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let piece = &held[..end.unwrap_or(held.len())];
            if bytes.len() + piece.len() > MAX_LINE {
                is_long = true;
                bytes = Vec::new();
            }
            if !is_long {
                bytes.extend_from_slice(piece);
            }
            is_begun = true;
            self.start += piece.len();
            if end.is_some() {
                self.after_cr = self.buffer[self.start] == b'\r';
                self.start += 1;
                return Ok(Some(self.line(bytes, is_long)));
            }
        }
    }

    /// Reads more; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        (self.start, self.end) = (0, 0);
        loop {
            match self.reader.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    self.end = read?;
                    return Ok(self.end > 0);
                }
            }
        }
    }

    fn line(&mut self, bytes: Vec<u8>, is_long: bool) -> Line {
        self.number += 1;
        Line {
            number: self.number,
            bytes: (!is_long).then_some(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(text);
        std::iter::from_fn(|| lines.next().unwrap().map(|line| line.bytes)).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        let read = lines(text.as_bytes()).into_iter();
        read.map(|line| String::from_utf8(line.unwrap()).unwrap()).collect()
    }

    #[test]
    fn ends_of_every_kind() {
        assert_eq!(texts("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(texts("a\n\nb\r\n\r\nc\r\rd\n"), ["a", "", "b", "", "c", "", "d"]);
        assert_eq!(texts("\n"), [""]);
        assert_eq!(texts("\r\n"), [""]);
        assert_eq!(texts("\n\r"), ["", ""]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn the_bound_is_exact_and_the_next_line_is_read() {
        let file = [&[b'a'; MAX_LINE][..], b"\n", &[b'b'; MAX_LINE + 1], b"\r\nc"].concat();
        let read = lines(&file);
        assert_eq!(read[0].as_ref().map(Vec::len), Some(MAX_LINE));
        assert_eq!(read[1], None);
        assert_eq!(read[2].as_deref(), Some(&b"c"[..]));
    }
}
