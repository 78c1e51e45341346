//! Builds a history from the chain and the published data alone: for mirrors, and for a folder that was lost.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::{FinalBlock, RpcError, RpcSource};
use shelfproof_verifier::epoch;
use shelfproof_verifier::published::{Data, Missing};
use tokio::task::{JoinError, spawn_blocking};

use crate::history::{History, HistoryError, threads};

/// The sources of a history.
#[derive(Debug)]
pub struct Replay {
    /// The chain, and the merchant on it.
    pub source: RpcSource,
    /// The published data, or a copy of it; the history's own folder can be one.
    pub data: Data,
    /// No epoch was anchored before this block.
    pub from_block: u64,
}

/// Why a replay stopped. Epochs that were added before stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The history has an epoch that is not final on this chain.
    #[error(
        "the history ends with epoch {number}, and the latest final epoch of the node is {latest}; wait until the node \
         has caught up, or use another"
    )]
    Behind {
        number: u64,
        /// The node's.
        latest: u64,
    },
    /// The history is another chain's.
    #[error(
        "epoch {number} of the history has the hash {ours}, and on the chain {theirs}; the folder belongs to another \
         chain: name another"
    )]
    OtherHistory {
        number: u64,
        /// Its hash in the history.
        ours: B256,
        /// Its hash on the chain.
        theirs: B256,
    },
    #[error("the data of epoch {number} cannot be fetched: {cause}")]
    Missing {
        number: u64,
        #[source]
        cause: Missing,
    },
    /// The merchant broke the protocol: nothing from this epoch on can be believed.
    #[error("epoch {number} breaks the protocol: {breach}")]
    Breach { number: u64, breach: Breach },
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The program is ending.
    #[error("stopped while an epoch was computed")]
    Stopped(#[from] JoinError),
}

impl Replay {
    /// Adds every final epoch that the history lacks, and returns their number. Calls `on_epoch` with each one and the
    /// number of its events once it is on disk. Forgets epochs of the history that are not final. A crash leaves the
    /// epochs added so far, and the next call goes on there.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn advance(
        &self,
        history: &Arc<History>,
        mut on_epoch: impl FnMut(&AnchoredEpoch, usize),
    ) -> Result<u64, ReplayError> {
        let at = self.source.final_block().await?;
        self.source.vrf_public_key().await?;
        let last = {
            let history = Arc::clone(history);
            spawn_blocking(move || begin(&history)).await?
        };
        self.check(&last, &at).await?;
        let scan = self.source.scan(last.number + 1, self.from_block, at).await?;
        let mut scan = scan.with_headers(&self.data);
        let mut added = 0;
        while let Some(epoch) = scan.next().await? {
            let number = epoch.header.number;
            let data = self.data.fetch(&epoch.header).await;
            let data = data.map_err(|cause| ReplayError::Missing { number, cause })?;
            let history = Arc::clone(history);
            let events = spawn_blocking(move || add(&history, &epoch, &data)).await??;
            added += 1;
            on_epoch(&epoch, events);
        }
        Ok(added)
    }

    /// Checks that the history's last epoch is the chain's.
    async fn check(&self, last: &Last, at: &FinalBlock) -> Result<(), ReplayError> {
        let Last { number, hash } = *last;
        if number == 0 {
            return Ok(());
        }
        let (latest, _) = self.source.latest_epoch(at).await?;
        if number > latest {
            return Err(ReplayError::Behind { number, latest });
        }
        let (theirs, _) = self.source.epoch(number, at).await?;
        if theirs == hash {
            return Ok(());
        }
        Err(ReplayError::OtherHistory {
            number,
            ours: hash,
            theirs,
        })
    }
}

/// The last epoch of a history.
struct Last {
    number: u64,
    hash: B256,
}

fn begin(history: &History) -> Last {
    let (number, hash) = history.final_epoch();
    // An epoch that was pushed before a failure would be in the way of itself.
    history.truncate(number);
    Last { number, hash }
}

/// Adds an epoch whose data has the anchored hash. Returns the number of its events.
fn add(history: &History, epoch: &AnchoredEpoch, data: &[u8]) -> Result<usize, ReplayError> {
    let header = &epoch.header;
    let number = header.number;
    let breach = |breach| ReplayError::Breach { number, breach };
    // Computing checks everything already: only where something does not fit, an audit says which rule it breaks.
    let judged = || {
        audit::check_key_ids(number, &audit::key_ids_in(data))?;
        let events = audit::read_epoch(header, data, threads())?;
        Ok(events.into_iter().map(|hashed| hashed.event).collect())
    };
    let events = epoch::split_data(data).or_else(|_| judged()).map_err(breach)?;
    let computed = match history.compute_epoch_in_block(&events, epoch.anchored_at_s) {
        Err(HistoryError::Breach(found)) => return Err(breach(judged().err().unwrap_or(found))),
        computed => computed?,
    };
    if computed.header != *header {
        judged().map_err(breach)?;
        audit::check_history_root(header, &computed.header.history_root).map_err(breach)?;
        return Err(ReplayError::OtherHistory {
            number,
            ours: computed.hash,
            theirs: epoch.hash,
        });
    }
    history.publish(&computed)?;
    history.push(computed)?;
    history.finalise(number, epoch.block, epoch.anchored_at_s)?;
    Ok(events.len())
}
