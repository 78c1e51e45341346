//! The tables `intents` and `variants`: calls that are to come into a final block, and the transactions signed for
//! them.
//!
//! [`crate::tx`] gives the rows their meaning; the command line keeps the same [`Intent`]s in a file where no database
//! is configured ([`crate::tx::Journal`]). A new purpose gets its variant in [`Purpose`] and its name in the table's
//! CHECK.

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

mod row;

use super::StoreError;
use row::Row;

/// What an intent is for. How many may be open at once, [`NewIntent::excludes`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    AnchorEpoch(u64),
    Deploy,
    Register,
    SetAnchorer,
    AddReceiptSigner,
    EndReceiptSigner,
    SetDataUri,
}

/// What is called, where, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub chain_id: u64,
    pub sender: Address,
    /// The contract; `None` creates one.
    pub target: Option<Address>,
    pub data: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewIntent {
    pub purpose: Purpose,
    pub call: Call,
    /// By when a block should hold it, Unix seconds.
    pub deadline_s: Option<u64>,
    /// The most that is offered for a unit of gas, wei; `None` leaves it to the node's estimate.
    pub max_fee_wei: Option<u64>,
    pub created_at_ms: u64,
}

impl NewIntent {
    /// Whether the two may not be open at once: one intent for an epoch, whoever signs; of the other purposes one for
    /// each account on each chain. The index `intents_open_purpose` says the same.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.purpose == other.purpose && (self.purpose.epoch().is_some() || self.signer() == other.signer())
    }

    /// The chain and the account, which together have one row of nonces.
    pub(crate) const fn signer(&self) -> (u64, Address) {
        (self.call.chain_id, self.call.sender)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub id: u64,
    pub content: NewIntent,
    /// The nonce of every variant; `None` while there is none.
    pub nonce: Option<u64>,
    /// By their numbers: 1, 2, 3 ….
    pub variants: Vec<Variant>,
    /// `None` while the intent is open.
    pub closed: Option<Closed>,
}

/// A signed transaction of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub number: u32,
    pub gas_limit: u64,
    /// The most that it pays for a unit of gas, wei.
    pub max_fee_wei: u64,
    /// The part of that for the block's maker, wei.
    pub priority_fee_wei: u64,
    pub hash: B256,
    /// As it is sent.
    pub raw: Bytes,
    pub signed_at_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub outcome: Outcome,
    pub at_ms: u64,
}

/// How an intent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A final block holds its effect.
    Final(BlockAt),
    /// The chain can take none of its variants any more.
    Failed,
    /// Another intent of the same purpose took its place.
    Superseded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockAt {
    pub number: u64,
    /// Unix seconds.
    pub time_s: u64,
}

/// The newest intent of an epoch, as far as the sequencer needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochIntent {
    pub epoch: u64,
    /// The final block that holds the epoch.
    pub final_in: Option<BlockAt>,
    /// Whether it is closed, and no final block holds the epoch.
    pub is_void: bool,
}

impl Intent {
    /// An open intent without a variant.
    #[must_use]
    pub const fn new(id: u64, content: NewIntent) -> Self {
        Self {
            id,
            content,
            nonce: None,
            variants: Vec::new(),
            closed: None,
        }
    }
}

/// Stores an intent.
///
/// # Errors
/// If the database fails, or another intent of that purpose is open.
pub async fn intent_insert(connection: &mut PgConnection, new: &NewIntent) -> Result<u64, StoreError> {
    let NewIntent { purpose, call, .. } = new;
    let id: i64 = sqlx::query_scalar(include_str!("sql/intent_insert.sql"))
        .bind(purpose.name())
        .bind(purpose.epoch().map(u64::cast_signed))
        .bind(call.chain_id.cast_signed())
        .bind(call.sender.as_slice())
        .bind(call.target.as_ref().map(|target| target.as_slice()))
        .bind(call.data.as_ref())
        .bind(new.deadline_s.map(u64::cast_signed))
        .bind(new.max_fee_wei.map(u64::cast_signed))
        .bind(new.created_at_ms.cast_signed())
        .fetch_one(connection)
        .await?;
    Ok(id.cast_unsigned())
}

