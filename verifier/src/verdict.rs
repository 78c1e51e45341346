//! Protocol §5: the verdict on a bundle. The checks run in the order of the protocol's codes, each over the whole
//! bundle, and the first that fails is the verdict.
//!
//! `events` checks the key's events against their epochs and each other, `claim` the opened bodies and whose the sale
//! is, `receipts` the receipts; [`crate::transfer`] compares the bundles of several merchants. `audits` says what audits
//! are worth for a bundle that holds: the last checks, which [`check_audits`] runs after [`check`]. To add a check, give
//! it a place in the order of `check_merchant`.

use std::iter;

use alloy_primitives::B256;

use crate::bundle::{Bundle, Included};
use crate::chain::{ChainView, Identity};
use crate::epoch::Header;
use crate::history::{self, Proven};
use crate::transfer::{self, Counterpart};
use crate::{Code, Refusal, code, vrf};

mod audits;
mod claim;
pub(crate) mod events;
mod holds;
mod receipts;

pub use audits::{Coverage, check_audits};
pub use holds::{Freshness, Holds, ReceiptOutcome, VerifiedEvent};

/// How long a superseded history counts by default, seconds.
pub const STALE_AFTER_S: u64 = 86_400;

/// How long it counts by default where a node is asked: a newer history is there to be fetched.
pub const STALE_AFTER_RPC_S: u64 = 3_600;

/// What a bundle is checked for.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The code, as the buyer typed it.
    pub code: &'a str,
    /// The buyer's secret ([`crate::buyer::secret`]), to prove that the sale is the buyer's.
    pub claim: Option<B256>,
    /// The merchant that the verifier was given or has pinned.
    pub expected: Identity,
    /// How long a superseded history counts, seconds; [`STALE_AFTER_S`] by default.
    pub stale_after_s: u64,
}

