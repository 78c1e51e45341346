//! What an import prints and writes: its report, its refused lines, its progress.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use sqlx::PgPool;

use super::{ImportCommandError, PAGE, SHOWN};
use crate::domain::batch::RefusedLine;
use crate::domain::id::BatchId;
use crate::flow::activate::Activated;
use crate::flow::import::{Progress, Report, Stage};
use crate::flow::query::batch::list_refused_lines;
use crate::import::Reason;

pub(super) async fn refused_lines(
    pool: &PgPool,
    batch: BatchId,
    after_line: i64,
    limit: u32,
) -> Result<Vec<RefusedLine>, ImportCommandError> {
    let page = list_refused_lines(pool, batch, after_line, limit).await;
    Ok(page.map_err(ImportCommandError::RefusedLines)?.rows)
}

/// Writes all refused lines of a batch as CSV: line, reason, English, Chinese; without their content.
pub(super) async fn write_refused(pool: &PgPool, batch: BatchId, path: &Path) -> Result<(), ImportCommandError> {
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

pub(super) fn told(
    report: &Report,
    batch: &str,
    product: &str,
    shown: &[RefusedLine],
    activated: Option<&Activated>,
) -> String {
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
    for (count, what) in [
        (
            report.unwrapped,
            "keys came in a spreadsheet's wrapping, such as =\"0012\": it was taken off",
        ),
        (
            report.cleaned,
            "keys came with characters that nobody sees: these were taken off",
        ),
        (
            report.returned,
            "keys were those of a withdrawn batch: they have this batch and its goods now",
        ),
    ] {
        if count > 0 {
            told += &format!("{count:>20}  {what}\n");
        }
    }
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
pub(super) struct Bar(Option<(Stage, ProgressBar)>);

impl Bar {
    pub(super) fn show(&mut self, progress: Progress) {
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

    pub(super) fn clear(&mut self) {
        if let Some((_, bar)) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}
