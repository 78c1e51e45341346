//! A merchant's epochs in order, in bounded memory.

use std::collections::VecDeque;

use super::logs::{self, Candidate, MAX_QUERIES};
use super::range::Span;
use super::{FinalBlock, RpcError, RpcSource, block};
use crate::chain::AnchoredEpoch;

/// A merchant's epochs in order, from one number or time on, up to the latest as of one final block.
#[derive(Debug)]
pub struct Scan<'a> {
    source: &'a RpcSource,
    at: FinalBlock,
    latest: u64,
    /// The next epoch's number; `None` until the first one is found.
    number: Option<u64>,
    /// The block that the scan begins at.
    from_block: u64,
    /// The first block that is not read yet.
    block: u64,
    span: Span,
    queries: u32,
    ready: VecDeque<Candidate>,
}

impl RpcSource {
    /// The epochs from `number` on, as of `at`, whose logs lie in `from_block` or after.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn scan(&self, number: u64, from_block: u64, at: FinalBlock) -> Result<Scan<'_>, RpcError> {
        self.walk(Some(number), from_block, at).await
    }

    /// The epochs, as of `at`, whose blocks have the time `time_s` or later. A node that hides logs cannot hide the
    /// first one: the epoch before it must have its log before that time.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn scan_since(&self, time_s: u64, at: FinalBlock) -> Result<Scan<'_>, RpcError> {
        let from_block = block::first_since(&self.provider, time_s, &at).await?;
        self.walk(None, from_block, at).await
    }

    async fn walk(&self, number: Option<u64>, from_block: u64, at: FinalBlock) -> Result<Scan<'_>, RpcError> {
        let (latest, _) = self.latest_epoch(&at).await?;
        let whole = at.number.saturating_sub(from_block).saturating_add(1);
        Ok(Scan {
            source: self,
            at,
            latest,
            number,
            from_block,
            block: from_block,
            span: Span::new(whole),
            queries: 0,
            ready: VecDeque::new(),
        })
    }
}

impl Scan<'_> {
    /// The number of the scan's latest epoch; 0 if there is none.
    #[must_use]
    pub const fn latest(&self) -> u64 {
        self.latest
    }

    /// The final block that the scan reads at.
    #[must_use]
    pub const fn at(&self) -> FinalBlock {
        self.at
    }

    /// The next epoch, whose header hashes to the registry's epoch hash; `None` after the latest.
    ///
    /// # Errors
    /// [`RpcError`]; an epoch without a log ends the scan.
    pub async fn next(&mut self) -> Result<Option<AnchoredEpoch>, RpcError> {
        if self.latest == 0 || self.number.is_some_and(|number| number == 0 || number > self.latest) {
            return Ok(None);
        }
        let candidate = self.candidate().await?;
        if self.number.is_none() {
            let before = candidate.map_or(self.latest, |c| c.header.number.saturating_sub(1));
            if before > 0 {
                logs::anchored_before(self.source, before, self.from_block, &self.at).await?;
            }
        }
        let Some(candidate) = candidate else {
            return Ok(None);
        };
        let number = candidate.header.number;
        let held = self.source.epoch(number, &self.at).await?;
        let epoch = logs::confirm(self.source, &candidate, held, &self.at).await?;
        self.number = Some(number.saturating_add(1));
        Ok(Some(epoch))
    }

    /// The next epoch's log; `None` if no epoch is in the scan's blocks.
    async fn candidate(&mut self) -> Result<Option<Candidate>, RpcError> {
        loop {
            while let Some(candidate) = self.ready.pop_front() {
                if self.number.is_none_or(|number| number == candidate.header.number) {
                    return Ok(Some(candidate));
                }
            }
            if self.block > self.at.number {
                return self.number.map_or(Ok(None), |number| Err(RpcError::NoLog { number }));
            }
            self.read_piece().await?;
        }
    }

    /// Reads the next piece of blocks, in one query.
    async fn read_piece(&mut self) -> Result<(), RpcError> {
        if self.queries >= MAX_QUERIES {
            return Err(RpcError::SearchTooLong { queries: self.queries });
        }
        self.queries += 1;
        let to = self.at.number.min(self.block.saturating_add(self.span.blocks() - 1));
        match logs::fetch(self.source, &[], self.block, to).await {
            Ok(mut found) => {
                found.sort_by_key(|candidate| candidate.header.number);
                // The bound is for queries that find no epoch: a long history takes many that do.
                if !found.is_empty() {
                    self.queries = 0;
                }
                self.ready.extend(found);
                self.block = to.saturating_add(1);
                self.span.answered();
                Ok(())
            }
            Err(error) if error.may_be_range() && self.span.halve() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
