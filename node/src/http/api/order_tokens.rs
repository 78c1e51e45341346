//! Order tokens are revoked, by the reseller that bought the order, or an admin.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::json::Json;
use super::orders::missing;
use super::path_id::PathId;
use crate::access::{RevokeOrderToken, authorize_revocation};
use crate::api_types::ShownRevocation;
use crate::domain::account::Role;
use crate::domain::id::OrderId;
use crate::domain::order_token::OrderToken;
use crate::flow::query::order::get_order;
use crate::flow::revoke_order_token::revoke_order_token;
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(revoke))
}

/// Which token leaked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeToken)]
struct Body {
    /// Its generation: the number behind the order's id in its text, and `tokenGeneration` of the order as long as it is
    /// valid.
    #[schema(value_type = u32, minimum = 1)]
    generation: NonZeroU32,
}

problems!(RevokeProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Fenced);

/// Revoke an order's token
///
/// For the reseller that bought the order, and for admins. Where a token got into the wrong hands, it is refused from now
/// on, with those before it, and the order's next token is valid. The reseller gets that one in the answer, and whenever
/// it reads the order. A repeat changes nothing. The answer to the request that placed the order does not change either:
/// it goes on naming the first token.
#[utoipa::path(
    post, path = "/orders/{order}/revoke-token", tag = "orders", operation_id = "revokeOrderToken",
    security(("bearer" = [])),
    params(("order" = Uuid, Path, description = "The order")),
    request_body(content = Body, example = json!({"generation": 1})),
    responses((status = 200, description = "What is refused, and the token that is valid now", body = ShownRevocation),
        RevokeProblems),
)]
async fn revoke(
    May(caller): May<RevokeOrderToken>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<OrderId>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let app = &shop.app;
    let found = get_order(&app.pool, id).await?;
    found
        .filter(|order| authorize_revocation(caller, order))
        .ok_or_else(missing)?;
    let revoked = revoke_order_token(&app.pool, id, body.generation.get(), now_ms()).await?;
    // An admin sees no code, and the token would show them.
    let token = (caller.role == Role::Reseller).then(|| app.vault.order_token(OrderToken::valid(id, Some(revoked))));
    let token = token.as_ref().map(ExposeSecret::expose_secret);
    Ok(json_response(StatusCode::OK, &ShownRevocation::new(id, revoked, token)))
}
