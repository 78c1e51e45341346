//! The writer of orders.

use uuid::Uuid;

use super::Statement;
use crate::domain::order::{Customer, Order, RefusalReason};
use crate::store::order::lines_literal;

/// The rows of `orders`, sorted by id when they are bound.
#[derive(Debug, Default)]
pub struct OrderRows(Vec<OrderRow>);

#[derive(Debug)]
struct OrderRow {
    order: Order,
    fingerprint: [u8; 32],
    /// The numbers of its items' keys.
    keys: Vec<i64>,
    /// Of one that is to be paid.
    address: Option<[u8; 32]>,
}

impl OrderRows {
    /// Whether the batch places no order.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an order that the batch places, with the fingerprint of its request, and the numbers of its keys in the
    /// order of its items.
    pub fn push(&mut self, order: Order, fingerprint: [u8; 32], keys: Vec<i64>) {
        self.0.push(OrderRow {
            order,
            fingerprint,
            keys,
            address: None,
        });
    }

    /// Adds an order that is to be paid, with the fingerprint of its request and the hash of the address it came from.
    pub fn push_unpaid(&mut self, order: Order, fingerprint: [u8; 32], address: [u8; 32]) {
        self.0.push(OrderRow {
            order,
            fingerprint,
            keys: Vec::new(),
            address: Some(address),
        });
    }

    pub(super) fn bind(mut self, statement: Statement<'_>) -> Statement<'_> {
        self.0.sort_unstable_by_key(|row| row.order.id);
        statement
            .bind(self.each(|order| order.id.0))
            .bind(self.0.iter().map(|row| row.fingerprint).collect::<Vec<_>>())
            .bind(self.each(account))
            .bind(self.each(guest))
            .bind(self.each(|order| order.channel.name()))
            .bind(self.each(|order| order.buyer.map(|buyer| buyer.0)))
            .bind(self.each(|order| order.status.name()))
            .bind(self.each(|order| order.version.cast_signed()))
            .bind(self.each(|order| order.status.reason().map(RefusalReason::name)))
            .bind(self.each(|order| lines_literal(&order.lines)))
            .bind(self.0.iter().map(|row| keys_literal(&row.keys)).collect::<Vec<_>>())
            .bind(self.each(|order| order.amounts.map_or(0, |amounts| amounts.subtotal_minor)))
            .bind(self.each(|order| order.amounts.map_or(0, |amounts| amounts.discount_minor)))
            .bind(self.each(|order| order.total().map_or(0, |total| total.minor)))
            .bind(self.each(|order| order.amounts.map_or("", |amounts| amounts.currency.code())))
            .bind(self.each(|order| order.expires_at_ms.map(u64::cast_signed)))
            .bind(self.0.iter().map(|row| row.address).collect::<Vec<_>>())
    }

    fn each<T>(&self, column: impl Fn(&Order) -> T) -> Vec<T> {
        self.0.iter().map(|row| column(&row.order)).collect()
    }
}

/// Numbers as a literal of `bigint[]`: an array of arrays cannot be bound.
pub(in crate::store) fn keys_literal(keys: &[i64]) -> String {
    let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
    format!("{{{}}}", keys.join(","))
}

const fn account(order: &Order) -> Option<Uuid> {
    match order.customer {
        Customer::Account(account) => Some(account.0),
        Customer::Guest(_) => None,
    }
}

const fn guest(order: &Order) -> Option<[u8; 32]> {
    match order.customer {
        Customer::Account(_) => None,
        Customer::Guest(contact) => Some(contact.0),
    }
}