/// The open intents with their variants, oldest first.
///
/// # Errors
/// If the database fails, or a row is damaged.
pub async fn intent_open(connection: &mut PgConnection) -> Result<Vec<Intent>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/intent_open.sql"))
        .fetch_all(connection)
        .await?;
    row::into_intents(rows)
}

/// All intents that anchor that epoch, open and closed, oldest first.
///
/// # Errors
/// If the database fails, or a row is damaged.
pub async fn intent_of_epoch(connection: &mut PgConnection, epoch: u64) -> Result<Vec<Intent>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/intent_of_epoch.sql"))
        .bind(epoch.cast_signed())
        .fetch_all(connection)
        .await?;
    row::into_intents(rows)
}

/// The nonces of all intents for a call, open and closed, oldest first.
///
/// # Errors
/// If the database fails.
pub async fn intent_nonces(
    connection: &mut PgConnection,
    purpose: Purpose,
    call: &Call,
) -> Result<Vec<u64>, StoreError> {
    let nonces: Vec<i64> = sqlx::query_scalar(include_str!("sql/intent_nonces.sql"))
        .bind(purpose.name())
        .bind(call.chain_id.cast_signed())
        .bind(call.sender.as_slice())
        .bind(call.target.as_ref().map(|target| target.as_slice()))
        .bind(call.data.as_ref())
        .fetch_all(connection)
        .await?;
    Ok(nonces.into_iter().map(i64::cast_unsigned).collect())
}

/// The newest intent of each epoch after a number; epochs without one are left out.
///
/// # Errors
/// If the database fails.
pub async fn intent_outcomes(connection: &mut PgConnection, after: u64) -> Result<Vec<EpochIntent>, StoreError> {
    let rows: Vec<(i64, bool, Option<i64>, Option<i64>)> = sqlx::query_as(include_str!("sql/intent_outcomes.sql"))
        .bind(after.cast_signed())
        .fetch_all(connection)
        .await?;
    let newest = rows.into_iter().map(|(epoch, is_closed, block, time_s)| EpochIntent {
        epoch: epoch.cast_unsigned(),
        is_void: is_closed && block.is_none(),
        final_in: block.zip(time_s).map(|(number, time_s)| BlockAt {
            number: number.cast_unsigned(),
            time_s: time_s.cast_unsigned(),
        }),
    });
    Ok(newest.collect())
}

/// Stores a signed variant of an open intent. All variants of an intent have one nonce.
///
/// # Errors
/// If the database fails, that variant is stored already, or the intent is closed or has another nonce.
pub async fn variant_insert(
    connection: &mut PgConnection,
    intent: u64,
    nonce: u64,
    variant: &Variant,
) -> Result<(), StoreError> {
    let stored = sqlx::query(include_str!("sql/variant_insert.sql"))
        .bind(intent.cast_signed())
        .bind(nonce.cast_signed())
        .bind(variant.number.cast_signed())
        .bind(variant.gas_limit.cast_signed())
        .bind(variant.max_fee_wei.cast_signed())
        .bind(variant.priority_fee_wei.cast_signed())
        .bind(variant.hash.as_slice())
        .bind(variant.raw.as_ref())
        .bind(variant.signed_at_ms.cast_signed())
        .execute(connection)
        .await?;
    if stored.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::Inconsistent {
        table: "intents",
        number: intent,
    })
}

/// Stores how an intent ended; an outcome that is stored already stays.
///
/// # Errors
/// If the database fails.
pub async fn intent_close(connection: &mut PgConnection, intent: u64, closed: &Closed) -> Result<(), StoreError> {
    let block = match closed.outcome {
        Outcome::Final(block) => Some(block),
        Outcome::Failed | Outcome::Superseded => None,
    };
    sqlx::query(include_str!("sql/intent_close.sql"))
        .bind(intent.cast_signed())
        .bind(closed.outcome.name())
        .bind(block.map(|block| block.number.cast_signed()))
        .bind(block.map(|block| block.time_s.cast_signed()))
        .bind(closed.at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}
