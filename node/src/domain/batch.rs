//! Batches: what one import brought.

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
    /// Whether the whole file was read.
    pub is_complete: bool,
    /// When the import began, Unix milliseconds.
    pub created_at_ms: i64,
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
