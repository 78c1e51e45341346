//! What travels between a request and the worker that answers it.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::domain::delivery::OrderOutcome;
use crate::domain::id::OrderId;
use crate::domain::sale::Intent;

/// Why nothing can be said of an order yet. To send the same request again is always safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// More orders wait than may: of this account, or of all.
    #[error("too many orders are waiting")]
    Busy,
    /// The idempotency key was used for a request of another content.
    #[error("this idempotency key belongs to another request")]
    OtherRequest,
    /// The database is away, or did not say whether the order was placed.
    #[error("the database cannot be reached")]
    Unavailable,
    /// The product's next key cannot be sold, or somebody else has locked its pool or the account's wallet. Orders of others
    /// go on.
    #[error("this product or this account cannot be served now")]
    Stalled,
    #[error("this machine's clock and the database's are more than a minute apart")]
    Clock,
    /// The fence closed after the order was taken in, or the database became another.
    #[error("it is not known whether the database is up to date")]
    Fenced,
    #[error("this node is shutting down")]
    Closing,
    /// What the database holds is not what this program writes; the log says more.
    #[error("the order could not be read back")]
    Internal,
}

/// Reads the time, Unix milliseconds.
pub type Clock = fn() -> u64;

/// A worker's reply to one job.
pub(super) type Reply = Result<Answer, PlaceError>;

/// How long an order may wait for a row that somebody else has locked.
pub(super) const PARKED_MAX: Duration = Duration::from_secs(5);

/// What becomes of a job of a batch.
#[derive(Debug)]
pub(super) enum Verdict {
    Reply(Reply),
    /// A batch after this one decides it: this one has its fill of keys, or the same order twice.
    Next,
    /// Somebody else has locked what it needs; it is tried again at that time.
    Park(Instant),
}

/// What a batch says of an order.
#[derive(Debug)]
pub(super) enum Answer {
    /// This batch placed it.
    Placed(OrderOutcome),
    /// It was placed before; its first answer is to be looked up.
    Earlier(OrderId),
}

/// An intent that waits for its batch.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) intent: Intent,
    pub(super) arrived: Instant,
    pub(super) reply: oneshot::Sender<Reply>,
}
