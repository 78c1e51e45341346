//! What an owner's account changes on the chain: it deploys the registry, registers a merchant, and changes who
//! anchors, who signs receipts, or where the data is.
//!
//! Every command first carries on what the account signed before, and then looks whether the chain already is as it
//! should be: a second run, or one after a crash at any line, goes on from there. Its transaction is an intent in the
//! log that it is given ([`crate::tx`]): the merchant's database where one is configured, else a file beside the
//! account's key. Once a block holds it the command is done; the intent stays open until a later command, or the anchor
//! over the same database, sees that block final.
//!
//! A new change is a method that compares the chain and then calls [`Owner::change`], with a purpose of its own.

use std::fmt;
use std::time::{Duration, Instant};

use alloy::contract::Error as ContractError;
use alloy::providers::{Provider, RootProvider};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes};
use shelfproof_contracts::ShelfproofRegistry::{self, ShelfproofRegistryInstance};
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};

mod deploy;
mod error;
mod register;
mod rotate;

pub use deploy::{Deployed, Disputes};
pub use error::OwnerError;
pub use register::Registration;
pub use rotate::{END_NOTICE_S, Ended};

use crate::step::StepObserver;
use crate::store::intents::{BlockAt, Call, Intent, NewIntent, Outcome, Purpose};
use crate::tx::{Account, IntentLog, Progress, Sender};
use shelfproof_base::clock::now_ms;

/// How long a transaction may wait for its block.
const INCLUSION_BOUND: Duration = Duration::from_mins(5);

/// How often the chain is looked at.
const POLL: Duration = Duration::from_millis(500);

/// One account of an owner on one chain.
pub struct Owner {
    sender: Sender,
    /// Reads the node alone: it is of no merchant.
    source: RpcSource,
    url: String,
    /// Calls of an earlier run that came into a block in this one.
    resumed: Vec<(Call, B256)>,
}

/// What a command found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The chain was like this already.
    Found,
    /// This transaction did it.
    Done(B256),
}

