//! Puts a batch on sale: its keys get the next slots of their SKU's pool, by their numbers. Those are in the order of
//! its file, but for keys that came in before with a batch that was withdrawn: they keep lower ones.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{EventError, NewEvent, event_append};
use shelfproof_verifier::event::{Kind, Opening};
use shelfproof_verifier::vocabulary::body::{self, Body};
use sqlx::PgPool;

use super::clock::{ClockError, check_clock};
use crate::domain::id::BatchId;
use crate::domain::key::{self, ChainedEvent, Head};
use crate::domain::pool::SlotAssignment;
use crate::store::StoreError;
use crate::store::batch::{batch_count_activated, batch_lock_to_activate};
use crate::store::key::{key_activate, key_lock_generated};
use crate::store::pool::{LockedPool, pool_fill, pool_lock_of_batch};

/// Most keys that are activated in one transaction, which holds the lock of their pool: sales of the product wait for it.
pub const CHUNK: u32 = 1_000;

/// Progress of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Keys that this run activated.
    pub now: u64,
    /// Keys of the batch that are activated in all.
    pub all: u64,
    /// Keys of the batch.
    pub imported: u64,
}

/// Why a batch was not activated, or only in part. What was activated stays, and a repeat resumes after it.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    #[error("there is no batch {0}")]
    Missing(BatchId),
    /// Its import has not ended.
    #[error("the import of batch {0} has not ended")]
    Incomplete(BatchId),
    #[error("batch {0} was withdrawn, and is never put on sale; import its codes with another batch")]
    Withdrawn(BatchId),
    /// Keys changed although they were locked.
    #[error("keys of batch {0} were changed while they were locked")]
    Stale(BatchId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error(transparent)]
    Clock(#[from] ClockError),
}

impl From<sqlx::Error> for ActivateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Activates the keys of a batch that were not activated yet. `is_partial` allows a batch whose import has not ended.
/// `progress` is called after each chunk.
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

/// Activates up to [`CHUNK`] keys after number `after` in one transaction. Returns the last one's number, `None` where no key
/// was left. A crash leaves the whole chunk or nothing of it.
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
    let target = pool_lock_of_batch(&mut transaction, batch).await?;
    let target = target.ok_or(ActivateError::Missing(batch))?;
    if row.is_withdrawn {
        return Err(ActivateError::Withdrawn(batch));
    }
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
    let body = body::Activated {
        batch: Some(row.name.into()),
        product: Some(target.product.to_string().into()),
    };
    let body = body.to_json();
    let (keys, events): (Vec<_>, Vec<_>) = assign(&target, &heads, &body, now_ms).into_iter().unzip();
    if keys.len() != heads.len() || key_activate(&mut transaction, target.id, &keys).await? != activated.now {
        return Err(ActivateError::Stale(batch));
    }
    event_append(&mut transaction, &events).await?;
    pool_fill(&mut transaction, target.id, keys.len()).await?;
    batch_count_activated(&mut transaction, batch, keys.len()).await?;
    transaction.commit().await?;
    Ok((Some(last), activated))
}

/// Gives the keys consecutive slots from the pool's tail on, and makes the event of each.
fn assign(pool: &LockedPool, heads: &[Head], body: &str, now_ms: u64) -> Vec<(SlotAssignment, NewEvent)> {
    let one = |(slot, head): (i64, &Head)| {
        let opening = Opening {
            salt: B256::from(rand::random::<[u8; 32]>()),
            body: body.to_owned(),
        };
        let ChainedEvent { event, opening } = key::next(head, Kind::Activated, now_ms, opening)?;
        let assignment = SlotAssignment {
            key_no: head.key_no,
            slot,
            event,
        };
        let appended = NewEvent {
            sale: None,
            key_no: head.key_no,
            before: Some(head.state),
            event,
            opening,
        };
        Some((assignment, appended))
    };
    (pool.tail..).zip(heads).filter_map(one).collect()
}
