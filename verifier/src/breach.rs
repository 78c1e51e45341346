//! A breach that an audit found, as a file for everybody.
//!
//! File `shelfproof-breach-v1`: `format`, `chainId`, `registry`, `merchantId`, `rule` (a [`Rule`]'s name), `detail`
//! (in English), `epoch` (the header with `hash`, `block` and `anchoredAt`), and `evidence`. `evidence` is as in
//! [`evidence`]. It is null if the dispute contract takes no evidence for the breach, and null with the reason
//! in `evidenceMissing` if the breach could be proved but one of its events was not found.

pub mod evidence;

use serde_json::{Value, json};

use self::evidence::Evidence;
use crate::Refusal;
use crate::chain::{AnchoredEpoch, Identity};
use crate::epoch::Header;
use crate::json::{self, Node};

const FORMAT: &str = "shelfproof-breach-v1";

/// The largest file.
pub const MAX_BYTES: usize = 1 << 20;

/// The rule that a merchant broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The published data was not given: for an hour the server had none or other bytes, or for a day it was silent.
    DataWithheld,
    /// More key ids with an event share their first 48 bits than happens by chance.
    KeyIds,
    /// The data matches its hash, and is not the events that were anchored, in their order.
    Inclusion,
    /// A version is missing or comes twice.
    VersionGap,
    /// A `prev` is not the hash of the event before.
    BrokenLink,
    /// A kind follows one that it may not follow.
    IllegalTransition,
    /// A time is earlier than the one before it, or too far after its block.
    Clock,
    /// The events lead to another history root than was anchored.
    HistoryMismatch,
}

impl Rule {
    /// Every rule, in the order in which an audit checks them.
    pub const ALL: [Self; 8] = [
        Self::DataWithheld,
        Self::KeyIds,
        Self::Inclusion,
        Self::VersionGap,
        Self::BrokenLink,
        Self::IllegalTransition,
        Self::Clock,
        Self::HistoryMismatch,
    ];

    /// The name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DataWithheld => "data_withheld",
            Self::KeyIds => "key_ids",
            Self::Inclusion => "inclusion",
            Self::VersionGap => "version_gap",
            Self::BrokenLink => "broken_link",
            Self::IllegalTransition => "illegal_transition",
            Self::Clock => "clock",
            Self::HistoryMismatch => "history_mismatch",
        }
    }
}

/// A breach with all that others need to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachReport {
    /// Whose breach.
    pub identity: Identity,
    /// The rule.
    pub rule: Rule,
    /// Where and how, in English.
    pub detail: String,
    /// The epoch that breaks the rule.
    pub epoch: AnchoredEpoch,
    /// The evidence for a dispute: `None` if the dispute contract takes none for this breach, or the reason why an
    /// event that belongs to it could not be found.
    pub evidence: Option<Result<Evidence, String>>,
}

impl BreachReport {
    /// The report as a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut epoch = self.epoch.header.to_json();
        epoch["hash"] = json!(self.epoch.hash);
        epoch["block"] = self.epoch.block.into();
        epoch["anchoredAt"] = self.epoch.anchored_at_s.into();
        let mut file = json!({
            "format": FORMAT,
            "chainId": self.identity.chain_id,
            "registry": self.identity.registry,
            "merchantId": self.identity.merchant_id,
            "rule": self.rule.as_str(),
            "detail": self.detail,
            "epoch": epoch,
            "evidence": null,
        });
        match &self.evidence {
            None => {}
            Some(Ok(evidence)) => file["evidence"] = evidence.to_json(),
            Some(Err(why)) => file["evidenceMissing"] = why.as_str().into(),
        }
        file
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!(
                "a breach report has at most {MAX_BYTES} bytes"
            )));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "breach");
        file.field("format")?.exactly(FORMAT)?;
        let rule = file.field("rule")?;
        let name = rule.text()?;
        let epoch = file.field("epoch")?;
        let evidence = file.field("evidence")?;
        Ok(Self {
            identity: Identity::from_fields(&file)?,
            rule: Rule::ALL
                .into_iter()
                .find(|rule| rule.as_str() == name)
                .ok_or_else(|| rule.must("a rule's name"))?,
            detail: file.field("detail")?.text()?.to_owned(),
            epoch: AnchoredEpoch {
                header: Header::from_fields(&epoch)?,
                hash: epoch.field("hash")?.word()?,
                block: epoch.field("block")?.number()?,
                anchored_at_s: epoch.field("anchoredAt")?.number()?,
            },
            evidence: if evidence.is_null() {
                let why = file.optional("evidenceMissing");
                why.map(|why| why.text().map(|why| Err(why.to_owned()))).transpose()?
            } else {
                Some(Ok(Evidence::from_fields(&evidence)?))
            },
        })
    }
}
