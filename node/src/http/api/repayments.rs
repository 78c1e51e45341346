//! Money of payments that goes back, for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::field::Reason;
use super::json::Json;
use super::path_id::PathId;
use super::query::{Page, Params};
use crate::access::ManageRepayments;
use crate::api_types::{Listed, ShownRepayment};
use crate::domain::payment::PaymentId;
use crate::domain::repayment::{Repayment, RepaymentState};
use crate::flow::finish_repayment::finish_repayment;
use crate::flow::query::review::{find_repayment, list_repayments};
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(done))
}

problems!(ListProblems: InvalidField);
problems!(DoneProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Fenced);

/// Which repayments are listed: the parameters that [`list`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// In this state: `pending`, `by_hand` or `done`
    state: Option<String>,
}

/// How it was paid back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RepaymentNote)]
struct Body {
    note: Reason,
}

/// List repayments
///
/// Newest first. Those `by_hand` wait for a person.
#[utoipa::path(
    get, path = "/repayments", tag = "checkout", operation_id = "listRepayments", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of repayments", body = Listed<ShownRepayment>), ListProblems),
)]
async fn list(
    _: May<ManageRepayments>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let names = RepaymentState::ALL.map(RepaymentState::name);
    let state = params.choice("state", RepaymentState::from_name, &names)?;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let found = list_repayments(&shop.app.pool, state, page.after()?, page.limit).await?;
    let listed = Listed::new(
        found,
        |repayment: &Repayment| repayment.id.to_string(),
        |repayment| repayment,
    );
    Ok(json_response(StatusCode::OK, &listed.map(ShownRepayment::from)))
}

/// Say that a repayment is done
///
/// For one that a person paid back. Look at the gateway first: one whose answer was lost may be done already. A repeat
/// changes nothing.
#[utoipa::path(
    post, path = "/repayments/{repayment}/done", tag = "checkout", operation_id = "finishRepayment",
    security(("bearer" = [])), params(("repayment" = String, Path, description = "Its id")),
    request_body(content = Body, example = json!({"note": "by bank, 2026-09-21"})),
    responses((status = 200, description = "The repayment", body = ShownRepayment), DoneProblems),
)]
async fn done(
    _: May<ManageRepayments>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<PaymentId>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let pool = &shop.app.pool;
    finish_repayment(pool, id, Some(&body.note.0), now_ms()).await?;
    let found = find_repayment(pool, id).await?;
    let found = found.ok_or_else(|| Problem::not_found("repayment"))?;
    Ok(json_response(StatusCode::OK, &ShownRepayment::from(&found)))
}
