//! The fence of this node: it sells only over a database that knows all that the chain holds, and all that the receipt
//! journal has ([`journal`]). One that was restored from an old backup would sell keys twice. It signs receipts only
//! while its clock and the chain's agree ([`chain_clock`]).
//!
//! [`FenceState`] is shared by all that sell or write events; [`FenceState::watch`] keeps it up to date. A command that
//! writes once asks [`require_open`].

use std::convert::Infallible;
use std::future::pending;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use secrecy::ExposeSecret;
use shelfproof_anchor::fence::{self, Fence, FenceError, OnChain};
use shelfproof_anchor::journal::{Gap, JournalError, Progress, compare as compare_journal};
use shelfproof_anchor::store::fence::{Instance, fence_instance};
use shelfproof_base::client::HttpError;
use shelfproof_verifier::chain::rpc::{RpcError, RpcSource};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::select;
use tokio::time::timeout;

use shelfproof_anchor::config::Chain;
use shelfproof_base::clock::now_ms;

use crate::journal::Journal;

mod chain_clock;
mod held;
mod journal;

pub use chain_clock::Apart;

use chain_clock::ChainClock;
use held::{Held, State};
use journal::JournalFence;

/// Time between two comparisons, in addition to [`FIRST_PERIOD`].
const FENCE_PERIOD: Duration = Duration::from_secs(14);

/// Time between two comparisons as long as none has succeeded.
const FIRST_PERIOD: Duration = Duration::from_secs(1);

/// How long the first comparison may delay the start of a node.
const FIRST_BOUND: Duration = Duration::from_secs(2);

/// How long one comparison may take.
const COMPARE_BOUND: Duration = Duration::from_secs(20);

/// Whether this node may take orders and write events, by the last comparison of chain and database that succeeded. By
/// default nothing is compared.
#[derive(Debug, Default)]
pub struct FenceState {
    /// The database against the chain; `None` where none is configured.
    chain: Option<Held<Fence>>,
    /// The highest epoch that was ever seen on the chain: a node behind a load balancer may not know it at the next
    /// request.
    highest: RwLock<OnChain>,
    clock: RwLock<ChainClock>,
    /// The database against the receipt journal; `None` where none is configured.
    journal: Option<JournalFence>,
}

