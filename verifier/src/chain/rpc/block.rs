//! Blocks: which one is final, and their times.

use alloy::eips::BlockId;
use alloy::providers::{Provider, RootProvider};
use alloy_primitives::B256;
use serde::Deserialize;

use super::RpcError;

/// When a block counts as final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// When the node's `finalized` tag has reached it.
    Tag,
    /// When this many blocks follow it.
    Confirmations(u64),
}

/// A block on the node's chain: the newest final one, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalBlock {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, Unix seconds.
    pub time_s: u64,
}

impl FinalBlock {
    /// The block by its hash, so that reads cannot switch to another branch.
    pub(super) fn id(&self) -> BlockId {
        BlockId::hash(self.hash)
    }
}

/// The fields of a block's header that every chain has.
#[derive(Debug, Deserialize)]
struct Brief {
    #[serde(with = "alloy::serde::quantity")]
    number: u64,
    hash: B256,
    #[serde(with = "alloy::serde::quantity")]
    timestamp: u64,
}

const GET_BLOCK: &str = "eth_getBlockByNumber";
/// The largest number and time of a block that are accepted: exact in JSON, and far from an overflow in arithmetic.
const MAX_QUANTITY: u64 = (1 << 53) - 1;

pub(super) async fn newest_final(provider: &RootProvider, finality: Finality) -> Result<FinalBlock, RpcError> {
    let tag = match finality {
        Finality::Tag => "finalized".to_owned(),
        Finality::Confirmations(confirmations) => {
            let head = provider
                .get_block_number()
                .await
                .map_err(|e| RpcError::call("eth_blockNumber", e))?;
            let number = head.checked_sub(confirmations).ok_or(RpcError::NoFinalBlock)?;
            format!("{number:#x}")
        }
    };
    match get(provider, tag).await {
        Ok(Some(block)) => Ok(block),
        // A node that does not support the tag answers with an error or with null.
        Ok(None) => Err(RpcError::NoFinalBlock),
        Err(RpcError::Refused { .. }) if finality == Finality::Tag => Err(RpcError::NoFinalBlock),
        Err(error) => Err(error),
    }
}

/// The newest block, final or not.
pub(super) async fn newest(provider: &RootProvider) -> Result<FinalBlock, RpcError> {
    let found = get(provider, "latest".to_owned()).await?;
    found.ok_or_else(|| RpcError::answer(GET_BLOCK, "the node has no newest block"))
}

/// The block at that height, as the node has it.
pub(super) async fn by_number(provider: &RootProvider, number: u64) -> Result<FinalBlock, RpcError> {
    let found = get(provider, format!("{number:#x}")).await?;
    found
        .filter(|block| block.number == number)
        .ok_or_else(|| RpcError::answer(GET_BLOCK, format!("block {number} is not there")))
}

/// The first block up to `newest` whose time is `time_s` or later; the number after `newest` if there is none.
pub(super) async fn first_since(provider: &RootProvider, time_s: u64, newest: &FinalBlock) -> Result<u64, RpcError> {
    let (mut low, mut high) = (0, newest.number.saturating_add(1));
    // Times never decrease along a chain; each turn halves the range.
    while low < high {
        let middle = low + (high - low) / 2;
        if by_number(provider, middle).await?.time_s < time_s {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

async fn get(provider: &RootProvider, tag: String) -> Result<Option<FinalBlock>, RpcError> {
    let answer: Result<Option<Brief>, _> = provider.raw_request(GET_BLOCK.into(), (tag, false)).await;
    let brief = answer.map_err(|e| RpcError::call(GET_BLOCK, e))?;
    if brief.as_ref().is_some_and(|b| b.number.max(b.timestamp) > MAX_QUANTITY) {
        return Err(RpcError::answer(
            GET_BLOCK,
            "a block's number or time is above 2^53 - 1",
        ));
    }
    Ok(brief.map(|b| FinalBlock {
        number: b.number,
        hash: b.hash,
        time_s: b.timestamp,
    }))
}
