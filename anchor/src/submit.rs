//! From stored intents to final blocks: the anchor's second task, beside the sequencer.
//!
//! The sequencer stores an intent for each epoch whose roots are committed ([`anchor_call`]); a [`Submitter`] brings
//! the epochs onto the chain one after the other, and closes an intent once a final block holds its epoch. All state is
//! in the log and on the chain. A round reads both, does what can be done, and ends. What owners signed over the same
//! database is sent too.
//!
//! The two tasks share only [`Signals`] and the database, so that a slow node delays no cut.

use std::sync::Arc;

use alloy::sol_types::SolCall;
use alloy_primitives::B256;
use shelfproof_contracts::ShelfproofRegistry::anchorCall;
use shelfproof_verifier::chain::rpc::RpcSource;
use shelfproof_verifier::chain::{Identity, Needs, RootSource};
use shelfproof_verifier::epoch::Header;

mod error;
mod gate;
mod read_back;
mod signals;

pub use error::SubmitError;
pub use read_back::ReadBack;
pub use signals::Signals;

use crate::store::intents::{BlockAt, Call, Intent, NewIntent, Outcome, Purpose};
use crate::tx::{Progress, Sender, TxError};

/// After this time without a block, a transaction counts as slow.
const SLOW_AFTER_MS: u64 = 300_000;

/// The pause between two attempts to anchor an epoch; it doubles with each, up to [`ATTEMPT_PAUSE_MAX_MS`]: every one
/// may cost gas.
const ATTEMPT_PAUSE_MS: u64 = 15_000;
const ATTEMPT_PAUSE_MAX_MS: u64 = 3_600_000;

/// Brings one merchant's epochs onto the chain.
pub struct Submitter {
    source: RpcSource,
    sender: Sender,
    signals: Arc<Signals>,
    read_back: ReadBack,
    /// The final block and the newest epoch with an open intent, when final epochs were last looked for.
    seen: Option<(B256, u64)>,
}

/// The call that anchors an epoch. Its bytes name everything that the epoch's hash covers.
#[must_use]
pub fn anchor_call(identity: &Identity, sender: alloy_primitives::Address, header: &Header) -> Call {
    let call = anchorCall {
        merchantId: identity.merchant_id,
        number: header.number,
        parent: header.parent,
        eventsRoot: header.events_root,
        historyRoot: header.history_root,
        eventCount: header.event_count,
        dataHash: header.data_hash,
    };
    Call {
        chain_id: identity.chain_id,
        sender,
        target: Some(identity.registry),
        data: call.abi_encode().into(),
    }
}

/// The hash of the epoch that a call anchors; `None` for another call.
fn epoch_hash(call: &Call) -> Option<B256> {
    let call = anchorCall::abi_decode(&call.data).ok()?;
    let header = Header {
        number: call.number,
        parent: call.parent,
        events_root: call.eventsRoot,
        history_root: call.historyRoot,
        event_count: call.eventCount,
        data_hash: call.dataHash,
    };
    Some(header.hash(&call.merchantId))
}

impl Submitter {
    /// `sender` writes to the database that the sequencer writes to.
    #[must_use]
    pub const fn new(source: RpcSource, sender: Sender, signals: Arc<Signals>, read_back: ReadBack) -> Self {
        Self {
            source,
            sender,
            signals,
            read_back,
            seen: None,
        }
    }

    /// Does one round: whatever can be done at `now_ms`. Returns whether a transaction waits longer for its block than
    /// it should.
    ///
    /// # Errors
    /// If a step fails. What was stored stays, and the next round continues from there.
    pub async fn round(&mut self, now_ms: u64) -> Result<bool, SubmitError> {
        let mut open = self.sender.log().open_intents().await.map_err(TxError::from)?;
        self.supersede_foreign(&mut open, now_ms).await?;
        self.close_final(&mut open, now_ms).await?;
        // A failure of one does not keep back the other: what an owner signed may be the change that an epoch waits
        // for.
        let carried = self.carry_owners(&mut open, now_ms).await;
        let submitted = self
            .submit_next(&mut open, *carried.as_ref().unwrap_or(&true), now_ms)
            .await;
        carried?;
        submitted
    }

