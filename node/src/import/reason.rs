//! Why a line brought no key. Nothing here holds the line's content.

/// Why a line brought no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is longer than [`MAX_LINE`](super::MAX_LINE).
    TooLong,
    /// Its bytes are not text in the file's encoding.
    Encoding,
    /// It has no code where the format has it.
    NoCode,
    /// A quoted field begins on it and does not end.
    UnclosedQuote,
    /// The protocol cannot name the code.
    CodeUnusual,
    /// An earlier line of the file has the same key id.
    DuplicateInFile,
    /// A key of another batch has the same key id.
    DuplicateInStock,
    /// What is to be delivered with the code is longer than [`MAX_EXTRA`](super::MAX_EXTRA).
    ExtraTooLong,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::TooLong,
        Self::Encoding,
        Self::NoCode,
        Self::UnclosedQuote,
        Self::CodeUnusual,
        Self::DuplicateInFile,
        Self::DuplicateInStock,
        Self::ExtraTooLong,
    ];

    /// The reason as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Encoding => "encoding",
            Self::NoCode => "no_code",
            Self::UnclosedQuote => "unclosed_quote",
            Self::CodeUnusual => "code_unusual",
            Self::DuplicateInFile => "duplicate_in_file",
            Self::DuplicateInStock => "duplicate_in_stock",
            Self::ExtraTooLong => "extra_too_long",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The reason in English.
    #[must_use]
    pub const fn english(self) -> &'static str {
        match self {
            Self::TooLong => "the line is longer than 4,096 bytes",
            Self::Encoding => "the line is not text in the file's encoding",
            Self::NoCode => "there is no code where the format has it",
            Self::UnclosedQuote => "a quoted field begins here and does not end",
            Self::CodeUnusual => "a code may have only letters a-z, digits and separators, at most 256",
            Self::DuplicateInFile => "same key id as an earlier line of this file",
            Self::DuplicateInStock => "same key id as a key in stock",
            Self::ExtraTooLong => "what is delivered with the code is longer than 2,048 bytes",
        }
    }

    /// The reason in Chinese.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::TooLong => "该行超过 4,096 字节",
            Self::Encoding => "该行不是文件编码下的有效文本",
            Self::NoCode => "该行在格式规定的位置没有卡密",
            Self::UnclosedQuote => "从该行开始的引号字段没有结束",
            Self::CodeUnusual => "卡密只能含英文字母、数字和分隔符，且不超过 256 个字母和数字",
            Self::DuplicateInFile => "与本文件前面某一行的密钥编号相同",
            Self::DuplicateInStock => "与库存中某个密钥的编号相同",
            Self::ExtraTooLong => "随卡密交付的内容超过 2,048 字节",
        }
    }
}

/// A line that brought no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line, from 1; where a row takes several, its first.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// Why, in an English sentence, with the place of the other key where there is one.
    pub detail: String,
}

impl Refusal {
    /// A refusal for `reason`, with what else helps to find or mend it; `more` may be empty.
    #[must_use]
    pub fn new(line: u64, reason: Reason, more: &str) -> Self {
        let separator = if more.is_empty() { "" } else { ": " };
        Self {
            line,
            reason,
            detail: [reason.english(), separator, more].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{MAX_EXTRA, MAX_LINE};

    #[test]
    fn names_are_one_each_and_sentences_state_the_bounds() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(Reason::from_name("blank"), None);
        assert_eq!((MAX_LINE, MAX_EXTRA), (4096, 2048), "the sentences name other bounds");
    }
}
