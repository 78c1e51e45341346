//! Carries out one batch of intents in one transaction.
//!
//! [`run`] looks up which orders were placed before, locks and reads what the others need, decides them, signs the
//! sales, writes everything and commits once. It answers nobody: it returns a [`Verdict`] for each intent, and the
//! worker sends the replies, or the receipt journal does. A crash before the commit leaves nothing; after it, each order
//! is found by its id.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::journal::Record;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tokio::time::timeout;

use super::context::BatchContext;
use super::inbox::Turn;
use super::job::{Answer, PlaceError, Verdict};
use super::plan::{self, Choice, HeldBack};
use super::read::{self, Chosen, Patience};
use super::rows::{self, Times};
use super::trouble::{Advice, Troubles};
use crate::domain::clock::MAX_DRIFT_MS;
use crate::domain::id::OrderId;
use crate::domain::message::Fact;
use crate::domain::order::NewOrder;
use crate::domain::sale::Intent;
use crate::store::StoreError;
use crate::store::outbox::outbox_insert;
use crate::store::sale::{self, Earlier};
use crate::telemetry::metrics::{self, Stages};

mod error;
mod write;

pub(super) use error::BatchError;
use write::write;

/// How long a batch may take up to its commit. This is longer than any statement may take, so that the server gives up
/// first.
const PREPARE_BOUND: Duration = Duration::from_secs(15);

/// How long the server may take for a commit, or for a statement that waits for no lock.
pub(super) const ANSWER_BOUND: Duration = Duration::from_secs(5);

/// The pause before an intent is tried again whose order another transaction has locked.
const LOCKED_PAUSE: Duration = Duration::from_millis(50);

/// How every transaction of a worker begins. A read that follows a lock must see what the previous holder of that lock
/// committed, so the isolation level does not depend on the defaults of the session or the server.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// One verdict for each intent of a batch, in the order of the intents.
pub(super) type Verdicts = Vec<Verdict>;

/// A batch that was carried out.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) verdicts: Verdicts,
    /// What the receipt journal must have before the replies are sent; `None` where nothing was sold.
    pub(super) record: Option<Record>,
}

impl Outcome {
    /// Of a batch that sold nothing.
    const fn unsold(verdicts: Verdicts) -> Self {
        Self { verdicts, record: None }
    }
}

/// Carries out `intents` in one transaction. `turn` is dropped before anything is written, so that the next batch is
/// prepared while this one is written and committed. A crash before the commit leaves nothing; after it, each order is found by its id.
///
/// # Errors
/// If the batch was not committed, or its commit was not answered.
pub(super) async fn run(
    connection: &mut PgConnection,
    context: &BatchContext,
    intents: &[&Intent],
    patience: Patience,
    turn: Option<Turn>,
) -> Result<Outcome, BatchError> {
    let begun = Instant::now();
    let mut stages = Stages::begin();
    let mut transaction = bounded(connection.begin_with(BEGIN)).await?;
    let prepare = prepare(&mut transaction, context, intents, patience, turn, &mut stages);
    let prepared = timeout(PREPARE_BOUND, prepare).await;
    match prepared.unwrap_or_else(|_| Err(timed_out().into())) {
        Ok(Prepared { outcome, name: None }) => {
            bounded(transaction.rollback()).await?;
            Ok(outcome)
        }
        Ok(Prepared {
            outcome,
            name: Some(name),
        }) => {
            // After a timeout the outcome of the commit is unknown; the worker looks it up over another connection.
            let committed = timeout(ANSWER_BOUND, transaction.commit()).await;
            stages.end("commit");
            metrics::batch(intents.len(), begun.elapsed());
            let committed = committed.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())));
            committed.map(|()| outcome).map_err(|error| BatchError::Unanswered {
                transaction: name,
                error,
            })
        }
        Err(BatchError::Store(error)) if error.is_lost() => Err(error.into()),
        Err(error) => {
            // Rolled back now, since an idle transaction would hold its locks until this worker's next batch.
            bounded(transaction.rollback()).await?;
            Err(error)
        }
    }
}

/// Runs a statement that waits for no lock, within [`ANSWER_BOUND`]. A server that does not answer counts as lost.
async fn bounded<T>(statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    Ok(timeout(ANSWER_BOUND, statement).await.map_err(|_| timed_out())??)
}

