//! `shelfproof import`: imports codes from a file.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use shelfproof_base::clock::now_ms;
use shelfproof_base::output::PrintError;
use sqlx::PgPool;

use super::{activate, print};
use crate::api_types::{ImportReport, ShownRefusedLine};
use crate::domain::batch::RefusedLine;
use crate::domain::id::BatchId;
use crate::flow::FlowError;
use crate::flow::activate::{ActivateError, Activated};
use crate::flow::import::{ImportError, Progress, Report, Request, Stage, import_codes};
use crate::flow::query::batch::list_refused_lines;
use crate::flow::query::product::find_product;
use crate::import::{Encoding, Options, ReadError, Reason};
use crate::vault::Vault;

mod values;

use values::{EncodingArg, FormatArg};

/// Refused lines that are shown; all of them go to the file of `--refused`.
const SHOWN: u32 = 20;

/// Refused lines that are read from the database at a time.
const PAGE: u32 = 1_000;

/// Most bytes that are taken from standard input, whose content must be read twice.
const MAX_SPOOLED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Bring codes in from a file
///
/// Every line becomes a key or a refusal with its reason: bad lines never cost good ones. An import that was
/// interrupted goes on where it was when the same command is run again, and a finished one says so and changes nothing.
/// Keys go on sale when they are activated.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  shelfproof import codes.txt --product \"Steam 50\" --batch 2026-03-a --activate
  shelfproof import cards.csv --product \"Steam 50\" --batch b2 --code-column 卡号 --extra-column 密码
  shelfproof import gbk.txt --product \"Steam 50\" --batch b3 --format pairs --encoding gbk --refused refused.csv
  unzip -p codes.zip | shelfproof import - --product \"Steam 50\" --batch b4")]
pub struct ImportArgs {
    /// The file; - for standard input
    file: PathBuf,
    /// What the keys are stock of, by id or name
    #[arg(long, value_name = "ID|NAME")]
    product: String,
    /// The batch's name; no other batch of the product has it
    #[arg(long, value_name = "NAME")]
    batch: String,
    /// Whom the codes came from
    #[arg(long, value_name = "NAME", default_value = "")]
    supplier: String,
    /// Where a line's code is: lines (one a line), pairs (account----password), csv (a table with a header row)
    #[arg(long, value_enum, default_value_t)]
    format: FormatArg,
    /// The file's encoding, where it cannot be told
    #[arg(long, value_enum)]
    encoding: Option<EncodingArg>,
    /// Of a table, the code's column: its name in the header row, or its number from 1
    #[arg(long, value_name = "NAME|N")]
    code_column: Option<String>,
    /// Of a table, a column that is delivered with the code, such as a password; may be given several times
    #[arg(long = "extra-column", value_name = "NAME|N")]
    extra_columns: Vec<String>,
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
const fn advice(error: &ImportError) -> &'static str {
    match error {
        ImportError::Read(ReadError::WhichFormat(_)) => "; name it with --format lines, pairs or csv",
        ImportError::Read(ReadError::NoHeader) => " (--format, --encoding)",
        ImportError::Read(ReadError::WhichColumn { .. }) => "; name it, or give its number from 1, with --code-column",
        ImportError::Read(ReadError::NoTable) => ": use --code-column and --extra-column with --format csv",
        ImportError::UnknownProduct(_) => "; make it first: shelfproof admin product create",
        _ => "",
    }
}

/// Imports, and prints a report.
///
/// # Errors
/// Where the file, the database or the vault fails, with what to do.
pub async fn run(args: ImportArgs, pool: &PgPool, vault: &Arc<Vault>) -> Result<(), ImportCommandError> {
    let file = open(&args.file)?;
    let product = find_product(pool, &args.product)
        .await
        .map_err(ImportCommandError::Product)?;
    let request = Request {
        product: product.id,
        name: args.batch,
        supplier: args.supplier,
        options: Options {
            format: args.format.into(),
            encoding: args.encoding.map(Encoding::from),
            code_column: args.code_column,
            extra_columns: args.extra_columns,
        },
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

async fn refused_lines(
    pool: &PgPool,
    batch: BatchId,
    after_line: i64,
    limit: u32,
) -> Result<Vec<RefusedLine>, ImportCommandError> {
    let page = list_refused_lines(pool, batch, after_line, limit).await;
    Ok(page.map_err(ImportCommandError::RefusedLines)?.rows)
}

/// Writes all refused lines of a batch as CSV: line, reason, English, Chinese; without their content.
async fn write_refused(pool: &PgPool, batch: BatchId, path: &Path) -> Result<(), ImportCommandError> {
    let failed = |error: io::Error| ImportCommandError::File {
        path: path.to_owned(),
        error,
    };
    let file = BufWriter::new(File::create(path).map_err(failed)?);
    let mut table = csv::Writer::from_writer(file);
    let mut write = |row: [&str; 4]| table.write_record(row).map_err(|error| failed(error.into()));
    write(["line", "reason", "detail", "说明"])?;
    let mut after = 0;
    loop {
        let page = refused_lines(pool, batch, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.line;
        for refusal in page {
            let line = refusal.line.to_string();
            write([&line, &refusal.reason, &refusal.detail, chinese(&refusal)])?;
        }
    }
    table.flush().map_err(failed)
}

/// A refusal's reason in Chinese; nothing for one of a newer program.
fn chinese(refusal: &RefusedLine) -> &'static str {
    Reason::from_name(&refusal.reason).map_or("", Reason::chinese)
}

fn told(report: &Report, batch: &str, product: &str, shown: &[RefusedLine], activated: Option<&Activated>) -> String {
    let mut told = format!("{}\n", report.reading);
    if report.was_complete {
        told += "this batch was imported before; nothing was changed\n";
    } else if let Some(line) = report.resumed_after {
        told += &format!("went on after line {line}, where an earlier run had ended\n");
    }
    let (lines, imported, refused, other) = (report.lines, report.imported, report.refused, report.other());
    told += &format!(
        "\nproduct   {product}\nbatch     {batch} ({})\nlines     {lines:>10}\nimported  {imported:>10}\n\
         refused   {refused:>10}\nother     {other:>10}  blank, a header, or the rest of a row\n",
        report.batch
    );
    match activated {
        Some(activated) => told += &format!("activated {:>10}\n", activated.all),
        None => {
            told += &format!(
                "\nnot yet on sale; put it there: shelfproof activate {}\n",
                report.batch
            );
        }
    }
    for (at, refusal) in shown.iter().enumerate() {
        told += if at == 0 { "\nrefused lines\n" } else { "" };
        told += &format!("{:>8}  {}; {}\n", refusal.line, refusal.detail, chinese(refusal));
    }
    if refused > u64::from(SHOWN) {
        told += &format!(
            "     ...  and {} more: --refused FILE.csv\n",
            refused - u64::from(SHOWN)
        );
    }
    told
}

/// A progress bar for each stage; nothing where standard error is no terminal.
#[derive(Default)]
struct Bar(Option<(Stage, ProgressBar)>);

impl Bar {
    fn show(&mut self, progress: Progress) {
        if self.0.as_ref().is_none_or(|(stage, _)| *stage != progress.stage) {
            self.clear();
            let bar = ProgressBar::new(progress.total_bytes);
            let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(match progress.stage {
                Stage::Fingerprint => "reading",
                Stage::Keys => "importing",
            });
            self.0 = Some((progress.stage, bar));
        }
        if let Some((_, bar)) = &self.0 {
            bar.set_position(progress.read_bytes);
        }
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}
