//! A batch goes on sale: its keys get the next slots of their product's shelf, in the order of its file.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{EventError, NewEvent, event_append};
use shelfproof_verifier::event::{Kind, Opening};
use sqlx::PgPool;

use super::clock::{ClockError, check_clock};
use crate::domain::id::BatchId;
use crate::domain::key::{self, ChainedEvent, Head};
use crate::store::StoreError;
use crate::store::pool_fill::{
    LockedPool, SlotAssignment, batch_count_activated, batch_lock_to_activate, key_activate, key_lock_generated,
    pool_fill, pool_lock_of_batch,
};

/// Most keys that are activated in one transaction, which holds their shelf's lock: sales of the product wait for it.
pub const CHUNK: u32 = 1_000;

/// How far an activation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Keys that this run activated.
    pub now: u64,
    /// Keys of the batch that are activated in all.
    pub all: u64,
    /// Keys that the batch brought.
    pub imported: u64,
}

/// Why a batch was not activated, or not to its end. What was activated stays, and a repeat goes on after it.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// There is no such batch.
    #[error("there is no batch {0}")]
    Missing(BatchId),
    /// Its import is not finished.
    #[error(
        "the import of batch {0} has not ended; run it again until it does, or activate what is there with --partial"
    )]
    Incomplete(BatchId),
    /// Keys moved although they were locked.
    #[error("keys of batch {0} were changed while they were locked; run: shelfproof admin check")]
    Stale(BatchId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused the events.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The time cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl From<sqlx::Error> for ActivateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Activates the keys of a batch that are generated and no more. `is_partial` takes a batch whose import has not ended.
/// `progress` is told after each chunk.
///
/// # Errors
/// Where the batch is not there or not complete, or the database fails.
pub async fn activate_batch(
    pool: &PgPool,
    batch: BatchId,
    is_partial: bool,
    mut progress: impl FnMut(Activated) + Send,
    now_ms: impl Fn() -> u64 + Send,
) -> Result<Activated, ActivateError> {
    let (mut after, mut now) = (0, 0);
    loop {
        let (last, activated) = activate_chunk(pool, batch, is_partial, after, now_ms()).await?;
        now += activated.now;
        let activated = Activated { now, ..activated };
        let Some(last) = last else { return Ok(activated) };
        progress(activated);
        after = last;
    }
}

/// Activates up to [`CHUNK`] keys after number `after`, in one transaction; the last one's number, `None` at the end.
/// Killed before the commit it leaves nothing, and after it the whole chunk.
async fn activate_chunk(
    pool: &PgPool,
    batch: BatchId,
    is_partial: bool,
    after: i64,
    now_ms: u64,
) -> Result<(Option<i64>, Activated), ActivateError> {
    let mut transaction = pool.begin().await?;
    check_clock(&mut transaction, now_ms).await?;
    // The batch first: an import may hold it for long, and sales wait for the pool.
    let row = batch_lock_to_activate(&mut transaction, batch).await?;
    let row = row.ok_or(ActivateError::Missing(batch))?;
    let shelf = pool_lock_of_batch(&mut transaction, batch).await?;
    let shelf = shelf.ok_or(ActivateError::Missing(batch))?;
    if !row.is_complete && !is_partial {
        return Err(ActivateError::Incomplete(batch));
    }
    let heads = key_lock_generated(&mut transaction, batch, after, CHUNK).await?;
    let activated = Activated {
        now: heads.len() as u64,
        all: row.activated + heads.len() as u64,
        imported: row.imported,
    };
    let Some(last) = heads.last().map(|head| head.key_no) else {
        return Ok((None, activated));
    };
    let body = serde_json::json!({"batch": row.name, "product": shelf.product}).to_string();
    let (keys, events): (Vec<_>, Vec<_>) = place(&shelf, &heads, &body, now_ms).into_iter().unzip();
    if keys.len() != heads.len() || key_activate(&mut transaction, shelf.id, &keys).await? != activated.now {
        return Err(ActivateError::Stale(batch));
    }
    event_append(&mut transaction, &events).await?;
    pool_fill(&mut transaction, shelf.id, keys.len()).await?;
    batch_count_activated(&mut transaction, batch, keys.len()).await?;
    transaction.commit().await?;
    Ok((Some(last), activated))
}

/// Gives keys the slots from the shelf's tail on, each with its event.
fn place(shelf: &LockedPool, heads: &[Head], body: &str, now_ms: u64) -> Vec<(SlotAssignment, NewEvent)> {
    let one = |(slot, head): (i64, &Head)| {
        let opening = Opening {
            salt: B256::from(rand::random::<[u8; 32]>()),
            body: body.to_owned(),
        };
        let ChainedEvent { event, opening } = key::next(head, Kind::Activated, now_ms, opening)?;
        let placed = SlotAssignment {
            no: head.key_no,
            slot,
            event,
        };
        let appended = NewEvent {
            anchor_by_s: None,
            key_no: head.key_no,
            before: Some(head.state),
            event,
            opening,
        };
        Some((placed, appended))
    };
    (shelf.tail..).zip(heads).filter_map(one).collect()
}
