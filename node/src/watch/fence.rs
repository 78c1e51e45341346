//! The fence of this node: it sells only over a database that knows all that the chain holds.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use secrecy::ExposeSecret;
use shelfproof_anchor::fence::{self, Fence, FenceError};
use shelfproof_verifier::chain::rpc::http::HttpError;
use shelfproof_verifier::chain::rpc::{RpcError, RpcSource};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use crate::config::Chain;

/// Time between two looks at the chain.
const FENCE_PERIOD: Duration = Duration::from_secs(15);

/// The same, as long as none has told anything.
const FIRST_PERIOD: Duration = Duration::from_secs(1);

/// How long the first look may keep a node from answering at all.
const FIRST_BOUND: Duration = Duration::from_secs(2);

/// How long one look may take.
const LOOK_BOUND: Duration = Duration::from_secs(20);

/// Whether this node may take orders and write events, by the last look that told.
#[derive(Debug)]
pub struct Gate(RwLock<State>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No chain is configured: nobody can tell.
    Unwatched,
    /// No look has told anything yet, and why.
    Unseen(String),
    /// It may.
    Open,
    /// It may not, and why.
    Closed(String),
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
        Self(RwLock::new(if has_node(chain) {
            State::Unseen("it is being asked".to_owned())
        } else {
            State::Unwatched
        }))
    }

    /// Why nothing may be sold or written now; nothing where it may. It names no address and none of the node's words.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self.state() {
            State::Unwatched | State::Open => None,
            State::Unseen(why) => Some(format!(
                "this node has not seen the chain since it started, and cannot tell whether its database is up to date: {why}"
            )),
            State::Closed(why) => Some(why),
        }
    }

    /// Whether it is open; nothing where nobody looks.
    #[must_use]
    pub fn is_open(&self) -> Option<bool> {
        match self.state() {
            State::Unwatched => None,
            state => Some(state == State::Open),
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
        if let Ok(seen) = timeout(FIRST_BOUND, look(pool, chain)).await {
            self.note(&seen);
        }
    }

    /// Looks at the chain again and again, until dropped. A look that fails changes nothing that an earlier one told: a
    /// database does not fall behind while it runs on, and a chain that is away must not stop sales.
    pub async fn watch(&self, pool: &PgPool, chain: &Chain) -> Infallible {
        if !has_node(chain) {
            return pending().await;
        }
        loop {
            let is_seen = !matches!(self.state(), State::Unseen(_));
            sleep(if is_seen { FENCE_PERIOD } else { FIRST_PERIOD }).await;
            self.note(&look(pool, chain).await);
        }
    }

    fn note(&self, seen: &Result<Fence, FenceError>) {
        if let Err(error) = seen {
            tracing::warn!(%error, "the fence: the chain and the database could not be compared");
        }
        let before = self.state();
        let after = before.clone().after(seen);
        match (&before, &after) {
            (before, after) if before == after => {}
            (_, State::Closed(why)) => tracing::error!("the fence is closed, and nothing is sold: {why}"),
            (State::Closed(_), State::Open) => tracing::error!("the fence is open again"),
            (_, State::Open) => tracing::info!("the fence is open"),
            _ => {}
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = after;
    }

    fn state(&self) -> State {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    /// What a look makes of it: what is closed opens only by a look that says so.
    fn after(self, seen: &Result<Fence, FenceError>) -> Self {
        match (seen, self) {
            (Ok(Fence::Open), _) => Self::Open,
            (Ok(fence), _) => Self::Closed(fence.to_string()),
            (Err(error), Self::Unseen(_)) => Self::Unseen(public(error)),
            (Err(_), before) => before,
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
    match look(pool, chain).await? {
        Fence::Open => Ok(()),
        fence => Err(Fenced::Closed(fence)),
    }
}

/// Connects anew each time: the address may lead to another chain by now.
async fn look(pool: &PgPool, chain: &Chain) -> Result<Fence, FenceError> {
    let identity = chain.identity();
    let look = async {
        let (url, told) = (chain.rpc.expose_secret(), Some(identity.chain_id));
        let source = RpcSource::connect(url, told, identity.registry, identity.merchant_id, chain.finality()).await?;
        fence::look(pool, &source).await
    };
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
        FenceError::Chain(_) | FenceError::NotRegistered => error.to_string(),
        FenceError::Database(_) => "the database does not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEHIND: Fence = Fence::Behind { chain: 2, database: 1 };

    fn unreachable() -> FenceError {
        FenceError::Chain(RpcError::Http(HttpError::Unreachable("refused".to_owned())))
    }

    fn unseen() -> Gate {
        Gate(RwLock::new(State::Unseen(String::new())))
    }

    #[test]
    fn nothing_is_sold_before_a_look_says_so() {
        let gate = unseen();
        assert!(gate.refusal().is_some());
        gate.note(&Err(unreachable()));
        let why = gate.refusal().unwrap();
        assert!(why.contains("no answer: refused"), "{why}");
        assert_eq!(gate.is_open(), Some(false));
        gate.note(&Ok(Fence::Open));
        assert_eq!((gate.refusal(), gate.is_open()), (None, Some(true)));
    }

    #[test]
    fn a_chain_that_is_away_changes_nothing_that_was_seen() {
        let gate = unseen();
        gate.note(&Ok(Fence::Open));
        gate.note(&Err(unreachable()));
        assert_eq!(gate.refusal(), None);
        gate.note(&Ok(BEHIND));
        gate.note(&Err(unreachable()));
        assert_eq!(gate.refusal(), Some(BEHIND.to_string()));
        gate.note(&Ok(Fence::Open));
        assert_eq!(gate.refusal(), None);
    }

    #[test]
    fn what_a_node_says_stays_in_the_log() {
        let gate = unseen();
        gate.note(&Err(FenceError::Chain(RpcError::Refused {
            method: "eth_call",
            code: 1,
            message: "no such project: geheim".to_owned(),
        })));
        assert!(!gate.refusal().unwrap().contains("geheim"));
    }
}
