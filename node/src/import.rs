//! Reads codes from files as vendors send them: bytes become lines, lines become rows, rows become codes.
//!
//! [`ImportRows`] reads any [`Read`] once, in bounded memory. An error in a line refuses that line alone; the lines after
//! it are read all the same. A new format is a variant of [`Format`] and of [`Form`], a rule in `guess`, and a case in
//! `import_rows`.
//!
//! [`Read`]: std::io::Read

mod columns;
mod encoding;
mod error;
mod guess;
mod import_rows;
mod lines;
mod options;
mod reading;
mod reason;
mod rows;
mod table;

pub use encoding::Encoding;
pub use error::ReadError;
pub use guess::SAMPLE_BYTES;
pub use import_rows::{Content, ImportRow, ImportRows, MAX_EXTRA};
pub use lines::MAX_LINE;
pub use options::{Format, Options};
pub use reading::{Form, Reading};
pub use reason::{Reason, Refusal};

/// The text without surrounding white space and invisible characters.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}
