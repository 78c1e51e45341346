//! A pool is one owner's stock of an SKU: slots, numbered from 1, in the order in which their keys are sold.

use shelfproof_verifier::event::KeyEvent;

/// Where a key is in stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub pool: i32,
    pub slot: i64,
}

/// A slot that a key gets, and the event that puts it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotAssignment {
    pub key_no: i64,
    pub slot: i64,
    pub event: KeyEvent,
}
