//! The fence as an extractor, for endpoints that take orders or write events.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::{Code, Problem};
use super::shop::Shop;

/// Refuses a request while the fence is closed. It follows [`May`](super::auth::May) in an endpoint's arguments, so
/// that only callers who may do the action learn about the fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenFence;

impl FromRequestParts<Arc<Shop>> for OpenFence {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, shop: &Arc<Shop>) -> Result<Self, Problem> {
        match shop.app.fence.refusal() {
            None => Ok(Self),
            Some(why) => Err(Problem::new(
                Code::Fenced,
                format!("Nothing is sold or changed here: {why}."),
            )),
        }
    }
}
