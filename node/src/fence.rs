//! The fence of this node: it sells only over a database that knows all that the chain holds.

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

/// Time between two looks at the chain, above the least.
const FENCE_PERIOD: Duration = Duration::from_secs(14);

/// The least, and all as long as none has told anything.
const FIRST_PERIOD: Duration = Duration::from_secs(1);

/// How long the first look may keep a node from answering at all.
const FIRST_BOUND: Duration = Duration::from_secs(2);

/// How long one look may take.
const LOOK_BOUND: Duration = Duration::from_secs(20);

/// Whether this node may take orders and write events, by the last look that told. By default nobody looks.
#[derive(Debug, Default)]
pub struct Gate {
    sight: RwLock<Sight>,
    /// That the database is another than the one that was looked at.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Sight {
    state: State,
    /// Where the newest connection leads, whoever opened it.
    instance: Option<Instance>,
    /// The highest epoch that any look saw: a node behind a balancer may not know it yet when it is asked next.
    highest: OnChain,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// No chain is configured: nobody can tell.
    #[default]
    Unwatched,
    /// No look has told anything yet of this database, and why.
    Unseen(String),
    /// It may.
    Open,
    /// It may not, and why.
    Closed(String),
}

/// What a look saw, and over which database.
#[derive(Debug)]
struct Look {
    fence: Fence,
    instance: Instance,
}

/// Why a command does not write.
#[derive(Debug, thiserror::Error)]
pub enum Fenced {
    /// The database must not be written.
    #[error("{0}")]
    Closed(Fence),
    /// It cannot be told whether it may.
    #[error(
        "{0}. Nothing is written before the chain was seen: look at chain.rpc and at that node, and run this again"
    )]
    Unseen(#[from] FenceError),
}

impl Gate {
    /// Closed until the first look, where there is a chain to look at.
    #[must_use]
    pub fn new(chain: &Chain) -> Self {
        let state = if has_node(chain) {
            State::Unseen("it is being asked".to_owned())
        } else {
            State::Unwatched
        };
        let sight = RwLock::new(Sight {
            state,
            ..Sight::default()
        });
        Self {
            sight,
            moved: Notify::new(),
        }
    }

    /// Takes note of where a connection leads that was opened now. Where it is another database than the one that a look
    /// let pass, nothing is sold until a look lets that one pass too: it may be an old backup.
    pub fn reached(&self, instance: Instance) {
        let mut sight = self.sight.write().unwrap_or_else(PoisonError::into_inner);
        if sight.instance.replace(instance) != Some(instance) && sight.state == State::Open {
            let why = "the database's server was started again, or another took its place";
            tracing::error!("the fence is closed until the chain was seen again: {why}");
            sight.state = State::Unseen(why.to_owned());
            self.moved.notify_one();
        }
    }

    /// Whether what leads to that database may sell over it.
    #[must_use]
    pub fn admits(&self, instance: &Instance) -> bool {
        let sight = self.sight();
        match sight.state {
            State::Unwatched => true,
            State::Open => sight.instance.as_ref() == Some(instance),
            State::Unseen(_) | State::Closed(_) => false,
        }
    }

