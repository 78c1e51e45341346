//! An order: what a customer asks for, and the states that it goes through.
//!
//! Every change of an order is a method in `transition` that takes the order by value and returns it in its next state, or
//! a [`TransitionError`]. A new state goes into [`OrderStatus`] and into its transition table; the schema's trigger
//! `shop.keep_order` holds the same table, and a test compares the two.

use alloy_primitives::B256;

use super::id::{AccountId, CouponId, OrderId, ProductId};
use super::money::{Currency, Money};

mod filter;
mod line;
mod request_id;
mod status;
mod transition;

pub use filter::OrderFilter;
pub use line::{Fulfilment, Line};
pub use status::{OrderStatus, RefusalReason, known_state};
pub use transition::TransitionError;

/// Most lines of one order.
pub const MAX_LINES: usize = 20;
/// Most keys of one order, over all its lines.
pub const MAX_KEYS: u32 = 100;
/// The longest idempotency key, characters.
pub const MAX_IDEMPOTENCY_KEY: usize = 100;

/// Who places an order: the scope of its idempotency keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Customer {
    Account(AccountId),
    /// Somebody without an account, by a keyed hash of the contact that they gave.
    Guest(B256),
}

/// How an order reached the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SalesChannel {
    /// A reseller's account, over the API.
    Api,
    /// The shop's own pages.
    Storefront,
}

/// One line of a requested order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    pub product: ProductId,
    /// How many keys, at least one.
    pub quantity: u32,
    /// The price of one key that the customer agreed to, a decimal string: at another price the order is refused.
    pub price: Option<String>,
}

/// A requested order, of at least one line and within the bounds above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Derived from the customer and the idempotency key, see [`OrderId::of_request`].
    pub id: OrderId,
    pub customer: Customer,
    pub channel: SalesChannel,
    /// SHA-256 of the request's content: another content under the same id is refused.
    pub fingerprint: [u8; 32],
    pub lines: Vec<NewLine>,
    /// What is to take something off.
    pub coupon: Option<CouponId>,
    /// `keccak256` of the buyer's secret, made by the buyer's side.
    pub buyer: Option<B256>,
}

/// What an order costs, in minor units of one currency: `total = subtotal - discount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    pub currency: Currency,
    pub subtotal_minor: i64,
    pub discount_minor: i64,
}

/// An order in its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub customer: Customer,
    pub channel: SalesChannel,
    /// `keccak256` of the buyer's secret.
    pub buyer: Option<B256>,
    pub status: OrderStatus,
    /// Counts the order's transitions, from 1: guards concurrent changes.
    pub version: u32,
    pub lines: Vec<Line>,
    /// None for a refused order, which costs nothing.
    pub amounts: Option<Amounts>,
    /// Until when it can be paid, Unix milliseconds; it never changes. None where the order was paid or refused when it
    /// was placed.
    pub expires_at_ms: Option<u64>,
    /// When it was placed, Unix milliseconds.
    pub created_at_ms: u64,
}

impl Customer {
    /// The account; a guest has none.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Guest(_) => None,
        }
    }
}

impl SalesChannel {
    const ALL: [Self; 2] = [Self::Api, Self::Storefront];

    /// The channel as the database writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Storefront => "storefront",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

impl Amounts {
    /// The sums over lines in one currency.
    #[must_use]
    pub fn of_lines(currency: Currency, lines: &[Line]) -> Self {
        Self {
            currency,
            subtotal_minor: lines.iter().map(Line::gross_minor).sum(),
            discount_minor: lines.iter().map(|line| line.discount_minor).sum(),
        }
    }

    #[must_use]
    pub const fn total(&self) -> Money {
        Money {
            minor: self.subtotal_minor - self.discount_minor,
            currency: self.currency,
        }
    }
}

impl Order {
    /// The order in its first state: it waits for payment. One that is stored in this state needs a deadline, see
    /// [`payable_until`](Self::payable_until); one that is paid before it is stored has none.
    #[must_use]
    pub fn place(new: &NewOrder, currency: Currency, lines: Vec<Line>, created_at_ms: u64) -> Self {
        Self {
            id: new.id,
            customer: new.customer,
            channel: new.channel,
            buyer: new.buyer,
            status: OrderStatus::AwaitingPayment,
            version: 1,
            amounts: Some(Amounts::of_lines(currency, &lines)),
            lines,
            expires_at_ms: None,
            created_at_ms,
        }
    }

    /// The same order, which can be paid until that time, Unix milliseconds.
    #[must_use]
    pub fn payable_until(self, expires_at_ms: u64) -> Self {
        Self {
            expires_at_ms: Some(expires_at_ms),
            ..self
        }
    }

    /// The order in its first and last state: refused, and so without prices.
    #[must_use]
    pub fn refuse(new: &NewOrder, reason: RefusalReason, created_at_ms: u64) -> Self {
        let lines = new.lines.iter().map(|line| Line {
            product: line.product,
            sku: None,
            quantity: line.quantity,
            unit_minor: 0,
            discount_minor: 0,
            fulfilment: Fulfilment::Cancelled,
        });
        Self {
            id: new.id,
            customer: new.customer,
            channel: new.channel,
            buyer: new.buyer,
            status: OrderStatus::Refused(reason),
            version: 1,
            lines: lines.collect(),
            amounts: None,
            expires_at_ms: None,
            created_at_ms,
        }
    }

    /// What the order costs; none where it was refused.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        self.amounts.as_ref().map(Amounts::total)
    }

    /// How many keys the order is for.
    #[must_use]
    pub fn quantity(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// The line that item number `item` belongs to, and the line's number, both from 1. Items are numbered through the
    /// lines: of lines for 2 and 3 keys the first has items 1 and 2, the second 3 to 5.
    #[must_use]
    pub fn line_of(&self, item: u32) -> Option<(i16, &Line)> {
        let (number, line, _) = self.place_of(item)?;
        Some((number, line))
    }

    /// What item number `item` cost: its part of the line's net amount. The items of a line add up to it exactly.
    #[must_use]
    pub fn item_net(&self, item: u32) -> Option<Money> {
        let (_, line, at) = self.place_of(item)?;
        let currency = self.amounts?.currency;
        Some(Money {
            minor: line.item_net_minor(at),
            currency,
        })
    }

    /// The line of an item, the line's number from 1, and the item's place in the line from 0.
    fn place_of(&self, item: u32) -> Option<(i16, &Line, u32)> {
        let mut at = item.checked_sub(1)?;
        for (number, line) in (1..).zip(&self.lines) {
            match at.checked_sub(line.quantity) {
                Some(rest) => at = rest,
                None => return Some((number, line, at)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
