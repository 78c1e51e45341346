//! A file's encoding, and lines decoded by it.

use std::borrow::Cow;
use std::fmt;

use encoding_rs as rs;

use super::Reason;
use super::cell::Refused;
use crate::domain::character;

/// UTF-8's byte order mark.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// An encoding of files. In each of them a byte that ends a line is part of no other character; UTF-16 becomes UTF-8
/// before its lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// GBK, as Chinese Windows writes it, with what GB 18030 adds.
    Gbk,
    /// Big5, as Windows writes it in Taiwan and Hong Kong.
    Big5,
    /// `Shift_JIS`, as Japanese Windows writes it.
    ShiftJis,
    /// EUC-KR, as Korean Windows writes it.
    EucKr,
    /// Windows-1252, as Windows writes it in western Europe and America.
    Windows1252,
    /// Windows-1251, as Windows writes Cyrillic.
    Windows1251,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 9] = [
        Self::Utf8,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Gbk,
        Self::Big5,
        Self::ShiftJis,
        Self::EucKr,
        Self::Windows1252,
        Self::Windows1251,
    ];

    /// The encoding as the API and the command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Gbk => "gbk",
            Self::Big5 => "big5",
            Self::ShiftJis => "shift_jis",
            Self::EucKr => "euc-kr",
            Self::Windows1252 => "windows-1252",
            Self::Windows1251 => "windows-1251",
        }
    }

    /// The encoding of that name; `utf8` is one too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let is_named = |encoding: &Self| encoding.name() == name;
        Self::ALL
            .into_iter()
            .find(is_named)
            .or((name == "utf8").then_some(Self::Utf8))
    }

    /// The encoding of the lines: UTF-16 has become UTF-8 when they are cut.
    fn of_lines(self) -> &'static rs::Encoding {
        match self {
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => rs::UTF_8,
            Self::Gbk => rs::GBK,
            Self::Big5 => rs::BIG5,
            Self::ShiftJis => rs::SHIFT_JIS,
            Self::EucKr => rs::EUC_KR,
            Self::Windows1252 => rs::WINDOWS_1252,
            Self::Windows1251 => rs::WINDOWS_1251,
        }
    }

    /// The text of a line's bytes, whatever characters it has; `None` where they are invalid in this encoding.
    pub(super) fn text(self, line: &[u8]) -> Option<Cow<'_, str>> {
        self.of_lines()
            .decode_without_bom_handling_and_without_replacement(line)
    }

    /// The text of a line.
    ///
    /// # Errors
    /// Where its bytes are invalid in this encoding, or it has a control character.
    pub(super) fn decode(self, line: &[u8]) -> Result<Cow<'_, str>, Refused> {
        let text = self.text(line).ok_or_else(|| (Reason::Encoding, self.invalid(line)))?;
        let is_control = |character: &char| character.is_control() && *character != '\t';
        match text.chars().find(is_control) {
            Some(control) => Err((Reason::ControlCharacter, character::name(control))),
            None => Ok(text),
        }
    }

    /// Where the bytes stop to be of this encoding.
    fn invalid(self, line: &[u8]) -> String {
        let valid = (0..line.len()).rev().find(|end| self.text(&line[..*end]).is_some());
        let at = valid.unwrap_or_default();
        format!(
            "byte {} of the line, 0x{:02X}, is not of {self}",
            at + 1,
            line.get(at).copied().unwrap_or_default()
        )
    }
}

/// A file's first line without its byte order mark.
pub(super) fn without_bom(line: &[u8]) -> &[u8] {
    line.strip_prefix(BOM).unwrap_or(line)
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Gbk => "GBK",
            Self::Big5 => "Big5",
            Self::ShiftJis => "Shift_JIS",
            Self::EucKr => "EUC-KR",
            Self::Windows1252 => "Windows-1252",
            Self::Windows1251 => "Windows-1251",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(Encoding::Utf8.decode(b"a\tb").as_deref(), Ok("a\tb"));
        for (line, reason, detail) in [
            (&b"a\0b"[..], Reason::ControlCharacter, "NULL (U+0000)"),
            (b"a\x1bb", Reason::ControlCharacter, "ESCAPE (U+001B)"),
            (b"a\x7fb", Reason::ControlCharacter, "DELETE (U+007F)"),
            (b"a\xff", Reason::Encoding, "byte 2 of the line, 0xFF, is not of UTF-8"),
            (
                "密".as_bytes().split_last().unwrap().1,
                Reason::Encoding,
                "byte 1 of the line, 0xE5, is not of UTF-8",
            ),
        ] {
            assert_eq!(
                Encoding::Utf8.decode(line).unwrap_err(),
                (reason, detail.to_owned()),
                "{line:?}"
            );
        }
    }
}
