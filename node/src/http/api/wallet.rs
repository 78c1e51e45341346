//! A reseller's prepaid credit.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api_types::ShownCredit;
use crate::http::edge::answer::answer;
use crate::http::edge::auth::Reseller;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;
use crate::store::wallet::wallet_list;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(get))
}

/// What a reseller may still spend.
#[derive(Serialize, ToSchema)]
struct Wallet {
    /// One entry a currency; none before the first top-up.
    credit: Vec<ShownCredit>,
}

/// Read the credit
///
/// The shop tops it up; orders are paid from it, and refunds come back to it.
#[utoipa::path(
    get, path = "/wallet", tag = "orders", operation_id = "getWallet", security(("bearer" = [])),
    responses((status = 200, description = "The credit", body = Wallet,
        example = json!({"credit": [{"balance": "1000.00", "currency": "CNY"}]}))),
)]
async fn get(Reseller(account): Reseller, State(shop): State<Arc<Shop>>) -> Result<Response, Problem> {
    let credit = wallet_list(&shop.app.pool, account).await?;
    let credit = credit.into_iter().map(|credit| credit.balance.into());
    let wallet = Wallet {
        credit: credit.collect(),
    };
    Ok(answer(StatusCode::OK, &wallet))
}
