//! Values of the import's arguments, as the command line spells them and explains them in its help.

use clap::ValueEnum;

use crate::import::{Encoding, Format};

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
    /// A table with a header row
    Csv,
}

/// The file's encoding.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum EncodingArg {
    /// UTF-8, with or without byte order mark
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// GBK, as Chinese Windows writes it, with what GB 18030 adds
    Gbk,
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
            EncodingArg::Gbk => Self::Gbk,
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
