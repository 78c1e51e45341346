//! The file `shelfproof-history-v1`: a key's history, which anybody can prove from public data.

use alloy_primitives::B256;
use serde_json::json;

use super::read::{check_epochs, history_at, included};
use super::write::{history_json, included_json};
use super::{HistoryAt, Included, MAX_BYTES};
use crate::Refusal;
use crate::chain::Identity;
use crate::epoch::ListedHeader;
use crate::json::{self, Node};

/// The format's name.
pub(super) const FORMAT: &str = "shelfproof-history-v1";

/// The events of one key up to one epoch, with their proofs. A merchant adds a VRF proof, openings and receipts to make
/// a [`super::Bundle`]. A file that was read is well formed; nothing in it is verified until a verdict accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHistory {
    /// The key.
    pub key_id: B256,
    /// The key's events, oldest first, or those of one part; empty for a key that never had one.
    pub events: Vec<Included>,
    /// The proof that the key has no other events.
    pub history: HistoryAt,
    /// The headers of all epochs that `events` and `history` name, each once.
    pub epochs: Vec<ListedHeader>,
}

impl KeyHistory {
    /// Reads a file, which has a bundle's fields except `vrfProof` and `receipts`.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<(Identity, Self), Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!(
                "a key's history has at most {MAX_BYTES} bytes"
            )));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "history");
        file.field("format")?.exactly(FORMAT)?;
        let key_id = file.field("keyId")?.word()?;
        let history = Self {
            key_id,
            events: file.field("events")?.items(|event| included(&event, key_id))?,
            history: history_at(&file.field("history")?)?,
            epochs: file
                .field("epochs")?
                .items(|header| ListedHeader::from_fields(&header))?,
        };
        check_epochs(&history.events, &history.history, &history.epochs)?;
        Ok((Identity::from_fields(&file)?, history))
    }

    /// The history as a compact JSON file.
    #[must_use]
    pub fn to_json(&self, identity: &Identity) -> String {
        json!({
            "format": FORMAT,
            "chainId": identity.chain_id,
            "registry": identity.registry,
            "merchantId": identity.merchant_id,
            "keyId": self.key_id,
            "events": self.events.iter().map(included_json).collect::<Vec<_>>(),
            "history": history_json(&self.history),
            "epochs": self.epochs.iter().map(|listed| listed.to_json()).collect::<Vec<_>>(),
        })
        .to_string()
    }
}
