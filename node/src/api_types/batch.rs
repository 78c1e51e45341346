//! Batches as answers show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::BatchId;
use crate::flow::activate::Activated;
use crate::flow::import::Report;
use crate::import::Reason;
use crate::store::batch::{Batch, RefusedLine};

/// What one import brought.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Batch)]
pub(crate) struct ShownBatch {
    /// Its id.
    batch: Uuid,
    /// Whose keys they are.
    product: Uuid,
    /// Its name, the only one of the product.
    name: String,
    /// Whom the codes came from; may be empty.
    supplier: String,
    /// Lines read so far.
    lines: i64,
    /// Keys that they brought.
    imported: i64,
    /// Lines refused.
    refused: i64,
    /// Keys that were put on sale.
    activated: i64,
    /// Whether the whole file was read.
    is_complete: bool,
    /// Unix milliseconds.
    created_at: i64,
}

/// A line that an import did not take.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedLine)]
pub(crate) struct ShownRefusedLine {
    /// Its number in the file, from 1.
    #[schema(minimum = 1)]
    line: i64,
    /// Why, for programs.
    reason: String,
    /// Why, for people.
    detail: String,
    /// The reason in Chinese; empty for one of a newer program.
    detail_zh: &'static str,
}

/// What an import brought.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// The batch.
    batch: Uuid,
    /// How the file was read.
    reading: String,
    /// Lines of the file.
    lines: u64,
    /// Keys that they brought.
    imported: u64,
    /// Lines refused; listed under the batch.
    refused: u64,
    /// Lines that were neither: blank, a table's header, or the rest of a row over several lines.
    other: u64,
    /// The line after which this run went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_after: Option<u64>,
    /// Whether the batch was in before, so that this run changed nothing.
    was_complete: bool,
}

/// How far an activation is.
#[derive(Serialize, ToSchema)]
#[schema(as = Activation)]
pub(crate) struct ShownActivation {
    /// The batch.
    batch: Uuid,
    /// Keys that this run put on sale.
    now: u64,
    /// Keys of the batch that were put on sale in all.
    activated: u64,
    /// Keys that the batch brought.
    imported: u64,
}

impl From<Batch> for ShownBatch {
    fn from(batch: Batch) -> Self {
        Self {
            batch: batch.id.0,
            product: batch.product.0,
            name: batch.name,
            supplier: batch.supplier,
            lines: batch.lines,
            imported: batch.imported,
            refused: batch.refused,
            activated: batch.activated,
            is_complete: batch.is_complete,
            created_at: batch.created_at_ms,
        }
    }
}

impl From<RefusedLine> for ShownRefusedLine {
    fn from(row: RefusedLine) -> Self {
        let detail_zh = Reason::from_name(&row.reason).map_or("", Reason::chinese);
        Self {
            line: row.line,
            reason: row.reason,
            detail: row.detail,
            detail_zh,
        }
    }
}

impl From<Report> for ImportReport {
    fn from(report: Report) -> Self {
        Self {
            other: report.other(),
            batch: report.batch.0,
            reading: report.reading,
            lines: report.lines,
            imported: report.imported,
            refused: report.refused,
            resumed_after: report.resumed_after,
            was_complete: report.was_complete,
        }
    }
}

impl ShownActivation {
    /// Of that batch.
    pub(crate) const fn new(batch: BatchId, activated: Activated) -> Self {
        Self {
            batch: batch.0,
            now: activated.now,
            activated: activated.all,
            imported: activated.imported,
        }
    }
}
