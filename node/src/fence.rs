//! The fence: this process sells and writes events only while its database knows every epoch that the chain holds.
//!
//! A database restored from an old backup would sell keys a second time. [`FenceState`] is the last known answer and is
//! shared by whoever sells; [`FenceState::watch`] compares database and chain every 15 s. Commands that run once call
//! [`require_open`]. The comparison itself is [`shelfproof_anchor::fence`].

use std::convert::Infallible;
use std::future::pending;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use secrecy::ExposeSecret;
use shelfproof_anchor::fence::{self, Fence, FenceError, OnChain};
use shelfproof_anchor::store::fence::{Instance, fence_instance};
use shelfproof_base::client::HttpError;
use shelfproof_verifier::chain::rpc::{RpcError, RpcSource};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use shelfproof_anchor::config::Chain;
use shelfproof_base::clock::now_ms;

/// Pause between two comparisons, on top of [`RETRY_PAUSE`].
const COMPARE_PERIOD: Duration = Duration::from_secs(14);

/// Pause between two comparisons until one has succeeded.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How long the first comparison may delay the start of the HTTP server.
const FIRST_BOUND: Duration = Duration::from_secs(2);

/// How long one comparison may take.
const COMPARE_BOUND: Duration = Duration::from_secs(20);

/// Whether this process may take orders and write events, by the last comparison that succeeded. The default is a fence
/// without a chain, which never closes.
#[derive(Debug, Default)]
pub struct FenceState {
    observed: RwLock<Observed>,
    /// Signals that a connection led to another database than the one that was compared.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Observed {
    status: Status,
    /// The server and database that the newest connection leads to.
    instance: Option<Instance>,
    /// The highest epoch ever seen: of several RPC nodes behind one address, the next to answer may lag behind the
    /// last.
    highest: OnChain,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Status {
    /// No chain is configured, so nothing is compared.
    #[default]
    Unwatched,
    /// This database was not compared yet, with the reason.
    Unseen(String),
    Open,
    /// The database is behind the chain, with the reason.
    Closed(String),
}

/// The result of one comparison, and the database that was compared.
#[derive(Debug)]
struct Comparison {
    fence: Fence,
    instance: Instance,
}

/// Why a command may not write events.
#[derive(Debug, thiserror::Error)]
pub enum Fenced {
    #[error("{0}")]
    Closed(Fence),
    #[error(
        "{0}. Nothing is written before the chain was seen: look at chain.rpc and at that node, and run this again"
    )]
    Unseen(#[from] FenceError),
}

impl FenceState {
    /// Closed until the first comparison where a chain is configured.
    #[must_use]
    pub fn new(chain: &Chain) -> Self {
        let status = if has_node(chain) {
            Status::Unseen("it is being asked".to_owned())
        } else {
            Status::Unwatched
        };
        Self {
            observed: RwLock::new(Observed {
                status,
                ..Observed::default()
            }),
            moved: Notify::new(),
        }
    }

    /// Records where a newly opened connection leads. If that is another database than the one that was compared, the
    /// fence closes until the new one was compared too: it may be an old backup.
    pub fn reached(&self, instance: Instance) {
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        if observed.instance.replace(instance) != Some(instance) && observed.status == Status::Open {
            let why = "the database's server was started again, or another took its place";
            tracing::error!("the fence is closed until the chain was seen again: {why}");
            observed.status = Status::Unseen(why.to_owned());
            self.moved.notify_one();
        }
    }

    /// Whether keys may be sold from the database `instance`.
    #[must_use]
    pub fn admits(&self, instance: &Instance) -> bool {
        let observed = self.observed();
        match observed.status {
            Status::Unwatched => true,
            Status::Open => observed.instance.as_ref() == Some(instance),
            Status::Unseen(_) | Status::Closed(_) => false,
        }
    }

