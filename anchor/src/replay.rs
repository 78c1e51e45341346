//! A history from the chain and the published data alone: how a mirror follows, and how a lost folder is made again.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::chain::rpc::{AnchoredEpoch, FinalBlock, RpcError, RpcSource};
use shelfproof_verifier::epoch;
use shelfproof_verifier::published::{Data, Missing};
use tokio::task::{JoinError, spawn_blocking};

use crate::history::{History, HistoryError, threads};

/// What a history is made from.
#[derive(Debug)]
pub struct Replay {
    /// The chain, and which merchant's history.
    pub source: RpcSource,
    /// What the merchant published, or a copy of it: the history's own folder too.
    pub data: Data,
    /// No epoch was anchored before this block: where the search begins in an empty history.
    pub from_block: u64,
}

/// Why a history cannot be followed further. What was added before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The chain could not be read.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The history has an epoch that is not final on this chain.
    #[error(
        "the history stands at epoch {number}, and the latest final epoch that the node knows is {latest}; wait until the node has caught up, or ask another"
    )]
    Behind {
        /// The history's epoch.
        number: u64,
        /// The node's.
        latest: u64,
    },
    /// The history is not the chain's.
    #[error(
        "epoch {number} of the history has the hash {ours}, the chain's has {theirs}; the folder is of another chain: name another"
    )]
    OtherHistory {
        /// The epoch.
        number: u64,
        /// Its hash in the history.
        ours: B256,
        /// Its hash on the chain.
        theirs: B256,
    },
    /// An epoch's data is not to be had.
    #[error("the data of epoch {number} is not to be had: {cause}")]
    Missing {
        /// The epoch.
        number: u64,
        /// Why, and who says so.
        #[source]
        cause: Missing,
    },
    /// The merchant broke the protocol: nothing after this epoch can be believed.
    #[error("epoch {number} breaks the protocol: {breach}")]
    Breach {
        /// The epoch.
        number: u64,
        /// How.
        breach: Breach,
    },
    /// The folder failed.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The program is ending.
    #[error("stopped while an epoch was worked out")]
    Stopped(#[from] JoinError),
}

impl Replay {
    /// Adds every epoch that is final and not in the history yet, and tells each to `on_epoch` with its number of events
    /// once it is on disk. Forgets what waits in the history. A crash leaves the epochs added so far, and the next call
    /// goes on there. Returns how many were added.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn advance(
        &self,
        history: &Arc<History>,
        mut on_epoch: impl FnMut(&AnchoredEpoch, usize),
    ) -> Result<u64, ReplayError> {
        let at = self.source.final_block().await?;
        self.source.vrf_public_key(&at).await?;
        let last = {
            let history = Arc::clone(history);
            spawn_blocking(move || begin(&history)).await??
        };
        self.check(&last, &at).await?;
        // More than one epoch may lie in the last one's block.
        let from_block = last.block.unwrap_or(0).max(self.from_block);
        let mut scan = self.source.scan(last.number + 1, from_block, at).await?;
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

    /// A history of something else must not be built upon.
    async fn check(&self, last: &Last, at: &FinalBlock) -> Result<(), ReplayError> {
        let Last { number, hash, .. } = *last;
        if number == 0 {
            return Ok(());
        }
        let (latest, _) = self.source.latest_epoch(at).await?;
        if number > latest {
            return Err(ReplayError::Behind { number, latest });
        }
        let theirs = self.source.epoch_hash(number, at).await?;
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

/// Where a history ends.
struct Last {
    number: u64,
    hash: B256,
    block: Option<u64>,
}

fn begin(history: &History) -> Result<Last, HistoryError> {
    let (number, hash) = history.final_epoch();
    // An epoch that was pushed before a failure would be in the way of itself.
    history.truncate(number);
    let block = history.final_block()?;
    Ok(Last { number, hash, block })
}

/// Adds an epoch whose data has the anchored hash; how many events it has.
fn add(history: &History, epoch: &AnchoredEpoch, data: &[u8]) -> Result<usize, ReplayError> {
    let header = &epoch.header;
    let number = header.number;
    let breach = |breach| ReplayError::Breach { number, breach };
    // Computing works out every root anyway: only where something does not fit is it asked what an auditor would call it.
    let judged = || audit::read_epoch(header, data, threads());
    let events = epoch::decode_data(data).or_else(|_| judged()).map_err(breach)?;
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