/// Why a command does not write.
#[derive(Debug, thiserror::Error)]
pub enum Fenced {
    #[error("{0}")]
    Closed(Fence),
    /// Chain and database could not be compared.
    #[error(
        "{0}. Nothing is written before the chain was seen: look at chain.rpc and at that node, and run this again"
    )]
    Unknown(#[from] FenceError),
    #[error("{0}")]
    Lacking(Gap),
    /// Journal and database could not be compared.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl FenceState {
    /// Closed until the first comparison, where a chain or a journal is configured. The node's clock and the chain's
    /// newest block may be `apart_max_s` apart.
    #[must_use]
    pub fn new(chain: &Chain, apart_max_s: u64, journal: Option<Arc<Journal>>) -> Self {
        Self {
            chain: has_node(chain).then(|| Held::new("the chain")),
            highest: RwLock::default(),
            clock: RwLock::new(ChainClock::new(apart_max_s)),
            journal: journal.map(JournalFence::new),
        }
    }

    /// The receipt journal, if one is configured.
    #[must_use]
    pub fn journal(&self) -> Option<Arc<Journal>> {
        self.journal.as_ref().map(|fence| Arc::clone(&fence.journal))
    }

    /// Notes the database that a new connection leads to. If it is another than the one that was compared, the fence
    /// closes until that one is compared too: it may be an old backup.
    pub fn reached(&self, instance: Instance) {
        if let Some(held) = &self.chain {
            held.reached(instance);
        }
        if let Some(journal) = &self.journal {
            journal.held.reached(instance);
        }
    }

    /// Whether a connection to that database may sell.
    #[must_use]
    pub fn admits(&self, instance: &Instance) -> bool {
        self.chain.as_ref().is_none_or(|held| held.admits(instance))
            && self.journal.as_ref().is_none_or(|journal| journal.admits(instance))
    }

    /// Why nothing may be sold or written over this database now, for a caller of the API; `None` where it may. The text
    /// names no address, quotes nothing that the chain's node said, and leaves out how to repair the database, which is
    /// for the log.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let by_chain = self.chain.as_ref().and_then(|held| match held.state() {
            State::Open => None,
            State::Unknown(why) => Some(format!(
                "this node has not seen the chain since it or its database started, and cannot tell whether the database is \
                 up to date: {why}"
            )),
            State::Closed(fence) => Some(fence.reason()),
        });
        by_chain.or_else(|| self.journal.as_ref()?.refusal())
    }

    /// Why nothing may be sold now: the same, or the receipt journal cannot be written. Events that no receipt promises,
    /// such as redemptions and refunds, are not in the journal, and are written meanwhile.
    #[must_use]
    pub fn sale_refusal(&self) -> Option<String> {
        self.refusal().or_else(|| self.journal.as_ref()?.trouble())
    }

    /// Whether the fence is open for sales; `None` where nothing is compared.
    #[must_use]
    pub fn is_open(&self) -> Option<bool> {
        let is_compared = self.chain.is_some() || self.journal.is_some();
        is_compared.then(|| self.sale_refusal().is_none())
    }

    /// Notes the chain's newest block, whatever the fence makes of it; times in Unix seconds.
    pub fn saw_block(&self, block_s: u64, now_s: u64) {
        let mut clock = self.clock.write().unwrap_or_else(PoisonError::into_inner);
        let before = clock.apart().is_some();
        clock.saw(block_s, now_s);
        match (before, clock.apart()) {
            (false, Some(apart)) => tracing::error!(
                "no receipt is signed: {apart}. Set the clocks (NTP), or see whether the node at chain.rpc lags"
            ),
            (true, None) => tracing::error!("receipts are signed again: the clocks of node and chain agree"),
            _ => {}
        }
    }

    /// That no receipt may be signed, since this node's clock and the chain's are too far apart.
    #[must_use]
    pub fn clock_apart(&self) -> Option<Apart> {
        self.clock().apart()
    }

    /// How far this node's clock and the chain's are apart, seconds; `None` where no block was seen.
    #[must_use]
    pub fn clock_apart_s(&self) -> Option<u64> {
        self.clock().apart_s()
    }

    /// Makes the first comparison. A chain that does not answer delays a node's start by [`FIRST_BOUND`] at most.
    pub async fn compare_first(&self, pool: &PgPool, chain: &Chain) {
        if let Some(journal) = &self.journal {
            journal.compare_first(pool).await;
        } else {
            tracing::warn!(
                "sale.journal is not set: nobody can tell whether this database is a backup that lacks what was sold since \
                 the last epoch"
            );
        }
        let Some(held) = &self.chain else {
            tracing::warn!(
                "chain.rpc is not set: nobody can tell whether this database is an old backup, which would sell keys twice"
            );
            return;
        };
        if let Ok(compared) = timeout(FIRST_BOUND, self.compare(pool, chain)).await {
            note(held, compared);
        }
    }

    /// Compares again and again, until dropped.
    pub async fn watch(&self, pool: &PgPool, chain: &Chain) -> Infallible {
        let by_journal = async {
            match &self.journal {
                Some(journal) => journal.watch(pool).await,
                None => pending().await,
            }
        };
        select! {
            never = Box::pin(self.watch_chain(pool, chain)) => never,
            never = by_journal => never,
        }
    }

    async fn watch_chain(&self, pool: &PgPool, chain: &Chain) -> Infallible {
        let Some(held) = &self.chain else {
            return pending().await;
        };
        loop {
            held.due().await;
            note(held, self.compare(pool, chain).await);
        }
    }

    /// One comparison, over a new connection: those of the pool may lead to a server that no new connection reaches. Why
    /// the database is refused, if it is, and which one it is.
    async fn compare(&self, pool: &PgPool, chain: &Chain) -> Result<(Option<Fence>, Instance), FenceError> {
        bounded(async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            let instance = fence_instance(&mut connection).await?;
            self.reached(instance);
            let latest = latest(chain, |block_s, now_s| self.saw_block(block_s, now_s)).await?;
            let highest = self.raise(latest);
            let fence = fence::compare(&mut connection, &[latest, highest]).await?;
            connection.close().await?;
            Ok(((fence != Fence::Open).then_some(fence), instance))
        })
        .await
    }

    /// The highest epoch that was seen on the chain, this one included.
    fn raise(&self, latest: OnChain) -> OnChain {
        let mut highest = self.highest.write().unwrap_or_else(PoisonError::into_inner);
        if latest.number > highest.number {
            *highest = latest;
        }
        *highest
    }

    fn clock(&self) -> RwLockReadGuard<'_, ChainClock> {
        self.clock.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(held: &Held<Fence>, compared: Result<(Option<Fence>, Instance), FenceError>) {
    held.note(compared.map_err(|error| {
        tracing::warn!(%error, "the fence: the chain and the database could not be compared");
        public(&error)
    }));
}

