//! Orders: made by resellers, read by whoever holds them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::ExposeSecret;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::json::Json;
use super::path::Name;
use super::query::Page;
use crate::api_types::{Listed, ListedOrder, PlacedOrder, ShownOrder, placed_example};
use crate::domain::account::{Caller, Role};
use crate::domain::delivery::OrderOutcome;
use crate::domain::id::OrderId;
use crate::domain::order::{Customer, Order, RefusalReason};
use crate::flow::look_up::{look_up_states, open_order};
use crate::http::edge::answer::answer;
use crate::http::edge::auth::{Admin, Member, Reseller};
use crate::http::edge::fence::OpenFence;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;
use crate::store::order::{order_get, order_list, order_list_abnormal};

mod request;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(place, list))
        .routes(routes!(list_abnormal))
        .routes(routes!(get))
}

problems!(PlaceProblems: InvalidField, MissingIdempotencyKey, MalformedBody, BodyTooLarge, UnsupportedMediaType,
    IdempotencyMismatch, ClockDrift, Fenced, Refused(RefusalReason::UnknownProduct), Refused(RefusalReason::ProductClosed),
    Refused(RefusalReason::OutOfStock), Refused(RefusalReason::PriceChanged), Refused(RefusalReason::MixedCurrencies),
    Refused(RefusalReason::InsufficientCredit), Refused(RefusalReason::Abnormal));
problems!(ListProblems: InvalidField);
problems!(GetProblems: NotFound);

/// Buy keys
///
/// Pays from the prepaid credit and delivers at once. Send the same request under the same `Idempotency-Key` as often as
/// you like: it buys once, and every answer is the same. A refused order is answered as a problem whose `code` is the
/// reason; that too is what a repeat gets, so that another try needs another key.
#[utoipa::path(
    post, path = "/orders", tag = "orders", operation_id = "placeOrder", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 100,
        description = "Your own name of this order, visible ASCII")),
    request_body(content = request::Body, example = json!({
        "lines": [{"product": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "quantity": 1, "price": "9.90"}]})),
    responses((status = 201, description = "Paid and delivered", body = PlacedOrder, example = json!(placed_example())),
        PlaceProblems),
)]
async fn place(
    Reseller(account): Reseller,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(body): Json<request::Body>,
) -> Result<Response, Problem> {
    let idempotency_key = request::idempotency_key(&headers)?;
    let order = body.parse(Customer::Account(account), &idempotency_key)?;
    match shop.app.orders.place(order).await? {
        OrderOutcome::Delivered(delivered) => {
            let token = shop.app.vault.order_token(delivered.order);
            let placed = PlacedOrder::new(&delivered, token.expose_secret()).map_err(Problem::internal)?;
            Ok(answer(StatusCode::CREATED, &placed))
        }
        OrderOutcome::Refused { order, reason, .. } => {
            Err(Problem::new(Code::Refused(reason), sentence(reason)).about(order))
        }
    }
}

/// List orders
///
/// Newest first, without keys: a reseller's own, or, for an admin, everybody's.
#[utoipa::path(
    get, path = "/orders", tag = "orders", operation_id = "listOrders", security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of orders", body = Listed<ListedOrder>), ListProblems),
)]
async fn list(member: Member, State(shop): State<Arc<Shop>>, page: Page) -> Result<Response, Problem> {
    let account = (member.role == Role::Reseller).then_some(member.id);
    let rows = order_list(&shop.app.pool, account, page.after()?, i64::from(page.limit) + 1).await?;
    Ok(listed(rows, &page))
}

/// List orders that wait for somebody
///
/// For admins. They could not be settled, and nothing was charged: `abnormal`, newest first. The log tells why. On the
/// command line: `shelfproof admin order list --abnormal`.
#[utoipa::path(
    get, path = "/orders/abnormal", tag = "orders", operation_id = "listAbnormalOrders", security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of orders", body = Listed<ListedOrder>), ListProblems),
)]
async fn list_abnormal(_: Admin, State(shop): State<Arc<Shop>>, page: Page) -> Result<Response, Problem> {
    let rows = order_list_abnormal(&shop.app.pool, page.after()?, i64::from(page.limit) + 1).await?;
    Ok(listed(rows, &page))
}

fn listed(rows: Vec<Order>, page: &Page) -> Response {
    let listed = Listed::new(
        rows,
        page.limit,
        |order| order.id.to_string(),
        |order| ListedOrder::from(&order),
    );
    answer(StatusCode::OK, &listed)
}

/// Read an order
///
/// The reseller that bought it, and whoever has its token, see codes, receipts and the opened events of the sale. An admin
/// sees states and amounts.
#[utoipa::path(
    get, path = "/orders/{order}", tag = "orders", operation_id = "getOrder", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The order as it stands", body = ShownOrder), GetProblems),
)]
async fn get(caller: Caller, State(shop): State<Arc<Shop>>, Name(id): Name<OrderId>) -> Result<Response, Problem> {
    let app = &shop.app;
    if let Caller::Account { role: Role::Admin, .. } = caller {
        let states = look_up_states(&app.pool, id).await?.ok_or_else(missing)?;
        return Ok(answer(StatusCode::OK, &ShownOrder::without_goods(&states)));
    }
    let order = held(&shop, caller, id).await?;
    let view = open_order(&app.pool, &app.vault, order).await?;
    let shown = ShownOrder::with_goods(&view).map_err(Problem::internal)?;
    Ok(answer(StatusCode::OK, &shown))
}

/// The order, if the caller bought it or has its token; another's is as good as none.
///
/// # Errors
/// Where there is none that the caller holds.
pub(super) async fn held(shop: &Shop, caller: Caller, id: OrderId) -> Result<Order, Problem> {
    let is_theirs = |order: &Order| match caller {
        Caller::Account { id: account, role } => role == Role::Reseller && order.customer == Customer::Account(account),
        Caller::Buyer(own) => own == id,
    };
    let found = order_get(&shop.app.pool, id).await?;
    found.filter(is_theirs).ok_or_else(missing)
}

pub(super) fn missing() -> Problem {
    Problem::not_found("order")
}

/// The reason as a sentence.
fn sentence(reason: RefusalReason) -> String {
    let text = reason.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}
