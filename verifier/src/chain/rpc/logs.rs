//! `EpochAnchored` logs: in which block an epoch was anchored, and with which header. They are read only for epochs
//! whose header file is missing.

use std::collections::VecDeque;

use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use alloy_primitives::B256;
use shelfproof_contracts::ShelfproofRegistry::EpochAnchored;

use super::range::Span;
use super::{FinalBlock, Held, RpcError, RpcSource, block};
use crate::chain::AnchoredEpoch;
use crate::epoch::Header;

/// The blocks of the first query: as many as most nodes take.
const FIRST_SPAN: u64 = 10_000;
pub(super) const GET_LOGS: &str = "eth_getLogs";

/// A log that names one of the merchant's epochs. Only its form is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    header: Header,
    block: u64,
    block_hash: B256,
}

/// Reads the logs of one epoch after the other, in the order of their numbers.
#[derive(Debug)]
pub(super) struct LogWalk {
    /// The first block that is not read yet.
    block: u64,
    span: Span,
    /// Logs that were read together with one before.
    ready: VecDeque<Candidate>,
}

impl LogWalk {
    /// No log lies before `from_block`.
    pub(super) const fn new(from_block: u64) -> Self {
        Self {
            block: from_block,
            span: Span::new(FIRST_SPAN, u64::MAX),
            ready: VecDeque::new(),
        }
    }

    /// The log of an epoch that the registry holds, later than those found before. The registry's time says in which
    /// block it is, so that the search begins there.
    pub(super) async fn find(
        &mut self,
        source: &RpcSource,
        number: u64,
        held: Held,
        at: &FinalBlock,
    ) -> Result<AnchoredEpoch, RpcError> {
        while let Some(candidate) = self.ready.pop_front() {
            if is_of(&candidate, source, number, &held.0) {
                return confirm(source, &candidate, held, at).await;
            }
        }
        self.block = block::first_since(&source.provider, held.1, self.block, at).await?;
        while self.block <= at.number && block::by_number(&source.provider, self.block).await?.time_s == held.1 {
            let mut found = self.read_piece(source, at).await?;
            if let Some(place) = found.iter().position(|c| is_of(c, source, number, &held.0)) {
                self.ready = found.split_off(place + 1);
                return confirm(source, &found[place], held, at).await;
            }
        }
        Err(RpcError::NoLog { number })
    }

    /// The logs of the next blocks, by number.
    async fn read_piece(&mut self, source: &RpcSource, at: &FinalBlock) -> Result<VecDeque<Candidate>, RpcError> {
        loop {
            let to = at.number.min(self.block.saturating_add(self.span.blocks() - 1));
            match fetch(source, self.block, to).await {
                Ok(mut found) => {
                    found.sort_by_key(|candidate| (candidate.header.number, candidate.block));
                    self.block = to.saturating_add(1);
                    self.span.answered();
                    return Ok(found.into());
                }
                Err(error) => self.span.shrink(to - self.block + 1, error)?,
            }
        }
    }
}

/// The block of an epoch that the registry holds; `None` if the node does not tell. A `hint` is any number that a
/// file's author wrote; where it is wrong, `may_search` allows many more questions.
pub(super) async fn block_of(
    source: &RpcSource,
    number: u64,
    held: Held,
    hint: Option<u64>,
    may_search: bool,
    at: &FinalBlock,
) -> Result<Option<u64>, RpcError> {
    let has_time = |found: Option<FinalBlock>| found.is_some_and(|found| found.time_s == held.1);
    if let Some(hint) = hint.filter(|hint| *hint <= at.number)
        && has_time(block::at_height(&source.provider, hint).await?)
    {
        return Ok(Some(hint));
    }
    if !may_search {
        return Ok(None);
    }
    let first = block::first_since(&source.provider, held.1, 0, at).await?;
    if first > at.number || !has_time(block::at_height(&source.provider, first).await?) {
        return Ok(None);
    }
    if !has_time(block::at_height(&source.provider, first.saturating_add(1)).await?) {
        return Ok(Some(first));
    }
    // Several blocks have that time: only the log says which of them it is.
    let mut walk = LogWalk::new(first);
    let found = walk.find(source, number, held, at).await;
    Ok(found.ok().map(|epoch| epoch.block))
}

/// The merchant's logs in blocks `from` to `to`. Logs that are not of the form are left out.
async fn fetch(source: &RpcSource, from: u64, to: u64) -> Result<Vec<Candidate>, RpcError> {
    let identity = source.identity;
    let filter = Filter::new()
        .address(identity.registry)
        .event_signature(EpochAnchored::SIGNATURE_HASH)
        .topic1(identity.merchant_id)
        .from_block(from)
        .to_block(to);
    let logs = source.provider.get_logs(&filter).await;
    let logs = logs.map_err(|error| RpcError::call(GET_LOGS, error))?;
    Ok(logs
        .iter()
        .filter_map(|log| candidate(source, log))
        .filter(|c| (from..=to).contains(&c.block))
        .collect())
}

fn candidate(source: &RpcSource, log: &Log) -> Option<Candidate> {
    if log.address() != source.identity.registry || log.removed {
        return None;
    }
    let event = EpochAnchored::decode_log_validate(&log.inner).ok()?.data;
    if event.merchantId != source.identity.merchant_id {
        return None;
    }
    let header = Header {
        number: event.number,
        parent: event.parent,
        events_root: event.eventsRoot,
        history_root: event.historyRoot,
        event_count: event.eventCount,
        data_hash: event.dataHash,
    };
    Some(Candidate {
        header,
        block: log.block_number?,
        block_hash: log.block_hash?,
    })
}

fn is_of(candidate: &Candidate, source: &RpcSource, number: u64, hash: &B256) -> bool {
    candidate.header.number == number && candidate.header.hash(&source.identity.merchant_id) == *hash
}

/// Checks that the block of a log, whose header hashes to the registry's epoch hash, is on the final chain and has the
/// registry's time.
async fn confirm(
    source: &RpcSource,
    candidate: &Candidate,
    (hash, anchored_at_s): Held,
    at: &FinalBlock,
) -> Result<AnchoredEpoch, RpcError> {
    let number = candidate.header.number;
    if candidate.block > at.number {
        return Err(RpcError::NoLog { number });
    }
    let block = block::by_number(&source.provider, candidate.block).await?;
    if block.hash != candidate.block_hash || block.time_s != anchored_at_s {
        let why = format!("the log of epoch {number} lies in a block that is not on the node's chain");
        return Err(RpcError::answer(GET_LOGS, why));
    }
    Ok(AnchoredEpoch {
        header: candidate.header,
        hash,
        block: candidate.block,
        anchored_at_s,
    })
}
