//! Guests find their orders again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::checkout::{contact, password};
use super::docs::problems;
use super::json::Json;
use crate::api_types::{FoundOrder, Listed};
use crate::flow::query::guest_order::list_guest_orders;
use crate::http::edge::client_address::ClientAddress;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(look_up))
}

/// What a guest's orders are found by.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LookUp)]
struct Body {
    /// The contact that was given with the orders.
    #[schema(min_length = 3, max_length = 200)]
    contact: String,
    /// The password that was given with them.
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, min_length = 6, max_length = 100)]
    password: SecretString,
}

problems!(LookUpProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, TooManyAttempts);

/// Find a guest's orders
///
/// For everybody, without a token: the newest 50 orders that were placed with this contact and this password, newest first,
/// each with its token. Where the password is another, there are none. One address may ask 10 times
/// a minute, and all together 30 times a minute for one contact.
#[utoipa::path(
    post, path = "/lookup", tag = "checkout", operation_id = "lookUpOrders",
    request_body(content = Body, example = json!({"contact": "ann@example.com", "password": "correct horse"})),
    responses((status = 200, description = "The orders", body = Listed<FoundOrder>), LookUpProblems),
)]
async fn look_up(
    State(shop): State<Arc<Shop>>,
    ClientAddress(client): ClientAddress,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (pool, vault) = (&shop.app.pool, &shop.app.vault);
    shop.lookups.count(vault.client_address(client), now_ms())?;
    let contact = contact(&body.contact)?;
    shop.lookups_of_contact.count(vault.guest(&contact), now_ms())?;
    let lookup = vault.guest_lookup(&contact, body.password.expose_secret());
    let found = list_guest_orders(pool, lookup).await?;
    let items = found
        .iter()
        .map(|(order, token)| FoundOrder::new(order, &vault.order_token(*token)));
    let listed = Listed {
        items: items.collect(),
        next: None,
        looked_at: None,
    };
    Ok(json_response(StatusCode::OK, &listed))
}
