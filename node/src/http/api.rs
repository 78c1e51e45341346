//! The API, for programs: one file a group of endpoints. A request is parsed into domain types here, goes through one
//! flow or query, and is answered with the types of `api_types`. Errors are `application/problem+json` ([`problem`]).
//!
//! A new endpoint is a handler with its `utoipa::path` in its group's file, whose first argument is `May<Action>` (see
//! [`access`](crate::access)) unless it is for everybody, and which lists its problems; [`routes`] takes the group. A use case's new error gets
//! its words in `errors`.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

mod batches;
mod checkout;
mod coupons;
mod data;
pub(super) mod docs;
mod errors;
mod export;
mod field;
mod gateways;
pub(super) mod json;
mod keys;
mod lookup;
mod order_payments;
mod order_tokens;
mod orders;
mod path_id;
mod payments;
pub(super) mod problem;
mod products;
mod proofs;
mod query;
mod redeem;
mod refund;
mod repayments;
mod reviews;
mod wallet;
mod well_known;

use super::edge::shop::Shop;

/// The path that all addresses of the API begin with.
pub(super) const BASE: &str = "/api/v1";

/// The endpoints that are done within `http.timeout_ms`, and the public files.
pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    let api = OpenApiRouter::default()
        .merge(orders::routes())
        .merge(checkout::routes())
        .merge(gateways::routes())
        .merge(lookup::routes())
        .merge(order_payments::routes())
        .merge(payments::routes())
        .merge(reviews::routes())
        .merge(repayments::routes())
        .merge(redeem::routes())
        .merge(refund::routes())
        .merge(order_tokens::routes())
        .merge(proofs::routes())
        .merge(wallet::routes())
        .merge(products::routes())
        .merge(coupons::routes())
        .merge(batches::routes())
        .merge(keys::routes());
    OpenApiRouter::default()
        .nest(BASE, api)
        .merge(well_known::routes())
        .merge(data::routes())
}

/// The endpoints that process a whole batch.
pub(super) fn long_routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().nest(BASE, batches::long_routes())
}
