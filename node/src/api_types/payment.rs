//! Payments through gateways, as the API shows them.

use serde::Serialize;
use shelfproof_base::table;
use utoipa::ToSchema;
use uuid::Uuid;

use super::csv::CsvRow;
use super::{Amount, Currency, PaymentId, PaymentStateName};
use crate::domain::gateway_account::ListedGateway;
use crate::domain::payment::Payment;

/// A payment of an order, for its holder.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderPayment)]
pub(crate) struct ShownOrderPayment<'a> {
    /// The payment's id.
    #[schema(value_type = PaymentId)]
    payment: String,
    /// The name of the gateway.
    gateway: &'a str,
    /// What became of it.
    #[schema(value_type = PaymentStateName)]
    state: &'static str,
    /// The page to pay on; absent where the gateway has not made it yet, and for an admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

/// A payment, for an admin.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub(crate) struct ShownPayment<'a> {
    /// The payment's id, which is the order number that the gateway is told.
    #[schema(value_type = PaymentId)]
    payment: String,
    /// The order that it pays.
    order: Uuid,
    /// The name of the gateway.
    gateway: &'a str,
    /// What became of it.
    #[schema(value_type = PaymentStateName)]
    state: &'static str,
    /// A decimal string.
    #[schema(value_type = Amount)]
    amount: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// The gateway's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    trade_no: Option<&'a str>,
    /// Unix milliseconds.
    created_at: u64,
    /// When the shop took it, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<u64>,
    /// How often the gateway was asked about it.
    asked: u32,
}

/// A merchant's account at a gateway, for an admin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownGatewayAccount<'a> {
    gateway: &'a str,
    kind: &'a str,
    currency: &'static str,
    /// What was collected through it, less what was paid back.
    collected: String,
    /// Whether the configuration has it.
    is_configured: bool,
}

impl<'a> From<&'a Payment> for ShownOrderPayment<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            payment: payment.id.to_string(),
            gateway: &payment.gateway,
            state: payment.state.name(),
            url: payment.url.as_deref(),
        }
    }
}

impl<'a> ShownOrderPayment<'a> {
    /// The payment for somebody who does not pay it.
    pub(crate) fn without_page(payment: &'a Payment) -> Self {
        Self {
            url: None,
            ..Self::from(payment)
        }
    }
}

impl<'a> From<&'a Payment> for ShownPayment<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            payment: payment.id.to_string(),
            order: payment.order.0,
            gateway: &payment.gateway,
            state: payment.state.name(),
            amount: payment.amount.decimal(),
            currency: payment.amount.currency.code(),
            trade_no: payment.trade_no.as_deref(),
            created_at: payment.created_at_ms,
            received_at: payment.received_at_ms,
            asked: payment.asked,
        }
    }
}

impl<'a> ShownGatewayAccount<'a> {
    pub(crate) fn new(listed: &'a ListedGateway, is_configured: bool) -> Self {
        Self {
            gateway: &listed.account.name,
            kind: &listed.account.kind,
            currency: listed.account.currency.code(),
            collected: listed.collected.decimal(),
            is_configured,
        }
    }
}

impl CsvRow for Payment {
    const HEADER: &'static [&'static str] = &[
        "payment",
        "order",
        "gateway",
        "state",
        "amount",
        "currency",
        "tradeNo",
        "createdAt",
        "receivedAt",
    ];

    fn cells(&self) -> Vec<String> {
        let time = |at_ms: u64| table::time(at_ms.cast_signed());
        vec![
            self.id.to_string(),
            self.order.to_string(),
            self.gateway.clone(),
            self.state.name().to_owned(),
            self.amount.decimal(),
            self.amount.currency.code().to_owned(),
            self.trade_no.clone().unwrap_or_default(),
            time(self.created_at_ms),
            self.received_at_ms.map(time).unwrap_or_default(),
        ]
    }
}
