//! What the sale worker does, and what it decides over: pools, and the keys that are next in them.

use std::fmt;

use shelfproof_verifier::vrf;

use super::goods::WrappedKey;
use super::id::{AccountId, BatchId, CouponId, OrderId, ProductId, SkuId};
use super::key::Head;
use super::money::Money;
use super::order::{Customer, NewOrder};
use super::pool::{Cursor, LowStock, is_low};
use super::sku::{BuyerLimit, Tiers};

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
}

/// Where an intent waits: each account's apart, so that none fills another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Account(AccountId),
    /// Everybody without an account.
    Guests,
}

/// Whose trouble an order can share: a product, an account or a coupon. Orders of others go on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Neighbour {
    Product(ProductId),
    Account(AccountId),
    Coupon(CouponId),
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(product) => write!(f, "product {product}"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Coupon(coupon) => write!(f, "coupon {coupon}"),
        }
    }
}

impl Intent {
    /// The order that it is about.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        match self {
            Self::Sell(order) => order.id,
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
        }
    }

    /// The products, the account and the coupon that it needs.
    pub fn neighbours(&self) -> impl Iterator<Item = Neighbour> {
        let Self::Sell(order) = self;
        let products = order.lines.iter().map(|line| Neighbour::Product(line.product));
        products
            .chain(order.customer.account().map(Neighbour::Account))
            .chain(order.coupon.map(Neighbour::Coupon))
    }
}
