//! Carries an intent to the chain: signed once, stored, then sent as often as it takes.

use std::collections::VecDeque;

use alloy_primitives::{Address, B256};

use super::account::{Account, Fate, Sent};
use super::{Holder, IntentLog, TxError};
use crate::step::{self, Step, StepObserver};
use crate::store::intents::{BlockAt, Call, Closed, Intent, NewIntent, Outcome};

/// A transaction that no block has taken is sent again after this time: nodes forget.
const RESEND_AFTER_MS: u64 = 15_000;

/// The most transactions of which the time of sending is remembered. One that is forgotten is only sent again sooner.
const SENT_MAX: usize = 64;

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
    /// When each transaction was last sent, the latest at the end.
    sent: VecDeque<(B256, u64)>,
}

impl Sender {
    #[must_use]
    pub fn new(account: Account, log: IntentLog, observer: Box<dyn StepObserver>) -> Self {
        Self {
            account,
            log,
            observer,
            sent: VecDeque::new(),
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

    /// Does what an open intent needs next: signs it where it has no variant yet, sends it, and looks for its block.
    /// Where the chain can take none of its variants any more, closes it as failed.
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
        if let Err(error) = step::write(&mut *self.observer, Step::StoreVariant, store).await? {
            // The log refuses a nonce that another open intent of this account has.
            return Err(match self.holder(intent.id, nonce).await? {
                Some(holder) => TxError::NonceHeld(holder),
                None => error.into(),
            });
        }
        intent.nonce = Some(nonce);
        intent.variants.push(variant);
        Ok(())
    }

    /// The transaction of another open intent of this account that has that nonce.
    async fn holder(&mut self, intent: u64, nonce: u64) -> Result<Option<Holder>, TxError> {
        let open = self.log.open_intents().await?;
        let mut others = open.iter().filter(|other| other.id != intent);
        let found = others.find(|other| other.nonce == Some(nonce) && self.signs(&other.content.call));
        Ok(found.and_then(|other| {
            Some(Holder {
                purpose: other.content.purpose,
                transaction: other.variants.last()?.hash,
            })
        }))
    }

    /// Sends the newest variant, unless that was done a moment ago. What comes of it, the next call reads from the
    /// chain.
    async fn send(&mut self, intent: &Intent, now_ms: u64) -> Result<(), TxError> {
        let Some(variant) = intent.variants.last() else {
            return Ok(());
        };
        self.sent.retain(|(_, at_ms)| now_ms.abs_diff(*at_ms) < RESEND_AFTER_MS);
        if self.sent.iter().any(|(hash, _)| *hash == variant.hash) {
            return Ok(());
        }
        let sent = step::write(&mut *self.observer, Step::Send, self.account.send(variant)).await??;
        let purpose = intent.content.purpose;
        tracing::info!(?purpose, transaction = %variant.hash, ?sent, "sent");
        if sent == Sent::Held {
            if self.sent.len() == SENT_MAX {
                self.sent.pop_front();
            }
            self.sent.push_back((variant.hash, now_ms));
        }
        Ok(())
    }

    async fn fail(&mut self, intent: &Intent, hash: B256, is_reverted: bool, now_ms: u64) -> Result<Progress, TxError> {
        self.close(intent, Outcome::Failed, now_ms).await?;
        let purpose = intent.content.purpose;
        tracing::warn!(?purpose, transaction = %hash, is_reverted, "no block can take it any more");
        Ok(Progress::Failed { hash, is_reverted })
    }
}
