//! Reads the fields of bundles, and applies every rule that makes one `malformed`.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::{Bundle, FORMAT, HistoryAt, Included, MAX_BYTES};
use crate::chain::Identity;
use crate::epoch::ListedHeader;
use crate::event::{KeyEvent, Opening};
use crate::json::{self, Node};
use crate::receipt::Promise;
use crate::{Refusal, history, tree};

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!("a bundle has at most {MAX_BYTES} bytes")));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "bundle");
        file.field("format")?.exactly(FORMAT)?;
        let key_id = file.field("keyId")?.word()?;
        let bundle = Self {
            identity: Identity::from_fields(&file)?,
            key_id,
            vrf_proof: file.field("vrfProof")?.bytes()?,
            events: file.field("events")?.items(|event| included(&event, key_id))?,
            history: history_at(&file.field("history")?)?,
            epochs: file
                .field("epochs")?
                .items(|header| ListedHeader::from_fields(&header))?,
            receipts: file
                .field("receipts")?
                .items(|receipt| Promise::from_fields(&receipt))?,
        };
        check_epochs(&bundle.events, &bundle.history, &bundle.epochs)?;
        Ok(bundle)
    }
}

/// Checks that each epoch is listed once, that each epoch named has a header, and that paths have a length that the
/// header's event count allows.
pub(super) fn check_epochs(events: &[Included], history: &HistoryAt, epochs: &[ListedHeader]) -> Result<(), Refusal> {
    let mut counts = BTreeMap::new();
    for ListedHeader { header, .. } in epochs {
        if counts.insert(header.number, header.event_count).is_some() {
            return Err(Refusal::malformed(format!("epoch {} is listed twice", header.number)));
        }
    }
    let count = |number| {
        let count = counts.get(&number).copied();
        count.ok_or_else(|| Refusal::malformed(format!("the header of epoch {number} is missing")))
    };
    for included in events {
        let count = count(included.epoch)?;
        if !tree::is_legal_path_length(included.path.len(), count) {
            return Err(Refusal::malformed(format!(
                "a path of {} siblings in an epoch of {count} events",
                included.path.len()
            )));
        }
    }
    count(history.epoch).map(drop)
}

pub(super) fn included(node: &Node<'_>, key_id: B256) -> Result<Included, Refusal> {
    Ok(Included {
        event: KeyEvent::from_fields(node, key_id)?,
        opening: Opening::from_fields(node)?,
        epoch: node.field("epoch")?.number()?,
        path: node.field("path")?.words()?,
    })
}

pub(super) fn history_at(node: &Node<'_>) -> Result<HistoryAt, Refusal> {
    Ok(HistoryAt {
        proof: history::Proof::from_fields(node)?,
        epoch: node.field("epoch")?.number()?,
    })
}
