//! The names of the published files.

use std::str::FromStr;

use shelfproof_verifier::delta::{self, delta_path};
use shelfproof_verifier::epoch::{ListedHeader, MAX_DATA_BYTES, data_path, header_path};

/// The digits of an epoch's number in its file's name.
const DIGITS: usize = 10;

/// A published file of an epoch, with the epoch's number. No other name is accepted, so nothing else in the folder can
/// be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochFile {
    /// Its data.
    Events(u64),
    /// Its delta.
    Delta(u64),
    /// Its header, once it is final.
    Header(u64),
}

impl EpochFile {
    /// The epoch's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Events(number) | Self::Delta(number) | Self::Header(number) => number,
        }
    }

    /// The file's path below the published folder.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Events(number) => data_path(number),
            Self::Delta(number) => delta_path(number),
            Self::Header(number) => header_path(number),
        }
    }

    /// The most bytes that such a file has.
    #[must_use]
    pub const fn max_bytes(self) -> u64 {
        match self {
            Self::Events(_) => MAX_DATA_BYTES as u64,
            Self::Delta(_) => delta::MAX_BYTES as u64,
            Self::Header(_) => ListedHeader::MAX_FILE_BYTES as u64,
        }
    }
}

impl FromStr for EpochFile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let (digits, ending) = name.split_once('.').ok_or(())?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number).ok_or(())?;
        match ending {
            "events" => Ok(Self::Events(number)),
            "delta" => Ok(Self::Delta(number)),
            "header.json" => Ok(Self::Header(number)),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_epoch_s_file_has_a_name() {
        for (name, file) in [
            ("0000000012.events", EpochFile::Events(12)),
            ("0000000012.delta", EpochFile::Delta(12)),
            ("0000000012.header.json", EpochFile::Header(12)),
        ] {
            assert_eq!(name.parse(), Ok(file));
            assert_eq!((file.number(), file.path()), (12, format!("epochs/{name}")));
        }
        for name in [
            "12.events",
            "00000000012.events",
            "0000000012.events.tmp",
            "0000000012.delta.next",
            "0000000012.header.json.next",
            "0000000012.json",
            "0000000012.proofs",
            "0000000012",
            "+000000012.events",
            "../0000000012.events",
            "０000000012.events",
            "",
        ] {
            assert!(name.parse::<EpochFile>().is_err(), "{name}");
        }
    }
}
