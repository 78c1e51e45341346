//! Batches as answers show them.

use alloy_primitives::B256;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Hash, KeyState};
use crate::domain::batch::{Batch, BatchKey, RefusedLine};
use crate::domain::id::BatchId;
use crate::flow::activate::Activated;
use crate::flow::import::Report;
use crate::flow::withdraw_batch::Withdrawn;
use crate::import::Reason;

/// What one import brought.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Batch)]
pub(crate) struct ShownBatch {
    /// Its id.
    batch: Uuid,
    /// Whose keys they are.
    product: Uuid,
    /// Its name; no other batch of the product has it.
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
    /// Keys that a spreadsheet's wrapping was taken off, such as `="0012"`.
    unwrapped: i64,
    /// Keys that characters without width were taken off.
    cleaned: i64,
    /// Keys that had come in with a batch that was withdrawn.
    returned: i64,
    /// Whether the whole file was read.
    is_complete: bool,
    /// Unix milliseconds.
    created_at: i64,
    /// Since when its keys that were not put on sale are withdrawn, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<i64>,
}

/// A key of a batch's file; never its code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchKey)]
pub(crate) struct ShownBatchKey {
    /// Its id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The line of the batch's file.
    line: i64,
    /// The kind of its newest event.
    #[schema(value_type = KeyState)]
    state: &'static str,
    /// The batch that it came in with again after this one was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<Uuid>,
}

/// What a withdrawal left.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Withdrawal)]
pub(crate) struct ShownWithdrawal {
    /// The batch.
    batch: Uuid,
    /// Keys that are withdrawn, and come in again with another batch.
    withdrawn: u64,
    /// Keys that were put on sale before, and stay as they are.
    activated: u64,
    /// Whether the batch was withdrawn before, so that this call changed nothing.
    was_withdrawn: bool,
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
    /// Keys that a spreadsheet's wrapping was taken off, such as `="0012"`.
    unwrapped: u64,
    /// Keys that characters without width were taken off.
    cleaned: u64,
    /// Keys that had come in with a batch that was withdrawn.
    returned: u64,
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
            unwrapped: batch.unwrapped,
            cleaned: batch.cleaned,
            returned: batch.returned,
            is_complete: batch.is_complete,
            created_at: batch.created_at_ms,
            withdrawn_at: batch.withdrawn_at_ms,
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
            unwrapped: report.unwrapped,
            cleaned: report.cleaned,
            returned: report.returned,
            resumed_after: report.resumed_after,
            was_complete: report.was_complete,
        }
    }
}

impl From<BatchKey> for ShownBatchKey {
    fn from(key: BatchKey) -> Self {
        Self {
            key_id: key.key_id,
            line: key.line,
            state: key.state.name(),
            moved_to: key.moved_to.map(|batch| batch.0),
        }
    }
}

impl ShownWithdrawal {
    /// Of that batch.
    pub(crate) const fn new(batch: BatchId, withdrawn: Withdrawn) -> Self {
        Self {
            batch: batch.0,
            withdrawn: withdrawn.keys,
            activated: withdrawn.activated,
            was_withdrawn: withdrawn.was_withdrawn,
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
