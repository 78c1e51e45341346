//! Rows become codes.

use std::io::{self, Read};

use secrecy::SecretString;
use shelfproof_verifier::code;

use super::cell::{self, Refused, Taken};
use super::guess::first_run;
use super::options::PAIR_SEPARATOR;
use super::reading::{Form, Reading};
use super::rows::Rows;
use super::source::Text;
use super::{Columns, Options, ReadError, Reason, Refusal, table, trim};
use crate::domain::character;

/// The longest text that is delivered with a code, bytes.
pub const MAX_EXTRA: usize = 2048;

/// The content of a row.
#[derive(Debug)]
pub enum Content {
    /// A code that the protocol can name.
    Goods {
        /// The code, as it is delivered.
        code: SecretString,
        /// What is delivered with it; may be empty.
        extra: SecretString,
        /// What was taken off either.
        taken: Taken,
    },
    /// No code, and the reason.
    Refused(Refusal),
}

/// A row of a file that is neither blank nor its header.
#[derive(Debug)]
pub struct ImportRow {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// The line that it ends on.
    pub last_line: u64,
    /// Its content.
    pub content: Content,
}

/// The rows of a file, in their order.
pub struct ImportRows<R> {
    reading: Reading,
    rows: Rows<Text<R>>,
}

impl<R: Read> ImportRows<R> {
    /// Reads the start of `reader`, which must be at the start of the file, and prepares to read the rest.
    ///
    /// # Errors
    /// As [`Text::open`].
    pub fn open(reader: R, options: &Options) -> Result<Self, ReadError> {
        let text = Text::open(reader, options)?;
        let reading = text.reading.clone();
        let delimiter = match reading.form {
            Form::Csv { delimiter, .. } => Some(delimiter),
            Form::Lines | Form::Pairs { .. } => None,
        };
        Ok(Self {
            rows: Rows::new(text, reading.encoding, delimiter),
            reading,
        })
    }

    /// How the file is read.
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The last line that was read, from 1; after the last row the number of lines.
    pub const fn last_line(&self) -> u64 {
        self.rows.last_line()
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The reader's.
    pub fn read_next(&mut self) -> io::Result<Option<ImportRow>> {
        let row = loop {
            let Some(row) = self.rows.next()? else { return Ok(None) };
            if !self.reading.leading.is_at(row.line) {
                break row;
            }
        };
        let content = match row.text.and_then(|text| self.reading.goods(&text)) {
            Ok((code, extra, taken)) => Content::Goods {
                code: code.into(),
                extra: extra.into(),
                taken,
            },
            Err((reason, more)) => Content::Refused(Refusal::new(row.line, reason, &more)),
        };
        Ok(Some(ImportRow {
            line: row.line,
            last_line: row.last_line,
            content,
        }))
    }
}

impl Reading {
    /// The code and what is delivered with it; or why there is none, with a detail that helps to correct the line.
    fn goods(&self, row: &str) -> Result<(String, String, Taken), Refused> {
        let refuse = |reason, more: &str| Err((reason, more.to_owned()));
        let cells = self.cells(row);
        let is_second_preamble = self.leading.separator_line.is_some() && table::separator_line(row).is_some();
        if self.names_columns(&cells) || is_second_preamble {
            return refuse(Reason::HeaderAgain, "");
        }
        let (code, taken, extra, other) = match &self.form {
            Form::Lines => {
                let (code, taken) = cell::code(row, false)?;
                (code, taken, String::new(), Taken::default())
            }
            Form::Pairs { separator } => {
                let (account, rest) = pair(row, separator.as_deref())?;
                let (code, taken) = cell::code(account, false)?;
                let (rest, other) = cell::extra(rest, false)?;
                if rest.is_empty() {
                    return refuse(Reason::NoExtra, "");
                }
                (code, taken, rest, other)
            }
            Form::Csv { columns, .. } => {
                let (code, taken) = cell::code(cells.get(columns.code).map_or("", String::as_str), true)?;
                if !columns.fit(&cells) {
                    return refuse(Reason::FieldCount, &format!("{} of {}", cells.len(), columns.count));
                }
                let (extra, other) = beside(&cells, columns)?;
                (code, taken, extra, other)
            }
        };
        let is_damaged = |at: &usize| cells.get(*at).is_some_and(|cell| cell::is_rounded(trim(cell), 1));
        if self.rounded.iter().any(is_damaged) {
            return refuse(Reason::DamagedNumber, "");
        }
        if extra.len() > MAX_EXTRA {
            return refuse(Reason::ExtraTooLong, "");
        }
        match code::canonical(&code) {
            Ok(_) => Ok((code, extra, taken.or(other))),
            Err(refusal) => Err((Reason::CodeUnusual, unusual(&code).unwrap_or(refusal.detail))),
        }
    }
}

/// What a table's row has to deliver with the code: of several columns each on a line, with its name.
fn beside(fields: &[String], columns: &Columns) -> Result<(String, Taken), Refused> {
    let (mut texts, mut all) = (Vec::new(), Taken::default());
    let mut has_any = false;
    for at in &columns.extra {
        let (text, taken) = cell::extra(fields.get(*at).map_or("", String::as_str), true)?;
        if text.is_empty() && !columns.may_be_empty(*at) {
            return Err((Reason::NoExtra, format!("column {}", at + 1)));
        }
        has_any |= !text.is_empty();
        let name = columns
            .names
            .as_ref()
            .and_then(|names| names.get(*at))
            .filter(|_| columns.extra.len() > 1);
        texts.push(name.map_or_else(|| text.clone(), |name| format!("{}: {text}", name.trim())));
        all = all.or(taken);
    }
    if !has_any && columns.extra.len() > 1 {
        return Err((Reason::NoExtra, String::new()));
    }
    Ok((texts.join("\n"), all))
}

/// The two sides of a pair.
fn pair<'a>(row: &'a str, separator: Option<&str>) -> Result<(&'a str, &'a str), Refused> {
    let by = separator.unwrap_or(PAIR_SEPARATOR);
    let Some((account, rest)) = row.split_once(by) else {
        return Err((Reason::NoCode, format!("no {by} in it")));
    };
    let is_longer = || first_run(row, by.len()).is_some_and(|dashes| dashes > by.len());
    if separator.is_none() && is_longer() {
        return Err((Reason::Dashes, String::new()));
    }
    Ok((account, rest))
}

