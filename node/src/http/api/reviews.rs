//! Paid orders that a person decides about, for admins.

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
use crate::access::{Admin, ReviewOrders};
use crate::api_types::{Listed, ShownRepayment, ShownReview};
use crate::domain::delivery::Settled;
use crate::domain::id::AccountId;
use crate::domain::review::{Decision, Review};
use crate::domain::sale::{Question, Settlement};
use crate::flow::decide_review::{Decider, close_review, release_review, repay_review};
use crate::flow::query::order::get_order;
use crate::flow::query::review::{find_repayment, find_review, list_reviews};
use crate::http::edge::auth::May;
use crate::http::edge::fence::{OpenFence, OpenForSales};
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(deliver))
        .routes(routes!(repay))
        .routes(routes!(close))
}

problems!(ListProblems: InvalidField);
problems!(DecideProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict, Fenced);
problems!(DeliverProblems: NotFound, Conflict, ClockDrift, Fenced);

/// Which reviews are listed: the parameters that [`list`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// With those that are closed: `true`
    all: Option<bool>,
}

/// What is decided, in a person's words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewNote)]
struct Body {
    note: Option<Reason>,
}

/// List reviews
///
/// Paid orders that a person decides about, newest first. Deliver one, pay it back, or close what was settled elsewhere.
#[utoipa::path(
    get, path = "/reviews", tag = "checkout", operation_id = "listReviews", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of reviews", body = Listed<ShownReview>), ListProblems),
)]
async fn list(_: May<ReviewOrders>, State(shop): State<Arc<Shop>>, mut params: Params) -> Result<Response, Problem> {
    let all = params.choice("all", |name| (name == "true").then_some(true), &["true"])?;
    let page = Page::take(&mut params)?;
    params.finish()?;
    let found = list_reviews(&shop.app.pool, all.unwrap_or_default(), page.after()?, page.limit).await?;
    let listed = Listed::new(found, |review: &Review| review.id.to_string(), |review| review);
    Ok(json_response(StatusCode::OK, &listed.map(ShownReview::from)))
}

/// Deliver a paid order after all
///
/// With the keys that are in stock now: import and activate some first. A repeat after the delivery answers the review.
#[utoipa::path(
    post, path = "/reviews/{review}/deliver", tag = "checkout", operation_id = "deliverReview",
    security(("bearer" = [])), params(("review" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The review, closed", body = ShownReview), DeliverProblems),
)]
async fn deliver(
    _: May<ReviewOrders>,
    _: OpenForSales,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<i64>,
) -> Result<Response, Problem> {
    let pool = &shop.app.pool;
    let asked = review(&shop, id).await?;
    if asked.question == Question::Undeliverable && asked.closed.is_none() {
        release_review(pool, id).await?;
    }
    let order = asked.order;
    let order = get_order(pool, order).await?.ok_or_else(missing)?;
    let settlement = Settlement {
        order: order.id,
        products: order.lines.iter().map(|line| line.product).collect(),
        received: None,
    };
    if let Settled::InReview(question) = shop.app.orders.settle(settlement).await? {
        let detail = format!(
            "The order cannot be delivered yet: {}. Nothing was changed.",
            question.name()
        );
        return Err(Problem::new(Code::Conflict, detail).about(order.id));
    }
    let review = review(&shop, id).await?;
    if !matches!(review.closed, Some((_, Decision::Delivered))) {
        let detail = "The order is not to be delivered: it was delivered or paid back already. Pay this payment back, or close \
                      the review.";
        return Err(Problem::new(Code::Conflict, detail).about(order.id));
    }
    Ok(json_response(StatusCode::OK, &ShownReview::from(&review)))
}

/// Pay back what a review is about
///
/// The gateway is asked for it, until it is done or a person has to: see `GET /api/v1/repayments`. The keys that were held
/// for the order are for sale again.
#[utoipa::path(
    post, path = "/reviews/{review}/repay", tag = "checkout", operation_id = "repayReview", security(("bearer" = [])),
    params(("review" = i64, Path, description = "Its number")),
    request_body(content = Body, example = json!({"note": "the buyer does not want to wait"})),
    responses((status = 200, description = "The repayment", body = ShownRepayment), DecideProblems),
)]
async fn repay(
    May(Admin(by)): May<ReviewOrders>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<i64>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let pool = &shop.app.pool;
    let note = note(body);
    let repayment = repay_review(pool, id, decider(by, &note), now_ms()).await?;
    let repayment = find_repayment(pool, repayment).await?.ok_or_else(missing)?;
    Ok(json_response(StatusCode::OK, &ShownRepayment::from(&repayment)))
}

/// Close a review that was settled elsewhere
///
/// Order and money stay as they are; the note says how it was settled.
#[utoipa::path(
    post, path = "/reviews/{review}/close", tag = "checkout", operation_id = "closeReview", security(("bearer" = [])),
    params(("review" = i64, Path, description = "Its number")),
    request_body(content = Body, example = json!({"note": "the buyer took another product"})),
    responses((status = 200, description = "The review, closed", body = ShownReview), DecideProblems),
)]
async fn close(
    May(Admin(by)): May<ReviewOrders>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<i64>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let note = note(body);
    close_review(&shop.app.pool, id, decider(by, &note), now_ms()).await?;
    let review = review(&shop, id).await?;
    Ok(json_response(StatusCode::OK, &ShownReview::from(&review)))
}

fn note(body: Body) -> String {
    body.note.map(|note| note.0).unwrap_or_default()
}

const fn decider(by: AccountId, note: &str) -> Decider<'_> {
    Decider { by: Some(by), note }
}

async fn review(shop: &Shop, id: i64) -> Result<Review, Problem> {
    find_review(&shop.app.pool, id).await?.ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::not_found("review")
}
