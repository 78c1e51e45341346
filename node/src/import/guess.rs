//! Detects a file's format from its start. Where more than one format fits it refuses to choose: codes that were
//! imported wrongly cannot be imported again.

use super::options::PAIR_SEPARATOR;
use super::rows::Rows;
use super::table::header;
use super::{Encoding, Format, ReadError, columns, trim};

/// Bytes at the start of a file from which encoding, format and header row are detected.
pub const SAMPLE_BYTES: usize = 64 * 1024;

/// The format of a file that begins with `sample`.
pub(super) fn format(sample: &[u8], encoding: Encoding) -> Result<Format, ReadError> {
    let rows = readable_rows(sample, encoding)?;
    let pairs = rows.iter().filter(|row| row.contains(PAIR_SEPARATOR)).count();
    let parted = rows.iter().filter(|row| is_parted(row)).count();
    if rows.is_empty() {
        return Err(ReadError::WhichFormat("no line of its beginning is text"));
    }
    if pairs == rows.len() {
        return Ok(Format::Pairs);
    }
    if pairs > 0 {
        return Err(ReadError::WhichFormat("some lines hold ---- and others do not"));
    }
    if header(sample, encoding).is_ok_and(|(_, header)| columns::guess(&header).is_ok()) {
        return Ok(Format::Csv);
    }
    if parted == 0 {
        return Ok(Format::Lines);
    }
    Err(ReadError::WhichFormat(
        "lines hold spaces, tabs, commas, colons or bars, which may part several fields, and no header names the code's",
    ))
}

/// The readable lines that are not blank, without one that is cut by the sample's end.
fn readable_rows(sample: &[u8], encoding: Encoding) -> Result<Vec<String>, ReadError> {
    let whole = match sample.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(end) if sample.len() >= SAMPLE_BYTES => &sample[..end],
        _ => sample,
    };
    let mut rows = Rows::new(whole, encoding, None);
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        texts.extend(row.text.ok());
    }
    Ok(texts)
}

/// Whether the line holds a character that separates fields in other formats.
fn is_parted(row: &str) -> bool {
    trim(row).contains(|character: char| {
        character.is_whitespace() || matches!(character, ',' | ';' | '|' | ':' | '，' | '：')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_leaves_no_doubt() {
        for (file, format) in [
            ("A-1\nA-2\n", Format::Lines),
            ("  A-1  \n\n", Format::Lines),
            ("a----b\nc----d----e\n", Format::Pairs),
            ("编号,卡密\n1,A\n", Format::Csv),
            ("code\nA\n", Format::Csv),
            ("id;Code\n1;A\n", Format::Csv),
        ] {
            assert_eq!(
                super::format(file.as_bytes(), Encoding::Utf8).unwrap(),
                format,
                "{file}"
            );
        }
    }

    #[test]
    fn leaves_open_what_could_be_either() {
        for file in [
            "a----b\nc\n",
            "A,1\nB,2\n",
            "A 1\nB 2\n",
            "user:pass\n",
            "A\nB|x\n",
            "\0\n",
        ] {
            let guess = format(file.as_bytes(), Encoding::Utf8);
            assert!(matches!(guess, Err(ReadError::WhichFormat(_))), "{file}");
        }
    }
}
