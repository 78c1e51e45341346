//! One batch, one transaction.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{EventError, event_append};
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tokio::time::timeout;

use super::batcher::Turn;
use super::plan::{PlanState, demand};
use super::rows::{self, BatchRows, RowsError, Times};
use super::{Answer, Clock, PlaceError};
use crate::domain::clock::MAX_DRIFT_MS;
use crate::domain::delivery::OrderOutcome;
use crate::domain::id::{AccountId, OrderId, ProductId};
use crate::domain::order::NewOrder;
use crate::store::StoreError;
use crate::store::sale;
use crate::store::sale_write::sale_write;
use crate::telemetry::metrics::{self, Stages};
use crate::vault::Vault;

/// How long a batch may take up to its commit: longer than any statement may, so that the server gives up first.
const PREPARE_BOUND: Duration = Duration::from_secs(15);

/// How long the server may take over what waits for no lock.
pub(super) const ANSWER_BOUND: Duration = Duration::from_secs(5);

/// How long a batch keeps the others from the queue, so that they gather meanwhile: several times what one takes to be prepared.
const TURN_BOUND: Duration = Duration::from_millis(50);

/// What is said of each order of a batch, in the batch's order.
pub(super) type Answers = Vec<Result<Answer, PlaceError>>;

/// What a batch is made with.
#[derive(Clone, Debug)]
pub(super) struct BatchContext {
    pub(super) vault: Arc<Vault>,
    pub(super) anchor_within_s: u64,
    pub(super) now_ms: Clock,
}

/// Why a batch was not settled. Nothing of it stands, but where the commit's outcome is unknown.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// The database failed before the commit.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event was refused.
    #[error(transparent)]
    Event(EventError),
    /// A sale could not be made.
    #[error(transparent)]
    BatchRows(#[from] RowsError),
    /// Somebody else moved one of the keys.
    #[error("{moved} of {keys} keys were no longer as they had been read")]
    Moved {
        /// Keys that had moved.
        moved: i64,
        /// Keys of the batch.
        keys: i64,
    },
    /// The database that the connection leads to must not be sold over.
    #[error("the fence has not let this database pass")]
    Fenced,
    /// This machine's clock is too far from the database's.
    #[error("the clocks are {0} ms apart")]
    Clock(u64),
    /// The commit was not answered.
    #[error("the commit was not answered: {error}")]
    Unanswered {
        /// The transaction.
        transaction: String,
        /// Why there was no answer.
        error: sqlx::Error,
    },
}

impl From<EventError> for BatchError {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Database(error) => Self::Store(error.into()),
            EventError::Inconsistent { .. } => Self::Event(error),
        }
    }
}

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Settles `orders` in one transaction. A crash before the commit leaves nothing; after it, every order is there to be
/// looked up by its idempotency key.
///
/// # Errors
/// Where the batch does not stand, or cannot be told to.
pub(super) async fn run(
    connection: &mut PgConnection,
    seller: &BatchContext,
    orders: &[&NewOrder],
    turn: Option<Turn>,
) -> Result<Answers, BatchError> {
    let begun = Instant::now();
    let mut stages = Stages::begin();
    let mut transaction = bounded(connection.begin()).await?;
    // The bound is not on the commit: cut short, nobody would know what became of it.
    let prepared = {
        let prepare = timeout(PREPARE_BOUND, prepare(&mut transaction, seller, orders, &mut stages));
        pass_on(turn, prepare).await
    };
    match prepared.unwrap_or_else(|_| Err(timed_out().into())) {
        Ok(Prepared { answers, name: None }) => {
            bounded(transaction.rollback()).await?;
            Ok(answers)
        }
        Ok(Prepared {
            answers,
            name: Some(name),
        }) => {
            let committed = transaction.commit().await;
            stages.end("commit");
            metrics::batch(orders.len(), begun.elapsed());
            committed.map(|()| answers).map_err(|error| BatchError::Unanswered {
                transaction: name,
                error,
            })
        }
        Err(BatchError::Store(error)) if error.is_lost() => Err(error.into()),
        Err(error) => {
            // At once: an idle transaction would hold its locks until this worker's next batch.
            bounded(transaction.rollback()).await?;
            Err(error)
        }
    }
}

/// Gives `turn` to the next worker when `preparing` is done, or does not get on: somebody may hold a lock that this batch waits
/// for, and other products' orders need not.
async fn pass_on<F: Future>(turn: Option<Turn>, preparing: F) -> F::Output {
    let mut preparing = pin!(preparing);
    let done = timeout(TURN_BOUND, &mut preparing).await;
    drop(turn);
    match done {
        Ok(done) => done,
        Err(_) => preparing.await,
    }
}

/// A statement that waits for no lock; a server that is silent even then counts as lost.
async fn bounded<T>(statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    Ok(timeout(ANSWER_BOUND, statement).await.map_err(|_| timed_out())??)
}

/// That the server did not answer in time.
pub(super) fn timed_out() -> StoreError {
    sqlx::Error::Io(ErrorKind::TimedOut.into()).into()
}

/// A batch that only waits for its commit.
struct Prepared {
    answers: Answers,
    /// The transaction's; none where all was made before and nothing is to be committed.
    name: Option<String>,
}

