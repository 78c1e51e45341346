//! The fence as extractors, for endpoints that take orders or write events.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::{Code, Problem};
use super::shop::Shop;

/// Refuses a request while the fence is closed. It follows [`May`](super::auth::May) in an endpoint's arguments, so
/// that only callers who may do the action learn about the fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenFence;

/// The same for orders, which are refused also while the receipt journal cannot be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenForSales;

impl FromRequestParts<Arc<Shop>> for OpenFence {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        let refusal = shop.app.fence.refusal();
        refusal.map_or(Ok(Self), |why| Err(fenced(&format!("sold or changed here: {why}"))))
    }
}

impl FromRequestParts<Arc<Shop>> for OpenForSales {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        OpenFence::from_request_parts(parts, shop).await?;
        let refusal = shop.app.fence.sale_refusal();
        refusal.map_or(Ok(Self), |why| Err(fenced(&format!("sold here: {why}"))))
    }
}

fn fenced(nothing: &str) -> Problem {
    Problem::new(Code::Fenced, format!("Nothing is {nothing}."))
}