/// The first character that no code has, by its name.
fn unusual(code: &str) -> Option<String> {
    let is_unusual = |character: &char| {
        let alone: String = ['a', *character].iter().collect();
        code::canonical(&alone).is_err()
    };
    code.chars().find(is_unusual).map(character::name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::import::source::SAMPLE_BYTES;
    use crate::import::{Encoding, Format};

    /// A reader that gives as many bytes at a time as `sizes` says, over and over.
    struct Trickle<'a> {
        bytes: &'a [u8],
        sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes.next().unwrap_or(1).min(buffer.len());
            self.bytes.read(&mut buffer[..size])
        }
    }

    fn trickle(bytes: &[u8], sizes: Vec<usize>) -> Trickle<'_> {
        Trickle {
            bytes,
            sizes: sizes.into_iter().cycle(),
        }
    }

    /// Line, last line, and the code with what stands beside it, or the reason.
    type Told = (u64, u64, Result<(String, String), Reason>);

    fn read_all(reader: impl Read, options: &Options) -> (Vec<Told>, u64) {
        let mut rows = ImportRows::open(reader, options).unwrap();
        let told = std::iter::from_fn(|| rows.read_next().unwrap()).map(|row| {
            let content = match row.content {
                Content::Goods { code, extra, .. } => Ok((code.expose_secret().into(), extra.expose_secret().into())),
                Content::Refused(refusal) => Err(refusal.reason),
            };
            (row.line, row.last_line, content)
        });
        (told.collect(), rows.last_line())
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same type as a refusal")]
    fn goods(code: &str, extra: &str) -> Result<(String, String), Reason> {
        Ok((code.to_owned(), extra.to_owned()))
    }

    fn of(format: Format) -> Options {
        Options {
            format,
            ..Options::default()
        }
    }

    #[test]
    fn pairs_keep_all_that_follows_the_account() {
        let file = "a@x.cn ---- p----w \n----p\n\nplain\nb----\n";
        let (told, lines) = read_all(file.as_bytes(), &of(Format::Pairs));
        assert_eq!(
            told,
            [
                (1, 1, goods("a@x.cn", "p----w")),
                (2, 2, Err(Reason::NoCode)),
                (4, 4, Err(Reason::NoCode)),
                (5, 5, Err(Reason::NoExtra)),
            ]
        );
        assert_eq!(lines, 5);
    }

    #[test]
    fn tables_give_the_columns_that_are_asked_for() {
        let file = "\u{feff}\"序号\",卡密,密码,备注\r\n1,A-1,\"x,\"\"y\",\r\n2,,z,\r\n3\r\n4,\"A\n2\",p,q\r\n";
        let options = Options {
            extra_columns: vec!["密码".into(), "4".into()],
            ..of(Format::Csv)
        };
        let (told, lines) = read_all(file.as_bytes(), &options);
        assert_eq!(
            told,
            [
                (2, 2, goods("A-1", "密码: x,\"y\n备注: ")),
                (3, 3, Err(Reason::NoCode)),
                (4, 4, Err(Reason::NoCode)),
                (5, 6, Err(Reason::SeveralCodes)),
            ]
        );
        assert_eq!(lines, 6);
    }

    #[test]
    fn what_is_delivered_with_a_code_has_a_bound() {
        let file = |length| format!("a----{}\n", "x".repeat(length));
        let told = |length| read_all(file(length).as_bytes(), &of(Format::Pairs)).0.remove(0).2;
        assert!(told(MAX_EXTRA).is_ok());
        assert_eq!(told(MAX_EXTRA + 1), Err(Reason::ExtraTooLong));
    }

    #[test]
    fn a_file_that_stops_being_utf8_costs_those_lines_only() {
        let mut file = "A1\n".repeat(SAMPLE_BYTES / 2).into_bytes();
        file.extend_from_slice(b"\xc4\xe3\nB2\n");
        let (told, _) = read_all(file.as_slice(), &of(Format::Lines));
        let tail = &told[told.len() - 2..];
        assert_eq!((&tail[0].2, &tail[1].2), (&Err(Reason::Encoding), &goods("B2", "")));
    }

    #[test]
    fn a_table_cut_at_every_byte_reads_the_same() {
        let file = "\u{feff}卡密,密码\r\nA-1,\"x\r\n\r\ny\"\r\"B\"\n\n\"C,\r\n二,\rD,\"p\n".as_bytes();
        let options = of(Format::Csv);
        let whole = read_all(file, &options);
        for first in 1..file.len() {
            assert_eq!(
                read_all(trickle(file, vec![first, usize::MAX]), &options),
                whole,
                "cut at {first}"
            );
        }
    }

    proptest! {
        #[test]
        fn rows_do_not_depend_on_what_a_read_returns(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "A-1", "\r", "\n", "\r\n", "----", ",", "\"", "\"\"", "卡密", "Ｂ２", " ", "\t", "\u{feff}", "\0",
                ]),
                1..60,
            ),
            damage in prop::collection::vec(any::<u8>(), 0..3),
            sizes in prop::collection::vec(1..9usize, 1..5),
            format in prop::sample::select(vec![Format::Lines, Format::Pairs, Format::Csv]),
            encoding in prop::sample::select(vec![Encoding::Utf8, Encoding::Gbk]),
        ) {
            let table = if format == Format::Csv { "code,b\n" } else { "A\n" };
            let text = pieces.concat();
            // Bytes that are no UTF-8: the encoding is named, and must not be contradicted.
            let is_gbk = encoding == Encoding::Gbk;
            let text = if is_gbk {
                [&b"\xc3\xdc\n"[..], &*encoding_rs::GBK.encode(&text).0].concat()
            } else {
                text.into()
            };
            let file = [table.as_bytes(), &text, &damage, b"\nlast"].concat();
            let is_table = format == Format::Csv;
            let code_column = is_table.then(|| "code".to_owned());
            let options = Options { encoding: Some(encoding), header: Some(is_table), code_column, ..of(format) };
            let whole = read_all(file.as_slice(), &options);
            prop_assert_eq!(&read_all(trickle(&file, sizes), &options), &whole);
            // Lines only grow, none is told twice, and what a file ends with is not lost to what is wrong before it.
            let (told, lines) = whole;
            prop_assert!(told.windows(2).all(|pair| pair[0].1 < pair[1].0));
            prop_assert!(told.last().is_some_and(|last| last.1 == lines));
            if format == Format::Lines {
                prop_assert_eq!(&told[told.len() - 1].2, &goods("last", ""));
            }
        }
    }
}
