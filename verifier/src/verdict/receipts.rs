//! Checks the receipts in a bundle: their terms, their signatures, and whether each promise was kept.

use super::holds::{Freshness, ReceiptOutcome};
use crate::bundle::Bundle;
use crate::chain::ChainView;
use crate::event::Opening;
use crate::receipt::Promise;
use crate::{Code, Refusal};

/// Checks the terms of all receipts, then their signatures, then what became of each promise.
pub(super) fn check(bundle: &Bundle, view: &ChainView, freshness: &Freshness) -> Result<Vec<ReceiptOutcome>, Refusal> {
    for promise in &bundle.receipts {
        promise.check_terms(&bundle.key_id, opening(promise, bundle))?;
    }
    let signers = bundle
        .receipts
        .iter()
        .map(|promise| promise.check_signature(&bundle.identity, &view.receipt_signers))
        .collect::<Result<Vec<_>, _>>()?;
    let outcome = |(promise, signer): (&Promise, _)| {
        let status = promise
            .status(anchored_at_s(promise, bundle, view), view.as_of_s)
            .ok_or_else(|| overdue(promise, freshness))?;
        Ok(ReceiptOutcome {
            status,
            signer,
            anchor_by_s: promise.anchor_by_s,
        })
    };
    bundle.receipts.iter().zip(signers).map(outcome).collect()
}

/// The sale's body, if the receipt opens it or the bundle does, whose event is then the same.
fn opening<'a>(promise: &'a Promise, bundle: &'a Bundle) -> Option<&'a Opening> {
    let shown = || bundle.events.iter().find(|included| included.event == promise.event);
    promise.opening.as_ref().or_else(|| shown()?.opening.as_ref())
}

/// Block time of the epoch that includes the promised event, if the bundle shows the event.
fn anchored_at_s(promise: &Promise, bundle: &Bundle, view: &ChainView) -> Option<u64> {
    let included = bundle.events.iter().find(|included| included.event == promise.event)?;
    view.epochs.get(&included.epoch).map(|anchored| anchored.anchored_at_s)
}

/// The refusal for a deadline that passed without the event: a breach only if the history is of the latest epoch, since
/// a later epoch could include the event.
fn overdue(promise: &Promise, freshness: &Freshness) -> Refusal {
    if freshness.epoch == freshness.latest {
        Refusal::new(
            Code::ReceiptUnmet,
            format!(
                "version {} was promised in time and is in no epoch",
                promise.event.version
            ),
        )
    } else {
        Refusal::new(
            Code::Stale,
            format!(
                "a promised event is missing up to epoch {}; the latest is {}",
                freshness.epoch, freshness.latest
            ),
        )
    }
}
