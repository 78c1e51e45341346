//! What an import would make of a file, as answers show it; values are masked.

use serde::Serialize;
use utoipa::ToSchema;

use super::ShownRefusedLine;
use crate::domain::batch::RefusedLine;
use crate::import::{Columns, Form, Preview, PreviewRow, Refusal};

/// What an import would make of a file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preview)]
pub(crate) struct ShownPreview {
    /// How the file is read, in words.
    reading: String,
    /// The encoding of its text.
    encoding: &'static str,
    /// Where a line's code is.
    format: &'static str,
    /// Whether the first row names the columns, and brings no key.
    header: bool,
    /// Of a table, its columns.
    columns: Vec<ShownColumn>,
    /// Lines of the file.
    lines: u64,
    /// Codes that it holds. Which of them it holds twice or the shop has already, the import finds.
    codes: u64,
    /// Lines that would be refused.
    refused: u64,
    /// Lines that are neither: blank, a header, or the rest of a row over several lines.
    other: u64,
    /// Codes that a spreadsheet's wrapping would be taken off, such as `="0012"`.
    unwrapped: u64,
    /// Codes that characters without width would be taken off.
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
    /// From 1.
    number: usize,
    /// Its name in the header row, where that is a usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `code`, `extra` where it is delivered with the code, or `dropped`.
    #[serde(rename = "use")]
    usage: &'static str,
}

/// How many lines there are of one reason.
#[derive(Serialize, ToSchema)]
struct ReasonCount {
    /// Why, for programs.
    reason: &'static str,
    /// How many.
    lines: u64,
}

/// A row with its values masked.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewRow)]
struct ShownRow {
    /// The line that it begins on, from 1.
    line: u64,
    /// The start of its code, and how long it is.
    code: String,
    /// The same of what is delivered with it.
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
