//! What was opened, and whether the sale is the buyer's.

use alloy_primitives::B256;

use crate::bundle::{self, Bundle, Included};
use crate::event::{KeyEvent, Kind, Opening};
use crate::json::Node;
use crate::{Code, Refusal, buyer};

/// Every opened body is what its event commits to, the receipts' too.
pub(super) fn check_payloads(bundle: &Bundle) -> Result<(), Refusal> {
    let events = bundle
        .events
        .iter()
        .map(|included| (&included.event, &included.opening));
    let receipts = bundle.receipts.iter().map(|promise| (&promise.event, &promise.opening));
    let opened = |(event, opening): &(&KeyEvent, &Option<Opening>)| opening.as_ref().is_none_or(|o| o.opens(event));
    match events.chain(receipts).find(|pair| !opened(pair)) {
        Some((event, _)) => Err(Refusal::new(
            Code::Payload,
            format!(
                "the body shown for version {} is not the one that was committed to",
                event.version
            ),
        )),
        None => Ok(()),
    }
}

/// The sale is that of the secret's holder, where one asks.
pub(super) fn check_claim(bundle: &Bundle, claim: Option<B256>) -> Result<(), Refusal> {
    let Some(secret) = claim else { return Ok(()) };
    let sale = find(bundle, Kind::Sold).ok_or_else(|| Refusal::new(Code::NotSold, "the key was never sold"))?;
    let opening = sale
        .opening
        .as_ref()
        .ok_or_else(|| Refusal::new(Code::BodyWithheld, "the bundle does not open the sale's body"))?;
    if names(opening, "buyer", &buyer::commitment(&secret)) {
        Ok(())
    } else {
        Err(Refusal::new(Code::NotYourSale, "the sale names another buyer"))
    }
}

/// Whether the redemption carries the secret that the sale's buyer is the hash of.
pub(super) fn redeemed_by_buyer(bundle: &Bundle) -> bool {
    let opening = |kind| find(bundle, kind).and_then(|included| included.opening.as_ref());
    let Some((sale, redemption)) = opening(Kind::Sold).zip(opening(Kind::Redeemed)) else {
        return false;
    };
    let Ok(value) = bundle::body(&redemption.body) else {
        return false;
    };
    let secret = Node::root(&value, "body")
        .optional("buyerSecret")
        .and_then(|secret| secret.word().ok());
    secret.is_some_and(|secret| names(sale, "buyer", &buyer::commitment(&secret)))
}

fn find(bundle: &Bundle, kind: Kind) -> Option<&Included> {
    bundle.events.iter().find(|included| included.event.kind == kind)
}

fn names(opening: &Opening, field: &'static str, hash: &B256) -> bool {
    let Ok(value) = bundle::body(&opening.body) else {
        return false;
    };
    Node::root(&value, "body")
        .optional(field)
        .is_some_and(|field| field.word().as_ref() == Ok(hash))
}
