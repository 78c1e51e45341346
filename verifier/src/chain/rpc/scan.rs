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
    /// The nodes that must hold the same.
    others: Vec<(&'a RpcSource, Batches)>,
    /// Epochs with an earlier time are passed over.
    since_s: u64,
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
            others: Vec::new(),
            since_s: 0,
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
        // The one before is read too, so that other nodes can say whether it is one that counts.
        scan.number = low.saturating_sub(1).max(1);
        scan.since_s = time_s;
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

    /// Refuses what the registry holds of an epoch unless it holds the same at all these nodes, which agree on the latest.
    #[must_use]
    pub fn confirmed_by(mut self, others: &'a [RpcSource]) -> Self {
        self.others = others.iter().map(|other| (other, Batches::default())).collect();
        self
    }

    /// The number of the scan's latest epoch; 0 if there is none.
    #[must_use]
    pub const fn latest(&self) -> u64 {
        self.latest.0
    }

    /// The number of the next epoch.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
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
        loop {
            let (number, (latest, hash)) = (self.number, self.latest);
            if number == 0 || number > latest {
                return Ok(None);
            }
            if self.held.is_empty() {
                let batches = &mut self.batches;
                let held = batches.first_of(self.source, number..=latest, &self.at).await;
                self.held = held.map_err(|error| self.source.blamed(error))?.into();
                self.confirm().await?;
            }
            let held = match self.held.front() {
                Some(held) if !held.0.is_zero() && (number < latest || held.0 == hash) => *held,
                _ => return Err(self.source.blamed(RpcError::Contradicts { number, latest })),
            };
            if held.1 >= self.since_s {
                return Ok(Some((number, held)));
            }
            self.pass();
        }
    }

    /// Compares what was read with what the other nodes hold.
    async fn confirm(&mut self) -> Result<(), RpcError> {
        let mut said = vec![(self.source, self.held.clone())];
        for (other, batches) in &mut self.others {
            let mut theirs = VecDeque::new();
            while theirs.len() < self.held.len() {
                let rest = (self.number..).take(self.held.len()).skip(theirs.len());
                let held = batches.first_of(other, rest, &self.at).await;
                theirs.extend(held.map_err(|error| other.blamed(error))?);
            }
            said.push((*other, theirs));
        }
        let differs = |index: &usize| said.iter().any(|(_, held)| held[*index] != self.held[*index]);
        match (0..self.held.len()).find(differs) {
            None => Ok(()),
            Some(index) => Err(RpcError::Apart {
                number: (self.number..).nth(index).unwrap_or_default(),
                words: said.iter().map(|(node, held)| node.words(held[index])).collect(),
            }),
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
