//! Batches as answers show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::flow::activate::Activated;
use crate::flow::import::Report;
use crate::store::batch::{Batch, RefusedLine};

/// What one import brought.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Batch)]
pub(super) struct ShownBatch {
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
#[schema(as = RefusedLine)]
pub(super) struct ShownRefusedLine {
    /// Its number in the file, from 1.
    line: i64,
    /// Why, for programs.
    reason: String,
    /// Why, for people.
    detail: String,
}

/// What an import brought.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImportReport {
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
    /// The line after which this request went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_after: Option<u64>,
    /// Whether the batch was in before, so that this request changed nothing.
    was_complete: bool,
}

/// How far an activation is.
#[derive(Serialize, ToSchema)]
#[schema(as = Activation)]
pub(super) struct ShownActivation {
    /// Keys that this request put on sale.
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
        Self {
            line: row.line,
            reason: row.reason,
            detail: row.detail,
        }
    }
}

impl From<Report> for ImportReport {
    fn from(report: Report) -> Self {
        Self {
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

impl From<Activated> for ShownActivation {
    fn from(activated: Activated) -> Self {
        Self {
            now: activated.now,
            activated: activated.all,
            imported: activated.imported,
        }
    }
}
