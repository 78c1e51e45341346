//! Tables: what parts their fields, and the fields of a row.

use super::encoding::Encoding;
use super::rows::{Readable, Rows};
use super::{trim, words};

/// The characters that part fields, the usual ones first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter that a first line `sep=;` names, as a spreadsheet writes and reads it.
pub(super) fn separator_line(line: &str) -> Option<u8> {
    let line = trim(line).trim_matches('"');
    let name = line.get(..4).filter(|name| name.eq_ignore_ascii_case("sep="))?;
    match &line.as_bytes()[name.len()..] {
        [only] if only.is_ascii() && !only.is_ascii_alphanumeric() && *only != b'"' => Some(*only),
        // The tab that follows was taken for white space around the line.
        [] => Some(b'\t'),
        _ => None,
    }
}

/// The delimiter of a table, where nearly all of its rows have as many fields as its first one, and more than one; or
/// where its first row names a column.
pub(super) fn consistent_delimiter(lines: &[String]) -> Option<u8> {
    let score = |delimiter: u8| {
        let first = fields(lines.first()?, delimiter)?;
        let is_named = first.iter().filter(|cell| words::meaning(cell).is_some()).count() > 1;
        let same = lines
            .iter()
            .filter(|line| fields(line, delimiter).is_some_and(|fields| fields.len() == first.len()))
            .count();
        let is_table = first.len() > 1 && (is_named || same * 10 >= lines.len() * 9);
        is_table.then_some(first.len())
    };
    // Of those that make as many fields the first.
    let found = DELIMITERS
        .iter()
        .rev()
        .filter_map(|delimiter| Some((score(*delimiter)?, *delimiter)));
    found.max_by_key(|(fields, _)| *fields).map(|(_, delimiter)| delimiter)
}

/// The delimiter that occurs the most in the first line: a comma, unless another occurs more often.
pub(super) fn usual_delimiter(lines: &[String]) -> u8 {
    let line = lines.first().map_or("", String::as_str);
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// The rows of a sample, each with its fields.
pub(super) fn rows(sample: &[u8], encoding: Encoding, delimiter: u8) -> std::io::Result<Readable<Vec<String>>> {
    Readable::read(Rows::new(sample, encoding, Some(delimiter)), |text| {
        fields(&text, delimiter)
    })
}

/// The fields of a table's row.
pub(super) fn fields(row: &str, delimiter: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(row.len())
        .from_reader(row.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// The delimiter in words.
pub(super) fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        b'|' => "bars".to_owned(),
        other => format!("{:?}", char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_separator_line_names_the_delimiter() {
        for (line, delimiter) in [
            ("sep=;", Some(b';')),
            ("SEP=,", Some(b',')),
            ("\"sep=|\"", Some(b'|')),
            ("sep=\t", Some(b'\t')),
            ("sep=abc", None),
            ("separator", None),
            ("卡号", None),
            ("sep=A", None),
        ] {
            assert_eq!(separator_line(line), delimiter, "{line}");
        }
    }

    #[test]
    fn rows_of_as_many_fields_make_a_table() {
        for (text, delimiter) in [
            ("1,A\n2,B", Some(b',')),
            ("1;A,x\n2;B,y\n3;C", Some(b';')),
            ("a\tb\nc\td", Some(b'\t')),
            ("A\nB|x", None),
            ("编号,卡密\n1", Some(b',')),
            ("A\nB", None),
        ] {
            assert_eq!(consistent_delimiter(&lines(text)), delimiter, "{text}");
        }
        assert_eq!(usual_delimiter(&lines("a;b;c")), b';');
        assert_eq!(usual_delimiter(&lines("a")), b',');
    }
}
