//! A file's bytes become text whose lines can be cut: unpacked, and UTF-16 as UTF-8. Files that are no text are refused
//! by their first bytes, each with what to do instead.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;

use super::detect::{self, Detected};
use super::{Encoding, Options, ReadError, Reading};

/// Bytes at the start of a file from which encoding, format and header row are detected.
pub(super) const SAMPLE_BYTES: usize = 64 * 1024;

/// The most bytes that a packed file may have when it is unpacked.
const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes of UTF-16 that become UTF-8 at a time.
const UTF16_BYTES: usize = 8 * 1024;

/// First bytes of a packed file.
const GZIP: &[u8] = b"\x1f\x8b";

/// First bytes of files that are no text, and what to do.
const REFUSED: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", SPREADSHEET_OR_ZIP),
    (b"PK\x05\x06", SPREADSHEET_OR_ZIP),
    (b"\xd0\xcf\x11\xe0", SPREADSHEET),
    (b"%PDF-", PDF),
    (b"\xfd7zXZ", UNPACK),
    (b"\x28\xb5\x2f\xfd", UNPACK),
    (b"7z\xbc\xaf", UNPACK),
    (b"Rar!\x1a\x07", UNPACK),
    (b"\x04\x22\x4d\x18", UNPACK),
];

const SPREADSHEET_OR_ZIP: &str = "it is a spreadsheet's own file (xlsx) or a zip \
     archive; save the sheet as CSV UTF-8, or unpack the archive, and import that";

const SPREADSHEET: &str = "it is a spreadsheet's own file; save it there as CSV UTF-8, and import that";

const PDF: &str = "it is a PDF; ask for the codes as text or CSV";

const UNPACK: &str = "it is packed in a form that is not read; unpack it, or pack it with gzip";

const PACKED_TWICE: &str = "it is packed twice; unpack it once, and import that";

const TAR: &str = "it is a tar archive, which may hold several files; unpack it, and import the files in it";

/// Where a tar archive has its mark, and the mark.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");

/// Bytes at the start of a file in which its kind shows.
const FIRST_BYTES: usize = TAR_MARK.0 + TAR_MARK.1.len();

/// What follows `BZh` and a digit in a file that bzip2 packed: the start of a block, or of the end.
const BZIP2_MARKS: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];

/// What to do with a file that is no text by its first bytes.
fn no_text(first: &[u8]) -> Option<&'static str> {
    if is_bzip2(first) {
        return Some(UNPACK);
    }
    if first.get(TAR_MARK.0..).is_some_and(|rest| rest.starts_with(TAR_MARK.1)) {
        return Some(TAR);
    }
    let refused = REFUSED.iter().find(|(magic, _)| first.starts_with(magic));
    refused.map(|(_, advice)| *advice)
}

/// A code may begin with `BZh`.
fn is_bzip2(first: &[u8]) -> bool {
    let Some([level, mark @ ..]) = first.strip_prefix(b"BZh") else {
        return false;
    };
    matches!(level, b'1'..=b'9') && BZIP2_MARKS.iter().any(|known| mark.starts_with(known))
}

/// The text of a file, and how it is read.
pub struct Text<R> {
    /// How it is read.
    pub reading: Reading,
    bytes: Lines<R>,
}

/// A file from its start on, of which the first bytes were read.
type Start<R> = Chain<Cursor<Vec<u8>>, R>;

enum Unpacked<R> {
    Plain(Start<R>),
    Gzip {
        decoder: Box<MultiGzDecoder<Start<R>>>,
        left: u64,
    },
}

enum Lines<R> {
    Bytes(Start<Unpacked<R>>),
    Utf16(Start<Utf16<Start<Unpacked<R>>>>),
}

/// Whether a file that begins so is packed, with gzip or in a form that is not read. A spreadsheet's own file is not
/// meant, although it is a zip archive.
#[must_use]
pub fn is_packed(first: &[u8]) -> bool {
    first.starts_with(GZIP) || no_text(first) == Some(UNPACK)
}

impl<R: Read> Text<R> {
    /// Reads the start of `reader`, which must be at the start of the file, and prepares to read the rest.
    ///
    /// # Errors
    /// Where the file is no text, or as [`Reading::resolve`], and the reader's.
    pub fn open(reader: R, options: &Options) -> Result<Self, ReadError> {
        let (first, reader) = start(reader, FIRST_BYTES)?;
        let is_packed = first.starts_with(GZIP);
        if let Some(advice) = no_text(&first).filter(|_| !is_packed) {
            return Err(ReadError::NoText(advice));
        }
        let (sample, unpacked) = start(Unpacked::new(reader, is_packed), SAMPLE_BYTES)?;
        // What is packed may be no text either.
        if is_packed && let Some(advice) = no_text(&sample).or(sample.starts_with(GZIP).then_some(PACKED_TWICE)) {
            return Err(ReadError::NoText(advice));
        }
        let encoding = encoding_of(&sample, options)?;
        let (sample, bytes) = if matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
            let (sample, text) = start(Utf16::new(unpacked, encoding), SAMPLE_BYTES)?;
            (sample, Lines::Utf16(text))
        } else {
            (sample, Lines::Bytes(unpacked))
        };
        refuse_markup(&sample)?;
        let reading = Reading::resolve(whole_lines(&sample), encoding, is_packed, options)?;
        Ok(Self { reading, bytes })
    }

    /// The reader, somewhere.
    pub fn into_inner(self) -> R {
        let unpacked = match self.bytes {
            Lines::Bytes(start) => start.into_inner().1,
            Lines::Utf16(start) => start.into_inner().1.reader.into_inner().1,
        };
        match unpacked {
            Unpacked::Plain(start) => start.into_inner().1,
            Unpacked::Gzip { decoder, .. } => decoder.into_inner().into_inner().1,
        }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Lines::Bytes(start) => start.read(buffer),
            Lines::Utf16(start) => start.read(buffer),
        }
    }
}