/// Refuses a command that writes events over a database that must not be written. Without a chain nothing is compared,
/// and the command may write. The receipt journal in the folder `journal`, if any, must let it pass too.
///
/// # Errors
/// Where the fence is closed, or chain, journal or database cannot be read.
pub async fn require_open(pool: &PgPool, chain: &Chain, journal: Option<&Path>) -> Result<(), Fenced> {
    if let Some(folder) = journal {
        let mut connection = pool.acquire().await.map_err(JournalError::from)?;
        let gap = compare_journal(&mut connection, folder, &chain.merchant_id, &mut Progress::default()).await?;
        if let Some(gap) = gap {
            return Err(Fenced::Lacking(gap));
        }
    }
    if !has_node(chain) {
        return Ok(());
    }
    let compared = bounded(async {
        let latest = latest(chain, |_, _| ()).await?;
        fence::compare(&mut *pool.acquire().await?, &[latest]).await
    });
    match compared.await? {
        Fence::Open => Ok(()),
        fence => Err(Fenced::Closed(fence)),
    }
}

/// The chain's latest epoch; `saw` is told the newest block's time and now, Unix seconds. Connects anew each time: the
/// address may lead to another chain by now.
async fn latest(chain: &Chain, saw: impl FnOnce(u64, u64)) -> Result<OnChain, FenceError> {
    let identity = chain.identity();
    let (url, told) = (chain.rpc.expose_secret(), Some(identity.chain_id));
    let source = RpcSource::connect(url, told, identity.registry, identity.merchant_id, chain.finality()).await?;
    let block = source.newest_block().await?;
    let now_s = now_ms() / 1000;
    saw(block.time_s, now_s);
    fence::latest(&source, &block, chain.stale_after_s, now_s).await
}

/// A comparison that takes longer than [`COMPARE_BOUND`] fails as one that the chain did not answer.
async fn bounded<T>(comparison: impl Future<Output = Result<T, FenceError>>) -> Result<T, FenceError> {
    let late = |_| FenceError::Chain(RpcError::Http(HttpError::TimedOut));
    timeout(COMPARE_BOUND, comparison).await.map_err(late)?
}

fn has_node(chain: &Chain) -> bool {
    !chain.rpc.expose_secret().is_empty()
}

/// The error in words for anybody. What the chain's node said goes to the log only: it could hold anything.
fn public(error: &FenceError) -> String {
    match error {
        FenceError::Chain(RpcError::Refused { .. } | RpcError::Answer { .. }) => {
            "the chain's node does not answer as it should; the log tells more".to_owned()
        }
        FenceError::NotRegistered => "the registry does not know this merchant".to_owned(),
        FenceError::Chain(_) | FenceError::Stale { .. } => error.to_string(),
        FenceError::Database(_) => "the database does not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests;
