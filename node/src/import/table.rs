//! Tables: the header row, and the fields of a row.

use super::rows::Rows;
use super::{Encoding, ReadError, trim};

/// The delimiter of a table, and the fields of its first row.
pub(super) fn header(sample: &[u8], encoding: Encoding) -> Result<(u8, Vec<String>), ReadError> {
    let row = |delimiter| {
        let row = Rows::new(sample, encoding, delimiter).next()?;
        row.and_then(|row| row.text.ok()).ok_or(ReadError::NoHeader)
    };
    let line = row(None)?;
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    // Of those that occur equally often the last: a comma, unless another occurs more often.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    let fields = fields(&row(Some(delimiter))?, delimiter).ok_or(ReadError::NoHeader)?;
    Ok((delimiter, fields))
}

/// The fields of a table's row.
pub(super) fn fields(row: &str, delimiter: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(row.len())
        .from_reader(row.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(|field| trim(field).to_owned()).collect())
}
