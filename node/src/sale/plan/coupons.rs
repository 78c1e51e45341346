//! What coupons take off orders, and which of their uses are left.

use std::collections::HashMap;

use super::price::Bill;
use crate::domain::coupon::{Coupon, CouponFact, CouponUse, Uses};
use crate::domain::id::{AccountId, CouponId};
use crate::domain::order::{NewOrder, RefusalReason};

/// The coupons that orders name, and how often each was used.
#[derive(Clone, Debug, Default)]
pub(super) struct Coupons {
    named: HashMap<CouponId, Coupon>,
    used: HashMap<CouponId, u32>,
    used_by: HashMap<(CouponId, AccountId), u32>,
}

impl Coupons {
    pub(super) fn add(&mut self, CouponFact { coupon, account, uses }: CouponFact) {
        self.used.insert(coupon.id, uses.all);
        self.used_by.insert((coupon.id, account), uses.account);
        self.named.insert(coupon.id, coupon);
    }

    /// Takes what the order's coupon takes off the bill, if it names one and can use it. The use is not taken yet; where
    /// nothing is taken off there is none.
    pub(super) fn apply(
        &self,
        order: &NewOrder,
        bill: &mut Bill,
        now_ms: u64,
    ) -> Result<Option<CouponUse>, RefusalReason> {
        let Some(id) = order.coupon else { return Ok(None) };
        let coupon = self.named.get(&id).ok_or(RefusalReason::CouponUnknown)?;
        // A guest has no credit either, which is what pays.
        let account = order.customer.account().ok_or(RefusalReason::InsufficientCredit)?;
        let of_account = self.used_by.get(&(id, account));
        let uses = Uses {
            all: self.used.get(&id).copied().unwrap_or_default(),
            account: of_account.copied().unwrap_or_default(),
        };
        let lines = bill
            .lines
            .iter()
            .map(|priced| (priced.pool.product, priced.line.gross_minor()));
        let discounts = coupon.discounts(bill.total.currency, &lines.collect::<Vec<_>>(), uses, now_ms)?;
        let discount_minor = bill.take_off(&discounts);
        Ok((discount_minor > 0).then(|| CouponUse {
            coupon: id,
            account,
            number: uses.all + 1,
            account_number: uses.account + 1,
            discount_minor,
        }))
    }

    /// Takes a use, so that no other order gets it.
    pub(super) fn take(&mut self, of: &CouponUse) {
        self.used.insert(of.coupon, of.number);
        self.used_by.insert((of.coupon, of.account), of.account_number);
    }
}