/// Checks a bundle, with the bundles of the other merchants if the key was transferred.
///
/// # Errors
/// The first check that fails, in the protocol's order.
pub fn check(
    bundle: &Bundle,
    question: &Question<'_>,
    view: &ChainView,
    others: &[Counterpart<'_>],
) -> Result<Holds, Refusal> {
    let holds = check_merchant(bundle, question, view)?;
    if bundle.events.iter().any(|included| included.event.kind.is_transfer()) {
        for other in others {
            let question = Question {
                claim: None,
                expected: other.view.identity,
                ..question.clone()
            };
            check_merchant(other.bundle, &question, other.view).map_err(|refusal| {
                let detail = format!("the other side's bundle does not hold: {refusal}");
                Refusal::new(Code::TransferUnverified, detail)
            })?;
        }
        let sides: Vec<Counterpart<'_>> = iter::once(Counterpart { bundle, view })
            .chain(others.iter().copied())
            .collect();
        transfer::check(&sides)?;
    }
    Ok(holds)
}

/// Runs all checks of one merchant's bundle: all but the last, which compares it with other merchants.
fn check_merchant(bundle: &Bundle, question: &Question<'_>, view: &ChainView) -> Result<Holds, Refusal> {
    let alpha = code::alpha(question.code)?;
    if bundle.identity != question.expected || view.identity != question.expected {
        return Err(Refusal::new(
            Code::WrongMerchant,
            "the bundle is of another chain, registry or merchant",
        ));
    }
    check_key_id(bundle, &alpha, view)?;
    check_epochs(bundle, view)?;
    let events = bundle
        .events
        .iter()
        .map(|included| verified(included, view))
        .collect::<Result<Vec<_>, _>>()?;
    events::check_inclusion(bundle)?;
    events::check_sequence(&events)?;
    check_history(bundle)?;
    let freshness = check_freshness(bundle, question, view)?;
    claim::check_payloads(bundle)?;
    claim::check_claim(bundle, question.claim)?;
    let receipts = receipts::check(bundle, view, &freshness)?;
    Ok(Holds {
        state: bundle.events.last().map(|included| included.event.kind),
        events,
        freshness,
        receipts,
        yours: question.claim.is_some(),
        redeemed_by_buyer: claim::redeemed_by_buyer(bundle),
    })
}

fn check_key_id(bundle: &Bundle, alpha: &[u8], view: &ChainView) -> Result<(), Refusal> {
    let key = vrf::PublicKey::from_bytes(&view.vrf_public_key)
        .ok_or_else(|| Refusal::new(Code::KeyId, "the merchant's VRF key is none that may be used"))?;
    match key.verify(alpha, &bundle.vrf_proof) {
        Some(key_id) if key_id == bundle.key_id => Ok(()),
        _ => Err(Refusal::new(
            Code::KeyId,
            "the VRF proof does not lead from this code to the bundle's key",
        )),
    }
}

/// Checks that every header of a bundle is the one that the contract holds, and final.
pub(crate) fn check_epochs(bundle: &Bundle, view: &ChainView) -> Result<(), Refusal> {
    let headers = || bundle.epochs.iter().map(|listed| &listed.header);
    let told = |header: &&Header| (view.first..=view.latest).contains(&header.number);
    for header in headers().filter(told) {
        let held = view.epochs.get(&header.number).map(|anchored| anchored.hash);
        if held != Some(header.hash(&bundle.identity.merchant_id)) {
            return Err(Refusal::new(
                Code::EpochUnknown,
                format!(
                    "the header of epoch {} is not the one that the contract holds",
                    header.number
                ),
            ));
        }
    }
    let Some(header) = headers().find(|header| !told(header)) else {
        return Ok(());
    };
    let why = if header.number < view.first {
        format!(
            "epoch {} lies before the trusted epochs, which start at {}",
            header.number, view.first
        )
    } else {
        format!("epoch {} is not in a final block yet", header.number)
    };
    Err(Refusal::new(Code::EpochNotFinal, why))
}

/// An event with its epoch's block. `check_epochs` has made sure that the view has the epoch.
fn verified(included: &Included, view: &ChainView) -> Result<VerifiedEvent, Refusal> {
    let anchored = view.epochs.get(&included.epoch).ok_or_else(|| {
        Refusal::new(
            Code::EpochUnknown,
            format!("the contract does not hold epoch {}", included.epoch),
        )
    })?;
    Ok(VerifiedEvent {
        event: included.event,
        opening: included.opening.clone(),
        epoch: included.epoch,
        anchored_at_s: anchored.anchored_at_s,
        block: anchored.block,
    })
}

fn check_history(bundle: &Bundle) -> Result<(), Refusal> {
    let root = bundle
        .header(bundle.history.epoch)
        .map(|header| header.history_root)
        .unwrap_or_default();
    let proven = history::climb(&bundle.key_id, &bundle.history.proof, &root).ok_or_else(|| {
        Refusal::new(
            Code::HistoryRoot,
            "the history proof does not lead to its epoch's history root",
        )
    })?;
    let shown = bundle
        .events
        .last()
        .map(|last| history::value_hash(last.event.version, &last.event.hash()));
    let detail = match (proven, shown) {
        (Proven::Absent, None) => return Ok(()),
        (Proven::Present { value_hash }, Some(shown)) if value_hash == shown => return Ok(()),
        (Proven::Absent, Some(_)) => "the history says that the key has no events, and the bundle shows some",
        (Proven::Present { .. }, None) => "the history says that the key has events, and the bundle shows none",
        (Proven::Present { .. }, Some(_)) => "the history ends with another event than the bundle",
    };
    Err(Refusal::new(Code::HistoryMismatch, detail))
}

fn check_freshness(bundle: &Bundle, question: &Question<'_>, view: &ChainView) -> Result<Freshness, Refusal> {
    let epoch = bundle.history.epoch;
    let unknown = || Refusal::new(Code::EpochUnknown, format!("the contract does not hold epoch {epoch}"));
    let anchored = view.epochs.get(&epoch).ok_or_else(unknown)?;
    let superseded_at_s = if epoch < view.latest {
        let next = view.epochs.get(&epoch.saturating_add(1)).ok_or_else(unknown)?;
        Some(next.anchored_at_s)
    } else {
        None
    };
    if superseded_at_s.is_some_and(|at_s| view.as_of_s.saturating_sub(at_s) > question.stale_after_s) {
        return Err(Refusal::new(
            Code::Stale,
            format!(
                "the history is that of epoch {epoch}, superseded too long ago; the latest is {}",
                view.latest
            ),
        ));
    }
    Ok(Freshness {
        epoch,
        epoch_hash: anchored.hash,
        anchored_at_s: anchored.anchored_at_s,
        superseded_at_s,
        latest: view.latest,
        as_of_s: view.as_of_s,
    })
}
