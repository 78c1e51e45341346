//! The arguments that say how a file is read, as the command line spells them and explains them in its help.

use clap::{Args, ValueEnum};

use crate::import::{Encoding, Format, Options};

/// How a file is read.
#[derive(Debug, Args)]
pub(super) struct ReadingArgs {
    /// Where a line's code is: lines (one a line), pairs (account----password), csv (a table)
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// The file's encoding, where it cannot be told
    #[arg(long, value_enum)]
    encoding: Option<EncodingArg>,
    /// The first row names the columns, and holds no code
    #[arg(long, conflicts_with = "no_header")]
    header: bool,
    /// The first row holds a code
    #[arg(long)]
    no_header: bool,
    /// What parts an account from its password, where that is not exactly four dashes
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    separator: Option<String>,
    /// Of a table, the code's column: its name in the header row, or its number from 1
    #[arg(long, value_name = "NAME|N")]
    code_column: Option<String>,
    /// Of a table, a column that is delivered with the code, such as a password; may be given several times
    #[arg(long = "extra-column", value_name = "NAME|N")]
    extra_columns: Vec<String>,
}

impl ReadingArgs {
    pub(super) fn options(&self) -> Options {
        Options {
            format: self.format.into(),
            encoding: self.encoding.map(Encoding::from),
            header: (self.header || self.no_header).then_some(self.header),
            separator: self.separator.clone(),
            code_column: self.code_column.clone(),
            extra_columns: self.extra_columns.clone(),
        }
    }
}

/// Where a line's code is.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum FormatArg {
    /// Detected from the start of the file, where only one format fits
    #[default]
    Auto,
    /// One code a line
    Lines,
    /// `account----password`: the account is the code, the rest is delivered with it
    Pairs,
    /// A table
    Csv,
}

/// The file's encoding.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum EncodingArg {
    /// UTF-8, with or without byte order mark
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// UTF-16, the low byte first, as Windows writes it; with its mark it is read unasked
    #[value(name = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first
    #[value(name = "utf-16be")]
    Utf16Be,
    /// GBK, as Chinese Windows writes it, with what GB 18030 adds
    Gbk,
    /// Big5, as Windows writes it in Taiwan and Hong Kong
    Big5,
    /// `Shift_JIS`, as Japanese Windows writes it
    #[value(name = "shift_jis")]
    ShiftJis,
    /// EUC-KR, as Korean Windows writes it
    EucKr,
    /// Windows-1252, as Windows writes it in western Europe and America
    #[value(name = "windows-1252")]
    Windows1252,
    /// Windows-1251, as Windows writes Cyrillic
    #[value(name = "windows-1251")]
    Windows1251,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Auto => Self::Auto,
            FormatArg::Lines => Self::Lines,
            FormatArg::Pairs => Self::Pairs,
            FormatArg::Csv => Self::Csv,
        }
    }
}

impl From<EncodingArg> for Encoding {
    fn from(encoding: EncodingArg) -> Self {
        match encoding {
            EncodingArg::Utf8 => Self::Utf8,
            EncodingArg::Utf16Le => Self::Utf16Le,
            EncodingArg::Utf16Be => Self::Utf16Be,
            EncodingArg::Gbk => Self::Gbk,
            EncodingArg::Big5 => Self::Big5,
            EncodingArg::ShiftJis => Self::ShiftJis,
            EncodingArg::EucKr => Self::EucKr,
            EncodingArg::Windows1252 => Self::Windows1252,
            EncodingArg::Windows1251 => Self::Windows1251,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that clap takes for `T`, each with the value it stands for.
    fn named<T: ValueEnum>() -> Vec<(String, T)> {
        let named = |value: &T| Some((value.to_possible_value()?.get_name().to_owned(), value.clone()));
        T::value_variants().iter().filter_map(named).collect()
    }

    #[test]
    fn the_command_line_and_the_api_use_the_same_names() {
        let formats = named::<FormatArg>();
        assert!(
            formats
                .iter()
                .map(|(name, _)| name.as_str())
                .eq(Format::ALL.map(Format::name))
        );
        for (name, format) in formats {
            assert_eq!(Format::from(format).name(), name);
        }
        let encodings = named::<EncodingArg>();
        assert!(
            encodings
                .iter()
                .map(|(name, _)| name.as_str())
                .eq(Encoding::ALL.map(Encoding::name))
        );
        for (name, encoding) in encodings {
            assert_eq!(Encoding::from(encoding).name(), name);
        }
    }
}
