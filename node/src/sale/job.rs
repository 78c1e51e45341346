//! The messages between a request and the worker that answers it.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::domain::delivery::{OrderOutcome, ReserveOutcome, Settled};
use crate::domain::id::OrderId;
use crate::domain::sale::{Capped, Intent};
use crate::fence::Apart;

/// Why an order got no answer. It is always safe to send the same request again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Too many orders of this account, or of all accounts together, are waiting.
    #[error("too many orders are waiting")]
    Busy,
    /// The idempotency key was used before, for a request with other content.
    #[error("this idempotency key belongs to another request")]
    OtherRequest,
    /// The database cannot be reached, or did not tell whether the order was placed.
    #[error("the database cannot be reached")]
    Unavailable,
    /// The product's next key cannot be sold, or another transaction has locked its pool, the account's wallet or the
    /// coupon. Other orders are not affected.
    #[error("this product, this account or this coupon cannot be served now")]
    Stalled,
    #[error("this machine's clock and the database's are more than a minute apart")]
    Clock,
    #[error("{0}")]
    Apart(Apart),
    /// The fence closed after the order was accepted into the queue, or the database was replaced.
    #[error("it is not known whether the database is up to date")]
    Fenced,
    /// The order may be placed, but its sale is not in the receipt journal, so that nobody may be told of it yet.
    #[error("the receipt journal could not be written")]
    Unwritten,
    /// Too much waits for payment. Nothing was written.
    #[error("{0}")]
    Capped(Capped),
    #[error("this node is shutting down")]
    Closing,
    /// The database holds rows that this program does not write; the log has the details.
    #[error("the order could not be read back")]
    Internal,
}

/// A function that reads the time, Unix milliseconds.
pub type Clock = fn() -> u64;

/// A worker's reply to one job.
pub(super) type Reply = Result<Answer, PlaceError>;

/// How long an order may wait for a row that another transaction has locked.
pub(super) const PARKED_MAX: Duration = Duration::from_secs(5);

/// What the worker does with a job after its batch.
#[derive(Debug)]
pub(super) enum Verdict {
    Reply(Reply),
    /// The job goes back to the inbox for the next batch: this one sells as many keys as it may, or holds the same
    /// order already.
    Next,
    /// Another transaction has locked a row that the job needs. It is tried again at that time.
    Park(Instant),
}

/// The answer of a batch to one order.
#[derive(Debug)]
pub(super) enum Answer {
    /// This batch placed it.
    Placed(OrderOutcome),
    /// This batch placed it, to be paid.
    Reserved(ReserveOutcome),
    /// This batch settled it.
    Settled(Settled),
    /// It was placed before. The request looks up its first answer.
    Earlier(OrderId),
}

/// An intent that waits for a batch, with the channel for its reply.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) intent: Intent,
    pub(super) arrived: Instant,
    pub(super) reply: oneshot::Sender<Reply>,
}
