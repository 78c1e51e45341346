//! What two bundles of one key prove together: if they contradict each other, the evidence that a dispute takes.
//!
//! Both bundles are a stranger's word. Only what the contract holds counts: every header must be there, every event a
//! leaf of its epoch, every history proof must climb, and every receipt must be signed, before anything is compared. One
//! and the same event, however often it was included or promised, contradicts nothing.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use crate::breach::Rule;
use crate::breach::evidence::{Dispute, Evidence, Exhibit, MapExhibit};
use crate::bundle::Bundle;
use crate::chain::ChainView;
use crate::event::KeyEvent;
use crate::history::{self, Proven};
use crate::receipt::Promise;
use crate::verdict::{self, events};
use crate::{Code, Refusal};

/// How long after its deadline a receipt counts in a dispute, seconds.
const RECEIPT_COUNTS_S: u64 = 30 * 86_400;

/// A breach that two bundles prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The rule that the merchant broke.
    pub rule: Rule,
    /// Where and how, in English.
    pub detail: String,
    /// The evidence for a dispute.
    pub evidence: Evidence,
}

/// Looks for a breach in the events, receipts and history proofs of both bundles together. `None` if they do not contradict each
/// other, and neither breaks a rule by itself.
///
/// # Errors
/// `wrong_merchant` or `key_id` if the bundles are not of one key of the view's merchant; `epoch_unknown`,
/// `epoch_not_final`, `inclusion`, `history_root`, `receipt_terms` or `receipt_signature` if one of them is not what the
/// contract holds or the merchant signed: then it proves nothing.
pub fn find(a: &Bundle, b: &Bundle, view: &ChainView) -> Result<Option<Contradiction>, Refusal> {
    let both = [a, b];
    for bundle in both {
        if bundle.identity != view.identity {
            return Err(Refusal::new(
                Code::WrongMerchant,
                "a bundle is of another chain, registry or merchant",
            ));
        }
    }
    if a.key_id != b.key_id {
        return Err(Refusal::new(Code::KeyId, "the bundles are of two different keys"));
    }
    for bundle in both {
        verdict::check_epochs(bundle, view)?;
    }
    for bundle in both {
        events::check_inclusion(bundle)?;
    }
    let promises = promises(both, view)?;
    let shown = Shown::of(both);
    let maps = both.into_iter().filter_map(|bundle| shown.map(bundle).transpose());
    let maps = maps.collect::<Result<Vec<_>, _>>()?;
    let found = shown
        .fork()
        .or_else(|| shown.promised_fork(&promises))
        .or_else(|| shown.alone())
        .or_else(|| shown.in_a_row())
        .or_else(|| shown.mismatch(maps));
    Ok(found.map(|found| Contradiction {
        rule: found.rule,
        detail: found.detail,
        evidence: Evidence {
            merchant_id: a.identity.merchant_id,
            dispute: found.dispute,
            events: found.events.into_iter().cloned().collect(),
            receipts: found.receipts,
            history: found.history,
        },
    }))
}

/// An event that is shown, and its proof.
struct Shown {
    /// By version and hash, so that the same event stands here once.
    events: BTreeMap<(u32, B256), (KeyEvent, Exhibit)>,
}

struct Found<'a> {
    rule: Rule,
    dispute: Dispute,
    detail: String,
    events: Vec<&'a Exhibit>,
    receipts: Vec<Promise>,
    history: Option<MapExhibit>,
}

impl<'a> Found<'a> {
    fn new(rule: Rule, dispute: Dispute, detail: String, events: &[&'a (KeyEvent, Exhibit)]) -> Self {
        Self {
            rule,
            dispute,
            detail,
            events: events.iter().map(|(_, exhibit)| exhibit).collect(),
            receipts: Vec::new(),
            history: None,
        }
    }
}

/// The receipts of both bundles that count in a dispute.
fn promises(bundles: [&Bundle; 2], view: &ChainView) -> Result<Vec<Promise>, Refusal> {
    let all = || bundles.into_iter().flat_map(|bundle| &bundle.receipts);
    for promise in all() {
        promise.check_terms(&bundles[0].key_id, promise.opening.as_ref())?;
    }
    for promise in all() {
        promise.check_signature(&view.identity, &view.receipt_signers)?;
    }
    let counts = |promise: &&Promise| view.as_of_s <= promise.anchor_by_s.saturating_add(RECEIPT_COUNTS_S);
    let mut promises: Vec<Promise> = all().filter(counts).cloned().collect();
    // So that it does not matter which bundle stands first.
    promises.sort_by_key(|promise| promise.event.hash());
    Ok(promises)
}

impl Shown {
    fn of(bundles: [&Bundle; 2]) -> Self {
        let mut events = BTreeMap::new();
        for bundle in bundles {
            for included in &bundle.events {
                let Some(header) = bundle.header(included.epoch) else {
                    continue;
                };
                let event = included.event;
                let exhibit = Exhibit {
                    event: event.into(),
                    header: *header,
                    path: included.path.clone(),
                };
                events.entry((event.version, event.hash())).or_insert((event, exhibit));
            }
        }
        Self { events }
    }

