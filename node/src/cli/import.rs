//! `shelfproof import`: imports codes from a file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use shelfproof_base::clock::now_ms;
use shelfproof_base::output::PrintError;
use sqlx::PgPool;

use super::{activate, print};
use crate::api_types::{ImportReport, ShownPreview, ShownRefusedLine};
use crate::flow::FlowError;
use crate::flow::activate::ActivateError;
use crate::flow::import::{ImportError, Request, import_codes};
use crate::flow::query::product::find_product;
use crate::import::{self, Encoding, ReadError};
use crate::vault::Vault;

mod ask;
mod preview;
mod report;
mod values;

use report::{Bar, refused_lines, told, write_refused};
use values::ReadingArgs;

/// Refused lines that are shown; all of them go to the file of `--refused`.
const SHOWN: u32 = 20;

/// Refused lines that are read from the database at a time.
const PAGE: u32 = 1_000;

/// Most bytes that are taken from standard input, whose content must be read twice.
const MAX_SPOOLED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Bring codes in from a file
///
/// Every line becomes a key or a refusal with its reason: bad lines never cost good ones. What could be read in two
/// ways is asked about, on a terminal by a question, else by an error that names the option which answers it. An
/// import that was interrupted goes on where it was when the same command is run again, and a finished one says so
/// and changes nothing. Keys go on sale when they are activated; until then `admin batch withdraw` takes a wrong batch
/// back.
///
/// Read without being asked: one code a line; account----password; a table whose header names one column of codes and
/// at most one of passwords (code, License Key, 卡号, 卡密, 激活码, account and password, number and pin, ...). Read
/// and said so: UTF-16, GBK and Big5, files packed with gzip. Words such as N/A, NULL, test or #REF! and numbers that
/// a spreadsheet rounded (1.23457E+18) are refused line by line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  shelfproof import codes.txt --preview
  shelfproof import codes.txt --product \"Steam 50\" --batch 2026-03-a --activate
  shelfproof import cards.csv --product \"Steam 50\" --batch b2 --code-column 卡号 --extra-column 密码
  shelfproof import plain.csv --product \"Steam 50\" --batch b3 --no-header --code-column 2 --extra-column 3
  shelfproof import gbk.txt --product \"Steam 50\" --batch b4 --format pairs --encoding gbk --refused refused.csv
  unzip -p codes.zip | shelfproof import - --product \"Steam 50\" --batch b5")]
pub struct ImportArgs {
    /// The file; - for standard input
    file: PathBuf,
    /// What the keys are stock of, by id or name
    #[arg(long, value_name = "ID|NAME", required_unless_present = "preview")]
    product: Option<String>,
    /// The batch's name; no other batch of the product has it
    #[arg(long, value_name = "NAME", required_unless_present = "preview")]
    batch: Option<String>,
    /// Whom the codes came from
    #[arg(long, value_name = "NAME", default_value = "")]
    supplier: String,
    /// Show what would come in, first and last codes masked, and change nothing
    #[arg(long, conflicts_with_all = ["activate", "refused"])]
    preview: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Activate the batch when it is in
    #[arg(long)]
    activate: bool,
    /// Write all refused lines, by number and reason, to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    refused: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A report as the API shows it, with the number of keys on sale and the first refused lines.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(flatten)]
    report: ImportReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated: Option<u64>,
    refused_lines: Vec<ShownRefusedLine>,
}

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportCommandError {
    /// A file cannot be opened or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Standard input is too long.
    #[error("standard input is longer than {MAX_SPOOLED_BYTES} bytes; import it from files, in parts")]
    TooMuch,
    /// There is no such product.
    #[error("{0}; look at them: shelfproof admin product list")]
    Product(FlowError),
    /// The refused lines cannot be read.
    #[error(transparent)]
    RefusedLines(FlowError),
    /// The import itself.
    #[error("{error}{}", advice(error))]
    Import {
        /// What failed.
        #[from]
        error: ImportError,
    },
    /// The activation after it.
    #[error("the batch is in, but not activated: {0}{advice}", advice = activate::advice(.0))]
    Activate(#[from] ActivateError),
    /// The import is done, but the answer cannot be printed.
    #[error(transparent)]
    Print(#[from] PrintError),
}

/// Which argument helps, or which command comes first, where there is one.
pub(super) fn advice(error: &ImportError) -> Cow<'static, str> {
    Cow::Borrowed(match error {
        ImportError::Read(ReadError::WhichSeparator { dashes, .. }) => return Cow::Owned(separator_advice(*dashes)),
        ImportError::Read(error) => read_advice(error),
        ImportError::UnknownProduct(_) => "; make it first: shelfproof admin product create",
        _ => "",
    })
}

/// What to name for a run of dashes that is not the separator's four.
fn separator_advice(dashes: usize) -> String {
    let run = "-".repeat(dashes);
    let part = if dashes > 4 {
        format!("--separator ---- where the rest belong to the password, --separator {run} where all of them part it")
    } else {
        format!("--separator {run} where they part an account from its password")
    };
    format!(": {part}; --format lines where they belong to the codes")
}

fn read_advice(error: &ReadError) -> &'static str {
    match error {
        ReadError::WhichFormat(_) => {
            "; name it with --format lines, pairs or csv, or with --separator what parts an account from its password"
        }
        ReadError::WhichEncoding(encodings) => match encodings.as_slice() {
            [Encoding::Utf16Le] => "; try --encoding utf-16le with --preview",
            [Encoding::Utf16Be] => "; try --encoding utf-16be with --preview",
            _ => "; name it with --encoding, and look with --preview whether the text comes out right",
        },
        ReadError::WhichHeader { .. } => "; say it with --header or --no-header",
        ReadError::NoHeader => " (--format, --encoding)",
        ReadError::WhichColumn(_) => {
            "; name the code's with --code-column, and each that is delivered with it with --extra-column, by name or \
             number"
        }
        ReadError::NoColumn { .. } => " (--code-column, --extra-column; --header where the first row names them)",
        ReadError::NoTable => ": use --code-column and --extra-column with --format csv",
        ReadError::NoPairs => ": use --separator with --format pairs",
        ReadError::OtherEncoding { .. } => "; name that with --encoding, or leave it out",
        ReadError::Io(_) | ReadError::NoText(_) | ReadError::Empty | ReadError::WhichSeparator { .. } => "",
    }
}

