//! Evidence for the dispute contract: events that prove a breach, each with its place in an anchored epoch.
//!
//! File `shelfproof-evidence-v1`: `format`, `merchantId`, `proof` (a [`Dispute`]'s name) and `events`, each with
//! `event` (six fields, the kind as its number), `epoch` (the header) and `path`. An event that breaks a rule alone is
//! the only one; otherwise the event that came first stands first.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::Refusal;
use crate::epoch::{self, Header};
use crate::event::RawEvent;
use crate::json::{self, Node};
use crate::tree::{self, EventsTree};

const FORMAT: &str = "shelfproof-evidence-v1";

/// The largest file: two events with the longest paths need less than a hundredth.
pub const MAX_BYTES: usize = 1 << 20;

/// What a dispute contract accepts as proven by evidence alone, without an answer from the merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    /// Two different events of one key have the same version.
    Fork,
    /// Two linked events have kinds or times that may not follow each other, or a first event is of a kind that may not
    /// be first.
    IllegalTransition,
    /// Two events with consecutive versions are not linked, or an event has no legal link.
    BrokenLink,
}

impl Dispute {
    const ALL: [Self; 3] = [Self::Fork, Self::IllegalTransition, Self::BrokenLink];

    /// The name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::IllegalTransition => "illegalTransition",
            Self::BrokenLink => "brokenLink",
        }
    }
}

/// An event, and the proof that an epoch includes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// The event.
    pub event: RawEvent,
    /// The header of its epoch.
    pub header: Header,
    /// The siblings from the event up to the epoch's `eventsRoot`.
    pub path: Vec<B256>,
}

impl Exhibit {
    /// Proves `event` from its epoch's data; `None` if the data does not hold it or is not the header's.
    #[must_use]
    pub fn prove(header: &Header, data: &[u8], event: &RawEvent, threads: usize) -> Option<Self> {
        let tree = EventsTree::of_raw_events(&epoch::split_data(data).ok()?, threads)?;
        let path = tree.path(&event.hash())?;
        (tree.root() == header.events_root).then_some(Self {
            event: *event,
            header: *header,
            path,
        })
    }

    /// Whether the path has a legal length and leads from the event to the header's `eventsRoot`.
    #[must_use]
    pub fn is_included(&self) -> bool {
        tree::is_legal_path_length(self.path.len(), self.header.event_count)
            && tree::climb(&self.event.hash(), &self.path) == self.header.events_root
    }
}

/// Evidence of one breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The merchant in the registry.
    pub merchant_id: B256,
    /// What the events prove.
    pub dispute: Dispute,
    /// The events: one or two.
    pub events: Vec<Exhibit>,
}

impl Evidence {
    /// The evidence as a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let exhibit = |exhibit: &Exhibit| {
            json!({
                "event": exhibit.event.to_json(),
                "epoch": exhibit.header.to_json(),
                "path": exhibit.path,
            })
        };
        json!({
            "format": FORMAT,
            "merchantId": self.merchant_id,
            "proof": self.dispute.as_str(),
            "events": self.events.iter().map(exhibit).collect::<Vec<_>>(),
        })
    }

    /// Reads a file. Whether it proves anything is for the registry's epoch hashes and the dispute's rule to say.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!("evidence has at most {MAX_BYTES} bytes")));
        }
        let value = json::parse(bytes)?;
        Self::from_fields(&Node::root(&value, "evidence"))
    }

    pub(super) fn from_fields(file: &Node<'_>) -> Result<Self, Refusal> {
        file.field("format")?.exactly(FORMAT)?;
        let proof = file.field("proof")?;
        let name = proof.text()?;
        Ok(Self {
            merchant_id: file.field("merchantId")?.word()?,
            dispute: Dispute::ALL
                .into_iter()
                .find(|dispute| dispute.as_str() == name)
                .ok_or_else(|| proof.must("a dispute's name"))?,
            events: file.field("events")?.items(|node| {
                Ok(Exhibit {
                    event: RawEvent::from_fields(&node.field("event")?)?,
                    header: Header::from_fields(&node.field("epoch")?)?,
                    path: node.field("path")?.words()?,
                })
            })?,
        })
    }
}
