//! Orders in their present state, as the API shows them.

use alloy_primitives::B256;
use secrecy::ExposeSecret;
use serde::Serialize;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Receipt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::placed::extra;
use super::{Amount, CouponCode, Currency, Hash, KeyState, OrderState, ShownEvent, ShownOrderPayment};
use crate::access::OrderHolder;
use crate::domain::money::Money;
use crate::domain::order::{Order, RefusalReason};
use crate::flow::query::order::{ItemView, OrderStates, OrderView};

/// An order in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedOrder {
    /// The order's id.
    order: Uuid,
    /// The order's state.
    #[schema(value_type = OrderState)]
    state: &'static str,
    /// Why the order was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Who placed it; shown to an admin, and absent for a guest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Uuid>,
    /// Unix milliseconds.
    created_at: u64,
    /// Until when it can be paid, Unix milliseconds; absent where it was paid when it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    /// What it cost, a decimal string; absent for a refused order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    total: Option<String>,
    /// What a coupon took off, which the total is less by, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    discount: Option<String>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Currency>)]
    currency: Option<&'static str>,
}

/// An order, with what the caller may see of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub(crate) struct ShownOrder<'a> {
    #[serde(flatten)]
    order: ListedOrder,
    /// The code of the coupon that it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CouponCode>)]
    coupon: Option<&'a str>,
    /// The generation of its token that is valid now, from 1: how often its token was revoked, and one more.
    #[schema(minimum = 1)]
    token_generation: u32,
    /// That token; shown only to the reseller that bought the order. Whoever shows a token gets no other one: it may just
    /// be revoked because a stranger has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    /// The products that were ordered.
    lines: Vec<ShownLine>,
    /// The ways to pay it that were asked for; absent where it was paid when it was placed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payments: Vec<ShownOrderPayment<'a>>,
    /// The keys, by line.
    items: Vec<ShownItem<'a>>,
}

/// One line of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
struct ShownLine {
    /// The line's number, from 1.
    #[schema(minimum = 1)]
    line: i16,
    /// Which product.
    product: Uuid,
    /// How many keys.
    #[schema(minimum = 1)]
    quantity: u32,
    /// The price of one key, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    price: Option<String>,
    /// What a coupon took off all of them, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    discount: Option<String>,
}

/// One key of an order. The code and the opened events are shown only to the order's holder.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderItem)]
struct ShownItem<'a> {
    /// The key's number in the order, from 1.
    #[schema(minimum = 1)]
    item: u32,
    /// The order's line that the key belongs to, from 1.
    line: i16,
    /// Which product.
    product: Uuid,
    /// The key's state now.
    #[schema(value_type = KeyState)]
    state: &'static str,
    /// The key's id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The code, which its issuer redeems.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// What is delivered with it, such as a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a str>,
    /// The signed promise that this sale will be anchored: a file `shelfproof-receipt-v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    receipt: Option<&'a Receipt>,
    /// The key's events from the sale on, opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<ShownEvent<'a>>,
}

impl From<&Order> for ListedOrder {
    fn from(order: &Order) -> Self {
        Self {
            order: order.id.0,
            state: order.status.name(),
            reason: order.status.reason().map(RefusalReason::name),
            account: None,
            created_at: order.created_at_ms,
            expires_at: order.expires_at_ms,
            total: order.total().as_ref().map(Money::decimal),
            discount: order
                .amounts
                .and_then(|amounts| discount(order, amounts.discount_minor)),
            currency: order.total().map(|total| total.currency.code()),
        }
    }
}

impl ListedOrder {
    /// The order with who placed it.
    pub(crate) fn for_admin(order: &Order) -> Self {
        Self {
            account: order.customer.account().map(|account| account.0),
            ..Self::from(order)
        }
    }
}

impl<'a> ShownOrder<'a> {
    /// The order for its holder, with codes, receipts and opened events, and for its reseller with its token.
    pub(crate) fn with_goods(view: &'a OrderView, holder: OrderHolder) -> Self {
        Self {
            order: ListedOrder::from(&view.order),
            coupon: view.coupon.as_deref(),
            token_generation: view.valid_token.generation,
            token: matches!(holder, OrderHolder::Reseller(_)).then(|| view.token.expose_secret()),
            lines: lines(&view.order),
            payments: view.payments.iter().map(ShownOrderPayment::from).collect(),
            items: view.items.iter().map(held).collect(),
        }
    }

    /// The order for an administrator, without codes, receipts and events.
    pub(crate) fn without_goods(states: &'a OrderStates) -> Self {
        let items = states.items.iter().filter_map(|sold| {
            let (number, line) = states.order.line_of(sold.item)?;
            Some(bare(
                sold.item,
                number,
                line.product.0,
                sold.head.state,
                sold.head.key_id,
            ))
        });
        Self {
            order: ListedOrder::for_admin(&states.order),
            coupon: states.coupon.as_deref(),
            token_generation: states.valid_token.generation,
            token: None,
            lines: lines(&states.order),
            payments: states.payments.iter().map(ShownOrderPayment::without_page).collect(),
            items: items.collect(),
        }
    }
}

/// An amount that was taken off; none where it is nothing.
fn discount(order: &Order, minor: i64) -> Option<String> {
    let total = order.total().filter(|_| minor > 0)?;
    Some(Money { minor, ..total }.decimal())
}

fn lines(order: &Order) -> Vec<ShownLine> {
    let price = |minor| order.total().map(|total| Money { minor, ..total }.decimal());
    let shown = (1..).zip(&order.lines).map(|(number, line)| ShownLine {
        line: number,
        product: line.product.0,
        quantity: line.quantity,
        price: price(line.unit_minor),
        discount: discount(order, line.discount_minor),
    });
    shown.collect()
}

fn held(view: &ItemView) -> ShownItem<'_> {
    let item = &view.item;
    let key_id = item.receipt.promise.event.key_id;
    ShownItem {
        code: Some(item.goods.code.expose_secret()),
        extra: extra(item),
        receipt: Some(&item.receipt),
        events: view.events.iter().map(ShownEvent::opened).collect(),
        ..bare(item.item, item.line, item.product.0, view.state, key_id)
    }
}

fn bare<'a>(item: u32, line: i16, product: Uuid, state: Kind, key_id: B256) -> ShownItem<'a> {
    ShownItem {
        item,
        line,
        product,
        state: state.name(),
        key_id,
        code: None,
        extra: None,
        receipt: None,
        events: Vec::new(),
    }
}
