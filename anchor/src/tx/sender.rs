//! Carries an intent to the chain: signed once, stored, then sent as often as it takes.

use alloy_primitives::{Address, B256};

use super::account::{Account, Fate, Sent};
use super::{IntentLog, TxError};
use crate::step::{self, Step, StepObserver};
use crate::store::intents::{BlockAt, Call, Closed, Intent, NewIntent, Outcome};

/// A transaction that no block has taken is sent again after this time: nodes forget.
const RESEND_AFTER_MS: u64 = 15_000;

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No block holds it yet.
    Pending {
        /// When its newest variant was signed.
        signed_at_ms: u64,
    },
    /// The newest block or one before it holds it.
    Included { hash: B256, block: BlockAt },
    /// It was closed as failed.
    Failed { hash: B256, is_reverted: bool },
}

/// One account's way to the chain, over a log.
pub struct Sender {
    account: Account,
    log: IntentLog,
    observer: Box<dyn StepObserver>,
    last_sent: Option<LastSent>,
}

#[derive(Clone, Copy)]
struct LastSent {
    hash: B256,
    at_ms: u64,
}

impl Sender {
    #[must_use]
    pub fn new(account: Account, log: IntentLog, observer: Box<dyn StepObserver>) -> Self {
        Self {
            account,
            log,
            observer,
            last_sent: None,
        }
    }

    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) const fn log(&mut self) -> &mut IntentLog {
        &mut self.log
    }

    /// Whether this account signs that call: another account, and another chain, need another sender.
    pub(crate) fn signs(&self, call: &Call) -> bool {
        (call.sender, call.chain_id) == (self.account.address(), self.account.chain_id())
    }

    /// A call of this account.
    pub(crate) fn call(&self, target: Option<Address>, data: impl Into<alloy_primitives::Bytes>) -> Call {
        Call {
            chain_id: self.account.chain_id(),
            sender: self.account.address(),
            target,
            data: data.into(),
        }
    }

    /// Stores an intent. Another one of the same purpose must not be open.
    pub(crate) async fn store(&mut self, content: NewIntent) -> Result<Intent, TxError> {
        let store = self.log.insert(content);
        Ok(step::write(&mut *self.observer, Step::StoreIntent, store).await??)
    }

    /// Does what an open intent needs next: signs it where it has no variant yet, sends it, and looks for its block. Where the
    /// chain can take none of its variants any more, closes it as failed.
    ///
    /// # Errors
    /// If the node or the log fails, the contract would refuse the call, or the account cannot pay.
    pub(crate) async fn advance(&mut self, intent: &mut Intent, now_ms: u64) -> Result<Progress, TxError> {
        if intent.variants.is_empty() {
            self.sign(intent, now_ms).await?;
        } else {
            match self.account.fate(intent).await? {
                Fate::Pending => {}
                Fate::Included { hash, block } => return Ok(Progress::Included { hash, block }),
                Fate::Reverted(hash) => return self.fail(intent, hash, true, now_ms).await,
                Fate::NonceTaken => {
                    let hash = intent.variants.last().map_or(B256::ZERO, |variant| variant.hash);
                    return self.fail(intent, hash, false, now_ms).await;
                }
            }
        }
        self.send(intent, now_ms).await?;
        let signed_at_ms = intent.variants.last().map_or(now_ms, |variant| variant.signed_at_ms);
        Ok(Progress::Pending { signed_at_ms })
    }

    /// Stores how an intent ended.
    pub(crate) async fn close(&mut self, intent: &Intent, outcome: Outcome, now_ms: u64) -> Result<(), TxError> {
        let closed = Closed { outcome, at_ms: now_ms };
        let close = self.log.close(intent.id, &closed);
        Ok(step::write(&mut *self.observer, Step::CloseIntent, close).await??)
    }

    async fn sign(&mut self, intent: &mut Intent, now_ms: u64) -> Result<(), TxError> {
        let (nonce, variant) = self.account.sign(intent, now_ms).await?;
        let store = self.log.add_variant(intent.id, nonce, &variant);
        step::write(&mut *self.observer, Step::StoreVariant, store).await??;
        intent.nonce = Some(nonce);
        intent.variants.push(variant);
        Ok(())
    }

    /// Sends the newest variant, unless that was done a moment ago. What comes of it, the next call reads from the chain.
    async fn send(&mut self, intent: &Intent, now_ms: u64) -> Result<(), TxError> {
        let Some(variant) = intent.variants.last() else {
            return Ok(());
        };
        let was_sent = self
            .last_sent
            .is_some_and(|last| last.hash == variant.hash && now_ms.abs_diff(last.at_ms) < RESEND_AFTER_MS);
        if was_sent {
            return Ok(());
        }
        let sent = step::write(&mut *self.observer, Step::Send, self.account.send(variant)).await??;
        let purpose = intent.content.purpose;
        tracing::info!(?purpose, transaction = %variant.hash, ?sent, "sent");
        self.last_sent = (sent == Sent::Held).then_some(LastSent {
            hash: variant.hash,
            at_ms: now_ms,
        });
        Ok(())
    }

    async fn fail(&mut self, intent: &Intent, hash: B256, is_reverted: bool, now_ms: u64) -> Result<Progress, TxError> {
        self.close(intent, Outcome::Failed, now_ms).await?;
        tracing::warn!(purpose = ?intent.content.purpose, transaction = %hash, is_reverted, "no block can take it any more");
        Ok(Progress::Failed { hash, is_reverted })
    }
}