    /// What the history map of a bundle gives for the key; `None` if it gives an event that no bundle shows.
    fn map(&self, bundle: &Bundle) -> Result<Option<MapExhibit>, Refusal> {
        let not_climbing = || {
            Refusal::new(
                Code::HistoryRoot,
                "a history proof does not lead to its epoch's history root",
            )
        };
        let header = bundle.header(bundle.history.epoch).ok_or_else(not_climbing)?;
        let proof = &bundle.history.proof;
        let proven = history::climb(&bundle.key_id, proof, &header.history_root).ok_or_else(not_climbing)?;
        let head = match proven {
            Proven::Absent => Some((0, B256::ZERO)),
            Proven::Present { value_hash } => {
                let is_head = |(version, hash): &&(u32, B256)| history::value_hash(*version, hash) == value_hash;
                self.events.keys().find(is_head).copied()
            }
        };
        Ok(head.map(|(version, head)| MapExhibit {
            header: *header,
            proof: proof.clone(),
            version,
            head,
        }))
    }

    /// Two different events with one version.
    fn fork(&self) -> Option<Found<'_>> {
        let mut pairs = self.events.values().zip(self.events.values().skip(1));
        let (one, other) = pairs.find(|(one, other)| one.0.version == other.0.version)?;
        let detail = format!("version {} has two different events", one.0.version);
        Some(Found::new(Rule::VersionGap, Dispute::Fork, detail, &[one, other]))
    }

    /// An event that was promised, and a different one with its version that was included, or promised too.
    fn promised_fork(&self, promises: &[Promise]) -> Option<Found<'_>> {
        let differ = |one: &KeyEvent, other: &KeyEvent| one.version == other.version && one != other;
        promises.iter().find_map(|promise| {
            let version = promise.event.version;
            let included = self.events.values().find(|(event, _)| differ(event, &promise.event));
            let promised = promises.iter().find(|other| differ(&other.event, &promise.event));
            let (detail, events, receipts) = match (included, promised) {
                (Some(shown), _) => (
                    format!("version {version} was promised as another event than was included"),
                    vec![&shown.1],
                    vec![promise.clone()],
                ),
                (None, Some(other)) => (
                    format!("two different events were promised as version {version}"),
                    Vec::new(),
                    vec![promise.clone(), other.clone()],
                ),
                (None, None) => return None,
            };
            Some(Found {
                events,
                receipts,
                ..Found::new(Rule::VersionGap, Dispute::Fork, detail, &[])
            })
        })
    }

    /// An event that breaks a rule by itself.
    fn alone(&self) -> Option<Found<'_>> {
        self.events.values().find_map(|shown| {
            let event = &shown.0;
            let (rule, dispute, detail) = match event.version {
                0 => (
                    Rule::VersionGap,
                    Dispute::BrokenLink,
                    "an event has version 0".to_owned(),
                ),
                1 if !event.prev.is_zero() => (
                    Rule::BrokenLink,
                    Dispute::BrokenLink,
                    "version 1 names an event before it".to_owned(),
                ),
                1 if !event.kind.may_follow(None) => (
                    Rule::IllegalTransition,
                    Dispute::IllegalTransition,
                    format!("version 1 is {}, which cannot be first", event.kind.name()),
                ),
                _ => return None,
            };
            Some(Found::new(rule, dispute, detail, &[shown]))
        })
    }

    /// Two events with consecutive versions that may not follow each other. No version has two events: that is a fork.
    fn in_a_row(&self) -> Option<Found<'_>> {
        let mut pairs = self.events.values().zip(self.events.values().skip(1));
        pairs.find_map(|(before, after)| {
            let (one, two) = (&before.0, &after.0);
            if two.version != one.version.checked_add(1)? {
                return None;
            }
            let (rule, dispute, what) = if two.prev != one.hash() {
                let what = "does not name the event before it".to_owned();
                (Rule::BrokenLink, Dispute::BrokenLink, what)
            } else if !two.kind.may_follow(Some(one.kind)) {
                let what = format!("is {} after {}", two.kind.name(), one.kind.name());
                (Rule::IllegalTransition, Dispute::IllegalTransition, what)
            } else if two.at_ms < one.at_ms {
                let what = "has an earlier time than the event before it".to_owned();
                (Rule::Clock, Dispute::IllegalTransition, what)
            } else {
                return None;
            };
            let detail = format!("version {} {what}", two.version);
            Some(Found::new(rule, dispute, detail, &[before, after]))
        })
    }

    /// An event, and the history map of its epoch or a later one that does not know it.
    fn mismatch(&self, maps: Vec<MapExhibit>) -> Option<Found<'_>> {
        let against = |map: &MapExhibit| {
            self.events.values().find(|(event, exhibit)| {
                exhibit.header.number <= map.header.number
                    && (map.version < event.version || (map.version == event.version && map.head != event.hash()))
            })
        };
        let (map, shown) = maps
            .into_iter()
            .find_map(|map| against(&map).map(|shown| (map, shown)))?;
        let (event, exhibit) = shown;
        let detail = format!(
            "epoch {} includes version {}, and the history of epoch {} {}",
            exhibit.header.number,
            event.version,
            map.header.number,
            match map.version {
                0 => "says that the key has no events".to_owned(),
                version => format!("ends with version {version}"),
            }
        );
        let mut found = Found::new(Rule::HistoryMismatch, Dispute::HistoryMismatch, detail, &[shown]);
        found.history = Some(map);
        Some(found)
    }
}
