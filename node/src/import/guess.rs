//! Detects a file's format from its first lines. Where more than one format fits it refuses to choose: codes that were
//! imported wrongly cannot be imported again.

use super::cell::is_no_code;
use super::mask::masked;
use super::options::PAIR_SEPARATOR;
use super::{Format, ReadError, table, trim, words};

/// From how many pairs on a first line that is none is taken for a heading of theirs.
const HEADED_PAIRS: usize = 2;

/// The format of a file with these first lines, and of a table its delimiter.
pub(super) fn format(lines: &[String], header: Option<bool>) -> Result<(Format, u8), ReadError> {
    if lines.is_empty() {
        return Err(ReadError::WhichFormat("no line of its beginning is text"));
    }
    // A heading says nothing about the form of the codes, also where it recurs.
    let is_heading = |line: &&String| words::meaning(trim(line)).is_some();
    let rest = lines.iter().skip(usize::from(header == Some(true)));
    let rest: Vec<String> = rest.filter(|line| !is_heading(line)).cloned().collect();
    if let Some(format) = pairs(lines, &rest, header)? {
        return Ok((format, b','));
    }
    // A table in which each field is quoted may have a single column.
    let is_quoted = rest.iter().all(|line| trim(line).starts_with('"'));
    if let Some(delimiter) = table::consistent_delimiter(lines) {
        return Ok((Format::Csv, delimiter));
    }
    if is_quoted && !rest.is_empty() {
        return Ok((Format::Csv, table::usual_delimiter(lines)));
    }
    if !rest.iter().any(|line| is_parted(line)) {
        return Ok((Format::Lines, b','));
    }
    Err(ReadError::WhichFormat(
        "lines hold spaces, tabs, commas, colons or bars, which may part several fields or belong to the codes, and no \
         header names the code's",
    ))
}

/// Whether the lines are pairs: all of them, apart from a first one that names the two.
fn pairs(lines: &[String], rest: &[String], header: Option<bool>) -> Result<Option<Format>, ReadError> {
    let is_pair = |line: &String| line.contains(PAIR_SEPARATOR);
    let count = rest.iter().filter(|line| is_pair(line)).count();
    if count > 0 && count == rest.len() {
        let runs = rest.iter().filter_map(|line| first_run(line, PAIR_SEPARATOR.len()));
        return match runs.max() {
            Some(dashes) if dashes > PAIR_SEPARATOR.len() => Err(ReadError::WhichSeparator {
                dashes,
                is_some: rest
                    .iter()
                    .any(|line| first_run(line, PAIR_SEPARATOR.len()) != Some(dashes)),
            }),
            _ => Ok(Some(Format::Pairs)),
        };
    }
    if header.is_none() && count > HEADED_PAIRS && count == lines.len() - 1 && !is_pair(&lines[0]) {
        return Err(ReadError::WhichHeader {
            first: masked(trim(&lines[0])),
            second: masked(trim(&lines[1])),
        });
    }
    if count > 0 {
        return Err(ReadError::WhichFormat("some lines hold ---- and others do not"));
    }
    // Two or three dashes in every line: a separator that somebody mistyped, or part of the codes.
    let runs: Vec<usize> = rest
        .iter()
        .filter(|line| !is_no_code(line))
        .map(|line| first_run(line, 2).unwrap_or_default())
        .collect();
    match runs.first() {
        Some(&dashes) if dashes > 0 && runs.iter().all(|run| *run == dashes) => {
            Err(ReadError::WhichSeparator { dashes, is_some: false })
        }
        _ => Ok(None),
    }
}

/// How many dashes stand together where `least` or more of them first do, within a line.
pub(super) fn first_run(line: &str, least: usize) -> Option<usize> {
    let run_at = |text: &str| text.bytes().take_while(|byte| *byte == b'-').count();
    let mut rest = trim(line).trim_start_matches('-');
    while let Some(at) = rest.find('-') {
        let run = run_at(&rest[at..]);
        rest = &rest[at + run..];
        if run >= least {
            return Some(run);
        }
    }
    None
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

    fn told(file: &str) -> Result<Format, ReadError> {
        let lines: Vec<String> = file
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect();
        format(&lines, None).map(|(format, _)| format)
    }

    #[test]
    fn tells_what_leaves_no_doubt() {
        for (file, format) in [
            ("A-1\nA-2\n", Format::Lines),
            ("  A-1  \n\n", Format::Lines),
            ("License Key\nA-1\n", Format::Lines),
            ("a----b\nc----d----e\n", Format::Pairs),
            ("a----b-----c\n", Format::Pairs),
            ("账号\nc----d\n", Format::Pairs),
            ("编号,卡密\n1,A\n", Format::Csv),
            ("code\nA\n", Format::Lines),
            ("id;Code\n1;A\n", Format::Csv),
            ("A,1\nB,2\n", Format::Csv),
            ("\"A-1\"\n\"A-2\"\n", Format::Csv),
            ("--A\n--B\n", Format::Lines),
        ] {
            assert_eq!(told(file).unwrap(), format, "{file}");
        }
    }

    #[test]
    fn leaves_open_what_could_be_either() {
        for file in ["a----b\nc\n", "A 1\nB 2\n", "user:pass\n", "A\nB|x\n", "A,1\nB\nC\n"] {
            assert!(matches!(told(file), Err(ReadError::WhichFormat(_))), "{file}");
        }
        for (file, dashes) in [
            ("a-----b\nc-----d\n", 5),
            ("a---b\nc---d\n", 3),
            ("a--b\n", 2),
            ("a----b\nc-----d", 5),
        ] {
            let told = told(file);
            assert!(
                matches!(told, Err(ReadError::WhichSeparator { dashes: own, .. }) if own == dashes),
                "{told:?}"
            );
        }
        let headed = told("我的账号\na----b\nc----d\ne----f");
        assert!(matches!(headed, Err(ReadError::WhichHeader { .. })), "{headed:?}");
    }
}