impl ImportArgs {
    /// Whether nothing is to be changed, so that no shop is needed.
    pub(super) const fn is_preview(&self) -> bool {
        self.preview
    }
}

/// Prints what an import would bring.
///
/// # Errors
/// Where the file cannot be read, with what to do.
pub fn run_preview(args: &ImportArgs) -> Result<(), ImportCommandError> {
    let file = open(&args.file)?;
    let options = ask::until_clear(&file, args.reading.options(), args.json).map_err(ImportError::Read)?;
    let preview = import::preview(&file, &options).map_err(ImportError::Read)?;
    let text = preview::text(&preview);
    print(args.json, || ShownPreview::from(preview), || text)?;
    Ok(())
}

/// Imports, and prints a report.
///
/// # Errors
/// Where the file, the database or the vault fails, with what to do.
pub async fn run(args: ImportArgs, pool: &PgPool, vault: &Arc<Vault>) -> Result<(), ImportCommandError> {
    let file = open(&args.file)?;
    let options = ask::until_clear(&file, args.reading.options(), args.json).map_err(ImportError::Read)?;
    let product = find_product(pool, &args.product.unwrap_or_default())
        .await
        .map_err(ImportCommandError::Product)?;
    let request = Request {
        product: product.id,
        name: args.batch.unwrap_or_default(),
        supplier: args.supplier,
        options,
    };
    let mut bar = Bar::default();
    let report = import_codes(pool, vault, file, &request, |progress| bar.show(progress), now_ms).await;
    bar.clear();
    let report = report?;
    if let Some(path) = &args.refused {
        write_refused(pool, report.batch, path).await?;
    }
    let activated = if args.activate {
        Some(activate::activate(pool, report.batch, false).await?)
    } else {
        None
    };
    let shown = refused_lines(pool, report.batch, 0, SHOWN).await?;
    let text = told(&report, &request.name, &product.name, &shown, activated.as_ref());
    let value = || Told {
        report: report.into(),
        activated: activated.map(|activated| activated.all),
        refused_lines: shown.into_iter().map(ShownRefusedLine::from).collect(),
    };
    print(args.json, value, || text)?;
    Ok(())
}

/// Opens the file. Standard input is copied to an unnamed temporary file first.
fn open(path: &Path) -> Result<File, ImportCommandError> {
    let failed = |error| ImportCommandError::File {
        path: path.to_owned(),
        error,
    };
    if path.as_os_str() != "-" {
        return File::open(path).map_err(failed);
    }
    let mut spooled = tempfile::tempfile().map_err(failed)?;
    let bytes = io::copy(&mut io::stdin().lock().take(MAX_SPOOLED_BYTES + 1), &mut spooled).map_err(failed)?;
    if bytes > MAX_SPOOLED_BYTES {
        return Err(ImportCommandError::TooMuch);
    }
    Ok(spooled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_for_a_run_of_dashes_names_that_run() {
        let told = |dashes| advice(&ImportError::Read(ReadError::WhichSeparator { dashes, is_some: false }));
        for dashes in [2, 3] {
            let (run, told) = ("-".repeat(dashes), told(dashes));
            assert!(
                told.contains(&format!("--separator {run} ")) && !told.contains("----"),
                "{told}"
            );
        }
        let told = told(5);
        assert!(
            told.contains("--separator ---- ") && told.contains("--separator ----- "),
            "{told}"
        );
    }
}
