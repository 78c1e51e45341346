//! Reading a bundle: every rule that makes a file `malformed`.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::{Bundle, FORMAT, HistoryAt, Included, ListedHeader, MAX_BYTES};
use crate::chain::Identity;
use crate::epoch::{Header, MAX_EVENTS};
use crate::event::{KeyEvent, Kind, Opening};
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
            epochs: file.field("epochs")?.items(|header| listed_header(&header))?,
            receipts: file.field("receipts")?.items(|receipt| promise(&receipt))?,
        };
        check_epochs(&bundle.events, &bundle.history, &bundle.epochs)?;
        Ok(bundle)
    }
}

/// Each epoch once, a header for each epoch named, and paths of a length that the header's count allows.
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
        event: key_event(node, key_id)?,
        opening: opening(node)?,
        epoch: node.field("epoch")?.number()?,
        path: path(&node.field("path")?)?,
    })
}

/// An event's fields but the key id, which a bundle writes once for all its events.
fn key_event(node: &Node<'_>, key_id: B256) -> Result<KeyEvent, Refusal> {
    let version = node.field("version")?;
    let kind = node.field("kind")?;
    Ok(KeyEvent {
        key_id,
        version: u32::try_from(version.number()?).map_err(|_| version.must("at most 2^32-1"))?,
        kind: Kind::from_name(kind.text()?).ok_or_else(|| kind.must("a kind of the protocol"))?,
        at_ms: node.field("at")?.number()?,
        prev: node.field("prev")?.word()?,
        payload: node.field("payload")?.word()?,
    })
}

/// `salt` and `body`, which come together or are both withheld.
fn opening(node: &Node<'_>) -> Result<Option<Opening>, Refusal> {
    match (node.optional("salt"), node.optional("body")) {
        (None, None) => Ok(None),
        (Some(salt), Some(text)) => {
            let text = text.text()?;
            json::parse_object(text)?;
            Ok(Some(Opening {
                salt: salt.word()?,
                body: text.to_owned(),
            }))
        }
        _ => Err(node.must("given salt and body together, or neither")),
    }
}

/// A receipt, as bundles and receipt files write it.
pub(crate) fn promise(node: &Node<'_>) -> Result<Promise, Refusal> {
    let event = node.field("event")?;
    let path_node = node.field("path")?;
    let path = path(&path_node)?;
    if path.len() > tree::MAX_PATH {
        return Err(path_node.must("of at most 20 siblings"));
    }
    Ok(Promise {
        event: key_event(&event, event.field("keyId")?.word()?)?,
        opening: opening(&event)?,
        anchor_by_s: node.field("anchorBy")?.number()?,
        path,
        signature: node.field("signature")?.bytes()?,
    })
}

fn path(node: &Node<'_>) -> Result<Vec<B256>, Refusal> {
    node.items(|sibling| sibling.word())
}

pub(super) fn history_at(node: &Node<'_>) -> Result<HistoryAt, Refusal> {
    let terminal = node.field("terminal")?;
    let terminal = if terminal.is_null() {
        None
    } else {
        Some(history::Terminal {
            key: terminal.field("key")?.word()?,
            value_hash: terminal.field("valueHash")?.word()?,
        })
    };
    let siblings_node = node.field("siblings")?;
    let siblings = path(&siblings_node)?;
    if siblings.len() > history::MAX_SIBLINGS {
        return Err(siblings_node.must("of at most 256 siblings"));
    }
    Ok(HistoryAt {
        epoch: node.field("epoch")?.number()?,
        proof: history::Proof { terminal, siblings },
    })
}

pub(super) fn listed_header(node: &Node<'_>) -> Result<ListedHeader, Refusal> {
    let event_count = node.field("eventCount")?;
    let header = Header {
        number: node.field("number")?.number()?,
        parent: node.field("parent")?.word()?,
        events_root: node.field("eventsRoot")?.word()?,
        history_root: node.field("historyRoot")?.word()?,
        event_count: event_count.number()?,
        data_hash: node.field("dataHash")?.word()?,
    };
    if !(1..=MAX_EVENTS).contains(&header.event_count) {
        return Err(event_count.must("1 to 1048576"));
    }
    let block = node.optional("block").map(|block| block.number()).transpose()?;
    Ok(ListedHeader { header, block })
}
