//! Blocks: which one is final, and their times.

use alloy::providers::{Provider, RootProvider};
use alloy_primitives::B256;
use serde::Deserialize;

use super::{RpcError, error};

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
        // One that is asked too often, or whose quota is used up, may well support it.
        Err(RpcError::Refused { code, ref message, .. })
            if finality == Finality::Tag && !error::is_rate_limit(code, message) =>
        {
            Err(RpcError::NoFinalBlock)
        }
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
    let found = at_height(provider, number).await?;
    found.ok_or_else(|| RpcError::answer(GET_BLOCK, format!("block {number} is not there")))
}

/// The block at that height; `None` if the node has none.
pub(super) async fn at_height(provider: &RootProvider, number: u64) -> Result<Option<FinalBlock>, RpcError> {
    let found = get(provider, format!("{number:#x}")).await?;
    Ok(found.filter(|block| block.number == number))
}

/// The first block from `from` to `newest` whose time is `time_s` or later; the number after `newest` if there is none.
pub(super) async fn first_since(
    provider: &RootProvider,
    time_s: u64,
    from: u64,
    newest: &FinalBlock,
) -> Result<u64, RpcError> {
    if newest.time_s < time_s || from > newest.number {
        return Ok(newest.number.saturating_add(1));
    }
    let mut early = by_number(provider, from).await?;
    if early.time_s >= time_s {
        return Ok(from);
    }
    let mut late = *newest;
    let mut guesses = true;
    // Times never decrease along a chain. Most chains have blocks at a steady pace, so a guess by proportion is near;
    // every other turn halves the range, whatever the pace is.
    while late.number - early.number > 1 {
        let middle = if guesses {
            proportional(&early, &late, time_s)
        } else {
            early.number + (late.number - early.number) / 2
        };
        let block = by_number(provider, middle).await?;
        if block.time_s < time_s {
            early = block;
        } else {
            late = block;
        }
        guesses = !guesses;
    }
    Ok(late.number)
}

/// The number between those of two blocks that is in proportion to a time after that of the first and up to that of the
/// second.
fn proportional(early: &FinalBlock, late: &FinalBlock, time_s: u64) -> u64 {
    let (blocks, seconds) = (
        late.number - early.number,
        late.time_s.saturating_sub(early.time_s).max(1),
    );
    let part = u128::from(blocks) * u128::from(time_s.saturating_sub(early.time_s)) / u128::from(seconds);
    let part = u64::try_from(part).unwrap_or(blocks);
    early.number + part.clamp(1, blocks - 1)
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
