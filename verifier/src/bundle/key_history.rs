//! A key's history as anybody can prove it from public data: a bundle without what only the merchant can add.

use alloy_primitives::B256;
use serde_json::json;

use super::read::{check_epochs, history_at, included, listed_header};
use super::write::{history_json, included_json, listed_json};
use super::{HistoryAt, Included, ListedHeader, MAX_BYTES};
use crate::Refusal;
use crate::chain::Identity;
use crate::json::{self, Node};

/// The format's name.
const FORMAT: &str = "shelfproof-history-v1";

/// All that happened to one key up to one epoch, with its proofs: what becomes a [`super::Bundle`] by a VRF proof,
/// openings and receipts. Read from a file, it is well formed and nothing in it is true before a verdict says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHistory {
    /// Which key.
    pub key_id: B256,
    /// All that happened to it, oldest first; none for a key that never had an event.
    pub events: Vec<Included>,
    /// That nothing else did.
    pub history: HistoryAt,
    /// Headers of the epochs named above, each once.
    pub epochs: Vec<ListedHeader>,
}

impl KeyHistory {
    /// Reads a file `shelfproof-history-v1`, which has a bundle's fields but `vrfProof` and `receipts`.
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
            epochs: file.field("epochs")?.items(|header| listed_header(&header))?,
        };
        check_epochs(&history.events, &history.history, &history.epochs)?;
        Ok((Identity::from_fields(&file)?, history))
    }

    /// The history as a compact JSON file of that merchant's.
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
            "epochs": self.epochs.iter().map(listed_json).collect::<Vec<_>>(),
        })
        .to_string()
    }
}
