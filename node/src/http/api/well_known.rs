//! What a verifier pins at first use.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api_types;
use crate::app::App;
use crate::http::edge::answer::answer;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(merchant))
}

/// The shop's own word on who it is: a file `shelfproof-merchant-v1` (protocol, section 5).
#[allow(clippy::struct_field_names, reason = "the fields are the protocol's")]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Merchant<'a> {
    /// `shelfproof-merchant-v1`.
    format: &'static str,
    /// The chain's EIP-155 id.
    chain_id: u64,
    /// The registry contract.
    #[schema(value_type = api_types::Address)]
    registry: Address,
    /// The merchant in it.
    #[schema(value_type = api_types::Hash)]
    merchant_id: B256,
    /// The shop's name.
    name: &'a str,
    /// Where epoch data is published.
    data_uri: &'a str,
}

/// Who this shop is
#[utoipa::path(
    get, path = "/.well-known/shelfproof.json", tag = "service", operation_id = "getMerchant",
    responses((status = 200, description = "For `shelfproof-verify trust add --from`", body = Merchant)),
)]
async fn merchant(State(shop): State<Arc<Shop>>) -> Response {
    answer(StatusCode::OK, &Merchant::of(&shop.app))
}

impl<'a> Merchant<'a> {
    fn of(app: &'a App) -> Self {
        let identity = app.vault.identity();
        Self {
            format: "shelfproof-merchant-v1",
            chain_id: identity.chain_id,
            registry: identity.registry,
            merchant_id: identity.merchant_id,
            name: &app.config.shop.name,
            data_uri: &app.config.shop.data_uri,
        }
    }
}
