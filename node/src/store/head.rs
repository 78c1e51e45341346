//! The newest event of a key, as the view `key_heads` shows it.

use alloy_primitives::B256;
use shelfproof_verifier::event::KeyEvent;
use sqlx::FromRow;

use super::StoreError;
use super::column::{bytes, inconsistent, kind, whole};
use crate::domain::key::Head;

/// The columns of `key_heads` that a [`Head`] is made of.
#[derive(FromRow)]
pub(super) struct HeadRow {
    pub(super) no: i64,
    key_id: Vec<u8>,
    state: i16,
    version: i32,
    /// The event's hash; `None` if the event is the sale.
    head: Option<Vec<u8>>,
    head_at_ms: i64,
    /// Of the sale.
    prev: Option<Vec<u8>>,
    /// Of the sale.
    payload: Option<Vec<u8>>,
}

impl HeadRow {
    pub(super) fn into_head(self) -> Result<Head, StoreError> {
        let no = self.no;
        let hash = |column, value: Option<Vec<u8>>| {
            let value = value.ok_or_else(|| inconsistent("keys", column, &no))?;
            bytes("keys", column, &value, &no).map(B256::from)
        };
        let mut head = Head {
            key_no: no,
            key_id: B256::from(bytes("keys", "key_id", &self.key_id, &no)?),
            state: kind("keys", self.state, &no)?,
            version: whole("keys", "version", self.version, &no)?,
            hash: B256::ZERO,
            at_ms: whole("keys", "head_at_ms", self.head_at_ms, &no)?,
        };
        head.hash = if self.prev.is_some() {
            let sale = KeyEvent {
                key_id: head.key_id,
                version: head.version,
                kind: head.state,
                at_ms: head.at_ms,
                prev: hash("prev", self.prev)?,
                payload: hash("payload", self.payload)?,
            };
            sale.hash()
        } else {
            hash("head", self.head)?
        };
        Ok(head)
    }
}
