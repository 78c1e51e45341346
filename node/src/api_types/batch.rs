//! Batches, imports and their results, as the API shows them.

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

/// A batch: the keys that were imported from one file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Batch)]
pub(crate) struct ShownBatch {
    /// The batch's id.
    batch: Uuid,
    /// The product whose keys they are.
    product: Uuid,
    /// The batch's name, unique among the batches of the product.
    name: String,
    /// Who supplied the codes; may be empty.
    supplier: String,
    /// Lines read so far.
    lines: i64,
    /// Keys imported.
    imported: i64,
    /// Lines refused.
    refused: i64,
    /// Keys that were put on sale.
    activated: i64,
    /// Keys from which a spreadsheet's wrapping was removed, such as `="0012"`.
    unwrapped: i64,
    /// Keys from which characters without width were removed.
    cleaned: i64,
    /// Keys that were imported before, in a batch that was withdrawn.
    returned: i64,
    /// Whether the whole file was read.
    is_complete: bool,
    /// Unix milliseconds.
    created_at: i64,
    /// When the batch's keys that were not on sale were withdrawn, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<i64>,
}

/// A key of a batch, without its code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchKey)]
pub(crate) struct ShownBatchKey {
    /// The key's id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The line of the file that the key was on.
    line: i64,
    /// The kind of its newest event.
    #[schema(value_type = KeyState)]
    state: &'static str,
    /// The batch with which the key was imported again after this one was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<Uuid>,
}

/// The result of a withdrawal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Withdrawal)]
pub(crate) struct ShownWithdrawal {
    /// The batch.
    batch: Uuid,
    /// Keys that are withdrawn. They can be imported again with another batch.
    withdrawn: u64,
    /// Keys that were put on sale before, and do not change.
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

/// The result of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportReport {
    /// The batch.
    batch: Uuid,
    /// How the file was read.
    reading: String,
    /// Lines of the file.
    lines: u64,
    /// Keys imported.
    imported: u64,
    /// Lines refused; listed under the batch.
    refused: u64,
    /// Keys from which a spreadsheet's wrapping was removed, such as `="0012"`.
    unwrapped: u64,
    /// Keys from which characters without width were removed.
    cleaned: u64,
    /// Keys that were imported before, in a batch that was withdrawn.
    returned: u64,
    /// Lines that were neither: blank, a table's header, or the rest of a row over several lines.
    other: u64,
    /// The line after which this run continued an earlier one that was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_after: Option<u64>,
    /// Whether the batch was complete before, so that this run changed nothing.
    was_complete: bool,
}

/// The progress of an activation.
#[derive(Serialize, ToSchema)]
#[schema(as = Activation)]
pub(crate) struct ShownActivation {
    /// The batch.
    batch: Uuid,
    /// Keys that this run put on sale.
    now: u64,
    /// Keys of the batch that were put on sale in all.
    activated: u64,
    /// Keys imported with the batch.
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
    pub(crate) const fn new(batch: BatchId, activated: Activated) -> Self {
        Self {
            batch: batch.0,
            now: activated.now,
            activated: activated.all,
            imported: activated.imported,
        }
    }
}
