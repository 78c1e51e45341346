//! One batch, one transaction.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{EventError, event_append};
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tokio::time::timeout;

use super::inbox::Turn;
use super::job::{Answer, Clock, PlaceError};
use super::plan::{Decision, KeysByPool, PlanState, hand_out, plan, taken};
use super::rows::{self, BatchRows, RowsError, Times};
use crate::domain::clock::MAX_DRIFT_MS;
use crate::domain::delivery::OrderOutcome;
use crate::domain::id::{AccountId, OrderId, ProductId};
use crate::domain::message::Fact;
use crate::domain::sale::{Intent, Pool};
use crate::store::StoreError;
use crate::store::outbox::outbox_insert;
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

/// What each intent of a batch is answered, in the batch's order.
pub(super) type Answers = Vec<Result<Answer, PlaceError>>;

/// What a batch is made with.
#[derive(Clone, Debug)]
pub(super) struct BatchContext {
    pub(super) vault: Arc<Vault>,
    pub(super) anchor_within_s: u64,
    pub(super) now_ms: Clock,
}

/// Why a batch was not carried out. Nothing of it is in the database, but where the commit's outcome is unknown.
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
    Rows(#[from] RowsError),
    /// Somebody else moved one of the keys.
    #[error("{moved} of {keys} keys were no longer as they had been read")]
    Moved {
        /// Keys that had moved.
        moved: i64,
        /// Keys of the batch.
        keys: i64,
    },
    /// Another batch placed some of the orders at the same time, under the same ids.
    #[error("{0} of the orders were placed by somebody else at the same time")]
    Placed(i64),
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

/// Carries out `intents` in one transaction. A crash before the commit leaves nothing; after it, every order is there to
/// be looked up by its id.
///
/// # Errors
/// Where the batch does not stand, or cannot be told to.
pub(super) async fn run(
    connection: &mut PgConnection,
    context: &BatchContext,
    intents: &[&Intent],
    turn: Option<Turn>,
) -> Result<Answers, BatchError> {
    let begun = Instant::now();
    let mut stages = Stages::begin();
    let mut transaction = bounded(connection.begin()).await?;
    // The bound is not on the commit: cut short, nobody would know what became of it.
    let prepared = {
        let prepare = timeout(PREPARE_BOUND, prepare(&mut transaction, context, intents, &mut stages));
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
            metrics::batch(intents.len(), begun.elapsed());
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
    /// The transaction's; none where all was placed before and nothing is to be committed.
    name: Option<String>,
}

/// The intents of a batch, those apart whose order was placed before.
struct Sorted<'a> {
    /// To be carried out, in the order of arrival.
    new: Vec<&'a Intent>,
    /// What each intent is answered; none for a new one.
    answers: Vec<Option<Result<Answer, PlaceError>>>,
}

impl<'a> Sorted<'a> {
    /// An order whose id is in `earlier`, or comes a second time in the batch, is a repeat.
    fn new(intents: &[&'a Intent], mut earlier: HashMap<OrderId, Vec<u8>>) -> Self {
        let mut new = Vec::new();
        let answers = intents.iter().map(|intent| {
            let Intent::Sell(order) = intent;
            match earlier.entry(order.id) {
                Entry::Occupied(placed) if placed.get() == &order.fingerprint => Some(Ok(Answer::Earlier(order.id))),
                Entry::Occupied(_) => Some(Err(PlaceError::OtherRequest)),
                Entry::Vacant(free) => {
                    free.insert(order.fingerprint.to_vec());
                    new.push(*intent);
                    None
                }
            }
        });
        let answers = answers.collect();
        Self { new, answers }
    }

    /// The answers in the batch's order, `outcomes` being those of the new intents.
    fn answers(self, outcomes: Vec<OrderOutcome>) -> Answers {
        let mut outcomes = outcomes.into_iter();
        let placed = |answer: Option<_>| {
            answer.unwrap_or_else(|| outcomes.next().map(Answer::Placed).ok_or(PlaceError::Internal))
        };
        self.answers.into_iter().map(placed).collect()
    }
}

/// Reads, decides, signs and writes.
async fn prepare(
    transaction: &mut Transaction<'_, Postgres>,
    context: &BatchContext,
    intents: &[&Intent],
    stages: &mut Stages,
) -> Result<Prepared, BatchError> {
    let ids: Vec<OrderId> = intents.iter().map(|intent| intent.order()).collect();
    let earlier = sale::sale_earlier(transaction, &ids).await?;
    let sorted = Sorted::new(intents, earlier.orders);
    if sorted.new.is_empty() {
        return Ok(Prepared {
            answers: sorted.answers(Vec::new()),
            name: None,
        });
    }
    let now_ms = (context.now_ms)();
    let drift_ms = now_ms.abs_diff(earlier.clock_ms);
    if drift_ms > MAX_DRIFT_MS {
        return Err(BatchError::Clock(drift_ms));
    }
    stages.end("claim");
    let times = Times {
        now_ms,
        anchor_by_s: now_ms / 1000 + context.anchor_within_s,
    };
    let decisions = decide(transaction, &sorted.new).await?;
    stages.end("read");
    let salt = || B256::from(rand::random::<[u8; 32]>());
    let rows = rows::lay_out(decisions, &context.vault, times, salt)?;
    stages.end("sign");
    let (name, outcomes) = write(transaction, rows).await?;
    stages.end("write");
    Ok(Prepared {
        answers: sorted.answers(outcomes),
        name: Some(name),
    })
}

/// Records the order of an intent that the database refuses, so that its repeat is answered and somebody can look.
///
/// # Errors
/// Where even that fails.
pub(super) async fn record_abnormal(
    connection: &mut PgConnection,
    intent: &Intent,
    now_ms: u64,
) -> Result<Answers, BatchError> {
    let mut transaction = connection.begin().await?;
    let earlier = sale::sale_earlier(&mut transaction, &[intent.order()]).await?;
    let sorted = Sorted::new(&[intent], earlier.orders);
    if sorted.new.is_empty() {
        transaction.rollback().await?;
        return Ok(sorted.answers(Vec::new()));
    }
    let Intent::Sell(order) = intent;
    let (_, outcomes) = write(&mut transaction, rows::abnormal(order, now_ms)).await?;
    outbox_insert(&mut transaction, &Fact::OrderAbnormal(order.id)).await?;
    transaction.commit().await?;
    Ok(sorted.answers(outcomes))
}

/// Locks and reads what the intents need, and decides on them: pools by id, then wallets by id, then the keys that are sold.
async fn decide<'a>(
    transaction: &mut Transaction<'_, Postgres>,
    intents: &[&'a Intent],
) -> Result<Vec<Decision<'a>>, StoreError> {
    let orders = || intents.iter().map(|Intent::Sell(order)| order);
    let lines = orders().flat_map(|order| &order.lines);
    let products: BTreeSet<ProductId> = lines.map(|line| line.product).collect();
    let pools = sale::sale_pools(transaction, &products).await?;
    let accounts: BTreeSet<AccountId> = orders().filter_map(|order| order.customer.account()).collect();
    let credits = sale::sale_credits(transaction, &accounts).await?;
    let counted = |pool: &Pool| usize::try_from(pool.available()).unwrap_or_default();
    let mut decisions = plan(&mut PlanState::new(&pools, &credits, counted), intents);
    let mut keys = KeysByPool::new();
    for key in sale::sale_keys(transaction, &taken(&decisions)).await? {
        keys.entry(key.pool).or_default().push_back(key);
    }
    if hand_out(&mut decisions, &mut keys) {
        return Ok(decisions);
    }
    // A pool counts more keys than it has, which `admin check` reports. What is there is sold, and the rest refused.
    let there = |pool: &Pool| keys.get(&pool.pool).map_or(0, VecDeque::len);
    let mut decisions = plan(&mut PlanState::new(&pools, &credits, there), intents);
    if hand_out(&mut decisions, &mut keys) {
        return Ok(decisions);
    }
    Err(StoreError::Inconsistent {
        table: "shop.pools",
        column: "holes",
        row: format!("{products:?}"),
    })
}

/// Writes a batch's rows and events, unless one of its keys has moved or one of its orders was placed meanwhile. Returns
/// the transaction's name and the answers to the new intents.
async fn write(
    transaction: &mut Transaction<'_, Postgres>,
    rows: BatchRows,
) -> Result<(String, Vec<OrderOutcome>), BatchError> {
    let BatchRows {
        writes,
        events,
        outcomes,
    } = rows;
    let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let (keys, orders) = (count(events.len()), count(writes.orders.len()));
    let written = sale_write(transaction, writes).await?;
    if written.orders != orders {
        return Err(BatchError::Placed(orders - written.orders));
    }
    if written.keys != keys {
        return Err(BatchError::Moved {
            moved: keys - written.keys,
            keys,
        });
    }
    if !events.is_empty() {
        event_append(transaction, &events).await?;
    }
    Ok((written.transaction, outcomes))
}
