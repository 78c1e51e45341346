//! Products and their stock. Admins change them; resellers read products.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use shelfproof_base::clock::now_ms;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::field;
use super::json::Json;
use super::path_id::PathId;
use super::query::{Page, Params};
use crate::access::{ManageProducts, ReadProducts, sees_stock};
use crate::api_types::{self, Amount, BuyerLimit, Listed, ShownProduct, ShownStock, Tier};
use crate::domain::edit::Edit;
use crate::domain::id::ProductId;
use crate::domain::money::{Currency, Money};
use crate::domain::product::{MAX_CATEGORY, NewProduct};
use crate::domain::sku::{NewTier, StockPolicy};
use crate::flow::change_product::{Change, change_product};
use crate::flow::create_product::create_product;
use crate::flow::query::product::{count_stock, get_product, list_products};
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(create, list))
        .routes(routes!(get, change))
        .routes(routes!(stock))
}

/// A product to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewProduct)]
struct NewBody {
    /// No other product of the shop has it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The category that it is listed in.
    #[schema(min_length = 1, max_length = 100)]
    category: Option<String>,
    /// The price of one key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
    /// ISO 4217; it never changes.
    #[schema(value_type = api_types::Currency)]
    currency: String,
    /// Wholesale tiers: quantities ascend, prices fall.
    #[serde(default)]
    #[schema(max_items = 10)]
    tiers: Vec<Tier>,
    /// The most keys of one order.
    #[schema(minimum = 1, maximum = 100)]
    order_max: Option<u32>,
    /// The most keys that one account may buy.
    buyer_limit: Option<BuyerLimit>,
    /// With so many keys available or fewer, its stock is low.
    #[schema(minimum = 0, maximum = 1_000_000)]
    low_stock: Option<u32>,
    /// When an order that is paid through a gateway takes its keys: `hold`, when it is placed, which is the default; or
    /// `allocate`, when it is paid.
    #[schema(value_type = Option<api_types::StockPolicy>)]
    policy: Option<String>,
}

/// A change of a product; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ProductChange)]
struct ChangeBody {
    /// The product's version as it was last read.
    #[schema(minimum = 1)]
    version: i32,
    /// Another name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Another category; `null` removes it.
    #[serde(default, deserialize_with = "field::edit")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    category: Edit<String>,
    /// Another price of one key, a decimal string.
    #[schema(value_type = Option<Amount>)]
    price: Option<String>,
    /// Other wholesale tiers in the place of all that it has; none where the list is empty.
    #[schema(max_items = 10)]
    tiers: Option<Vec<Tier>>,
    /// Another limit for the keys of one order; `null` removes it.
    #[serde(default, deserialize_with = "field::edit")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    order_max: Edit<u32>,
    /// Another limit for the keys that one account may buy; `null` removes it. What was bought under a limit of
    /// the same period before still counts; each period counts for itself.
    #[serde(default, deserialize_with = "field::edit")]
    #[schema(value_type = Option<BuyerLimit>)]
    buyer_limit: Edit<BuyerLimit>,
    /// Another level at which its stock is low; `null` removes it.
    #[serde(default, deserialize_with = "field::edit")]
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 1_000_000)]
    low_stock: Edit<u32>,
    /// When an order that is paid through a gateway takes its keys from now on.
    #[schema(value_type = Option<api_types::StockPolicy>)]
    policy: Option<String>,
    /// Whether it may be bought.
    on_sale: Option<bool>,
}

problems!(CreateProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, Conflict);
problems!(ListProblems: InvalidField);
problems!(GetProblems: NotFound);
problems!(ChangeProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict);

/// Make a product
///
/// It is on sale at once; its keys are imported in batches.
#[utoipa::path(
    post, path = "/products", tag = "products", operation_id = "createProduct", security(("bearer" = [])),
    request_body(content = NewBody, example = json!({"name": "Game card 100", "price": "9.90", "currency": "CNY",
        "tiers": [{"quantity": 5, "price": "9.00"}]})),
    responses(
        (status = 201, description = "The product", body = ShownProduct, example = json!({
            "product": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "name": "Game card 100", "price": "9.90",
            "currency": "CNY", "tiers": [{"quantity": 5, "price": "9.00"}], "onSale": true, "sku": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9ea0", "kind": "auto", "policy": "hold",
            "version": 1, "createdAt": 1_790_000_000_000_u64})),
        CreateProblems,
    ),
)]
async fn create(
    _: May<ManageProducts>,
    State(shop): State<Arc<Shop>>,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let currency = Currency::from_code(&body.currency)
        .ok_or_else(|| Problem::invalid("/currency", "It must be a code of ISO 4217, such as CNY."))?;
    let price = Money::parse(&body.price, currency).map_err(|error| Problem::invalid("/price", error.to_string()))?;
    let now_ms = now_ms();
    let id = ProductId::new(now_ms, rand::random());
    let new = NewProduct {
        category: body.category,
        tiers: body.tiers.into_iter().map(NewTier::from).collect(),
        order_max: body.order_max,
        buyer_limit: body.buyer_limit.map(Into::into),
        low_stock: body.low_stock,
        policy: policy(body.policy.as_deref())?.unwrap_or(StockPolicy::Hold),
        ..NewProduct::new(body.name, price)
    };
    let product = create_product(&shop.app.pool, id, new, now_ms).await?;
    Ok(json_response(StatusCode::CREATED, &ShownProduct::from(&product)))
}

