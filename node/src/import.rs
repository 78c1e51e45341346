//! Reads codes from files as vendors send them: bytes become lines, lines become rows, rows become codes.
//!
//! [`Records`] reads any [`Read`] once, in bounded memory. An error in a line refuses that line alone; the lines after
//! it are read all the same. A new format is a variant of [`Format`] and of [`Form`], a rule in `guess`, and a case in
//! `records`.
//!
//! [`Read`]: std::io::Read

mod columns;
mod encoding;
mod error;
mod guess;
mod lines;
mod options;
mod reading;
mod reason;
mod records;
mod rows;
mod table;

pub use encoding::Encoding;
pub use error::ReadError;
pub use guess::SAMPLE_BYTES;
pub use lines::MAX_LINE;
pub use options::{Format, Options};
pub use reading::{Form, Reading};
pub use reason::{Reason, Refusal};
pub use records::{Content, MAX_BESIDE, Record, Records};

/// The text without surrounding white space and invisible characters.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}
