//! Redemption: the holder of an order reports that a key was used.

use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::field;
use super::json::Json;
use super::orders::authorize_order;
use super::path_id::PathId;
use crate::access::RedeemItem;
use crate::api_types::{Hash, ShownEvent};
use crate::domain::id::OrderId;
use crate::flow::redeem::redeem_item;
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(redeem))
}

/// Which key was used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = Redemption)]
struct Body {
    /// Its number in the order, from 1.
    #[schema(minimum = 1)]
    item: u32,
    /// The secret that the sale's `buyer` is the hash of: the redemption is then shown as made with it. It becomes part
    /// of the sale's history, open to whoever holds the order.
    #[serde(default, deserialize_with = "field::hash")]
    #[schema(value_type = Option<Hash>)]
    buyer_secret: Option<B256>,
}

problems!(RedeemProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict,
    ClockDrift, Fenced);

/// Redeem a key
///
/// For the reseller that bought the order, and whoever has its token. Once: a repeat gets the first answer.
#[utoipa::path(
    post, path = "/orders/{order}/redeem", tag = "orders", operation_id = "redeemItem", security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "The order")),
    request_body(content = Body, example = json!({"item": 1})),
    responses((status = 200, description = "The event of the redemption", body = ShownEvent), RedeemProblems),
)]
async fn redeem(
    May(holder): May<RedeemItem>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(order): PathId<OrderId>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    authorize_order(&shop, holder, order).await?;
    let event = redeem_item(&shop.app.pool, order, body.item, body.buyer_secret, now_ms()).await?;
    Ok(json_response(StatusCode::OK, &ShownEvent::from(&event)))
}
