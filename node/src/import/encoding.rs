//! A file's encoding, and lines decoded by it.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{GBK, UTF_8};

/// UTF-8's byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// An encoding of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// GBK, as Chinese Windows writes it, with what GB 18030 adds.
    Gbk,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 2] = [Self::Utf8, Self::Gbk];

    /// The encoding as the API and the command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gbk => "gbk",
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

    /// The encoding of a file that begins with `sample`; `None` where its byte order mark is UTF-16's.
    ///
    /// Each line that is not ASCII votes. Chinese in UTF-8 is often valid GBK, while GBK is hardly ever valid UTF-8: a
    /// line that is valid in both counts for UTF-8.
    pub(super) fn detect(sample: &[u8]) -> Option<Self> {
        if sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff") {
            return None;
        }
        if sample.starts_with(BOM) {
            return Some(Self::Utf8);
        }
        let (mut utf8, mut gbk) = (0, 0);
        let lines = sample.split(|byte| matches!(byte, b'\n' | b'\r'));
        for line in lines.filter(|line| !line.is_ascii()) {
            if Self::Utf8.decode(line).is_some() {
                utf8 += 1;
            } else if Self::Gbk.decode(line).is_some() {
                gbk += 1;
            }
        }
        Some(if gbk > utf8 { Self::Gbk } else { Self::Utf8 })
    }

    /// The text of a line; `None` where its bytes are invalid in this encoding, or it has control characters.
    pub(super) fn decode(self, line: &[u8]) -> Option<Cow<'_, str>> {
        let encoding = match self {
            Self::Utf8 => UTF_8,
            Self::Gbk => GBK,
        };
        encoding
            .decode_without_bom_handling_and_without_replacement(line)
            .filter(|text| !text.contains(|character: char| character.is_control() && character != '\t'))
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
            Self::Gbk => "GBK",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_by_lines() {
        let (gbk, _, _) = GBK.encode("账号----密码\n用户二----口令\n");
        for (sample, encoding) in [
            (&b"abc\ndef"[..], Some(Encoding::Utf8)),
            (b"", Some(Encoding::Utf8)),
            ("账号----密码".as_bytes(), Some(Encoding::Utf8)),
            (b"\xef\xbb\xbf\xff\n", Some(Encoding::Utf8)),
            (&gbk, Some(Encoding::Gbk)),
            (b"\xff\xfea\0", None),
            (b"\xfe\xff\0a", None),
        ] {
            assert_eq!(Encoding::detect(sample), encoding, "{sample:?}");
        }
        // One damaged line does not turn a file of UTF-8 into GBK.
        let damaged = ["中文\n".as_bytes(), b"\xc4\xe3\n", "中文\n".as_bytes()].concat();
        assert_eq!(Encoding::detect(&damaged), Some(Encoding::Utf8));
    }

    #[test]
    fn control_characters_are_no_text() {
        assert_eq!(Encoding::Utf8.decode(b"a\tb").as_deref(), Some("a\tb"));
        for line in [&b"a\0b"[..], b"a\x1bb", b"a\x7fb", b"\xff"] {
            assert_eq!(Encoding::Utf8.decode(line), None, "{line:?}");
        }
    }
}
