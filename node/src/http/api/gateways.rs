//! The ways to pay.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api_types::{Listed, ShownGateway};
use crate::checkout::Collector;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(list))
}

/// The account that a field `gateway` names.
///
/// # Errors
/// `invalid_field` where there is none.
pub(super) fn find<'a>(shop: &'a Shop, name: &str) -> Result<&'a Collector, Problem> {
    let found = shop.app.gateways.get(name);
    found.ok_or_else(|| Problem::invalid("/gateway", "It must be one of those that GET /api/v1/gateways lists."))
}

/// List the ways to pay
///
/// For everybody, without a token.
#[utoipa::path(
    get, path = "/gateways", tag = "checkout", operation_id = "listGateways",
    responses((status = 200, description = "All of them, by name", body = Listed<ShownGateway>)),
)]
async fn list(State(shop): State<Arc<Shop>>) -> Response {
    let accounts = shop.app.gateways.all().map(|collector| &collector.account);
    let listed = Listed {
        items: accounts.map(ShownGateway::from).collect(),
        next: None,
        looked_at: None,
    };
    json_response(StatusCode::OK, &listed)
}
