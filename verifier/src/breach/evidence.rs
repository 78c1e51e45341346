//! Evidence for the dispute contract: events that prove a breach, each with its place in an anchored epoch.
//!
//! File `shelfproof-evidence-v1`: `format`, `merchantId`, `proof` (a [`Dispute`]'s name) and `events`, each with
//! `event` (six fields, the kind as its number), `epoch` (the header) and `path`. An event that breaks a rule alone is
//! the only one; otherwise the event that came first stands first. `history` stands in evidence of `historyMismatch`
//! alone: `epoch` (the header), `terminal` and `siblings` as in a bundle, and what the map gives for the event's key,
//! `version` and `head`: both 0 where the key is absent. `receipts` stands in evidence of a `fork` where an event was
//! promised and not included: each as in a bundle, in the place of an event.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::Refusal;
use crate::epoch::{self, Header};
use crate::event::RawEvent;
use crate::history;
use crate::json::{self, Node};
use crate::receipt::Promise;
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
    /// The history map of the event's epoch or a later one gives its key as absent, at a lower version, or at its
    /// version with another head.
    HistoryMismatch,
}

impl Dispute {
    const ALL: [Self; 4] = [
        Self::Fork,
        Self::IllegalTransition,
        Self::BrokenLink,
        Self::HistoryMismatch,
    ];

    /// The name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::IllegalTransition => "illegalTransition",
            Self::BrokenLink => "brokenLink",
            Self::HistoryMismatch => "historyMismatch",
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

/// What a history map gives for a key, with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapExhibit {
    /// The header of the epoch whose map it is.
    pub header: Header,
    /// The proof, against the header's `historyRoot`.
    pub proof: history::Proof,
    /// The key's version; 0 where it is absent.
    pub version: u32,
    /// The key's head; zero where it is absent.
    pub head: B256,
}

impl MapExhibit {
    /// Whether the proof leads to the header's `historyRoot` and to this version and head of the key.
    #[must_use]
    pub fn is_proved(&self, key_id: &B256) -> bool {
        let proven = match self.version {
            0 => history::Proven::Absent,
            version => history::Proven::Present {
                value_hash: history::value_hash(version, &self.head),
            },
        };
        history::climb(key_id, &self.proof, &self.header.history_root) == Some(proven)
            && (self.version != 0 || self.head.is_zero())
    }
}

/// Evidence of one breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The merchant in the registry.
    pub merchant_id: B256,
    /// What the events prove.
    pub dispute: Dispute,
    /// The events: one or two, with `receipts`.
    pub events: Vec<Exhibit>,
    /// The receipts that promise events; only for [`Dispute::Fork`].
    pub receipts: Vec<Promise>,
    /// The map that contradicts the event; only for [`Dispute::HistoryMismatch`].
    pub history: Option<MapExhibit>,
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
        let mut file = json!({
            "format": FORMAT,
            "merchantId": self.merchant_id,
            "proof": self.dispute.as_str(),
            "events": self.events.iter().map(exhibit).collect::<Vec<_>>(),
        });
        if !self.receipts.is_empty() {
            file["receipts"] = self.receipts.iter().map(Promise::to_json).collect();
        }
        if let Some(map) = &self.history {
            file["history"] = map.proof.to_json();
            file["history"]["epoch"] = map.header.to_json();
            file["history"]["version"] = map.version.into();
            file["history"]["head"] = json!(map.head);
        }
        file
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
            receipts: file
                .optional("receipts")
                .map(|node| node.items(|receipt| Promise::from_fields(&receipt)))
                .transpose()?
                .unwrap_or_default(),
            history: file.optional("history").map(|node| map_exhibit(&node)).transpose()?,
        })
    }
}

fn map_exhibit(node: &Node<'_>) -> Result<MapExhibit, Refusal> {
    let version = node.field("version")?;
    Ok(MapExhibit {
        header: Header::from_fields(&node.field("epoch")?)?,
        proof: history::Proof::from_fields(node)?,
        version: u32::try_from(version.number()?).map_err(|_| version.must("at most 2^32-1"))?,
        head: node.field("head")?.word()?,
    })
}
