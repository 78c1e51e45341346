//! Orders of guests, as the API answers them.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::order::ListedOrder;
use super::{Amount, Currency, PaymentId};
use crate::domain::delivery::Reserved;
use crate::domain::gateway_account::GatewayAccount;
use crate::domain::order::Order;
use crate::domain::payment::Payment;

/// A way to pay.
#[derive(Serialize, ToSchema)]
#[schema(as = Gateway)]
pub(crate) struct ShownGateway<'a> {
    /// What an order names it by.
    gateway: &'a str,
    /// Its protocol.
    kind: &'a str,
    /// The currency that it collects, ISO 4217: orders in another cannot be paid with it.
    #[schema(value_type = Currency)]
    currency: &'static str,
}

/// A payment that waits for its buyer.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentPage)]
pub(crate) struct ShownPage<'a> {
    /// The payment's id.
    #[schema(value_type = PaymentId)]
    payment: String,
    /// The name of the gateway.
    gateway: &'a str,
    /// The page to pay on. It stays the same.
    url: &'a str,
}

/// An order that waits for its payment. A repeat gets the same.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlacedCheckout)]
pub(crate) struct PlacedCheckout<'a> {
    /// The order's id.
    order: Uuid,
    /// What opens the order, now and once it is delivered: its first token, also where that was revoked since.
    token: &'a str,
    /// Unix milliseconds.
    created_at: u64,
    /// Until when it can be paid, and its keys are held, Unix milliseconds.
    expires_at: u64,
    /// What it costs, a decimal string.
    #[schema(value_type = Amount)]
    total: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// Where it is paid.
    payment: ShownPage<'a>,
}

/// An order that a guest finds again.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundOrder {
    #[serde(flatten)]
    order: ListedOrder,
    /// What opens it.
    token: String,
}

impl<'a> From<&'a GatewayAccount> for ShownGateway<'a> {
    fn from(account: &'a GatewayAccount) -> Self {
        Self {
            gateway: &account.name,
            kind: &account.kind,
            currency: account.currency.code(),
        }
    }
}

impl<'a> ShownPage<'a> {
    pub(crate) fn new(payment: &'a Payment, url: &'a str) -> Self {
        Self {
            payment: payment.id.to_string(),
            gateway: &payment.gateway,
            url,
        }
    }
}

impl<'a> PlacedCheckout<'a> {
    pub(crate) fn new(reserved: &Reserved, token: &'a SecretString, payment: ShownPage<'a>) -> Self {
        Self {
            order: reserved.order.0,
            token: token.expose_secret(),
            created_at: reserved.created_at_ms,
            expires_at: reserved.expires_at_ms,
            total: reserved.total.decimal(),
            currency: reserved.total.currency.code(),
            payment,
        }
    }
}

impl FoundOrder {
    pub(crate) fn new(order: &Order, token: &SecretString) -> Self {
        Self {
            order: ListedOrder::from(order),
            token: token.expose_secret().to_owned(),
        }
    }
}