    /// Closes epochs' intents of another account: one that is replaced cannot anchor any more, whatever became of its
    /// transaction. The sequencer stores others, of this account.
    async fn supersede_foreign(&mut self, open: &mut Vec<Intent>, now_ms: u64) -> Result<(), SubmitError> {
        let is_foreign = |sender: &Sender, intent: &Intent| {
            intent.content.purpose.epoch().is_some() && !sender.signs(&intent.content.call)
        };
        for intent in open
            .extract_if(.., |intent| is_foreign(&self.sender, intent))
            .collect::<Vec<_>>()
        {
            self.sender.close(&intent, Outcome::Superseded, now_ms).await?;
            self.signals.outcome_stored.notify_one();
        }
        Ok(())
    }

    /// Closes the intents of epochs that final blocks hold.
    async fn close_final(&mut self, open: &mut Vec<Intent>, now_ms: u64) -> Result<(), SubmitError> {
        let epochs: Vec<u64> = open
            .iter()
            .filter_map(|intent| intent.content.purpose.epoch())
            .collect();
        let Some(newest) = epochs.iter().max() else {
            return Ok(());
        };
        // While neither the final block nor the newest intent changes, no epoch becomes final: most rounds ask no more.
        let seen = (self.source.final_block().await.map_err(TxError::from)?.hash, *newest);
        if self.seen == Some(seen) {
            return Ok(());
        }
        let needs = Needs {
            epochs: epochs.into_iter().collect(),
            ..Needs::default()
        };
        let view = self.source.view(&needs).await.map_err(TxError::from)?;
        for intent in std::mem::take(open) {
            let epoch = intent.content.purpose.epoch();
            let anchored = epoch.and_then(|number| view.epochs.get(&number).filter(|_| view.latest >= number));
            let Some(anchored) = anchored else {
                open.push(intent);
                continue;
            };
            if epoch_hash(&intent.content.call) != Some(anchored.hash) {
                self.signals.refuse();
                return Err(SubmitError::RefusedParent { chain: view.latest });
            }
            let block = BlockAt {
                number: anchored.block.unwrap_or_default(),
                time_s: anchored.anchored_at_s,
            };
            self.sender.close(&intent, Outcome::Final(block), now_ms).await?;
            self.signals.outcome_stored.notify_one();
        }
        self.seen = Some(seen);
        Ok(())
    }

    /// Carries on the first epoch that the newest block lacks; whether that takes longer than it should. Nothing new is
    /// signed while the account's next nonce belongs to an owner's transaction (`is_busy`).
    async fn submit_next(&mut self, open: &mut [Intent], is_busy: bool, now_ms: u64) -> Result<bool, SubmitError> {
        let (on_chain, hash) = self.source.newest_epoch().await.map_err(TxError::from)?;
        let known = match self.of_epoch(on_chain).await?.last() {
            Some(intent) => epoch_hash(&intent.content.call),
            None => (on_chain == 0).then_some(B256::ZERO),
        };
        if known != Some(hash) {
            self.signals.refuse();
            return Err(SubmitError::RefusedParent { chain: on_chain });
        }
        self.signals.saw(on_chain);
        let purpose = Purpose::AnchorEpoch(on_chain + 1);
        let Some(next) = open.iter().position(|intent| intent.content.purpose == purpose) else {
            return match self.reopen(on_chain + 1, now_ms).await? {
                Some(mut intent) if !is_busy => self.advance(&mut intent, now_ms).await,
                _ => Ok(false),
            };
        };
        if is_busy && open[next].variants.is_empty() {
            return Ok(false);
        }
        self.advance(&mut open[next], now_ms).await
    }

    /// An intent for an epoch that was final and that the chain lacks now: a chain that lost final blocks, as one of a
    /// single machine may, gets the same epochs again.
    async fn reopen(&mut self, epoch: u64, now_ms: u64) -> Result<Option<Intent>, SubmitError> {
        let Some(last) = self.of_epoch(epoch).await?.pop() else {
            return Ok(None);
        };
        let is_final = last
            .closed
            .is_some_and(|closed| matches!(closed.outcome, Outcome::Final(_)));
        if !is_final {
            return Ok(None);
        }
        let call = last.content.call;
        let content = NewIntent {
            call: self.sender.call(call.target, call.data),
            created_at_ms: now_ms,
            ..last.content
        };
        Ok(Some(self.sender.store(content).await?))
    }

