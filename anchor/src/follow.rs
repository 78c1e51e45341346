//! A mirror: it builds a history from the chain and the published data alone, keeps it up to date, and answers proofs
//! from it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::client::{HttpError, Reach};
use shelfproof_base::clock::now_ms;
use shelfproof_base::web::parse_url;
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

/// A mirror's settings.
#[derive(Debug)]
pub struct Mirror {
    /// A node's JSON-RPC address.
    pub rpc: SecretString,
    /// The expected chain; `None` takes the chain of the node.
    pub chain_id: Option<u64>,
    pub registry: Address,
    pub merchant_id: B256,
    pub finality: Finality,
    /// Address or folder of the data; `None` takes the address that the registry names.
    pub data: Option<String>,
    /// The search for epochs begins at this block.
    pub from_block: u64,
    /// The history's folder.
    pub folder: PathBuf,
    /// The address that answers proofs.
    pub listen: SocketAddr,
    /// The pause between two reads of the chain.
    pub poll: Duration,
}

/// Why a mirror does not run.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("{0}")]
    Chain(#[from] RpcError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("the data's address cannot be used: {0}; give --data")]
    Data(String),
    #[error("--listen {address}: {cause}: choose another port, or end what listens there")]
    Listen { address: SocketAddr, cause: io::Error },
    #[error("answering proofs: {0}")]
    Serve(#[from] io::Error),
    #[error("metrics: {0}")]
    Metrics(String),
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Follows a merchant until `stop`. Calls `ready` with the address once proofs are answered there.
///
/// # Errors
/// If it cannot begin. What fails later is reported in its status, and tried again.
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
    let place = match mirror.data {
        Some(place) => Place::Given(place),
        None => Place::registered(mirror.rpc.expose_secret()).await?,
    };
    let data = place.open(&source).await?;
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
        lost = keep_up(replay, &place, &history, &status, mirror.poll) => Err(lost.into()),
    }
}

/// Where the merchant's data is.
#[derive(Debug)]
pub enum Place {
    /// An address or a folder that the operator gave.
    Given(String),
    /// The address that the registry contains. A third party wrote it, so it must be an address, and a public one
    /// unless the node's own address is private.
    Registered(Reach),
}

impl Place {
    /// The address that the registry contains, which is read through the node at `rpc`.
    ///
    /// # Errors
    /// If `rpc` is not an http or https address.
    pub async fn registered(rpc: &str) -> Result<Self, RpcError> {
        let rpc = parse_url(rpc).map_err(HttpError::from)?;
        Ok(Self::Registered(Reach::of_third_party(&rpc).await))
    }

    /// Opens the data there.
    ///
    /// # Errors
    /// If the chain cannot be read, or the place cannot be opened.
    pub async fn open(&self, source: &RpcSource) -> Result<Data, FollowError> {
        let data = match self {
            Self::Given(place) => Data::open(place, Reach::Any),
            Self::Registered(reach) => {
                let named = source.data_uri().await?;
                if parse_url(&named).is_err() {
                    let none = "the registry names no http or https address";
                    return Err(FollowError::Data(none.to_owned()));
                }
                Data::open(&named, *reach)
            }
        };
        data.map_err(|error| FollowError::Data(error.to_string()))
    }
}

/// Adds epoch after epoch, until the history must be opened again. Missing data may have moved: unless its place was
/// given, it is read from the registry again.
async fn keep_up(
    mut replay: Replay,
    place: &Place,
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
                if matches!((place, &error), (Place::Registered(_), ReplayError::Missing { .. })) {
                    // If this fails, the old address stays.
                    replay.data = place.open(&replay.source).await.unwrap_or(replay.data);
                }
                (condition(&error), error.to_string())
            }
        };
        report(status, history, condition, detail);
        sleep(poll).await;
    }
}

fn report(status: &watch::Sender<Status>, history: &History, condition: Condition, detail: String) {
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
