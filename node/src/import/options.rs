//! How a file is to be read, as the caller asks for it.

use super::Encoding;

/// What separates an account from its password in the format [`Format::Pairs`], where the caller names nothing else.
pub(super) const PAIR_SEPARATOR: &str = "----";

/// The longest separator that a caller may name, bytes.
pub(super) const MAX_SEPARATOR: usize = 16;

/// Where a line's code is, as the caller asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Detected from the start of the file, where only one format fits.
    #[default]
    Auto,
    /// One code a line.
    Lines,
    /// `account----password`: the account is the code, the rest is delivered with it.
    Pairs,
    /// A table.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Lines, Self::Pairs, Self::Csv];

    /// The format as the API and the command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Lines => "lines",
            Self::Pairs => "pairs",
            Self::Csv => "csv",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where a line's code is.
    pub format: Format,
    /// The encoding; detected from the start of the file where it is not given.
    pub encoding: Option<Encoding>,
    /// Whether the first row names the columns, and brings no key; detected where it is not given.
    pub header: Option<bool>,
    /// What separates an account from its password; four dashes where it is not given.
    pub separator: Option<String>,
    /// Of a table, the code's column: a name of the header row, or a number from 1.
    pub code_column: Option<String>,
    /// Of a table, the columns that are delivered with the code.
    pub extra_columns: Vec<String>,
}
