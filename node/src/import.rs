//! Reading codes out of files as vendors send them: bytes become lines, lines become rows, rows become codes.
//!
//! It reads any [`Read`] once and holds a bounded piece of it, and what is wrong with one line is said of that line:
//! the good ones after it are read all the same.
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

/// The text without the white space and the invisible characters around it.
fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}