impl Owner {
    /// Connects to the node at `url` with the key that signs, and carries on what the log holds of this account.
    /// `chain_id` is the expected chain; `None` takes the chain of the node.
    ///
    /// # Errors
    /// If the node does not answer or serves another chain, or if an earlier transaction gets into no block.
    pub async fn connect(
        url: &str,
        chain_id: Option<u64>,
        signer: PrivateKeySigner,
        log: IntentLog,
        observer: Box<dyn StepObserver>,
    ) -> Result<Self, OwnerError> {
        let source = RpcSource::connect(url, chain_id, Address::ZERO, B256::ZERO, Finality::Tag).await?;
        let mut owner = Self {
            sender: Sender::new(Account::new(&source, signer), log, observer),
            source,
            url: url.to_owned(),
            resumed: Vec::new(),
        };
        owner.resume().await?;
        Ok(owner)
    }

    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.sender.account().chain_id()
    }

    #[must_use]
    pub const fn address(&self) -> Address {
        self.sender.account().address()
    }

    /// Whether the log holds a transaction of this account that no final block has.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn has_open_transaction(&mut self) -> Result<bool, OwnerError> {
        let open = self.sender.log().open_intents().await?;
        let is_own = |intent: &Intent| !intent.variants.is_empty() && self.sender.signs(&intent.content.call);
        Ok(open.iter().any(is_own))
    }

    /// Carries on this account's signed intents until a block holds them, in the order of their nonces.
    async fn resume(&mut self) -> Result<(), OwnerError> {
        let final_block = self.source.final_block().await.map_or(0, |block| block.number);
        for mut intent in self.sender.log().open_intents().await? {
            let is_own = self.sender.signs(&intent.content.call) && intent.content.purpose.epoch().is_none();
            if !is_own || intent.variants.is_empty() {
                continue;
            }
            let was_pending = match self.sender.advance(&mut intent, now_ms()).await? {
                Progress::Pending { .. } => true,
                Progress::Included { .. } => false,
                Progress::Failed { .. } => continue,
            };
            let (hash, block) = match self.await_block(&mut intent).await {
                // It is closed, and what it was for is looked at anew.
                Err(OwnerError::Reverted(_) | OwnerError::NonceTaken) => continue,
                included => included?,
            };
            if was_pending {
                self.resumed.push((intent.content.call.clone(), hash));
            }
            if block.number <= final_block {
                self.sender.close(&intent, Outcome::Final(block), now_ms()).await?;
            }
        }
        Ok(())
    }

    /// The chain is as it should be: by an earlier run's transaction, or from before.
    fn found(&self, call: &Call) -> Change {
        let resumed = self.resumed.iter().find(|(other, _)| other == call);
        resumed.map_or(Change::Found, |(_, hash)| Change::Done(*hash))
    }

    /// Sends a call, and waits until a block holds it.
    async fn change(&mut self, purpose: Purpose, call: Call) -> Result<Change, OwnerError> {
        let mut intent = self.intent(purpose, call).await?;
        let (hash, _) = self.await_block(&mut intent).await?;
        Ok(Change::Done(hash))
    }

    /// An open intent for that call: one that was stored and never signed, or a new one in the place of any other of
    /// that purpose.
    async fn intent(&mut self, purpose: Purpose, call: Call) -> Result<Intent, OwnerError> {
        let open = self.sender.log().open_intents().await?;
        let is_other = |intent: &Intent| intent.content.purpose == purpose && self.sender.signs(&intent.content.call);
        if let Some(other) = open.into_iter().find(is_other) {
            if other.content.call == call && other.variants.is_empty() {
                return Ok(other);
            }
            self.sender.close(&other, Outcome::Superseded, now_ms()).await?;
        }
        let content = NewIntent {
            purpose,
            call,
            deadline_s: None,
            max_fee_wei: None,
            created_at_ms: now_ms(),
        };
        Ok(self.sender.store(content).await?)
    }

    /// Carries an intent on until a block holds it. A crash leaves it signed and stored; the next command goes on.
    async fn await_block(&mut self, intent: &mut Intent) -> Result<(B256, BlockAt), OwnerError> {
        let start = Instant::now();
        loop {
            match self.sender.advance(intent, now_ms()).await? {
                Progress::Included { hash, block } => return Ok((hash, block)),
                Progress::Failed {
                    hash,
                    is_reverted: true,
                } => return Err(OwnerError::Reverted(hash)),
                Progress::Failed { .. } => return Err(OwnerError::NonceTaken),
                Progress::Pending { .. } => {}
            }
            if start.elapsed() > INCLUSION_BOUND {
                let last = intent.variants.last().map_or(B256::ZERO, |variant| variant.hash);
                return Err(OwnerError::Slow(last));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The registry, if this account owns that merchant in it.
    async fn owned(
        &self,
        registry: Address,
        merchant_id: B256,
    ) -> Result<ShelfproofRegistryInstance<RootProvider>, OwnerError> {
        let contract = self.registry(registry).await?;
        match contract.owner(merchant_id).call().await? {
            owner if owner == self.address() => Ok(contract),
            Address::ZERO => Err(OwnerError::NotRegistered(merchant_id)),
            owner => Err(OwnerError::NotOwner {
                owner,
                address: self.address(),
            }),
        }
    }

    async fn registry(&self, address: Address) -> Result<ShelfproofRegistryInstance<RootProvider>, OwnerError> {
        if self.has_code(address).await? {
            Ok(ShelfproofRegistry::new(address, self.source.provider().clone()))
        } else {
            Err(OwnerError::NoRegistry(address))
        }
    }

    async fn has_code(&self, address: Address) -> Result<bool, OwnerError> {
        let code = self.source.provider().get_code_at(address).await;
        Ok(!code.map_err(ContractError::from)?.is_empty())
    }

    /// Time of the newest block, Unix seconds.
    async fn newest_time_s(&self) -> Result<u64, OwnerError> {
        Ok(self.source.newest_block().await?.time_s)
    }

    fn call(&self, registry: Address, data: impl Into<Bytes>) -> Call {
        self.sender.call(Some(registry), data)
    }
}

/// Without the node's address, which may hold a key.
impl fmt::Debug for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut owner = out.debug_struct("Owner");
        owner.field("account", self.sender.account());
        owner.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::Unobserved;
    use crate::tx::Journal;

    #[tokio::test]
    async fn no_error_shows_the_node_s_address() {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap();
        let url = "http://127.0.0.1:1/v2/geheim";
        let log = IntentLog::Journal(Journal::default());
        let refused = Owner::connect(url, None, signer, log, Box::new(Unobserved))
            .await
            .unwrap_err();
        let shown = format!("{refused:?} {refused}");
        assert!(
            shown.contains("does not answer") && !shown.contains("geheim"),
            "{shown}"
        );
    }
}
