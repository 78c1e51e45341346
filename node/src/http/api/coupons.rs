//! Coupons, for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::docs::problems;
use super::json::Json;
use super::path_id::PathId;
use super::query::Page;
use crate::access::ManageCoupons;
use crate::api_types::{self, Amount, Listed, ShownCoupon};
use crate::domain::coupon::CouponCode;
use crate::domain::id::ProductId;
use crate::domain::money::Currency;
use crate::flow::add_coupon::{NewCoupon, add_coupon};
use crate::flow::end_coupon::end_coupon;
use crate::flow::query::coupon::list_coupons;
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(add, list)).routes(routes!(end))
}

/// A coupon to make. It takes off either an amount or so many percent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewCoupon)]
struct NewBody {
    /// What a buyer names to use it, in any case; no other coupon has it.
    #[schema(value_type = api_types::CouponCode)]
    code: String,
    /// The amount that it takes off, a decimal string: at most what the products cost that it is for.
    #[schema(value_type = Option<Amount>)]
    amount: Option<String>,
    /// How many percent of what those products cost it takes off.
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<u32>,
    /// ISO 4217: the only currency that it is for. An amount and a minimum need one.
    #[schema(value_type = Option<api_types::Currency>)]
    currency: Option<String>,
    /// The least that an order costs before the discount, a decimal string.
    #[schema(value_type = Option<Amount>)]
    minimum: Option<String>,
    /// The products that it is for; all, where there is none.
    #[serde(default)]
    #[schema(max_items = 100)]
    products: Vec<Uuid>,
    /// From when it can be used, Unix milliseconds.
    starts_at: Option<u64>,
    /// From when it can no longer be used, Unix milliseconds.
    ends_at: Option<u64>,
    /// How often it can be used.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    uses_max: Option<u32>,
    /// How often one account can use it.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    account_uses_max: Option<u32>,
}

problems!(AddProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, Conflict);
problems!(ListProblems: InvalidField);
problems!(EndProblems: NotFound);

/// Make a coupon
///
/// An order names it in its field `coupon`. A use belongs to its order, and does not come back with a refund. A coupon
/// never changes; it can be ended.
#[utoipa::path(
    post, path = "/coupons", tag = "products", operation_id = "addCoupon", security(("bearer" = [])),
    request_body(content = NewBody, example = json!({"code": "SPRING-10", "percent": 10, "accountUsesMax": 1})),
    responses((status = 201, description = "The coupon", body = ShownCoupon), AddProblems),
)]
async fn add(
    _: May<ManageCoupons>,
    State(shop): State<Arc<Shop>>,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let currency = body.currency.map(|code| {
        let currency = Currency::from_code(&code);
        currency.ok_or_else(|| Problem::invalid("/currency", "It must be a code of ISO 4217, such as CNY."))
    });
    let new = NewCoupon {
        code: body.code,
        amount: body.amount,
        percent: body.percent,
        currency: currency.transpose()?,
        minimum: body.minimum,
        products: body.products.into_iter().map(ProductId).collect(),
        starts_at_ms: body.starts_at,
        ends_at_ms: body.ends_at,
        uses_max: body.uses_max,
        account_uses_max: body.account_uses_max,
    };
    let coupon = add_coupon(&shop.app.pool, new, now_ms()).await?;
    Ok(json_response(StatusCode::CREATED, &ShownCoupon::new(&coupon, 0)))
}

/// List coupons
///
/// By their codes.
#[utoipa::path(
    get, path = "/coupons", tag = "products", operation_id = "listCoupons", security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of coupons", body = Listed<ShownCoupon>), ListProblems),
)]
async fn list(_: May<ManageCoupons>, State(shop): State<Arc<Shop>>, page: Page) -> Result<Response, Problem> {
    let after: Option<CouponCode> = page.after()?;
    let coupons = list_coupons(&shop.app.pool, after.as_ref(), page.limit).await?;
    let listed = Listed::new(
        coupons,
        |(coupon, _)| coupon.code.to_string(),
        |(coupon, uses)| ShownCoupon::new(&coupon, uses),
    );
    Ok(json_response(StatusCode::OK, &listed))
}

/// End a coupon
///
/// No order uses it from then on. A repeat changes nothing.
#[utoipa::path(
    post, path = "/coupons/{code}/end", tag = "products", operation_id = "endCoupon", security(("bearer" = [])),
    params(("code" = String, Path, description = "Its code")),
    responses((status = 200, description = "The coupon as it is now", body = ShownCoupon), EndProblems),
)]
async fn end(
    _: May<ManageCoupons>,
    State(shop): State<Arc<Shop>>,
    PathId(code): PathId<CouponCode>,
) -> Result<Response, Problem> {
    let (coupon, uses) = end_coupon(&shop.app.pool, &code, now_ms()).await?;
    Ok(json_response(StatusCode::OK, &ShownCoupon::new(&coupon, uses)))
}
