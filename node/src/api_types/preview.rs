//! The preview of an import, as the API shows it: how the file would be read. Codes are masked.

use serde::Serialize;
use utoipa::ToSchema;

use super::ShownRefusedLine;
use crate::domain::batch::RefusedLine;
use crate::import::{Columns, Form, Preview, PreviewRow, Refusal};

/// How an import would read a file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preview)]
pub(crate) struct ShownPreview {
    /// How the file is read, in words.
    reading: String,
    /// The encoding of its text.
    encoding: &'static str,
    /// How a line holds its code: `lines`, `pairs` or `csv`.
    format: &'static str,
    /// Whether the first row holds the names of the columns and no key.
    header: bool,
    /// The columns, if the file is a table.
    columns: Vec<ShownColumn>,
    /// Lines of the file.
    lines: u64,
    /// Codes in the file. Only the import itself finds codes that occur twice or that the shop has already.
    codes: u64,
    /// Lines that would be refused.
    refused: u64,
    /// Lines that are neither: blank, a header, or the rest of a row over several lines.
    other: u64,
    /// Codes from which a spreadsheet's wrapping would be removed, such as `="0012"`.
    unwrapped: u64,
    /// Codes from which characters without width would be removed.
    cleaned: u64,
    /// How many lines would be refused for each reason.
    reasons: Vec<ReasonCount>,
    /// The first codes.
    first: Vec<ShownRow>,
    /// The last codes that are not among the first.
    last: Vec<ShownRow>,
    /// The first lines that would be refused.
    refused_lines: Vec<ShownRefusedLine>,
}

/// A column of a table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreviewColumn)]
struct ShownColumn {
    /// The column's number, from 1.
    number: usize,
    /// The column's name in the header row, if it is one that the import knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What the column is used as: `code`, `extra` if it is delivered with the code, or `dropped`.
    #[serde(rename = "use")]
    usage: &'static str,
}

/// How many lines would be refused for one reason.
#[derive(Serialize, ToSchema)]
struct ReasonCount {
    /// Why, for programs.
    reason: &'static str,
    /// The number of lines.
    lines: u64,
}

/// A row with its values masked.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewRow)]
struct ShownRow {
    /// The line that it begins on, from 1.
    line: u64,
    /// The beginning of the code, and its length.
    code: String,
    /// The same for what is delivered with the code.
    #[serde(skip_serializing_if = "String::is_empty")]
    extra: String,
}

impl From<Preview> for ShownPreview {
    fn from(preview: Preview) -> Self {
        let refused = preview.refused_lines();
        let reading = &preview.reading;
        let (format, columns) = match &reading.form {
            Form::Lines => ("lines", Vec::new()),
            Form::Pairs { .. } => ("pairs", Vec::new()),
            Form::Csv { columns, .. } => ("csv", ShownColumn::all(columns)),
        };
        let reasons = preview.refused.iter().map(|(reason, lines)| ReasonCount {
            reason: reason.name(),
            lines: *lines,
        });
        Self {
            encoding: reading.encoding.name(),
            format,
            header: reading.leading.header.is_some(),
            columns,
            lines: preview.lines,
            codes: preview.codes,
            refused,
            other: preview.lines.saturating_sub(preview.codes + refused),
            unwrapped: preview.unwrapped,
            cleaned: preview.cleaned,
            reasons: reasons.collect(),
            reading: reading.to_string(),
            first: preview.first.into_iter().map(ShownRow::from).collect(),
            last: preview.last.into_iter().map(ShownRow::from).collect(),
            refused_lines: preview.refusals.into_iter().map(refused_line).collect(),
        }
    }
}

fn refused_line(refusal: Refusal) -> ShownRefusedLine {
    ShownRefusedLine::from(RefusedLine {
        line: refusal.line.cast_signed(),
        reason: refusal.reason.name().to_owned(),
        detail: refusal.detail,
    })
}

impl ShownColumn {
    fn all(columns: &Columns) -> Vec<Self> {
        let usage = |at: usize| {
            if at == columns.code {
                "code"
            } else if columns.extra.contains(&at) {
                "extra"
            } else {
                "dropped"
            }
        };
        (0..columns.count)
            .map(|at| Self {
                number: at + 1,
                name: columns.usual_name(at).map(str::to_owned),
                usage: usage(at),
            })
            .collect()
    }
}

impl From<PreviewRow> for ShownRow {
    fn from(row: PreviewRow) -> Self {
        Self {
            line: row.line,
            code: row.code,
            extra: row.extra,
        }
    }
}
