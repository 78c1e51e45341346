//! A pool is one owner's stock of an SKU: slots, numbered from 1, in the order in which their keys are sold.

use shelfproof_verifier::event::KeyEvent;

/// Where a key is in stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub pool: i32,
    pub slot: i64,
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