    async fn advance(&mut self, intent: &mut Intent, now_ms: u64) -> Result<bool, SubmitError> {
        if let (Some(epoch), true) = (intent.content.purpose.epoch(), intent.variants.is_empty()) {
            self.check_pause(epoch, now_ms).await?;
            self.check_ready(epoch).await?;
        }
        match self.sender.advance(intent, now_ms).await? {
            Progress::Included { .. } => Ok(false),
            Progress::Failed { .. } => {
                self.signals.outcome_stored.notify_one();
                Ok(false)
            }
            Progress::Pending { signed_at_ms } => {
                let is_late = intent
                    .content
                    .deadline_s
                    .is_some_and(|deadline_s| deadline_s <= now_ms / 1_000);
                Ok(is_late || now_ms.abs_diff(signed_at_ms) > SLOW_AFTER_MS)
            }
        }
    }

    /// An epoch whose transactions failed waits before it gets another.
    async fn check_pause(&mut self, epoch: u64, now_ms: u64) -> Result<(), SubmitError> {
        let mut intents = self.of_epoch(epoch).await?;
        intents.retain(|intent| intent.closed.is_some_and(|closed| closed.outcome == Outcome::Failed));
        let Some(last) = intents.last().and_then(|intent| intent.variants.last()) else {
            return Ok(());
        };
        let doublings = u32::try_from(intents.len() - 1).map_or(16, |failures| failures.min(16));
        let pause_ms = (ATTEMPT_PAUSE_MS << doublings).min(ATTEMPT_PAUSE_MAX_MS);
        if now_ms.abs_diff(last.signed_at_ms) >= pause_ms {
            return Ok(());
        }
        Err(SubmitError::Retrying {
            epoch,
            attempts: intents.len(),
            last: last.hash,
        })
    }

    /// Sends what owners signed and no block holds yet, and closes what final blocks hold; whether one of them has the
    /// next nonce of the account that anchors. A failure of one of these is the owner's to see, at the next command.
    async fn carry_owners(&mut self, open: &mut [Intent], now_ms: u64) -> Result<bool, SubmitError> {
        let chain_id = self.sender.account().chain_id();
        let is_owners = |intent: &&mut Intent| {
            let NewIntent { purpose, call, .. } = &intent.content;
            purpose.epoch().is_none() && call.chain_id == chain_id && !intent.variants.is_empty()
        };
        let mut owners: Vec<_> = open.iter_mut().filter(is_owners).collect();
        if owners.is_empty() {
            return Ok(false);
        }
        let mut is_busy = false;
        let final_block = self.source.final_block().await.map_err(TxError::from)?.number;
        for intent in &mut owners {
            let progress = self.sender.advance(intent, now_ms).await;
            let has_nonce = matches!(progress, Ok(Progress::Pending { .. }) | Err(_));
            is_busy |= has_nonce && self.sender.signs(&intent.content.call);
            match progress {
                Ok(Progress::Included { block, .. }) if block.number <= final_block => {
                    self.sender.close(intent, Outcome::Final(block), now_ms).await?;
                }
                Err(error @ (TxError::Log(_) | TxError::BrokenOff(_))) => return Err(error.into()),
                Err(error) => tracing::warn!(purpose = ?intent.content.purpose, %error, "an owner's transaction"),
                Ok(_) => {}
            }
        }
        Ok(is_busy)
    }

    async fn of_epoch(&mut self, epoch: u64) -> Result<Vec<Intent>, SubmitError> {
        let intents = self.sender.log().of_epoch(epoch).await;
        Ok(intents.map_err(TxError::from)?)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    #[test]
    fn a_call_that_anchors_an_epoch_tells_its_hash() {
        let header = Header {
            number: 7,
            parent: B256::repeat_byte(1),
            events_root: B256::repeat_byte(2),
            history_root: B256::repeat_byte(3),
            event_count: 4,
            data_hash: B256::repeat_byte(5),
        };
        let identity = Identity {
            chain_id: 31337,
            registry: Address::repeat_byte(6),
            merchant_id: B256::repeat_byte(7),
        };
        let call = anchor_call(&identity, Address::repeat_byte(8), &header);
        assert_eq!(epoch_hash(&call), Some(header.hash(&identity.merchant_id)));
    }
}
