//! What an order costs at the present prices, line by line.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::ProductId;
use crate::domain::money::{MAX_MINOR, Money};
use crate::domain::order::{Line, NewLine, NewOrder, RefusalReason};
use crate::domain::sale::Pool;

/// A line of an order at the present price.
#[derive(Clone, Debug)]
pub(in crate::sale) struct PricedLine {
    /// The pool that its keys come from.
    pub(in crate::sale) pool: Arc<Pool>,
    /// What the order holds of it.
    pub(in crate::sale) line: Line,
}

/// What an order costs.
#[derive(Debug)]
pub(in crate::sale) struct Bill {
    pub(super) total: Money,
    /// One entry for each of the order's lines.
    pub(super) lines: Vec<PricedLine>,
    /// How many keys of each pool it is for, by the pool's id.
    pub(super) wanted: HashMap<i32, i64>,
}

impl Bill {
    /// Takes an amount off each line, and returns what that is in all.
    pub(super) fn take_off(&mut self, discounts: &[i64]) -> i64 {
        for (priced, discount) in self.lines.iter_mut().zip(discounts) {
            priced.line.discount_minor = *discount;
        }
        let off = discounts.iter().sum();
        self.total.minor -= off;
        off
    }
}

/// Prices the order. The prices that it names, if it names any, must be the present ones.
pub(super) fn bill(pools: &HashMap<ProductId, Arc<Pool>>, order: &NewOrder) -> Result<Bill, RefusalReason> {
    let mut lines = Vec::with_capacity(order.lines.len());
    let mut wanted: HashMap<i32, i64> = HashMap::new();
    let mut total: Option<Money> = None;
    for new in &order.lines {
        let pool = pools.get(&new.product).ok_or(RefusalReason::UnknownProduct)?;
        let unit = unit(pool, new)?;
        let before = total.unwrap_or(Money { minor: 0, ..unit });
        if before.currency != unit.currency {
            return Err(RefusalReason::MixedCurrencies);
        }
        let line = Line::new(new.product, pool.sku, new.quantity, unit.minor);
        // A price is at most MAX_MINOR and an order has at most 100 keys, so this cannot overflow.
        total = Some(Money {
            minor: before.minor + line.gross_minor(),
            ..before
        });
        *wanted.entry(pool.pool).or_default() += i64::from(new.quantity);
        let pool = Arc::clone(pool);
        lines.push(PricedLine { pool, line });
    }
    let total = total.filter(|total| total.minor <= MAX_MINOR);
    let total = total.ok_or(RefusalReason::InsufficientCredit)?;
    Ok(Bill { total, lines, wanted })
}

/// What each key of the line costs, which depends on how many there are.
fn unit(pool: &Pool, new: &NewLine) -> Result<Money, RefusalReason> {
    if !pool.on_sale {
        return Err(RefusalReason::ProductClosed);
    }
    let unit = pool.unit(new.quantity);
    match &new.price {
        Some(agreed) if Money::parse(agreed, unit.currency) != Ok(unit) => Err(RefusalReason::PriceChanged),
        _ => Ok(unit),
    }
}
