//! `EpochAnchored` logs: in which block an epoch was anchored, and with which header.

use std::collections::BTreeMap;

use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use alloy_primitives::B256;
use shelfproof_contracts::ShelfproofRegistry::EpochAnchored;

use super::range::Range;
use super::{FinalBlock, RpcError, RpcSource, block};
use crate::chain::AnchoredEpoch;
use crate::epoch::Header;

/// The most queries that one search makes.
pub(super) const MAX_QUERIES: u32 = 4_096;
/// The most epoch numbers in one query. Above this, the query is for all of the merchant's logs.
const MAX_TOPICS: usize = 64;
const GET_LOGS: &str = "eth_getLogs";

/// A log that names one of the merchant's epochs. Only its form is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) header: Header,
    pub(super) block: u64,
    block_hash: B256,
}

/// What the registry holds of an epoch: its hash, and the time of its block.
type Held = (B256, u64);

/// Finds the logs of the epochs that the registry holds as of `at`.
pub(super) async fn locate(
    source: &RpcSource,
    epochs: &BTreeMap<u64, Held>,
    at: &FinalBlock,
) -> Result<BTreeMap<u64, AnchoredEpoch>, RpcError> {
    let mut found = BTreeMap::new();
    for (number, held) in epochs {
        let Some(hint) = source.block_hints.get(number).filter(|block| **block <= at.number) else {
            continue;
        };
        // A hint is any number that the bundle's author wrote, so an error of this query is ignored.
        let candidates = fetch(source, &[*number], *hint, *hint).await.unwrap_or_default();
        if let Some(candidate) = pick(source, &candidates, *number, held.0) {
            found.insert(*number, confirm(source, &candidate, *held, at).await?);
        }
    }
    let missing: BTreeMap<u64, Held> = epochs
        .iter()
        .filter(|(number, _)| !found.contains_key(number))
        .map(|(number, held)| (*number, *held))
        .collect();
    search(source, missing, Range::new(0, at.number), at, &mut found).await?;
    Ok(found)
}

/// Checks that epoch `number` was anchored before `block`, by its log there: otherwise logs of `block` and after may be
/// hidden or pruned.
///
/// # Errors
/// [`RpcError::NoLog`] if no block before has its log.
pub(super) async fn anchored_before(
    source: &RpcSource,
    number: u64,
    block: u64,
    at: &FinalBlock,
) -> Result<(), RpcError> {
    let held = source.epoch(number, at).await?;
    let missing = BTreeMap::from([(number, held)]);
    search(source, missing, Range::before(block), at, &mut BTreeMap::new()).await
}

/// Searches backwards from the range's end, since proofs use recent epochs, until nothing is missing.
async fn search(
    source: &RpcSource,
    mut missing: BTreeMap<u64, Held>,
    mut range: Range,
    at: &FinalBlock,
    found: &mut BTreeMap<u64, AnchoredEpoch>,
) -> Result<(), RpcError> {
    for _ in 0..MAX_QUERIES {
        let Some(first_missing) = missing.keys().next().copied() else {
            return Ok(());
        };
        let Some((from, to)) = range.newest() else {
            return Err(RpcError::NoLog { number: first_missing });
        };
        let numbers: Vec<u64> = missing.keys().copied().collect();
        let candidates = match fetch(source, &numbers, from, to).await {
            Ok(candidates) => candidates,
            Err(error) if error.may_be_range() && range.halve() => continue,
            Err(error) => return Err(error),
        };
        for (number, held) in missing.clone() {
            if let Some(candidate) = pick(source, &candidates, number, held.0) {
                found.insert(number, confirm(source, &candidate, held, at).await?);
                missing.remove(&number);
            }
        }
        range.answered();
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(RpcError::SearchTooLong { queries: MAX_QUERIES })
    }
}

/// The merchant's logs of those epochs in blocks `from` to `to`. Logs that are not of the form are left out.
pub(super) async fn fetch(source: &RpcSource, numbers: &[u64], from: u64, to: u64) -> Result<Vec<Candidate>, RpcError> {
    let identity = source.identity;
    let mut filter = Filter::new()
        .address(identity.registry)
        .event_signature(EpochAnchored::SIGNATURE_HASH)
        .topic1(identity.merchant_id)
        .from_block(from)
        .to_block(to);
    if !numbers.is_empty() && numbers.len() <= MAX_TOPICS {
        filter = filter.topic2(
            numbers
                .iter()
                .map(|n| B256::left_padding_from(&n.to_be_bytes()))
                .collect::<Vec<_>>(),
        );
    }
    let logs = source
        .provider
        .get_logs(&filter)
        .await
        .map_err(|e| RpcError::call(GET_LOGS, e))?;
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

fn pick(source: &RpcSource, candidates: &[Candidate], number: u64, hash: B256) -> Option<Candidate> {
    let merchant_id = source.identity.merchant_id;
    candidates
        .iter()
        .find(|c| c.header.number == number && c.header.hash(&merchant_id) == hash)
        .copied()
}

/// Checks that a log's header hashes to the registry's epoch hash and that its block is on the final chain. The epoch's
/// time is the registry's.
pub(super) async fn confirm(
    source: &RpcSource,
    candidate: &Candidate,
    (hash, anchored_at_s): Held,
    at: &FinalBlock,
) -> Result<AnchoredEpoch, RpcError> {
    let number = candidate.header.number;
    if candidate.header.hash(&source.identity.merchant_id) != hash || candidate.block > at.number {
        return Err(RpcError::NoLog { number });
    }
    let block = block::by_number(&source.provider, candidate.block).await?;
    if block.hash != candidate.block_hash {
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
