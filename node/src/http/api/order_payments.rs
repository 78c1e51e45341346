//! Unpaid orders: another way to pay one, or none.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::checkout::make_page;
use super::docs::problems;
use super::gateways;
use super::json::Json;
use super::orders::authorize_order;
use super::path_id::PathId;
use crate::access::{CancelOrder, PayOrder};
use crate::api_types::{ShownOrder, ShownPage};
use crate::domain::id::OrderId;
use crate::domain::payment::PaymentId;
use crate::flow::add_payment::add_payment;
use crate::flow::cancel_order::cancel_order;
use crate::flow::query::order::open_order;
use crate::http::edge::auth::May;
use crate::http::edge::client_address::ClientAddress;
use crate::http::edge::fence::{OpenFence, OpenForSales};
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(pay)).routes(routes!(cancel))
}

/// Another way to pay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPayment)]
struct Body {
    /// As `GET /api/v1/gateways` names it.
    gateway: String,
}

problems!(PayProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict, Fenced,
    GatewayUnavailable);

/// Pay an order another way
///
/// For whoever has the order's token. An order has one payment through each gateway: the same gateway again gives the same
/// page. Pay one of them only; what is paid twice, a person pays back.
#[utoipa::path(
    post, path = "/orders/{order}/payments", tag = "checkout", operation_id = "payOrder", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "The order, which waits for its payment")),
    request_body(content = Body, example = json!({"gateway": "main"})),
    responses((status = 200, description = "The page to pay on", body = ShownPage), PayProblems),
)]
async fn pay(
    May(holder): May<PayOrder>,
    _: OpenForSales,
    State(shop): State<Arc<Shop>>,
    ClientAddress(client): ClientAddress,
    PathId(order): PathId<OrderId>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let found = authorize_order(&shop, holder, order).await?;
    let collector = gateways::find(&shop, &body.gateway)?;
    let id = PaymentId::generate();
    let payment = add_payment(&shop.app.pool, order, &collector.account, id, now_ms()).await?;
    let expires_at_ms = found.expires_at_ms.unwrap_or_default();
    let url = make_page(&shop, collector, &payment, expires_at_ms, client).await?;
    Ok(json_response(StatusCode::OK, &ShownPage::new(&payment, &url)))
}

problems!(CancelProblems: NotFound, Conflict, Fenced);

/// Cancel an unpaid order
///
/// For whoever has the order's token. Its keys are for sale again. A repeat changes nothing. A payment that arrives all the
/// same is taken, and the order delivered if there are keys.
#[utoipa::path(
    post, path = "/orders/{order}/cancel", tag = "checkout", operation_id = "cancelOrder", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "The order, which waits for its payment")),
    responses((status = 200, description = "The order, cancelled", body = ShownOrder), CancelProblems),
)]
async fn cancel(
    May(holder): May<CancelOrder>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(order): PathId<OrderId>,
) -> Result<Response, Problem> {
    let app = &shop.app;
    authorize_order(&shop, holder, order).await?;
    cancel_order(&app.pool, order).await?;
    let cancelled = authorize_order(&shop, holder, order).await?;
    let view = open_order(&app.pool, &app.vault, app.fence.journal().as_deref(), cancelled).await?;
    Ok(json_response(StatusCode::OK, &ShownOrder::with_goods(&view, holder)))
}