/// The error for a server that did not answer in time.
pub(super) fn timed_out() -> StoreError {
    sqlx::Error::Io(ErrorKind::TimedOut.into()).into()
}

/// A batch that is written and not yet committed.
struct Prepared {
    outcome: Outcome,
    /// The transaction's name; `None` if there is nothing to commit.
    name: Option<String>,
}

/// What was written of the intents that were to be carried out.
#[derive(Default)]
struct Written {
    verdicts: Verdicts,
    record: Option<Record>,
    /// The transaction's name, if there is anything to commit.
    name: Option<String>,
}

/// The intents of a batch, divided into those to be carried out and those that have a verdict already.
struct Sorted<'a> {
    /// To be carried out, in the order of arrival.
    new: Vec<&'a Intent>,
    /// The verdict of each intent of the batch; `None` for those in `new`.
    verdicts: Vec<Option<Verdict>>,
}

impl<'a> Sorted<'a> {
    /// Sorts `intents`. An order whose id is in `earlier` is a repeat: it is answered even if its product or account is
    /// held back now. An order that occurs twice in the batch is decided once; its second occurrence waits for the next
    /// batch, where it is a repeat if the first was placed.
    fn new(intents: &[&'a Intent], earlier: &HashMap<OrderId, Vec<u8>>, troubles: &Troubles) -> Self {
        let now = Instant::now();
        let mut new = Vec::new();
        let mut seen = HashSet::new();
        let verdicts = intents.iter().map(|intent| {
            // A settlement is of an order that was placed before.
            let placing = intent.placing();
            match placing.and_then(|order| Some((order, earlier.get(&order.id)?))) {
                Some((order, placed)) if placed == &order.fingerprint => {
                    Some(Verdict::Reply(Ok(Answer::Earlier(order.id))))
                }
                Some(_) => Some(Verdict::Reply(Err(PlaceError::OtherRequest))),
                None if !seen.insert(intent.order()) => Some(Verdict::Next),
                None => match troubles.advise(intent, now) {
                    Advice::Try => {
                        new.push(*intent);
                        None
                    }
                    Advice::Park(due) => Some(Verdict::Park(due)),
                    Advice::Refuse => Some(Verdict::Reply(Err(PlaceError::Stalled))),
                },
            }
        });
        let verdicts = verdicts.collect();
        Self { new, verdicts }
    }

    /// The verdicts of the whole batch, given those of the intents in `self.new`.
    fn verdicts(self, new: Vec<Verdict>) -> Verdicts {
        let mut new = new.into_iter();
        let verdict = |verdict: Option<_>| {
            verdict.unwrap_or_else(|| new.next().unwrap_or(Verdict::Reply(Err(PlaceError::Internal))))
        };
        self.verdicts.into_iter().map(verdict).collect()
    }
}

/// Answers the repeats, and does everything up to the commit for the other intents. While this machine's clock is wrong
/// those are refused, and the repeats are answered all the same.
async fn prepare(
    transaction: &mut Transaction<'_, Postgres>,
    context: &BatchContext,
    intents: &[&Intent],
    patience: Patience,
    turn: Option<Turn>,
    stages: &mut Stages,
) -> Result<Prepared, BatchError> {
    let earlier = earlier(transaction, intents).await?;
    let now_ms = (context.now_ms)();
    let sorted = Sorted::new(intents, &earlier.orders, &context.troubles);
    let mut written = if sorted.new.is_empty() {
        Written::default()
    } else if let Some(error) = wrong_clock(context, now_ms.abs_diff(earlier.clock_ms)) {
        tracing::warn!(%error, orders = sorted.new.len(), "new orders are refused");
        let refused = sorted.new.iter().map(|_| Verdict::Reply(Err(error.clone())));
        Written {
            verdicts: refused.collect(),
            ..Written::default()
        }
    } else {
        read::ahead(transaction, context, &sorted.new).await?;
        stages.end("claim");
        carry_out(transaction, context, &sorted.new, patience, now_ms, turn, stages).await?
    };
    // An order that is found may come from a commit that was never answered because the standby had not confirmed it.
    // Its repeat must not be answered before the standby has it, so this transaction's commit waits for the standby.
    if written.name.is_none() && earlier.has_standby && !earlier.orders.is_empty() {
        written.name = Some(sale::transaction_barrier(transaction).await?);
    }
    Ok(Prepared {
        outcome: Outcome {
            verdicts: sorted.verdicts(written.verdicts),
            record: written.record,
        },
        name: written.name,
    })
}

/// Why no new order may be carried out by this machine's clock; `None` where it may.
fn wrong_clock(context: &BatchContext, drift_ms: u64) -> Option<PlaceError> {
    if drift_ms > MAX_DRIFT_MS {
        return Some(PlaceError::Clock);
    }
    context.fence.clock_apart().map(PlaceError::Apart)
}

/// Which of the orders were placed before. Also checks that the session answers commits only once they are on disk.
async fn earlier(connection: &mut PgConnection, intents: &[&Intent]) -> Result<Earlier, BatchError> {
    let ids: Vec<OrderId> = intents.iter().map(|intent| intent.order()).collect();
    let earlier = sale::sale_earlier(connection, &ids).await?;
    if earlier.is_durable {
        Ok(earlier)
    } else {
        Err(BatchError::Volatile)
    }
}

/// Reads, decides, signs and writes.
async fn carry_out(
    transaction: &mut Transaction<'_, Postgres>,
    context: &BatchContext,
    intents: &[&Intent],
    patience: Patience,
    now_ms: u64,
    turn: Option<Turn>,
    stages: &mut Stages,
) -> Result<Written, BatchError> {
    let times = Times {
        now_ms,
        anchor_by_s: now_ms / 1000 + context.anchor_within_s,
        pay_within_ms: context.pay_within_ms,
    };
    let mut state = read::state(transaction, context, intents, patience, now_ms).await?;
    let chosen = read::choose(transaction, context, &mut state, intents, times.anchor_by_s).await?;
    let Chosen {
        choices,
        keys,
        low_stock,
    } = chosen;
    stages.end("read");
    let held: Vec<Option<HeldBack>> = choices.iter().map(Choice::held_back).collect();
    let salt = || B256::from(rand::random::<[u8; 32]>());
    let mut rows = rows::lay_out(plan::assign(choices, keys), &context.vault, times, salt)?;
    stages.end("sign");
    // The next batch reads while this one is written.
    drop(turn);
    let (mut written, signed) = (Written::default(), rows.signed);
    let mut answers = std::mem::take(&mut rows.answers).into_iter();
    if !rows.is_empty() {
        let (name, batch) = write(transaction, rows, &low_stock).await?;
        written.record = signed.map(|signed| signed.record(batch));
        written.name = Some(name);
    }
    stages.end("write");
    let verdict = |held| match held {
        None => Verdict::Reply(answers.next().ok_or(PlaceError::Internal)),
        Some(HeldBack::Full) => Verdict::Next,
        Some(HeldBack::Locked) => Verdict::Park(Instant::now() + LOCKED_PAUSE),
        Some(HeldBack::Capped(capped)) => Verdict::Reply(Err(PlaceError::Capped(capped))),
        Some(HeldBack::Unsellable) => Verdict::Reply(Err(PlaceError::Stalled)),
        Some(HeldBack::Busy(neighbour)) => Verdict::Park(context.troubles.locked_until(neighbour)),
    };
    written.verdicts = held.into_iter().map(verdict).collect();
    Ok(written)
}

/// Records an order, which `intent` places, that the database refuses as abnormal, so that its repeats are answered and an operator can find
/// it. Nothing is charged.
///
/// # Errors
/// If the record cannot be written either.
pub(super) async fn record_abnormal(
    connection: &mut PgConnection,
    intent: &Intent,
    order: &NewOrder,
    now_ms: u64,
) -> Result<Outcome, BatchError> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let earlier = earlier(&mut transaction, &[intent]).await?;
    let sorted = Sorted::new(&[intent], &earlier.orders, &Troubles::default());
    if sorted.new.is_empty() {
        transaction.rollback().await?;
        return Ok(Outcome::unsold(sorted.verdicts(Vec::new())));
    }
    let mut rows = rows::abnormal(order, now_ms);
    let answers = std::mem::take(&mut rows.answers).into_iter();
    write(&mut transaction, rows, &[]).await?;
    outbox_insert(&mut transaction, &Fact::OrderAbnormal(order.id)).await?;
    transaction.commit().await?;
    let verdicts = answers.map(|answer| Verdict::Reply(Ok(answer))).collect();
    Ok(Outcome::unsold(sorted.verdicts(verdicts)))
}
