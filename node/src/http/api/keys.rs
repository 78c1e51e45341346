//! Keys by their ids, for admins. Codes are not shown here.

use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::docs::problems;
use super::field::{KeyId, Reason};
use super::json::Json;
use super::path_id::PathId;
use crate::access::ManageKeys;
use crate::api_types::{Hash, KeyState, ShownEvent};
use crate::domain::key::Key;
use crate::flow::query::key::get_key;
use crate::flow::void::void_key;
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

mod list;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .merge(list::routes())
        .routes(routes!(get))
        .routes(routes!(void))
}

/// A key and its newest event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Key)]
struct Shown {
    /// Its id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The kind of its newest event.
    #[schema(value_type = KeyState)]
    state: &'static str,
    /// That event's version.
    #[schema(minimum = 1)]
    version: u32,
    /// That event's hash.
    #[schema(value_type = Hash)]
    head: B256,
    /// That event's time, Unix milliseconds.
    at: u64,
    /// The batch that it was imported in.
    batch: Uuid,
}

/// A request to withdraw a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Void)]
struct VoidBody {
    /// On one line. It becomes part of the key's history.
    reason: Reason,
}

problems!(GetProblems: NotFound);
problems!(VoidProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict,
    ClockDrift, Fenced);

/// Read a key
#[utoipa::path(
    get, path = "/keys/{keyId}", tag = "keys", operation_id = "getKey", security(("bearer" = [])),
    params(("keyId" = inline(Hash), Path, description = "0x and 64 lower-case hex digits")),
    responses((status = 200, description = "Its state", body = Shown), GetProblems),
)]
async fn get(
    _: May<ManageKeys>,
    State(shop): State<Arc<Shop>>,
    PathId(KeyId(key_id)): PathId<KeyId>,
) -> Result<Response, Problem> {
    let key = get_key(&shop.app.pool, &key_id).await?;
    Ok(json_response(StatusCode::OK, &Shown::from(key)))
}

/// Withdraw a key
///
/// For good. A key that was sold, or that is held for an order, cannot be withdrawn. A repeat gets the first answer.
#[utoipa::path(
    post, path = "/keys/{keyId}/void", tag = "keys", operation_id = "voidKey", security(("bearer" = [])),
    params(("keyId" = inline(Hash), Path, description = "0x and 64 lower-case hex digits")),
    request_body(content = VoidBody, example = json!({"reason": "the supplier recalled it"})),
    responses((status = 200, description = "The event that withdrew it", body = ShownEvent), VoidProblems),
)]
async fn void(
    _: May<ManageKeys>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(KeyId(key_id)): PathId<KeyId>,
    Json(body): Json<VoidBody>,
) -> Result<Response, Problem> {
    let event = void_key(&shop.app.pool, &key_id, &body.reason.0, now_ms()).await?;
    Ok(json_response(StatusCode::OK, &ShownEvent::from(&event)))
}

impl From<Key> for Shown {
    fn from(key: Key) -> Self {
        Self {
            key_id: key.head.key_id,
            state: key.head.state.name(),
            version: key.head.version,
            head: key.head.hash,
            at: key.head.at_ms,
            batch: key.batch.0,
        }
    }
}
