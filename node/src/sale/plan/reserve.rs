//! Orders that are placed to be paid later: which keys are held for them, and how much may wait at once.

use std::collections::HashMap;

use alloy_primitives::B256;

use super::keys::OpenedKeys;
use super::price::{self, Bill, PricedLine};
use super::{Bought, Choice, HeldBack, Left, limits};
use crate::domain::order::{Customer, RefusalReason};
use crate::domain::sale::{Capped, Reservation};
use crate::domain::sku::StockPolicy;

/// Whether the line's keys are held until the payment; else they are taken from the stock of that time.
pub(super) fn is_held(priced: &PricedLine) -> bool {
    priced.pool.policy == StockPolicy::Hold
}

/// The lines, those that are held with the next keys of their pools.
pub(super) fn hold(lines: Vec<PricedLine>, opened: &mut OpenedKeys) -> Vec<Bought> {
    let lines = lines.into_iter().map(|priced| Bought {
        keys: if is_held(&priced) {
            opened.take(priced.pool.pool, priced.line.quantity)
        } else {
            Vec::new()
        },
        priced,
    });
    lines.collect()
}

impl Left<'_> {
    pub(super) fn reserve<'a>(&mut self, reservation: &'a Reservation) -> Choice<'a> {
        let bill = match self.price_unpaid(reservation) {
            Ok(bill) => bill,
            Err(reason) => {
                return Choice::Reserve {
                    reservation,
                    outcome: Err(reason),
                };
            }
        };
        let mut held = bill.wanted.clone();
        held.retain(|pool, _| bill.lines.iter().any(|line| line.pool.pool == *pool && is_held(line)));
        let keys = bill
            .lines
            .iter()
            .filter(|line| is_held(line))
            .map(|priced| priced.line.quantity)
            .sum();
        if let Some(capped) = self.capped(reservation, &held) {
            return Choice::HoldBack(HeldBack::Capped(capped));
        }
        if !self.is_sellable(&held) {
            return Choice::HoldBack(HeldBack::Unsellable);
        }
        if !self.fits(keys) {
            return self.full();
        }
        self.take_keys(keys, &held);
        let pending = &mut self.pending;
        *pending.by_address.entry(reservation.address).or_default() += 1;
        if let Some(guest) = guest(reservation) {
            *pending.by_guest.entry(guest).or_default() += 1;
        }
        *pending.held_by_address.entry(reservation.address).or_default() += i64::from(keys);
        for (pool, keys) in held {
            *pending.held.entry(pool).or_default() += keys;
        }
        Choice::Reserve {
            reservation,
            outcome: Ok(bill),
        }
    }

    /// The order at the present prices, or the reason to refuse it. Of products that are not held there must be stock now,
    /// and there may be none when it is paid.
    fn price_unpaid(&self, reservation: &Reservation) -> Result<Bill, RefusalReason> {
        let bill = price::bill(&self.state.pools, &reservation.order)?;
        if bill.lines.iter().any(|line| line.pool.buyer_limit.is_some()) {
            return Err(RefusalReason::AccountNeeded);
        }
        limits::counted(&bill, None, &self.counts, self.state.now_ms)?;
        if !self.has_stock(&bill.wanted) {
            return Err(RefusalReason::OutOfStock);
        }
        if bill.total.minor == 0 {
            return Err(RefusalReason::NothingToPay);
        }
        if bill.total.currency != reservation.currency {
            return Err(RefusalReason::PaymentCurrency);
        }
        Ok(bill)
    }

    /// The cap that the order would pass.
    fn capped(&self, reservation: &Reservation, held: &HashMap<i32, i64>) -> Option<Capped> {
        let (pending, caps) = (&self.pending, self.state.caps);
        let waiting = |count: Option<&u32>| count.copied().unwrap_or_default();
        let of_guest = guest(reservation).map_or(0, |guest| waiting(pending.by_guest.get(&guest)));
        if of_guest >= caps.per_guest {
            return Some(Capped::Guest);
        }
        if waiting(pending.by_address.get(&reservation.address)) >= caps.per_address {
            return Some(Capped::Address);
        }
        let of_address: i64 = pending
            .held_by_address
            .get(&reservation.address)
            .copied()
            .unwrap_or_default();
        if !held.is_empty() && of_address + held.values().sum::<i64>() > i64::from(caps.keys_per_address) {
            return Some(Capped::Keys);
        }
        let is_over = |(pool, keys): (&i32, &i64)| {
            pending.held.get(pool).copied().unwrap_or_default() + keys > i64::from(caps.per_product)
        };
        held.iter().any(is_over).then_some(Capped::Product)
    }
}

const fn guest(reservation: &Reservation) -> Option<B256> {
    match reservation.order.customer {
        Customer::Guest(guest) => Some(guest),
        Customer::Account(_) => None,
    }
}