/// Claims, reads, decides, signs and writes.
async fn prepare(
    transaction: &mut Transaction<'_, Postgres>,
    seller: &BatchContext,
    orders: &[&NewOrder],
    stages: &mut Stages,
) -> Result<Prepared, BatchError> {
    let Some(claimed) = sale::sale_claim(transaction, orders).await? else {
        let answers = repeats(transaction, orders).await?;
        return Ok(Prepared { answers, name: None });
    };
    let now_ms = (seller.now_ms)();
    let drift_ms = now_ms.abs_diff(claimed.clock_ms);
    if drift_ms > MAX_DRIFT_MS {
        return Err(BatchError::Clock(drift_ms));
    }
    let (new, old): (Vec<&NewOrder>, Vec<&NewOrder>) = orders.iter().partition(|order| claimed.won.contains(&order.id));
    let earlier = if old.is_empty() {
        Vec::new()
    } else {
        repeats(transaction, &old).await?
    };
    stages.end("claim");
    let times = Times {
        now_ms,
        anchor_by_s: now_ms / 1000 + seller.anchor_within_s,
    };
    let mut stock = read(transaction, &new).await?;
    stages.end("read");
    let decisions = stock.decide(&new);
    let salt = || B256::from(rand::random::<[u8; 32]>());
    let record = rows::lay_out(&stock, decisions, &seller.vault, times, salt)?;
    stages.end("sign");
    let placed = write(transaction, record).await?;
    stages.end("write");
    let earlier = old.iter().map(|order| order.id).zip(earlier);
    Ok(Prepared {
        answers: in_order(orders, placed, earlier),
        name: Some(claimed.transaction),
    })
}

/// Records an order that could not be settled, so that its repeat is answered and somebody can look.
///
/// # Errors
/// Where even that fails.
pub(super) async fn record_abnormal(
    connection: &mut PgConnection,
    order: &NewOrder,
    now_ms: u64,
) -> Result<Answers, BatchError> {
    let mut transaction = connection.begin().await?;
    if sale::sale_claim(&mut transaction, &[order]).await?.is_none() {
        let answers = repeats(&mut transaction, &[order]).await?;
        transaction.rollback().await?;
        return Ok(answers);
    }
    let placed = write(&mut transaction, rows::abnormal(order, now_ms)).await?;
    transaction.commit().await?;
    Ok(placed
        .into_iter()
        .map(|(_, placed)| Ok(Answer::Placed(placed)))
        .collect())
}

/// What those orders get that were made before.
async fn repeats(transaction: &mut Transaction<'_, Postgres>, orders: &[&NewOrder]) -> Result<Answers, StoreError> {
    let earlier = sale::sale_claimed(transaction, orders).await?;
    let of = |order: &&NewOrder| {
        let made = earlier
            .iter()
            .find(|made| made.account == order.account && made.idempotency_key == order.idempotency_key);
        match made {
            Some(made) if made.fingerprint == order.fingerprint => Ok(Answer::Earlier(made.order)),
            Some(_) => Err(PlaceError::OtherRequest),
            None => Err(PlaceError::Unavailable),
        }
    };
    Ok(orders.iter().map(of).collect())
}

/// Locks and reads what the orders need: pools by id, then wallets by id, then keys.
async fn read(transaction: &mut Transaction<'_, Postgres>, orders: &[&NewOrder]) -> Result<PlanState, StoreError> {
    let demand = demand(orders);
    let products: Vec<ProductId> = demand.keys().copied().collect();
    let shelves = sale::sale_shelves(transaction, &products).await?;
    let mut accounts: Vec<AccountId> = orders.iter().map(|order| order.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let credits = sale::sale_credits(transaction, &accounts).await?;
    let wanted: Vec<_> = shelves
        .iter()
        .map(|shelf| (shelf, demand.get(&shelf.product).copied().unwrap_or_default()))
        .collect();
    let keys = sale::sale_keys(transaction, &wanted).await?;
    Ok(PlanState::new(shelves, credits, keys))
}

/// Writes a batch's rows and events, unless one of its keys has moved.
async fn write(
    transaction: &mut Transaction<'_, Postgres>,
    record: BatchRows,
) -> Result<Vec<(OrderId, OrderOutcome)>, BatchError> {
    let BatchRows { writes, events, placed } = record;
    let keys = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let sold = sale_write(transaction, writes).await?;
    if sold != keys {
        return Err(BatchError::Moved {
            moved: keys - sold,
            keys,
        });
    }
    if !events.is_empty() {
        event_append(transaction, &events).await?;
    }
    Ok(placed)
}

/// The answers in the order of the batch's orders. Both parts keep that order already.
fn in_order(
    orders: &[&NewOrder],
    placed: Vec<(OrderId, OrderOutcome)>,
    earlier: impl Iterator<Item = (OrderId, Result<Answer, PlaceError>)>,
) -> Answers {
    let (mut placed, mut earlier) = (placed.into_iter().peekable(), earlier);
    orders
        .iter()
        .map(|order| match placed.next_if(|(id, _)| *id == order.id) {
            Some((_, placed)) => Ok(Answer::Placed(placed)),
            None => earlier.next().map_or(Err(PlaceError::Internal), |(_, answer)| answer),
        })
        .collect()
}
