//! A pool is one owner's stock of an SKU: slots, numbered from 1, in the order in which their keys are sold.

use shelfproof_verifier::event::KeyEvent;

use super::id::ProductId;

/// Where a key is in stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub pool: i32,
    pub slot: i64,
}

/// The stock of a product, where it is at or below its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowStock {
    pub product: ProductId,
    /// The product's name.
    pub name: String,
    /// Keys that can be sold.
    pub available: i64,
    /// The level of its SKU.
    pub level: u32,
}

/// Whether that many keys that can be sold are at or below the level, if there is one.
#[must_use]
pub fn is_low(available: i64, level: Option<u32>) -> bool {
    level.is_some_and(|level| available <= i64::from(level))
}

/// How far a pool's slots are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The first slot that is not.
    pub slot: i64,
    /// How many of the slots below have a voided key.
    pub holes: i64,
}

/// Slots that leave a pool, from its cursor on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    pub from: Cursor,
    /// The pool's cursor after it.
    pub to: Cursor,
}

/// A slot that a key gets, and the event that puts it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotAssignment {
    pub key_no: i64,
    pub slot: i64,
    pub event: KeyEvent,
}
