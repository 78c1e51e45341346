//! What the sale worker does, and what it decides over: pools, and the keys that are next in them.

use std::fmt;

use shelfproof_verifier::vrf;

use super::goods::WrappedKey;
use super::id::{AccountId, BatchId, CouponId, OrderId, ProductId, SkuId};
use super::key::Head;
use super::money::Money;
use super::order::{Customer, NewOrder};
use super::pool::{Cursor, LowStock, is_low};
use super::sku::{BuyerLimit, StockPolicy, Tiers};

#[cfg(test)]
pub(crate) mod samples;
mod unpaid;

pub use unpaid::{Capped, HeldRange, PaymentFact, Pending, PendingCaps, Question, Reservation, Settlement, Unsettled};

/// The house's pool of an SKU, locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub pool: i32,
    /// The product of its keys, whose only SKU it is.
    pub product: ProductId,
    pub sku: SkuId,
    /// Where the next take begins.
    pub cursor: Cursor,
    /// The slot behind its last key.
    pub tail: i64,
    /// Slots with a voided key, taken or not.
    pub holes: i64,
    /// The product's name.
    pub name: String,
    /// The price of one key.
    pub price: Money,
    /// What many keys at once cost.
    pub tiers: Tiers,
    /// The most keys that one order may be for.
    pub order_max: Option<u32>,
    /// The most keys that one account may buy.
    pub buyer_limit: Option<BuyerLimit>,
    /// The level at which its stock is low.
    pub low_stock: Option<u32>,
    /// When an order that waits for its payment takes its keys.
    pub policy: StockPolicy,
    /// Whether the product may be bought.
    pub on_sale: bool,
    /// The wallet that earns.
    pub revenue_wallet: i64,
}

impl Pool {
    /// What each key costs in a line of that many.
    #[must_use]
    pub fn unit(&self, quantity: u32) -> Money {
        Money {
            minor: self.tiers.unit_minor(self.price.minor, quantity),
            ..self.price
        }
    }

    /// What is to be told where the stock falls to its level as that many keys are sold.
    #[must_use]
    pub fn falls_low(&self, keys: i64) -> Option<LowStock> {
        let level = self.low_stock?;
        let (before, available) = (self.available(), self.available() - keys);
        let falls = !is_low(before, Some(level)) && is_low(available, Some(level));
        falls.then(|| LowStock {
            product: self.product,
            name: self.name.clone(),
            available,
            level,
        })
    }

    /// Slots with a voided key that are not taken.
    #[must_use]
    pub const fn holes_ahead(&self) -> i64 {
        self.holes - self.cursor.holes
    }

    /// Keys that can be sold.
    #[must_use]
    pub const fn available(&self) -> i64 {
        self.tail - self.cursor.slot - self.holes_ahead()
    }
}

/// A key that can be sold, with all that is needed to deliver it.
#[derive(Clone, Debug)]
pub struct AvailableKey {
    pub head: Head,
    pub pool: i32,
    pub slot: i64,
    /// The slot of the next such key, or the pool's tail. Between the two are only voided keys.
    pub next_slot: i64,
    /// The import that brought it.
    pub batch: BatchId,
    /// What its goods are encrypted with.
    pub wrapped: WrappedKey,
    pub sealed: Vec<u8>,
    /// That its id is the code's.
    pub vrf_proof: vrf::Proof,
}

/// What an order adds to the units that its account bought of an SKU with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchased {
    pub sku: SkuId,
    pub account: AccountId,
    /// See [`Period::number`](super::sku::Period::number).
    pub period: i32,
    /// The units of the period before the order, and with it.
    pub before: u32,
    pub after: u32,
}

/// What the sale worker is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Place an order, pay it from the customer's credit, and deliver it.
    Sell(NewOrder),
    /// Place an order that is to be paid, and hold its keys until then.
    Reserve(Reservation),
    /// Deliver an order that was paid.
    Settle(Settlement),
}

/// Where an intent waits: each account's apart, so that none fills another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Account(AccountId),
    /// Everybody without an account.
    Guests,
    /// Gateways, which say that an order was paid.
    Payments,
}

/// Whose trouble an order can share: a product, an account, a coupon, or that of all payments. Orders of others go on
/// meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Neighbour {
    Product(ProductId),
    Account(AccountId),
    Coupon(CouponId),
    /// The wallets that payments are booked in.
    Payments,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(product) => write!(f, "product {product}"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Coupon(coupon) => write!(f, "coupon {coupon}"),
            Self::Payments => f.write_str("payments"),
        }
    }
}

impl Intent {
    /// The order that it is about.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        match self {
            Self::Sell(order) => order.id,
            Self::Reserve(reservation) => reservation.order.id,
            Self::Settle(settlement) => settlement.order,
        }
    }

    /// Where it waits.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Sell(order) => match order.customer {
                Customer::Account(account) => Lane::Account(account),
                Customer::Guest(_) => Lane::Guests,
            },
            Self::Reserve(_) => Lane::Guests,
            Self::Settle(_) => Lane::Payments,
        }
    }

    /// The order that it places; `None` where that was placed before.
    #[must_use]
    pub const fn placing(&self) -> Option<&NewOrder> {
        match self {
            Self::Sell(order) => Some(order),
            Self::Reserve(reservation) => Some(&reservation.order),
            Self::Settle(_) => None,
        }
    }

    /// The order that it pays from the customer's credit.
    #[must_use]
    pub const fn selling(&self) -> Option<&NewOrder> {
        match self {
            Self::Sell(order) => Some(order),
            Self::Reserve(_) | Self::Settle(_) => None,
        }
    }

    /// The products, the account and the coupon that it needs.
    pub fn neighbours(&self) -> impl Iterator<Item = Neighbour> {
        let placing = self.placing();
        let payments = placing.is_none().then_some(Neighbour::Payments);
        let settled = match self {
            Self::Settle(settlement) => settlement.products.as_slice(),
            Self::Sell(_) | Self::Reserve(_) => &[],
        };
        let lines = placing.into_iter().flat_map(|order| &order.lines);
        let products = lines.map(|line| line.product).chain(settled.iter().copied());
        products
            .map(Neighbour::Product)
            .chain(
                placing
                    .and_then(|order| order.customer.account())
                    .map(Neighbour::Account),
            )
            .chain(placing.and_then(|order| order.coupon).map(Neighbour::Coupon))
            .chain(payments)
    }
}
