//! Checks the opened bodies, and whether the sale is the buyer's.

use alloy_primitives::B256;

use crate::bundle::{Bundle, Included};
use crate::event::{KeyEvent, Kind, Opening};
use crate::vocabulary::body::{Body, Redeemed, Sold};
use crate::{Code, Refusal, buyer};

/// Checks that every opened body, in receipts too, is the one that its event commits to.
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

/// Checks that the sale names the holder of the secret `claim`, if there is one.
pub(super) fn check_claim(bundle: &Bundle, claim: Option<B256>) -> Result<(), Refusal> {
    let Some(secret) = claim else { return Ok(()) };
    let sale = find(bundle, Kind::Sold).ok_or_else(|| Refusal::new(Code::NotSold, "the key was never sold"))?;
    let opening = sale
        .opening
        .as_ref()
        .ok_or_else(|| Refusal::new(Code::BodyWithheld, "the bundle does not open the sale's body"))?;
    if is_sold_to(opening, &secret) {
        Ok(())
    } else {
        Err(Refusal::new(Code::NotYourSale, "the sale names another buyer"))
    }
}

/// Whether the redemption's body has the secret whose hash is the sale's buyer.
pub(super) fn redeemed_by_buyer(bundle: &Bundle) -> bool {
    let opening = |kind| find(bundle, kind).and_then(|included| included.opening.as_ref());
    let Some((sale, redemption)) = opening(Kind::Sold).zip(opening(Kind::Redeemed)) else {
        return false;
    };
    let secret = Redeemed::parse(&redemption.body)
        .ok()
        .and_then(|redeemed| redeemed.buyer_secret);
    secret.is_some_and(|secret| is_sold_to(sale, &secret))
}

fn find(bundle: &Bundle, kind: Kind) -> Option<&Included> {
    bundle.events.iter().find(|included| included.event.kind == kind)
}

/// Whether a sale's body names the holder of `secret` as its buyer.
fn is_sold_to(sale: &Opening, secret: &B256) -> bool {
    Sold::parse(&sale.body).is_ok_and(|sold| sold.buyer == Some(buyer::commitment(secret)))
}
