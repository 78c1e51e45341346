//! Questions on a terminal, where a file could be read in two ways.

use std::fs::File;
use std::io::{self, Seek};

use console::{Term, style};

use super::values::EncodingArg;
use crate::import::{ColumnSample, Encoding, Format, Options, ReadError, Text};
use clap::ValueEnum;

/// Most questions about one file: each of them answers one of its options.
const MAX_QUESTIONS: usize = 8;

/// The options, with what a person answers where the file leaves something open. Without a terminal, and for JSON, the
/// question stays an error.
pub(super) fn until_clear(mut file: &File, mut options: Options, is_json: bool) -> Result<Options, ReadError> {
    let terminal = Term::stderr();
    let asks = terminal.is_term() && console::user_attended() && !is_json;
    let mut left = if asks { MAX_QUESTIONS } else { 0 };
    loop {
        file.rewind()?;
        let question = match Text::open(file, &options) {
            Ok(_) => break,
            Err(error) if left == 0 => return Err(error),
            Err(error) => error,
        };
        left -= 1;
        if !answer(&terminal, &question, &mut options)? {
            return Err(question);
        }
    }
    file.rewind()?;
    Ok(options)
}

/// Asks, and puts the answer into the options; `false` where the error is no question, or has no answer.
fn answer(terminal: &Term, question: &ReadError, options: &mut Options) -> io::Result<bool> {
    match question {
        ReadError::WhichHeader { .. } => {
            let names = ask(terminal, question, "Does it name the columns? yes / no")?;
            options.header = match names.to_lowercase().as_str() {
                "yes" | "y" | "是" => Some(true),
                "no" | "n" | "否" => Some(false),
                _ => None,
            };
            Ok(options.header.is_some())
        }
        ReadError::WhichColumn(columns) => {
            let code = ask(terminal, question, "The code is in column number")?;
            if code.parse::<usize>().is_err() {
                return Ok(false);
            }
            let extra = ask(
                terminal,
                &others(&columns.0, &code),
                "Delivered with it, numbers parted by commas",
            )?;
            options.code_column = Some(code);
            options.extra_columns = extra
                .split([',', ' ', '，'])
                .filter(|number| !number.is_empty())
                .map(str::to_owned)
                .collect();
            Ok(true)
        }
        ReadError::WhichEncoding(encodings) => {
            let name = ask(terminal, question, "The encoding is")?;
            let fitting = encodings
                .iter()
                .find(|encoding| encoding.name().eq_ignore_ascii_case(&name));
            let named = || EncodingArg::from_str(&name, true).ok().map(Encoding::from);
            options.encoding = fitting.copied().or_else(named);
            Ok(options.encoding.is_some())
        }
        ReadError::WhichSeparator { .. } => {
            let separator = ask(
                terminal,
                question,
                "The separator is (nothing where a line is one code)",
            )?;
            if separator.is_empty() {
                options.format = Format::Lines;
            } else {
                options.separator = Some(separator);
            }
            Ok(true)
        }
        ReadError::WhichFormat(_) => {
            let format = ask(terminal, question, "The format is: lines, pairs, csv")?;
            let named = Format::from_name(&format).filter(|format| *format != Format::Auto);
            options.format = named.unwrap_or_default();
            Ok(named.is_some())
        }
        _ => Ok(false),
    }
}

/// The columns that are left when the code's is chosen.
fn others(columns: &[ColumnSample], code: &str) -> String {
    let left = columns.iter().filter(|column| column.number.to_string() != code);
    left.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn ask(terminal: &Term, about: &impl ToString, question: &str) -> io::Result<String> {
    terminal.write_line(&about.to_string())?;
    terminal.write_str(&format!("{} ", style(format!("{question}:")).bold()))?;
    terminal.flush()?;
    Ok(terminal.read_line()?.trim().to_owned())
}
