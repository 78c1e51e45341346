//! A reseller's prepaid credit.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::access::{ReadCredit, Reseller};
use crate::api_types::ShownCredit;
use crate::flow::query::credit::list_credit;
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(get))
}

/// A reseller's credit.
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
async fn get(May(Reseller(account)): May<ReadCredit>, State(shop): State<Arc<Shop>>) -> Result<Response, Problem> {
    let credit = list_credit(&shop.app.pool, account).await?;
    let credit = credit.into_iter().map(|credit| credit.balance.into());
    let wallet = Wallet {
        credit: credit.collect(),
    };
    Ok(json_response(StatusCode::OK, &wallet))
}
