//! Compares a database with the chain: one that was restored from an old backup lacks what was sold since, and would
//! sell it again.
//!
//! [`latest`] reads the merchant's newest epoch on the chain, [`compare`] looks it up in the database. The node fences
//! its sales with both.

use std::fmt;

use alloy_primitives::B256;
use shelfproof_verifier::chain::rpc::{FinalBlock, RpcError, RpcSource};
use sqlx::PgConnection;

use crate::store::StoreError;
use crate::store::epochs::epoch_get;
use crate::store::fence::{Marks, fence_marks};

/// The result of comparing a database with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// The database holds what the chain holds: it may sell.
    Open,
    /// The chain holds an epoch that the database lacks.
    Behind {
        /// The chain's latest epoch.
        chain: u64,
        /// The database's newest epoch.
        database: u64,
    },
    /// The database holds another epoch of that number than the chain.
    Differs { number: u64 },
    /// The database's server is a standby: once promoted, it may lack what its primary sold last.
    Standby,
    /// The database's server counts transactions from an earlier number than it once did: what is written now would
    /// count as old, and would never be in an epoch.
    Counter {
        /// The server's next transaction.
        database: u64,
        /// The least that it must be.
        stored: u64,
    },
}

/// Why a database could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    #[error("the chain cannot be read: {0}")]
    Chain(#[from] RpcError),
    #[error(
        "the registry does not know this merchant: let its owner register it, or correct [chain] in the configuration"
    )]
    NotRegistered,
    /// The node lags behind the chain, or the chain makes no blocks.
    #[error(
        "the chain's node lags: its newest block is {age_s} s old. Look at that node; for a chain that makes blocks \
         seldom, set chain.stale_after_s"
    )]
    Stale {
        /// The age of its newest block.
        age_s: u64,
    },
    #[error("the database cannot be read: {0}")]
    Database(#[from] StoreError),
}

impl From<sqlx::Error> for FenceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// An epoch that the chain holds; number 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnChain {
    pub number: u64,
    pub hash: B256,
}

/// The merchant's latest epoch in `newest`, the newest block, final or not: waiting until it is final would leave time
/// in which a key is sold twice. Where the chain drops that block, the anchor sends the epoch again.
///
/// A node whose newest block is older than `stale_after_s` may lack the latest epoch, and is refused; 0 accepts any.
///
/// # Errors
/// If the chain cannot be read, its node lags, or the registry does not know the merchant.
pub async fn latest(
    source: &RpcSource,
    newest: &FinalBlock,
    stale_after_s: u64,
    now_s: u64,
) -> Result<OnChain, FenceError> {
    let age_s = now_s.saturating_sub(newest.time_s);
    if stale_after_s > 0 && age_s > stale_after_s {
        return Err(FenceError::Stale { age_s });
    }
    let (number, hash) = source.newest_epoch().await?;
    if number == 0 {
        // An unknown merchant has no epoch either, and no sale of it could ever be proved.
        source.vrf_public_key().await.map_err(|error| match error {
            RpcError::NotRegistered => FenceError::NotRegistered,
            error => error.into(),
        })?;
    }
    Ok(OnChain { number, hash })
}

/// Looks epochs up that were read from the chain before this call: an epoch is in the database before it is sent, so
/// the database holds each of them, unless it is an old one.
///
/// # Errors
/// If the database cannot be read.
pub async fn compare(connection: &mut PgConnection, seen: &[OnChain]) -> Result<Fence, FenceError> {
    let marks = fence_marks(connection).await?;
    for epoch in seen {
        let known = match epoch.number {
            0 => None,
            number => epoch_get(connection, number).await?,
        };
        let known = known.and_then(|epoch| epoch.roots).map(|roots| roots.hash);
        let fence = judge(epoch.number, &epoch.hash, known, &marks);
        if fence != Fence::Open {
            return Ok(fence);
        }
    }
    Ok(Fence::Open)
}

/// `known` is the database's hash of the epoch `number`, `hash` the chain's.
fn judge(number: u64, hash: &B256, known: Option<B256>, marks: &Marks) -> Fence {
    match known {
        None if number > 0 => Fence::Behind {
            chain: number,
            database: marks.epoch,
        },
        Some(known) if known != *hash => Fence::Differs { number },
        _ if marks.is_standby => Fence::Standby,
        _ if marks.transaction < marks.transaction_min => Fence::Counter {
            database: marks.transaction,
            stored: marks.transaction_min,
        },
        _ => Fence::Open,
    }
}

