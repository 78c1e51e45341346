//! A merchant's epochs in order, in bounded memory.

use std::collections::VecDeque;

use alloy_primitives::B256;

use super::batch::Batches;
use super::logs::LogWalk;
use super::{FinalBlock, Held, RpcError, RpcSource};
use crate::chain::{Anchored, AnchoredEpoch};
use crate::published::Data;

/// A merchant's epochs in order, from one number or time on, up to the latest as of one final block.
///
/// What the registry holds of them is asked for many at once; their headers come from the published data, and from the
/// node's logs where it lacks them or has others.
#[derive(Debug)]
pub struct Scan<'a> {
    source: &'a RpcSource,
    headers: Option<&'a Data>,
    at: FinalBlock,
    /// Number and hash of the latest epoch.
    latest: (u64, B256),
    /// The next epoch's number.
    number: u64,
    /// What the registry holds of that epoch and of those after it.
    held: VecDeque<Held>,
    batches: Batches,
    logs: LogWalk,
}

impl RpcSource {
    /// The epochs from `number` on, as of `at`. No log lies before `from_block`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn scan(&self, number: u64, from_block: u64, at: FinalBlock) -> Result<Scan<'_>, RpcError> {
        let latest = self.latest_epoch(&at).await?;
        Ok(Scan {
            source: self,
            headers: None,
            at,
            latest,
            number,
            held: VecDeque::new(),
            batches: Batches::default(),
            logs: LogWalk::new(from_block),
        })
    }

    /// The epochs, as of `at`, whose blocks have the time `time_s` or later: the registry tells each one's time.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn scan_since(&self, time_s: u64, at: FinalBlock) -> Result<Scan<'_>, RpcError> {
        let mut scan = self.scan(1, 0, at).await?;
        // Times never decrease along the epochs; each turn halves the range.
        let (mut low, mut high) = (1, scan.latest.0.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let (_, anchored_at_s) = self.epoch_up_to(scan.latest.0, middle, &at).await?;
            if anchored_at_s < time_s {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        scan.number = low;
        Ok(scan)
    }
}

impl<'a> Scan<'a> {
    /// Reads headers from the published data first.
    #[must_use]
    pub const fn with_headers(mut self, data: &'a Data) -> Self {
        self.headers = Some(data);
        self
    }

    /// The number of the scan's latest epoch; 0 if there is none.
    #[must_use]
    pub const fn latest(&self) -> u64 {
        self.latest.0
    }

    /// The next epoch, whose header hashes to the registry's epoch hash; `None` after the latest.
    ///
    /// # Errors
    /// [`RpcError`]; an epoch with neither a header nor a log ends the scan.
    pub async fn next(&mut self) -> Result<Option<AnchoredEpoch>, RpcError> {
        let Some((number, held)) = self.next_held().await? else {
            return Ok(None);
        };
        let epoch = match self.published(number, held).await {
            Some(epoch) => epoch,
            None => self.logs.find(self.source, number, held, &self.at).await?,
        };
        self.pass();
        Ok(Some(epoch))
    }

    /// The next epoch's number, and what the registry holds of it, without its header and block.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn next_hash(&mut self) -> Result<Option<(u64, Anchored)>, RpcError> {
        let next = self.next_held().await?;
        self.pass();
        Ok(next.map(|(number, (hash, anchored_at_s))| {
            let anchored = Anchored {
                hash,
                anchored_at_s,
                block: None,
            };
            (number, anchored)
        }))
    }

    async fn next_held(&mut self) -> Result<Option<(u64, Held)>, RpcError> {
        let (number, (latest, hash)) = (self.number, self.latest);
        if number == 0 || number > latest {
            return Ok(None);
        }
        if self.held.is_empty() {
            let batches = &mut self.batches;
            self.held = batches.first_of(self.source, number..=latest, &self.at).await?.into();
        }
        match self.held.front() {
            Some(held) if !held.0.is_zero() && (number < latest || held.0 == hash) => Ok(Some((number, *held))),
            _ => Err(RpcError::Contradicts { number, latest }),
        }
    }

    fn pass(&mut self) {
        self.held.pop_front();
        self.number = self.number.saturating_add(1);
    }

    /// The epoch by its header file. One that is missing, or that does not hash to what the registry holds, is as good
    /// as none: anybody may have written it.
    async fn published(&self, number: u64, held: Held) -> Option<AnchoredEpoch> {
        let listed = self.headers?.fetch_header(number).await?;
        let block = listed.block.filter(|block| *block <= self.at.number)?;
        let is_held = listed.header.number == number && listed.header.hash(&self.source.identity.merchant_id) == held.0;
        is_held.then_some(AnchoredEpoch {
            header: listed.header,
            hash: held.0,
            block,
            anchored_at_s: held.1,
        })
    }
}
