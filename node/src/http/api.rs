//! The API: one file a group of endpoints. Errors are `application/problem+json`.

mod batches;
mod convert;
mod data;
pub(super) mod docs;
mod field;
pub(super) mod json;
mod keys;
mod orders;
mod path;
mod products;
mod proofs;
mod query;
mod redeem;
mod refund;
mod wallet;
mod well_known;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::http::edge::shop::Shop;

/// Where the API lies.
const BASE: &str = "/api/v1";

/// The endpoints that are done within `http.timeout_ms`, and the public files.
pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    let api = OpenApiRouter::default()
        .merge(orders::routes())
        .merge(redeem::routes())
        .merge(refund::routes())
        .merge(proofs::routes())
        .merge(wallet::routes())
        .merge(products::routes())
        .merge(batches::routes())
        .merge(keys::routes());
    OpenApiRouter::default()
        .nest(BASE, api)
        .merge(well_known::routes())
        .merge(data::routes())
}

/// The endpoints that work through a whole batch.
pub(super) fn long_routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().nest(BASE, batches::long_routes())
}