/// The upper 32 bits of transaction numbers (PostgreSQL's epoch) with which a server counts on from `least` or above,
/// where its next number is `next`. The lower bits stay: nothing that the server stores depends on the upper ones.
const fn transaction_epoch(next: u64, least: u64) -> u64 {
    let epoch = least >> 32;
    if next & 0xffff_ffff < least & 0xffff_ffff {
        epoch + 1
    } else {
        epoch
    }
}

const REPAIR: &str = "Restore the newest backup with all archived write-ahead logs (point-in-time recovery)";
const LAST_RESORT: &str = "If there is none, these keys must not be sold again: retire the merchant, and register \
                           another with the codes whose published history shows no sale";

impl Fence {
    /// What is wrong, without how to repair it.
    #[must_use]
    pub fn reason(&self) -> String {
        match *self {
            Self::Open => "the database knows all that the chain holds".to_owned(),
            Self::Behind { chain, database } => format!(
                "the database ends with epoch {database}, and the chain holds epoch {chain}: the database comes from \
                 an old backup, and would sell again what was sold since"
            ),
            Self::Differs { number } => format!(
                "the database holds another epoch {number} than the chain: it went on from an old backup, or another \
                 database's anchor works for this merchant"
            ),
            Self::Standby => "the database's server is a standby".to_owned(),
            Self::Counter { database, stored } => format!(
                "the database's server counts transactions from {database}, and the database was written by \
                 transactions up to {stored}: it was loaded into a new server, where what is sold now would never \
                 be anchored"
            ),
        }
    }

    /// How to repair it; empty where nothing is wrong.
    fn repair(&self) -> String {
        match *self {
            Self::Open => String::new(),
            Self::Behind { chain, .. } => {
                format!(". {REPAIR}, until attest.epochs reaches epoch {chain}. {LAST_RESORT}")
            }
            Self::Differs { number } => {
                format!(". {REPAIR} of the database whose epoch {number} the chain holds. {LAST_RESORT}")
            }
            Self::Standby => ": let database.url lead to the server that is written, or promote this one".to_owned(),
            Self::Counter { database, stored } => format!(
                ". Stop the server, run `pg_resetwal --epoch={} --pgdata=ITS-DATA-FOLDER` as the server's user, and \
                 start it again",
                transaction_epoch(database, stored)
            ),
        }
    }
}

/// What is wrong, and how to repair it.
impl fmt::Display for Fence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.reason(), self.repair())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: B256 = B256::repeat_byte(1);
    const MARKS: Marks = Marks {
        epoch: 3,
        transaction: 900,
        transaction_min: 900,
        is_standby: false,
    };

    #[test]
    fn a_database_that_knows_the_chain_s_latest_epoch_may_sell() {
        assert_eq!(judge(0, &B256::ZERO, None, &MARKS), Fence::Open);
        assert_eq!(judge(2, &HASH, Some(HASH), &MARKS), Fence::Open);
    }

    #[test]
    fn a_database_that_does_not_may_not() {
        let behind = Fence::Behind { chain: 4, database: 3 };
        assert_eq!(judge(4, &HASH, None, &MARKS), behind);
        assert!(
            behind.to_string().contains("until attest.epochs reaches epoch 4"),
            "{behind}"
        );
        let other = Some(B256::repeat_byte(2));
        assert_eq!(judge(2, &HASH, other, &MARKS), Fence::Differs { number: 2 });
    }

    #[test]
    fn a_standby_may_not_either_until_it_is_promoted() {
        let marks = Marks {
            is_standby: true,
            ..MARKS
        };
        assert_eq!(judge(2, &HASH, Some(HASH), &marks), Fence::Standby);
    }

    #[test]
    fn a_server_that_counts_from_the_start_again_is_told_what_to_run() {
        let marks = Marks {
            transaction: 899,
            ..MARKS
        };
        let counter = judge(2, &HASH, Some(HASH), &marks);
        assert_eq!(
            counter,
            Fence::Counter {
                database: 899,
                stored: 900
            }
        );
        assert!(counter.to_string().contains("pg_resetwal --epoch=1 "), "{counter}");
        let seventh = 7 << 32;
        assert_eq!(transaction_epoch(900, seventh + 5), 7);
        assert_eq!(transaction_epoch(900, seventh + 900), 7);
        assert_eq!(transaction_epoch(899, seventh + 900), 8);
    }
}
