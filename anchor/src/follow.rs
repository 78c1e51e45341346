//! A mirror: a history built from the chain and the published data alone, kept up to date, and proved from.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::clock::now_ms;
use shelfproof_base::web::is_web_address;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::published::Data;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::history::{History, HistoryError};
use crate::http;
use crate::metrics;
use crate::replay::{Replay, ReplayError};
use crate::status::{Condition, Status};

/// What a mirror is told.
#[derive(Debug)]
pub struct Mirror {
    /// A node's JSON-RPC address.
    pub rpc: SecretString,
    /// The chain that is meant.
    pub chain_id: Option<u64>,
    /// The registry.
    pub registry: Address,
    /// The merchant in it.
    pub merchant_id: B256,
    /// When a block is final.
    pub finality: Finality,
    /// Where the data is; the registry's own word where not told.
    pub data: Option<String>,
    /// The block that the search for epochs begins at.
    pub from_block: u64,
    /// The folder that keeps the history.
    pub folder: PathBuf,
    /// Where proofs are answered.
    pub listen: SocketAddr,
    /// How often the chain is looked at.
    pub poll: Duration,
}

/// Why a mirror does not run.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The chain.
    #[error("{0}")]
    Chain(#[from] RpcError),
    /// The folder.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The data's address.
    #[error("the data's address is none: {0}; give --data")]
    Data(String),
    /// The address to listen on.
    #[error("--listen {address}: {cause}: choose another port, or end what listens there")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        cause: io::Error,
    },
    /// The listener failed.
    #[error("answering proofs: {0}")]
    Serve(#[from] io::Error),
    /// Metrics.
    #[error("metrics: {0}")]
    Metrics(String),
    /// A thread of this process failed.
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Follows a merchant until `stop`. `ready` is told where proofs are answered.
///
/// # Errors
/// Where it cannot begin. What fails later is told by its status, and tried again.
pub async fn follow(
    mirror: Mirror,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), FollowError> {
    let prometheus = metrics::start().map_err(|error| FollowError::Metrics(error.to_string()))?;
    let source = RpcSource::connect(
        mirror.rpc.expose_secret(),
        mirror.chain_id,
        mirror.registry,
        mirror.merchant_id,
        mirror.finality,
    );
    let source = source.await?;
    let is_told = mirror.data.is_some();
    let data = data_of(&source, mirror.data).await?;
    let (folder, merchant_id) = (mirror.folder, mirror.merchant_id);
    let history = tokio::task::spawn_blocking(move || History::open(&folder, merchant_id)).await??;
    let history = Arc::new(history);
    let address = mirror.listen;
    let in_listen = |cause| FollowError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(in_listen)?;
    ready(listener.local_addr().map_err(in_listen)?);

    let identity = source.identity();
    let (status, shown) = watch::channel(Status::default());
    let served = http::serve(Arc::clone(&history), identity, shown, prometheus, listener, stop);
    let replay = Replay {
        source,
        data,
        from_block: mirror.from_block,
    };
    tokio::select! {
        ended = served => Ok(ended?),
        lost = keep_up(replay, is_told, &history, &status, mirror.poll) => Err(lost.into()),
    }
}

/// Where the merchant's data is: what was told, or what the registry says, which anybody may write: never a folder of this
/// machine.
///
/// # Errors
/// Where the chain cannot be read, or the address is none.
pub async fn data_of(source: &RpcSource, told: Option<String>) -> Result<Data, FollowError> {
    let place = if let Some(place) = told {
        place
    } else {
        let named = source.data_uri(&source.final_block().await?).await?;
        if !is_web_address(&named) {
            let none = "the registry names no http or https address";
            return Err(FollowError::Data(none.to_owned()));
        }
        named
    };
    Data::open(&place).map_err(|error| FollowError::Data(error.to_string()))
}

/// Epoch after epoch, until the history must be opened again. Data that is missing may have moved: where none was told, the
/// registry is asked again.
async fn keep_up(
    mut replay: Replay,
    is_told: bool,
    history: &Arc<History>,
    status: &watch::Sender<Status>,
    poll: Duration,
) -> HistoryError {
    loop {
        let advanced = replay.advance(history, |epoch, events| {
            tracing::info!(epoch = epoch.header.number, events, "replayed");
        });
        let (condition, detail) = match advanced.await {
            Ok(_) => (Condition::Working, String::new()),
            Err(ReplayError::History(lost @ HistoryError::Lost(_))) => return lost,
            Err(error) => {
                if !is_told && matches!(error, ReplayError::Missing { .. }) {
                    // Where this fails, the old address stays.
                    replay.data = data_of(&replay.source, None).await.unwrap_or(replay.data);
                }
                (condition(&error), error.to_string())
            }
        };
        say(status, history, condition, detail);
        sleep(poll).await;
    }
}

fn say(status: &watch::Sender<Status>, history: &History, condition: Condition, detail: String) {
    let (final_epoch, final_hash) = history.final_epoch();
    let now = Status {
        condition,
        detail,
        at_ms: now_ms(),
        final_epoch,
        final_hash,
        computed_epoch: final_epoch,
        next_cut_in_s: None,
        cut_to_final_s: None,
    };
    metrics::status_changed(&now);
    let before = status.send_replace(now.clone());
    if (before.condition, &before.detail) == (now.condition, &now.detail) {
        return;
    }
    if condition.is_well() {
        tracing::info!(condition = condition.name(), "the mirror's condition");
    } else {
        tracing::error!(condition = condition.name(), "{}", now.detail);
    }
}

const fn condition(error: &ReplayError) -> Condition {
    match error {
        ReplayError::Rpc(error) => Condition::of_node(error),
        ReplayError::Behind { .. } => Condition::RpcRefused,
        ReplayError::Breach { .. } => Condition::BadHistory,
        ReplayError::Missing { .. } => Condition::DataMissing,
        ReplayError::OtherHistory { .. } | ReplayError::History(_) | ReplayError::Stopped(_) => Condition::Storage,
    }
}
