//! Reads codes from files as vendors send them: bytes become text, text becomes lines, lines become rows, rows become
//! codes.
//!
//! | module | what it decides |
//! |---|---|
//! | `source`, `detect`, `encoding` | what the bytes are: packed, UTF-16, an older encoding, or no text at all |
//! | `lines`, `rows`, `table` | where a line, a row and a field end |
//! | `guess`, `header`, `words`, `columns` | the format; whether the first row names columns, and which is the code |
//! | `cell` | what is taken off a code, and what is none |
//! | `reading`, `import_rows`, `preview` | all of that together, for a file |
//!
//! [`ImportRows`] reads any [`Read`] once, in bounded memory. An error in a line refuses that line alone; the lines
//! after it are read all the same. What could be read in two ways, one of which loses something, is a question: an
//! error of [`ReadError`] that names the option which answers it. A new format is a variant of [`Format`] and of
//! [`Form`], a rule in `guess`, and a case in `import_rows`; a new name for a column is a word in `words`, a new reason
//! one in `reason`.
//!
//! [`Read`]: std::io::Read

use crate::domain::character;

mod cell;
mod columns;
mod detect;
mod encoding;
mod error;
mod guess;
mod header;
mod import_rows;
mod lines;
mod mask;
mod options;
mod preview;
mod reading;
mod reason;
mod rows;
mod source;
mod table;
mod words;

pub use cell::Taken;
pub use columns::Columns;
pub use encoding::Encoding;
pub use error::{ColumnSample, ColumnSamples, ReadError};
pub use import_rows::{Content, ImportRow, ImportRows, MAX_EXTRA};
pub use lines::MAX_LINE;
pub use options::{Format, Options};
pub use preview::{Preview, PreviewRow, preview};
pub use reading::{Form, Leading, Reading};
pub use reason::{Reason, Refusal};
pub use source::{Text, is_packed};

/// The text without surrounding white space and characters without width.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character::is_zero_width(character))
}
