//! Protocol §5: transfers between merchants. Both merchants' bodies must name each other, and of all merchants at most
//! one may hold the key now.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use crate::bundle::{Bundle, Included};
use crate::chain::ChainView;
use crate::event::Kind;
use crate::vocabulary::body::{Body, Departure, MerchantKey, TransferredIn, TransferredOut};
use crate::{Code, Refusal};

/// One merchant's bundle for a key, and the chain's view of that merchant.
#[derive(Clone, Copy, Debug)]
pub struct Counterpart<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The chain's view of the merchant that the bundle names.
    pub view: &'a ChainView,
}

/// Checks that every transfer in the bundles of `sides` has its match among them. Each bundle must hold by itself.
///
/// # Errors
/// `transfer_unverified` if a side is missing or does not say the same.
pub(crate) fn check(sides: &[Counterpart<'_>]) -> Result<(), Refusal> {
    // A merchant that passed the key on no longer holds it, so at most one history may end in anything but a departure.
    let holders = sides
        .iter()
        .filter(|side| state(side).is_some_and(|kind| kind != Kind::TransferredOut))
        .count();
    if holders > 1 {
        return Err(unverified("two merchants hold the key at once"));
    }
    let mut followed = BTreeSet::new();
    for side in sides {
        for included in &side.bundle.events {
            match included.event.kind {
                Kind::TransferredOut => check_departure(side, included, sides)?,
                Kind::TransferredIn => {
                    let origin = check_arrival(side, included, sides)?;
                    if !followed.insert(origin) {
                        return Err(unverified("one departure is followed by two arrivals"));
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Checks a departure: the merchant that it names has an arrival that names this departure.
fn check_departure(side: &Counterpart<'_>, departure: &Included, sides: &[Counterpart<'_>]) -> Result<(), Refusal> {
    let TransferredOut { to } = opened(departure)?;
    let from = Departure {
        key: merchant_key(side),
        event_hash: departure.event.hash(),
    };
    let arrives = |included: &Included| {
        included.event.kind == Kind::TransferredIn
            && opened(included).is_ok_and(|body: TransferredIn| body.from == from)
    };
    if find(sides, &to)?.bundle.events.iter().any(arrives) {
        Ok(())
    } else {
        Err(unverified(
            "the merchant that the key left for does not show its arrival",
        ))
    }
}

/// Checks an arrival: the merchant that it names has the departure to this merchant, in its latest history. Returns the
/// departure's hash, which no other arrival may name.
fn check_arrival(side: &Counterpart<'_>, arrival: &Included, sides: &[Counterpart<'_>]) -> Result<B256, Refusal> {
    let TransferredIn { from } = opened(arrival)?;
    let origin = find(sides, &from.key)?;
    let departs = |included: &Included| {
        included.event.kind == Kind::TransferredOut
            && included.event.hash() == from.event_hash
            && opened(included).is_ok_and(|body: TransferredOut| body.to == merchant_key(side))
    };
    if !origin.bundle.events.iter().any(departs) {
        return Err(unverified(
            "the merchant that the key came from does not show its departure",
        ));
    }
    // Only an arrival may follow a departure, and it is checked like this one. `check` has made sure that the origin
    // does not hold the key now.
    if origin.bundle.history.epoch != origin.view.latest {
        return Err(unverified(
            "the history of the merchant that the key came from is not its latest",
        ));
    }
    Ok(from.event_hash)
}

/// The kind of the key's last event at that merchant.
fn state(side: &Counterpart<'_>) -> Option<Kind> {
    side.bundle.events.last().map(|included| included.event.kind)
}

fn merchant_key(side: &Counterpart<'_>) -> MerchantKey {
    MerchantKey::new(&side.bundle.identity, side.bundle.key_id)
}

fn find<'a, 'b>(sides: &'a [Counterpart<'b>], name: &MerchantKey) -> Result<&'a Counterpart<'b>, Refusal> {
    sides
        .iter()
        .find(|side| merchant_key(side) == *name)
        .ok_or_else(|| unverified("the bundle of the other side of a transfer was not handed in"))
}

/// Reads a transfer's body.
fn opened<T: Body>(included: &Included) -> Result<T, Refusal> {
    let opening = included
        .opening
        .as_ref()
        .ok_or_else(|| unverified("a transfer's body is not opened"))?;
    T::parse(&opening.body)
        .map_err(|refusal| unverified(format!("a transfer's body does not name its other side: {refusal}")))
}

fn unverified(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::TransferUnverified, detail)
}