/// Reads the name of a policy.
fn policy(name: Option<&str>) -> Result<Option<StockPolicy>, Problem> {
    let parse = |name| {
        StockPolicy::from_name(name).ok_or_else(|| Problem::invalid("/policy", "It must be `hold` or `allocate`."))
    };
    name.map(parse).transpose()
}

/// List products
///
/// Oldest first. An admin sees of each how many keys can be sold, and whether that is low.
#[utoipa::path(
    get, path = "/products", tag = "products", operation_id = "listProducts", security(("bearer" = [])),
    params(
        Page,
        ("category" = Option<String>, Query, min_length = 1, max_length = 100, description = "Only those of this category"),
    ),
    responses((status = 200, description = "A page of products", body = Listed<ShownProduct>), ListProblems),
)]
async fn list(
    May(caller): May<ReadProducts>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = Page::take(&mut params)?;
    let category = params.name("category", MAX_CATEGORY)?;
    params.finish()?;
    let products = list_products(&shop.app.pool, category.as_deref(), page.after()?, page.limit).await?;
    let listed = Listed::new(
        products,
        |listed| listed.product.id.to_string(),
        |listed| {
            if sees_stock(caller) {
                ShownProduct::from(&listed)
            } else {
                ShownProduct::without_stock(&listed.product)
            }
        },
    );
    Ok(json_response(StatusCode::OK, &listed))
}

/// Read a product
#[utoipa::path(
    get, path = "/products/{product}", tag = "products", operation_id = "getProduct", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The product", body = ShownProduct), GetProblems),
)]
async fn get(
    May(caller): May<ReadProducts>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<ProductId>,
) -> Result<Response, Problem> {
    let product = get_product(&shop.app.pool, id).await?;
    let shown = if sees_stock(caller) {
        ShownProduct::from(&product)
    } else {
        ShownProduct::without_stock(&product)
    };
    Ok(json_response(StatusCode::OK, &shown))
}

/// Change a product
///
/// The version guards against two people changing it at once: where the product has another version by now, nothing is
/// changed and the answer is a conflict.
#[utoipa::path(
    patch, path = "/products/{product}", tag = "products", operation_id = "changeProduct", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "Its id")),
    request_body(content = ChangeBody, example = json!({"version": 1, "price": "8.80"})),
    responses((status = 200, description = "The product as it is now", body = ShownProduct), ChangeProblems),
)]
async fn change(
    _: May<ManageProducts>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<ProductId>,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let change = Change {
        name: body.name,
        category: body.category,
        price: body.price,
        tiers: body.tiers.map(|tiers| tiers.into_iter().map(NewTier::from).collect()),
        order_max: body.order_max,
        buyer_limit: body.buyer_limit.map(Into::into),
        low_stock: body.low_stock,
        policy: policy(body.policy.as_deref())?,
        on_sale: body.on_sale,
    };
    let product = change_product(&shop.app.pool, id, body.version, change).await?;
    Ok(json_response(StatusCode::OK, &ShownProduct::from(&product)))
}

/// Count a product's keys
#[utoipa::path(
    get, path = "/products/{product}/stock", tag = "products", operation_id = "getStock", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "Its id")),
    responses(
        (status = 200, description = "Its stock", body = ShownStock, example = json!({
            "pending": 0, "available": 9_990, "held": 0, "sold": 10, "voided": 0, "isComplete": true})),
        GetProblems,
    ),
)]
async fn stock(
    _: May<ManageProducts>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<ProductId>,
) -> Result<Response, Problem> {
    let stock = count_stock(&shop.app.pool, id).await?;
    Ok(json_response(StatusCode::OK, &ShownStock::from(stock)))
}