    /// Why nothing may be sold or written now; `None` while the fence is open. The text is safe to show to callers: it
    /// contains neither the RPC node's address nor its messages.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match &self.observed().status {
            Status::Unwatched | Status::Open => None,
            Status::Unseen(why) => Some(format!(
                "this node has not seen the chain since it or its database started, and cannot tell whether the database is \
                 up to date: {why}"
            )),
            Status::Closed(why) => Some(why.clone()),
        }
    }

    /// Whether the fence is open; `None` where no chain is configured.
    #[must_use]
    pub fn is_open(&self) -> Option<bool> {
        match &self.observed().status {
            Status::Unwatched => None,
            state => Some(*state == Status::Open),
        }
    }

    /// Compares for the first time, for at most [`FIRST_BOUND`]: a chain that does not answer must not delay the start.
    pub async fn compare_first(&self, pool: &PgPool, chain: &Chain) {
        if !has_node(chain) {
            tracing::warn!(
                "chain.rpc is not set: nobody can tell whether this database is an old backup, which would sell keys twice"
            );
            return;
        }
        if let Ok(seen) = timeout(FIRST_BOUND, self.compare(pool, chain)).await {
            self.record(&seen);
        }
    }

    /// Compares periodically, until dropped. A comparison that fails leaves the result of an earlier one in force: a
    /// database does not fall behind while it keeps running, and an unreachable chain must not stop sales.
    pub async fn watch(&self, pool: &PgPool, chain: &Chain) -> Infallible {
        if !has_node(chain) {
            return pending().await;
        }
        loop {
            sleep(RETRY_PAUSE).await;
            let is_seen = !matches!(self.observed().status, Status::Unseen(_));
            if is_seen {
                // Ends early if a connection led to another database.
                let _ = timeout(COMPARE_PERIOD, self.moved.notified()).await;
            }
            self.record(&self.compare(pool, chain).await);
        }
    }

    /// Compares once, over a new connection: one of the pool may still lead to a server that new connections no longer
    /// reach.
    async fn compare(&self, pool: &PgPool, chain: &Chain) -> Result<Comparison, FenceError> {
        bounded(async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            let instance = fence_instance(&mut connection).await?;
            self.reached(instance);
            let latest = latest(chain).await?;
            let highest = self.raise(latest);
            let fence = fence::compare(&mut connection, &[latest, highest]).await?;
            connection.close().await?;
            Ok(Comparison { fence, instance })
        })
        .await
    }

    /// Records an epoch seen on the chain, and returns the highest one seen so far.
    fn raise(&self, latest: OnChain) -> OnChain {
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        if latest.number > observed.highest.number {
            observed.highest = latest;
        }
        observed.highest
    }

    fn record(&self, seen: &Result<Comparison, FenceError>) {
        if let Err(error) = seen {
            tracing::warn!(%error, "the fence: the chain and the database could not be compared");
        }
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        let after = observed.after(seen);
        match (&observed.status, &after) {
            (before, after) if before == after => {}
            (_, Status::Closed(why)) => tracing::error!("the fence is closed, and nothing is sold: {why}"),
            (Status::Closed(_), Status::Open) => tracing::error!("the fence is open again"),
            (_, Status::Open) => tracing::info!("the fence is open"),
            _ => {}
        }
        observed.status = after;
    }

    fn observed(&self) -> RwLockReadGuard<'_, Observed> {
        self.observed.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    /// The status after a comparison. Only a comparison of the database that connections reach now opens the fence.
    fn after(&self, seen: &Result<Comparison, FenceError>) -> Status {
        match (seen, &self.status) {
            (Ok(compared), before) if compared.fence == Fence::Open => {
                if self.instance == Some(compared.instance) {
                    Status::Open
                } else {
                    before.clone()
                }
            }
            (Ok(compared), _) => Status::Closed(compared.fence.to_string()),
            (Err(error), Status::Unseen(_)) => Status::Unseen(public(error)),
            (Err(_), before) => before.clone(),
        }
    }
}

/// Compares once, for a command that writes events; without a configured chain there is nothing to compare.
///
/// # Errors
/// Where the fence is closed, or where chain or database cannot be read.
pub async fn require_open(pool: &PgPool, chain: &Chain) -> Result<(), Fenced> {
    if !has_node(chain) {
        return Ok(());
    }
    let compared = bounded(async {
        let latest = latest(chain).await?;
        fence::compare(&mut *pool.acquire().await?, &[latest]).await
    });
    match compared.await? {
        Fence::Open => Ok(()),
        fence => Err(Fenced::Closed(fence)),
    }
}

/// The chain's latest epoch. Connects each time, and so checks the chain id each time.
async fn latest(chain: &Chain) -> Result<OnChain, FenceError> {
    let identity = chain.identity();
    let (url, chain_id) = (chain.rpc.expose_secret(), Some(identity.chain_id));
    let source = RpcSource::connect(url, chain_id, identity.registry, identity.merchant_id, chain.finality()).await?;
    fence::latest(&source, chain.stale_after_s, now_ms() / 1000).await
}

/// Bounds a comparison; one that takes too long counts as an unreachable chain.
async fn bounded<T>(compared: impl Future<Output = Result<T, FenceError>>) -> Result<T, FenceError> {
    let late = |_| FenceError::Chain(RpcError::Http(HttpError::TimedOut));
    timeout(COMPARE_BOUND, compared).await.map_err(late)?
}

fn has_node(chain: &Chain) -> bool {
    !chain.rpc.expose_secret().is_empty()
}

/// The error as callers may see it. Messages of the RPC node itself go to the log only: they may contain secrets.
fn public(error: &FenceError) -> String {
    match error {
        FenceError::Chain(RpcError::Refused { .. } | RpcError::Answer { .. }) => {
            "the chain's node does not answer as it should; the log tells more".to_owned()
        }
        FenceError::Chain(_) | FenceError::NotRegistered | FenceError::Stale { .. } => error.to_string(),
        FenceError::Database(_) => "the database does not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests;
