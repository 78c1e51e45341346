//! Joins the parts of one key's proof: a key may have more events than one file holds.
//!
//! A part is a bundle, or a public history, with some of the key's events, the headers of their epochs, and a history
//! proof. Joining checks nothing that a verdict checks: the joined bundle is judged like any other, so a part that is
//! left out is a `version_gap`.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::{Bundle, FORMAT, Included, KeyHistory};
use crate::Refusal;
use crate::chain::Identity;
use crate::epoch::ListedHeader;
use crate::json::{self, Node};

/// The most parts of one key's proof.
pub const MAX_PARTS: usize = 1_024;

/// A part of a key's proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The merchant's file.
    Proof(Bundle),
    /// A file that anybody can make from public data.
    History(Identity, KeyHistory),
}

impl Part {
    /// Reads a file of either format.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        // A file that is too large is not read for its format.
        let value = if bytes.len() > super::MAX_BYTES {
            None
        } else {
            json::parse(bytes).ok()
        };
        let is_history = value.is_some_and(|value| {
            let file = Node::root(&value, "part");
            file.optional("format")
                .is_some_and(|format| format.exactly(super::key_history::FORMAT).is_ok())
        });
        if is_history {
            let (identity, history) = KeyHistory::parse(bytes)?;
            return Ok(Self::History(identity, history));
        }
        Bundle::parse(bytes).map(Self::Proof)
    }

    /// The merchant and the key that it is a part of.
    #[must_use]
    pub const fn key(&self) -> (&Identity, &B256) {
        match self {
            Self::Proof(bundle) => (&bundle.identity, &bundle.key_id),
            Self::History(identity, history) => (identity, &history.key_id),
        }
    }
}

impl Bundle {
    /// Joins parts in any order. The newest history proof counts; what two parts both have stands once, opened if one
    /// of them opens it.
    ///
    /// # Errors
    /// `malformed` if there are too many parts, none is a merchant's file, or they are not of one key, do not have the
    /// same VRF proof, or have two headers of one epoch or two history proofs against one.
    pub fn join(mut parts: Vec<Part>) -> Result<Self, Refusal> {
        if parts.len() > MAX_PARTS {
            return Err(Refusal::malformed(format!("a proof has at most {MAX_PARTS} parts")));
        }
        let of_merchant = parts.iter().position(|part| matches!(part, Part::Proof(_)));
        let Some(Part::Proof(mut joined)) = of_merchant.map(|index| parts.swap_remove(index)) else {
            return Err(Refusal::malformed(format!(
                "no part is of the format {FORMAT}, which the shop gives you"
            )));
        };
        if parts.is_empty() {
            return Ok(joined);
        }
        let mut events = BTreeMap::new();
        let mut epochs = BTreeMap::new();
        for included in joined.events.drain(..) {
            keep_event(&mut events, included);
        }
        for listed in joined.epochs.drain(..) {
            keep_header(&mut epochs, listed)?;
        }
        for part in parts {
            if part.key() != (&joined.identity, &joined.key_id) {
                return Err(Refusal::malformed("the parts are not of one key of one merchant"));
            }
            let history = match part {
                Part::History(_, history) => history,
                Part::Proof(bundle) => joined.take_receipts(bundle)?,
            };
            for included in history.events {
                keep_event(&mut events, included);
            }
            for listed in history.epochs {
                keep_header(&mut epochs, listed)?;
            }
            let (newest, other) = (&joined.history, history.history);
            if other.epoch == newest.epoch && other != *newest {
                return Err(Refusal::malformed(format!(
                    "two parts have different history proofs against epoch {}",
                    other.epoch
                )));
            }
            if other.epoch > newest.epoch {
                joined.history = other;
            }
        }
        joined.events = events.into_values().collect();
        joined.epochs = epochs.into_values().collect();
        Ok(joined)
    }

    /// Takes the receipts of another of the merchant's files, and leaves what a public history has.
    fn take_receipts(&mut self, other: Self) -> Result<KeyHistory, Refusal> {
        if other.vrf_proof != self.vrf_proof {
            return Err(Refusal::malformed("two parts have different VRF proofs"));
        }
        for receipt in other.receipts {
            if !self.receipts.contains(&receipt) {
                self.receipts.push(receipt);
            }
        }
        Ok(KeyHistory {
            key_id: other.key_id,
            events: other.events,
            history: other.history,
            epochs: other.epochs,
        })
    }
}

/// Keeps an event once for each epoch that includes it: two different events of one version both stay, and so does one
/// that was included twice, for the verdict to refuse.
fn keep_event(events: &mut BTreeMap<(u32, u64, B256), Included>, included: Included) {
    let place = (included.event.version, included.epoch, included.event.hash());
    let kept = events.entry(place).or_insert_with(|| included.clone());
    if kept.opening.is_none() {
        kept.opening = included.opening;
    }
}

fn keep_header(epochs: &mut BTreeMap<u64, ListedHeader>, listed: ListedHeader) -> Result<(), Refusal> {
    let number = listed.header.number;
    let kept = epochs.entry(number).or_insert(listed);
    if kept.header != listed.header {
        return Err(Refusal::malformed(format!(
            "two parts have different headers of epoch {number}"
        )));
    }
    kept.block = kept.block.or(listed.block);
    Ok(())
}
