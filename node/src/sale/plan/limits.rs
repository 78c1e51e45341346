//! How many keys of a product one order, and one account, may buy.

use std::collections::HashMap;

use super::price::{Bill, PricedLine};
use crate::domain::id::{AccountId, SkuId};
use crate::domain::order::RefusalReason;
use crate::domain::sale::Purchased;

/// What accounts bought of SKUs with a limit, within the present period.
pub(super) type Counts = HashMap<(SkuId, AccountId), u32>;

/// What the order adds to the counts, if no limit refuses it.
pub(super) fn counted(
    bill: &Bill,
    account: Option<AccountId>,
    counts: &Counts,
    now_ms: u64,
) -> Result<Vec<Purchased>, RefusalReason> {
    let mut counted: Vec<Purchased> = Vec::new();
    for PricedLine { pool, .. } in &bill.lines {
        let units = bill.wanted.get(&pool.pool).copied().unwrap_or_default();
        if pool.order_max.is_some_and(|max| units > i64::from(max)) {
            return Err(RefusalReason::OrderLimit);
        }
        let (Some(limit), Some(account)) = (pool.buyer_limit, account) else {
            continue;
        };
        let before = counts.get(&(pool.sku, account)).copied().unwrap_or_default();
        let after = u32::try_from(units).ok().and_then(|units| before.checked_add(units));
        let Some(after) = after.filter(|after| *after <= limit.units) else {
            return Err(RefusalReason::BuyerLimit);
        };
        // Several lines may be for one SKU.
        if counted.iter().all(|other| other.sku != pool.sku) {
            counted.push(Purchased {
                sku: pool.sku,
                account,
                period: limit.per.number(now_ms),
                before,
                after,
            });
        }
    }
    Ok(counted)
}
