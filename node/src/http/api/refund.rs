//! A sale is undone and paid back; for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::field::Reason;
use super::json::Json;
use super::path_id::PathId;
use crate::access::RefundItem;
use crate::api_types::ShownEvent;
use crate::domain::id::OrderId;
use crate::flow::refund::refund_item;
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(refund))
}

/// Which key is paid back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refund)]
struct Body {
    /// Its number in the order, from 1.
    #[schema(minimum = 1)]
    item: u32,
    /// On one line; the order's holder can read it in the key's history.
    reason: Option<Reason>,
}

problems!(RefundProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict,
    ClockDrift, Fenced);

/// Refund a key
///
/// What it cost goes back to the credit that paid for it, or through the gateway (see `GET /api/v1/repayments`); the key is
/// spent for good. A repeat gets the first answer.
#[utoipa::path(
    post, path = "/orders/{order}/refund", tag = "orders", operation_id = "refundItem", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "The order")),
    request_body(content = Body, example = json!({"item": 1, "reason": "the code did not work"})),
    responses((status = 200, description = "The event of the refund", body = ShownEvent), RefundProblems),
)]
async fn refund(
    _: May<RefundItem>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(order): PathId<OrderId>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let reason = body.reason.map(|reason| reason.0).unwrap_or_default();
    let event = refund_item(&shop.app.pool, order, body.item, &reason, now_ms()).await?;
    Ok(json_response(StatusCode::OK, &ShownEvent::from(&event)))
}