    /// Why nothing may be sold or written now; nothing where it may. It names no address and none of the node's words.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match &self.sight().state {
            State::Unwatched | State::Open => None,
            State::Unseen(why) => Some(format!(
                "this node has not seen the chain since it or its database started, and cannot tell whether the database is \
                 up to date: {why}"
            )),
            State::Closed(why) => Some(why.clone()),
        }
    }

    /// Whether it is open; nothing where nobody looks.
    #[must_use]
    pub fn is_open(&self) -> Option<bool> {
        match &self.sight().state {
            State::Unwatched => None,
            state => Some(*state == State::Open),
        }
    }

    /// Looks at the chain for the first time. A chain that does not answer soon must not keep the node from saying so.
    pub async fn look_first(&self, pool: &PgPool, chain: &Chain) {
        if !has_node(chain) {
            tracing::warn!(
                "chain.rpc is not set: nobody can tell whether this database is an old backup, which would sell keys twice"
            );
            return;
        }
        if let Ok(seen) = timeout(FIRST_BOUND, self.look(pool, chain)).await {
            self.note(&seen);
        }
    }

    /// Looks at the chain again and again, until dropped. A look that fails changes nothing that an earlier one told of this
    /// database: it does not fall behind while it runs on, and a chain that is away must not stop sales.
    pub async fn watch(&self, pool: &PgPool, chain: &Chain) -> Infallible {
        if !has_node(chain) {
            return pending().await;
        }
        loop {
            sleep(FIRST_PERIOD).await;
            let is_seen = !matches!(self.sight().state, State::Unseen(_));
            if is_seen {
                // Over early where the database is another.
                let _ = timeout(FENCE_PERIOD, self.moved.notified()).await;
            }
            self.note(&self.look(pool, chain).await);
        }
    }

    /// One look, over a connection of its own: those of the pool may lead to a server that is no longer reached anew.
    async fn look(&self, pool: &PgPool, chain: &Chain) -> Result<Look, FenceError> {
        bounded(async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            let instance = fence_instance(&mut connection).await?;
            self.reached(instance);
            let latest = latest(chain).await?;
            let highest = self.raise(latest);
            let fence = fence::compare(&mut connection, &[latest, highest]).await?;
            connection.close().await?;
            Ok(Look { fence, instance })
        })
        .await
    }

    /// The highest epoch that was seen on the chain, this one among them.
    fn raise(&self, latest: OnChain) -> OnChain {
        let mut sight = self.sight.write().unwrap_or_else(PoisonError::into_inner);
        if latest.number > sight.highest.number {
            sight.highest = latest;
        }
        sight.highest
    }

    fn note(&self, seen: &Result<Look, FenceError>) {
        if let Err(error) = seen {
            tracing::warn!(%error, "the fence: the chain and the database could not be compared");
        }
        let mut sight = self.sight.write().unwrap_or_else(PoisonError::into_inner);
        let after = sight.after(seen);
        match (&sight.state, &after) {
            (before, after) if before == after => {}
            (_, State::Closed(why)) => tracing::error!("the fence is closed, and nothing is sold: {why}"),
            (State::Closed(_), State::Open) => tracing::error!("the fence is open again"),
            (_, State::Open) => tracing::info!("the fence is open"),
            _ => {}
        }
        sight.state = after;
    }

    fn sight(&self) -> RwLockReadGuard<'_, Sight> {
        self.sight.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sight {
    /// What a look makes of its state: what is closed opens only by a look that says so of the database that is reached now.
    fn after(&self, seen: &Result<Look, FenceError>) -> State {
        match (seen, &self.state) {
            (Ok(look), before) if look.fence == Fence::Open => {
                if self.instance == Some(look.instance) {
                    State::Open
                } else {
                    before.clone()
                }
            }
            (Ok(look), _) => State::Closed(look.fence.to_string()),
            (Err(error), State::Unseen(_)) => State::Unseen(public(error)),
            (Err(_), before) => before.clone(),
        }
    }
}

/// Refuses a command that writes events over a database that must not be written; without a chain, nobody can tell.
///
/// # Errors
/// Where the fence is closed, or where chain or database cannot be read.
pub async fn require_open(pool: &PgPool, chain: &Chain) -> Result<(), Fenced> {
    if !has_node(chain) {
        return Ok(());
    }
    let look = bounded(async {
        let latest = latest(chain).await?;
        fence::compare(&mut *pool.acquire().await?, &[latest]).await
    });
    match look.await? {
        Fence::Open => Ok(()),
        fence => Err(Fenced::Closed(fence)),
    }
}

/// The chain's latest epoch. Connects anew each time: the address may lead to another chain by now.
async fn latest(chain: &Chain) -> Result<OnChain, FenceError> {
    let identity = chain.identity();
    let (url, told) = (chain.rpc.expose_secret(), Some(identity.chain_id));
    let source = RpcSource::connect(url, told, identity.registry, identity.merchant_id, chain.finality()).await?;
    fence::latest(&source, chain.stale_after_s, now_ms() / 1000).await
}

/// A look that does not come to an end counts as one that the chain did not answer.
async fn bounded<T>(look: impl Future<Output = Result<T, FenceError>>) -> Result<T, FenceError> {
    let late = |_| FenceError::Chain(RpcError::Http(HttpError::TimedOut));
    timeout(LOOK_BOUND, look).await.map_err(late)?
}

fn has_node(chain: &Chain) -> bool {
    !chain.rpc.expose_secret().is_empty()
}

/// What anybody may be told: what the node itself says is for the log, since nobody knows what it holds.
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
