//! What every endpoint that writes an event or takes an order asks for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::{Code, Problem};
use super::shop::Shop;

/// That the fence is open. It stands in an endpoint's arguments behind who calls, and refuses where it is not.
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
