//! The chain's part of a sequence: the next epoch is signed, stored and sent; those before it are compared with what the chain holds.

use alloy_primitives::B256;
use shelfproof_verifier::chain::ChainView;

use super::{SequenceError, Sequencer};
use crate::step::{Step, write};
use crate::store::bound::bounded;
use crate::store::epochs::{AnchoredAt, Epoch, EpochRoots, epoch_get};
use crate::store::transactions::{Signed, transaction_insert, transaction_last};
use crate::tx::{Sent, TxError};

/// A transaction that nobody has seen in a block is sent again after this time: nodes forget.
const RESEND_AFTER_MS: u64 = 15_000;

/// After this time without a block, the transaction is said to be slow.
const SLOW_AFTER_MS: u64 = 300_000;

/// The pause before a second attempt to bring an epoch onto the chain; it doubles with each, up to [`ATTEMPT_PAUSE_MAX_MS`]: every one
/// may cost gas.
const ATTEMPT_PAUSE_MS: u64 = 15_000;
const ATTEMPT_PAUSE_MAX_MS: u64 = 3_600_000;

/// The last transaction that was sent, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastSend {
    number: u64,
    attempt: u32,
    at_ms: u64,
}

/// The first of the open epochs, if final blocks hold it, and where.
pub(super) fn first_final(
    open: &[Epoch],
    view: &ChainView,
    now_ms: u64,
) -> Result<Option<(u64, EpochRoots, AnchoredAt)>, SequenceError> {
    let Some((epoch, roots)) = open.first().and_then(|epoch| Some((epoch, epoch.roots?))) else {
        return Ok(None);
    };
    let number = epoch.number;
    let Some(anchored) = view.epochs.get(&number).filter(|_| view.latest >= number) else {
        return Ok(None);
    };
    if anchored.hash != roots.hash {
        return Err(SequenceError::RefusedParent {
            chain: view.latest,
            database: number,
        });
    }
    let place = AnchoredAt {
        block: anchored.block.unwrap_or_default(),
        anchored_at_s: anchored.anchored_at_s,
        final_at_ms: now_ms,
    };
    Ok(Some((number, roots, place)))
}

impl Sequencer {
    /// Brings the first epoch that the newest block lacks onto the chain. `None`: it lacks none. Otherwise one is on its way, and
    /// whether it takes long is told.
    pub(super) async fn submit_next(
        &mut self,
        open: &[Epoch],
        newest: u64,
        now_ms: u64,
    ) -> Result<Option<bool>, SequenceError> {
        let (on_chain, hash) = self.sender.newest().await?;
        let refused = SequenceError::RefusedParent {
            chain: on_chain,
            database: newest,
        };
        let known = self.roots(open, on_chain).await?.map_or(B256::ZERO, |roots| roots.hash);
        if on_chain > newest || known != hash {
            return Err(refused);
        }
        if on_chain == newest {
            return Ok(None);
        }
        // A chain that lost final blocks, as one of a single machine may, gets the same epochs again.
        let Some(next) = self.roots(open, on_chain + 1).await? else {
            return Err(refused);
        };
        let signed = self.signed(&next, now_ms).await?;
        let was_sent = self.sent.is_some_and(|last| {
            (last.number, last.attempt) == (next.header.number, signed.attempt)
                && now_ms.abs_diff(last.at_ms) < RESEND_AFTER_MS
        });
        if !was_sent {
            self.send(next.header.number, &signed, now_ms).await?;
        }
        Ok(Some(now_ms.abs_diff(signed.signed_at_ms) > SLOW_AFTER_MS))
    }

    /// What an epoch commits to: of the open ones, or of those before them.
    async fn roots(&mut self, open: &[Epoch], number: u64) -> Result<Option<EpochRoots>, SequenceError> {
        if let Some(epoch) = open.iter().find(|epoch| epoch.number == number) {
            return Ok(epoch.roots);
        }
        Ok(bounded(epoch_get(&mut self.connection, number))
            .await?
            .and_then(|epoch| epoch.roots))
    }

    /// The epoch's signed transaction: the stored one, or, where there is none that the chain can still take, a new one, stored.
    async fn signed(&mut self, roots: &EpochRoots, now_ms: u64) -> Result<Signed, SequenceError> {
        let number = roots.header.number;
        let last = bounded(transaction_last(&mut self.connection, number)).await?;
        let attempt = match last {
            None => 1,
            Some(signed) => {
                // An anchorer that was replaced cannot bring it any more, whatever became of its transaction.
                let is_ours = signed.sender == self.sender.address();
                if is_ours && !self.sender.is_spent(&signed).await? {
                    return Ok(signed);
                }
                if is_ours && now_ms.abs_diff(signed.signed_at_ms) < attempt_pause_ms(signed.attempt) {
                    return Err(TxError::Spent {
                        number,
                        attempts: signed.attempt,
                        last: signed.hash,
                    }
                    .into());
                }
                signed.attempt + 1
            }
        };
        let signed = self.sender.sign(&roots.header, attempt, now_ms).await?;
        let store = bounded(transaction_insert(&mut self.connection, number, &signed));
        write(&mut *self.observer, Step::Sign, store).await??;
        Ok(signed)
    }

    /// Sends it. What came of it, the next round reads from the chain.
    async fn send(&mut self, number: u64, signed: &Signed, now_ms: u64) -> Result<(), SequenceError> {
        let sender = std::sync::Arc::clone(&self.sender);
        let sent = write(&mut *self.observer, Step::Send, sender.send(signed)).await??;
        tracing::info!(epoch = number, transaction = %signed.hash, attempt = signed.attempt, ?sent, "sent");
        if sent == Sent::Held {
            self.sent = Some(LastSend {
                number,
                attempt: signed.attempt,
                at_ms: now_ms,
            });
        }
        Ok(())
    }
}

fn attempt_pause_ms(attempts: u32) -> u64 {
    let pause_ms = ATTEMPT_PAUSE_MS.saturating_mul(1 << attempts.saturating_sub(1).min(16));
    pause_ms.min(ATTEMPT_PAUSE_MAX_MS)
}
