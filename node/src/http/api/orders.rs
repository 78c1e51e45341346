//! Orders: placed by resellers, read by their holders and, without codes, by admins.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::ExposeSecret;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::json::Json;
use super::path_id::PathId;
use crate::access::{self, OrderHolder, OrderSight, PlaceOrder, ReadOrder, Reseller};
use crate::api_types::{PlacedOrder, ShownOrder, placed_example};
use crate::domain::delivery::OrderOutcome;
use crate::domain::id::OrderId;
use crate::domain::order::{Customer, Order, RefusalReason};
use crate::domain::order_token::OrderToken;
use crate::flow::query::order::{get_order, look_up_states, open_order};
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenForSales;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

mod list;
pub(super) mod request;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(place))
        .routes(routes!(get))
        .merge(list::routes())
}

problems!(PlaceProblems: InvalidField, MissingIdempotencyKey, MalformedBody, BodyTooLarge, UnsupportedMediaType,
    IdempotencyMismatch, ClockDrift, Fenced, Refused(RefusalReason::UnknownProduct), Refused(RefusalReason::ProductClosed),
    Refused(RefusalReason::OutOfStock), Refused(RefusalReason::PriceChanged), Refused(RefusalReason::OrderLimit),
    Refused(RefusalReason::BuyerLimit), Refused(RefusalReason::CouponUnknown),
    Refused(RefusalReason::CouponNotYetValid), Refused(RefusalReason::CouponExpired), Refused(RefusalReason::CouponUsedUp),
    Refused(RefusalReason::CouponOtherProducts), Refused(RefusalReason::CouponMinimum), Refused(RefusalReason::MixedCurrencies),
    Refused(RefusalReason::InsufficientCredit), Refused(RefusalReason::Abnormal));
problems!(GetProblems: NotFound);

/// Buy keys
///
/// Pays from the prepaid credit and delivers at once. The same request under the same `Idempotency-Key` buys once, and
/// every repeat gets the first answer, with the order's first token also where that was revoked. A refused order is
/// answered with a problem whose `code` is the reason; a repeat gets that answer too, so that another attempt needs
/// another `Idempotency-Key`.
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
    May(Reseller(account)): May<PlaceOrder>,
    _: OpenForSales,
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(body): Json<request::Body>,
) -> Result<Response, Problem> {
    let idempotency_key = request::idempotency_key(&headers)?;
    let order = body.parse(Customer::Account(account), &idempotency_key)?;
    match shop.app.orders.place(order).await? {
        OrderOutcome::Delivered(delivered) => {
            // The first, whatever was revoked since: every repeat gets the same bytes.
            let token = shop.app.vault.order_token(OrderToken::first(delivered.order));
            let placed = PlacedOrder::new(&delivered, token.expose_secret());
            Ok(json_response(StatusCode::CREATED, &placed))
        }
        OrderOutcome::Refused { order, reason, .. } => {
            Err(Problem::new(Code::Refused(reason), sentence(reason)).about(order))
        }
    }
}

/// Read an order
///
/// The reseller that bought it, and whoever has its token, see codes, receipts and the opened events of the sale; the
/// reseller sees also the token that is valid now. An admin sees states and amounts.
#[utoipa::path(
    get, path = "/orders/{order}", tag = "orders", operation_id = "getOrder", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The order as it stands", body = ShownOrder), GetProblems),
)]
async fn get(
    May(caller): May<ReadOrder>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<OrderId>,
) -> Result<Response, Problem> {
    let app = &shop.app;
    match access::read_order(caller) {
        OrderSight::States => {
            let states = look_up_states(&app.pool, id).await?.ok_or_else(missing)?;
            Ok(json_response(StatusCode::OK, &ShownOrder::without_goods(&states)))
        }
        OrderSight::Goods(holder) => {
            let order = authorize_order(&shop, holder, id).await?;
            let view = open_order(&app.pool, &app.vault, app.fence.journal().as_deref(), order).await?;
            Ok(json_response(StatusCode::OK, &ShownOrder::with_goods(&view, holder)))
        }
    }
}

/// The order, if the holder bought it or has its token. Another's order is answered like an unknown one.
///
/// # Errors
/// `not_found` where there is no such order or it is another's.
pub(super) async fn authorize_order(shop: &Shop, holder: OrderHolder, id: OrderId) -> Result<Order, Problem> {
    let found = get_order(&shop.app.pool, id).await?;
    let granted = found.filter(|order| access::authorize_order(holder, order));
    granted.ok_or_else(missing)
}

pub(super) fn missing() -> Problem {
    Problem::not_found("order")
}

/// The reason as a sentence.
pub(super) fn sentence(reason: RefusalReason) -> String {
    let text = reason.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}
