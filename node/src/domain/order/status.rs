//! The states of an order, and which follows which.

use std::fmt;

/// The state of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Placed, and not paid.
    AwaitingPayment,
    /// Paid, and nothing delivered.
    Paid,
    /// Some of its items were delivered.
    PartiallyDelivered,
    /// All of its items were delivered.
    Delivered,
    /// Some of what was paid was refunded: delivered items, or what was not delivered. Nothing more is delivered.
    PartiallyRefunded,
    /// All that was paid was refunded.
    Refunded,
    /// Not paid in time.
    Expired,
    /// Given up before it was paid.
    Cancelled,
    /// Never placed, for this reason.
    Refused(RefusalReason),
}

/// Why an order got no key. It was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// A line names no product of this shop.
    UnknownProduct,
    /// A product is not for sale now.
    ProductClosed,
    /// There are fewer keys than requested.
    OutOfStock,
    /// A price is another than the customer agreed to.
    PriceChanged,
    /// It is for more keys of a product than one order may.
    OrderLimit,
    /// With it, the account would have bought more keys of a product than it may.
    BuyerLimit,
    /// It names no coupon of this shop.
    CouponUnknown,
    CouponNotYetValid,
    CouponExpired,
    /// The coupon has no use left, or none for this account.
    CouponUsedUp,
    /// The coupon is for none of the order's products, or for another currency.
    CouponOtherProducts,
    /// The order costs less than the coupon asks for.
    CouponMinimum,
    /// The lines are priced in different currencies.
    MixedCurrencies,
    /// The customer's prepaid credit in that currency does not cover the total.
    InsufficientCredit,
    /// It costs nothing, so that there is nothing to pay.
    NothingToPay,
    /// Its payment would be collected in another currency.
    PaymentCurrency,
    /// So many keys of the product are for each account, and a guest has none.
    AccountNeeded,
    /// The database refused it; somebody has to look.
    Abnormal,
}

/// Which state may follow which. A payment may arrive after its order expired or was cancelled. A refund ends the delivery.
const TRANSITIONS: [(OrderStatus, OrderStatus); 18] = {
    use OrderStatus::{
        AwaitingPayment, Cancelled, Delivered, Expired, Paid, PartiallyDelivered, PartiallyRefunded, Refunded,
    };
    [
        (AwaitingPayment, Paid),
        (AwaitingPayment, Delivered),
        (AwaitingPayment, Expired),
        (AwaitingPayment, Cancelled),
        (Expired, Paid),
        (Expired, Delivered),
        (Cancelled, Paid),
        (Cancelled, Delivered),
        (Paid, PartiallyDelivered),
        (Paid, Delivered),
        (Paid, Refunded),
        (PartiallyDelivered, PartiallyDelivered),
        (PartiallyDelivered, Delivered),
        (PartiallyDelivered, PartiallyRefunded),
        (Delivered, PartiallyRefunded),
        (Delivered, Refunded),
        (PartiallyRefunded, PartiallyRefunded),
        (PartiallyRefunded, Refunded),
    ]
};

/// The name of a state, as [`OrderStatus::name`] writes it, if there is such a state.
#[must_use]
pub fn known_state(name: &str) -> Option<&'static str> {
    OrderStatus::ALL
        .map(OrderStatus::name)
        .into_iter()
        .find(|own| *own == name)
}

impl OrderStatus {
    /// One of each state that the database tells apart.
    pub const ALL: [Self; 10] = [
        Self::AwaitingPayment,
        Self::Paid,
        Self::PartiallyDelivered,
        Self::Delivered,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Expired,
        Self::Cancelled,
        Self::Refused(RefusalReason::OutOfStock),
        Self::Refused(RefusalReason::Abnormal),
    ];

    /// The state as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::PartiallyDelivered => "partially_delivered",
            Self::Delivered => "delivered",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refused(RefusalReason::Abnormal) => "abnormal",
            Self::Refused(_) => "refused",
        }
    }

    /// The state of that name, with the reason that belongs to it.
    #[must_use]
    pub fn from_names(name: &str, reason: Option<&str>) -> Option<Self> {
        match reason {
            Some(reason) => RefusalReason::from_name(reason)
                .map(Self::Refused)
                .filter(|status| status.name() == name),
            None => Self::ALL
                .into_iter()
                .find(|status| status.reason().is_none() && status.name() == name),
        }
    }

    /// Why there is no key.
    #[must_use]
    pub const fn reason(self) -> Option<RefusalReason> {
        match self {
            Self::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether an order in this state can be paid: also one that was given up, since a payment may be under way.
    #[must_use]
    pub const fn waits_for_payment(self) -> bool {
        matches!(self, Self::AwaitingPayment | Self::Expired | Self::Cancelled)
    }

    /// Whether an order in this state may go to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::UnknownProduct,
        Self::ProductClosed,
        Self::OutOfStock,
        Self::PriceChanged,
        Self::OrderLimit,
        Self::BuyerLimit,
        Self::CouponUnknown,
        Self::CouponNotYetValid,
        Self::CouponExpired,
        Self::CouponUsedUp,
        Self::CouponOtherProducts,
        Self::CouponMinimum,
        Self::MixedCurrencies,
        Self::InsufficientCredit,
        Self::NothingToPay,
        Self::PaymentCurrency,
        Self::AccountNeeded,
        Self::Abnormal,
    ];

    /// The reason as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown_product",
            Self::ProductClosed => "product_closed",
            Self::OutOfStock => "out_of_stock",
            Self::PriceChanged => "price_changed",
            Self::OrderLimit => "order_limit",
            Self::BuyerLimit => "buyer_limit",
            Self::CouponUnknown => "coupon_unknown",
            Self::CouponNotYetValid => "coupon_not_yet_valid",
            Self::CouponExpired => "coupon_expired",
            Self::CouponUsedUp => "coupon_used_up",
            Self::CouponOtherProducts => "coupon_other_products",
            Self::CouponMinimum => "coupon_minimum",
            Self::MixedCurrencies => "mixed_currencies",
            Self::InsufficientCredit => "insufficient_credit",
            Self::NothingToPay => "nothing_to_pay",
            Self::PaymentCurrency => "payment_currency",
            Self::AccountNeeded => "account_needed",
            Self::Abnormal => "abnormal",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownProduct => "a line names no product of this shop",
            Self::ProductClosed => "a product of the order is not for sale now",
            Self::OutOfStock => "there are fewer keys than the order asks for",
            Self::OrderLimit => "the order is for more keys of a product than one order may be",
            Self::BuyerLimit => "with this order, the account would have bought more keys of a product than it may",
            Self::CouponUnknown => "the order names no coupon of this shop",
            Self::CouponNotYetValid => "the coupon cannot be used yet",
            Self::CouponExpired => "the coupon can no longer be used",
            Self::CouponUsedUp => "the coupon has no use left, or none for this account",
            Self::CouponOtherProducts => "the coupon is for none of the order's products, or for another currency",
            Self::CouponMinimum => "the order costs less than the coupon asks for",
            Self::PriceChanged => "a price is no longer the one that the order names",
            Self::MixedCurrencies => "the order's products are priced in different currencies",
            Self::InsufficientCredit => "the prepaid credit does not cover the total",
            Self::NothingToPay => "the order costs nothing: ask the merchant for it",
            Self::PaymentCurrency => "this way to pay is for another currency than the order's",
            Self::AccountNeeded => "a product of the order is sold to accounts only, so many keys to each",
            Self::Abnormal => {
                "the order could not be carried out; nothing was charged, and the shop's operator is told"
            }
        })
    }
}
