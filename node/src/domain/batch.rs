//! Batches: what one import brought.

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;

use super::id::{BatchId, ProductId};

/// What one import brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// The product that its keys are stock of.
    pub product: ProductId,
    /// Its name, unique within the product.
    pub name: String,
    /// The supplier's name; may be empty.
    pub supplier: String,
    /// Lines read so far.
    pub lines: i64,
    /// Keys that the lines brought.
    pub imported: i64,
    /// Lines refused.
    pub refused: i64,
    /// Keys that were put on sale.
    pub activated: i64,
    /// Of the keys, those that a spreadsheet's wrapping was taken off.
    pub unwrapped: i64,
    /// Of the keys, those that characters without width were taken off.
    pub cleaned: i64,
    /// Of the keys, those that had come in with a batch that was withdrawn.
    pub returned: i64,
    /// Whether the whole file was read.
    pub is_complete: bool,
    /// When the import began, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was withdrawn, Unix milliseconds.
    pub withdrawn_at_ms: Option<i64>,
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Its file was not read to the end.
    Incomplete,
    Complete,
    /// What was not on sale was withdrawn.
    Withdrawn,
}

/// Which batches a list shows: those that meet all of what is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchFilter {
    pub product: Option<ProductId>,
    /// The supplier's name, exactly.
    pub supplier: Option<String>,
    pub state: Option<BatchState>,
    /// A part of the name, in upper or lower case.
    pub search: Option<String>,
}

impl Batch {
    #[must_use]
    pub const fn state(&self) -> BatchState {
        match (self.withdrawn_at_ms, self.is_complete) {
            (Some(_), _) => BatchState::Withdrawn,
            (None, true) => BatchState::Complete,
            (None, false) => BatchState::Incomplete,
        }
    }
}

impl BatchState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Incomplete, Self::Complete, Self::Withdrawn];

    /// The state as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Complete => "complete",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A key of a batch's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchKey {
    /// Its number, by which a batch's keys are listed.
    pub no: i64,
    pub key_id: B256,
    /// The line of the batch's file.
    pub line: i64,
    /// The kind of its newest event.
    pub state: Kind,
    /// The batch that it came in with again after this one was withdrawn.
    pub moved_to: Option<BatchId>,
}

/// A line that an import refused, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number in the file, from 1.
    pub line: i64,
    /// The reason, as a code.
    pub reason: String,
    /// The reason, in words.
    pub detail: String,
}