/// The first bytes, and the reader with them put back.
fn start<R: Read>(mut reader: R, bytes: usize) -> io::Result<(Vec<u8>, Start<R>)> {
    let mut first = Vec::new();
    reader.by_ref().take(bytes as u64).read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(reader)))
}

/// The sample without a line that its end cuts.
fn whole_lines(sample: &[u8]) -> &[u8] {
    match sample.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(end) if sample.len() >= SAMPLE_BYTES => &sample[..end],
        _ => sample,
    }
}

/// The encoding that is asked for, or else the one that the sample's bytes are in.
fn encoding_of(sample: &[u8], options: &Options) -> Result<Encoding, ReadError> {
    let marked = match sample {
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
        _ => None,
    };
    if let Some(named) = options.encoding {
        let found = marked.or_else(|| is_certain_utf8(whole_lines(sample)).then_some(Encoding::Utf8));
        return match found {
            Some(found) if found != named => Err(ReadError::OtherEncoding { named, found }),
            _ => Ok(named),
        };
    }
    if let Some(encoding) = marked {
        return Ok(encoding);
    }
    // Text in UTF-16 without its mark: every second byte of its ASCII characters is zero.
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = sample.len() / 4;
    if even.max(odd) > most.max(1) && even.min(odd) * 8 < even.max(odd) {
        let own = if odd > even {
            Encoding::Utf16Le
        } else {
            Encoding::Utf16Be
        };
        return Err(ReadError::WhichEncoding(vec![own]));
    }
    match detect::encoding(whole_lines(sample)) {
        Detected::Certain(encoding) => Ok(encoding),
        Detected::Open(encodings) => Err(ReadError::WhichEncoding(encodings)),
    }
}

/// Whether the bytes are UTF-8 throughout and not ASCII alone: text in an older encoding is hardly ever so.
fn is_certain_utf8(sample: &[u8]) -> bool {
    !sample.is_ascii() && std::str::from_utf8(sample).is_ok()
}

/// Refuses JSON and pages, whose lines would be taken for codes.
fn refuse_markup(sample: &[u8]) -> Result<(), ReadError> {
    let mut plain = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).iter();
    let plain: Vec<u8> = plain
        .by_ref()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(16)
        .map(u8::to_ascii_lowercase)
        .collect();
    let begins = |starts: &[&[u8]]| starts.iter().any(|start| plain.starts_with(start));
    if begins(&[b"[{", b"[\"", b"{\"", b"[[\""]) {
        return Err(ReadError::NoText(
            "it is JSON, which has no one place for a code; export the codes as text, one a line, or as CSV",
        ));
    }
    if begins(&[b"<html", b"<!doctype", b"<?xml", b"<table", b"<meta"]) {
        return Err(ReadError::NoText(
            "it is a web page or XML, whatever its name says; open it in a spreadsheet, save it as CSV UTF-8, and import \
             that",
        ));
    }
    Ok(())
}

impl<R: Read> Unpacked<R> {
    fn new(start: Start<R>, is_packed: bool) -> Self {
        if is_packed {
            Self::Gzip {
                decoder: Box::new(MultiGzDecoder::new(start)),
                left: MAX_UNPACKED_BYTES,
            }
        } else {
            Self::Plain(start)
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(start) => start.read(buffer),
            Self::Gzip { decoder, left } => {
                let count = decoder.read(buffer).map_err(|error| match error.kind() {
                    io::ErrorKind::Interrupted => error,
                    kind => io::Error::new(
                        kind,
                        format!("it cannot be unpacked, and may have been cut off: {error}"),
                    ),
                })?;
                *left = left.checked_sub(count as u64).ok_or_else(|| {
                    io::Error::other(format!(
                        "unpacked it is longer than {MAX_UNPACKED_BYTES} bytes; import it in parts"
                    ))
                })?;
                Ok(count)
            }
        }
    }
}

/// Text in UTF-16, as UTF-8. What is invalid becomes a byte that UTF-8 has not, so that its line is refused.
struct Utf16<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_start: usize,
    is_ended: bool,
    text: Vec<u8>,
    text_start: usize,
}

impl<R: Read> Utf16<R> {
    fn new(reader: R, encoding: Encoding) -> Self {
        let encoding = if encoding == Encoding::Utf16Be {
            UTF_16BE
        } else {
            UTF_16LE
        };
        Self {
            reader,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            raw_start: 0,
            is_ended: false,
            text: Vec::new(),
            text_start: 0,
        }
    }

    /// Decodes the next piece; without effect at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_start = 0;
        while self.text.is_empty() && !(self.is_ended && self.raw_start == self.raw.len()) {
            if self.raw_start == self.raw.len() {
                self.raw.resize(UTF16_BYTES, 0);
                let count = read_some(&mut self.reader, &mut self.raw)?;
                self.raw.truncate(count);
                self.raw_start = 0;
                self.is_ended = count == 0;
            }
            self.text.resize(2 * UTF16_BYTES, 0);
            let raw = &self.raw[self.raw_start..];
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(raw, &mut self.text, self.is_ended);
            self.raw_start += read;
            self.text.truncate(written);
            if let DecoderResult::Malformed(..) = result {
                self.text.push(0xff);
            }
        }
        Ok(())
    }
}

fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.text_start == self.text.len() {
            self.fill()?;
        }
        let count = (&self.text[self.text_start..]).read(buffer)?;
        self.text_start += count;
        Ok(count)
    }
}
