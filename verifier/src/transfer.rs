//! Protocol §5: transfers between shelves. Both shelves' bodies must name each other, and of all shelves at most one may
//! hold the key now.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use crate::bundle::{Bundle, Included};
use crate::chain::ChainView;
use crate::event::Kind;
use crate::vocabulary::body::{Body, Departure, ShelfKey, TransferredIn, TransferredOut};
use crate::{Code, Refusal};

/// One shelf's bundle for a key, and the chain's view of that shelf's merchant.
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
    // A shelf that passed the key on no longer holds it, so at most one history may end in anything but a departure.
    let holders = sides
        .iter()
        .filter(|side| state(side).is_some_and(|kind| kind != Kind::TransferredOut))
        .count();
    if holders > 1 {
        return Err(unverified("two shelves hold the key at once"));
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

/// Checks a departure: the shelf that it names has an arrival that names this departure.
fn check_departure(side: &Counterpart<'_>, departure: &Included, sides: &[Counterpart<'_>]) -> Result<(), Refusal> {
    let TransferredOut { to } = opened(departure)?;
    let from = Departure {
        shelf: shelf_key(side),
        event_hash: departure.event.hash(),
    };
    let arrives = |included: &Included| {
        included.event.kind == Kind::TransferredIn
            && opened(included).is_ok_and(|body: TransferredIn| body.from == from)
    };
    if find(sides, &to)?.bundle.events.iter().any(arrives) {
        Ok(())
    } else {
        Err(unverified("the shelf that the key left for does not show its arrival"))
    }
}

/// Checks an arrival: the shelf that it names has the departure to this shelf, in its latest history. Returns the
/// departure's hash, which no other arrival may name.
fn check_arrival(side: &Counterpart<'_>, arrival: &Included, sides: &[Counterpart<'_>]) -> Result<B256, Refusal> {
    let TransferredIn { from } = opened(arrival)?;
    let origin = find(sides, &from.shelf)?;
    let departs = |included: &Included| {
        included.event.kind == Kind::TransferredOut
            && included.event.hash() == from.event_hash
            && opened(included).is_ok_and(|body: TransferredOut| body.to == shelf_key(side))
    };
    if !origin.bundle.events.iter().any(departs) {
        return Err(unverified(
            "the shelf that the key came from does not show its departure",
        ));
    }
    // Only an arrival may follow a departure, and it is checked like this one. `check` has made sure that the origin does
    // not hold the key now.
    if origin.bundle.history.epoch != origin.view.latest {
        return Err(unverified(
            "the history of the shelf that the key came from is not its latest",
        ));
    }
    Ok(from.event_hash)
}

/// The kind of the last event on that shelf.
fn state(side: &Counterpart<'_>) -> Option<Kind> {
    side.bundle.events.last().map(|included| included.event.kind)
}

fn shelf_key(side: &Counterpart<'_>) -> ShelfKey {
    ShelfKey::new(&side.bundle.identity, side.bundle.key_id)
}

fn find<'a, 'b>(sides: &'a [Counterpart<'b>], name: &ShelfKey) -> Result<&'a Counterpart<'b>, Refusal> {
    sides
        .iter()
        .find(|side| shelf_key(side) == *name)
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
