//! A merchant whose epochs are published and anchored, without a shop: what auditors and mirrors are measured on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alloy_primitives::{B256, keccak256};
use shelfproof_anchor::history::{ComputedEpoch, History};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::merchant_chain::{Merchant, MerchantChain};
use shelfproof_tests::vector_chain::anchor;
use shelfproof_tests::{Result, tools};
use shelfproof_verifier::event::{KeyEvent, Kind};

/// The time of every event: before that of any block.
const AT_MS: u64 = 1_700_000_000_000;

/// A chain, and the folder with the data of the epochs on it.
pub(super) struct Published {
    pub(super) chain: MerchantChain,
    history: History,
    folder: PathBuf,
    events: Events,
}

impl Published {
    /// Starts a chain; the data will lie below `folder`.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let chain = MerchantChain::deploy(None).await?;
        // Anvil signs for the owner, who anchors here.
        let merchant = Merchant {
            anchorer: chain.owner,
            ..Merchant::plain()?
        };
        chain.register(&merchant).await?;
        Ok(Self {
            history: History::open(folder, chain.identity.merchant_id)?,
            chain,
            folder: folder.to_owned(),
            events: Events::default(),
        })
    }

    /// Makes an epoch with the first events of that many new keys and the second events of others, publishes and anchors
    /// it, and lets it be final. Returns its events, in the order of the data.
    pub(super) async fn add(&mut self, new: u64, again: u64) -> Result<Vec<KeyEvent>> {
        let events = self.events.next(new, again);
        let computed = self.history.compute_epoch(&events)?;
        let ComputedEpoch { header, .. } = &computed;
        let header = *header;
        self.history.publish(&computed)?;
        self.history.push(computed)?;
        let provider = self.chain.provider()?;
        let registry = ShelfproofRegistry::new(self.chain.identity.registry, &provider);
        let receipt = anchor(&registry, self.chain.identity.merchant_id, self.chain.owner, &header).await?;
        let block = receipt.block_number.ok_or("a receipt without a block")?;
        self.chain.finalise().await?;
        // Nothing here reads the time of the block.
        self.history.finalise(header.number, block, AT_MS / 1_000)?;
        Ok(events)
    }

    /// The folder that a static server would publish.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// `shelfproof-verify audit`, with what it keeps below `state`.
    pub(super) fn audit(&self, state: &Path) -> Result<Command> {
        let mut command = Command::new(tools::binary("shelfproof-verify")?);
        command.args(["audit", "--json", "--rpc", self.chain.anvil.url()]);
        command
            .arg("--registry")
            .arg(self.chain.identity.registry.to_string())
            .arg("--merchant")
            .arg(self.chain.identity.merchant_id.to_string())
            .arg("--chain-id")
            .arg(self.chain.identity.chain_id.to_string());
        command.arg("--data").arg(self.data()).arg("--state").arg(state);
        command.env_clear().env("HOME", state).stdin(Stdio::null());
        Ok(command)
    }

    /// `shelfproof-anchor follow`, as a mirror in that folder.
    pub(super) fn follow(&self, folder: &Path) -> Result<Command> {
        let mut command = Command::new(tools::binary("shelfproof-anchor")?);
        command.args(["follow", "--listen", "127.0.0.1:0", "--poll-ms", "100"]);
        command.args(["--rpc", self.chain.anvil.url()]);
        command
            .arg("--registry")
            .arg(self.chain.identity.registry.to_string())
            .arg("--merchant-id")
            .arg(self.chain.identity.merchant_id.to_string());
        command.arg("--data").arg(self.data()).arg("--folder").arg(folder);
        command.env_clear().stdin(Stdio::null());
        Ok(command)
    }
}

/// Makes events of keys by number, and remembers only how many keys have one and how many have two.
#[derive(Default)]
struct Events {
    keys: u64,
    again: u64,
}

impl Events {
    /// The first events of that many new keys, and the second events of those whose turn it is, in the order of an
    /// epoch's data.
    fn next(&mut self, new: u64, again: u64) -> Vec<KeyEvent> {
        let second = (self.again..self.again + again).map(|number| {
            let before = first(number);
            KeyEvent {
                version: 2,
                kind: Kind::Activated,
                prev: before.hash(),
                ..before
            }
        });
        let mut events: Vec<KeyEvent> = (self.keys..self.keys + new).map(first).chain(second).collect();
        events.sort_unstable_by_key(|event| event.key_id);
        self.keys += new;
        self.again += again;
        events
    }
}

fn first(number: u64) -> KeyEvent {
    KeyEvent {
        key_id: keccak256(number.to_be_bytes()),
        version: 1,
        kind: Kind::Generated,
        at_ms: AT_MS,
        prev: B256::ZERO,
        payload: keccak256(number.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_legal_and_in_order() {
        let mut events = Events::default();
        assert_eq!(events.next(10, 0).len(), 10);
        let next = events.next(4, 6);
        assert!(next.windows(2).all(|pair| pair[0].key_id < pair[1].key_id));
        assert_eq!(next.iter().filter(|event| event.version == 2).count(), 6);
        assert_eq!((events.keys, events.again), (14, 6));
    }
}
