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
use super::json::Json;
use super::path::Name;
use super::query::Page;
use crate::api_types::{self, Amount, Listed, ShownProduct, ShownStock};
use crate::domain::id::ProductId;
use crate::domain::money::{Currency, Money};
use crate::flow::change_product::{Change, change_product};
use crate::flow::create_product::create_product;
use crate::http::edge::answer::answer;
use crate::http::edge::auth::{Admin, Member};
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;
use crate::store::product::{product_get, product_list, product_stock};

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(create, list))
        .routes(routes!(get, change))
        .routes(routes!(stock))
}

/// A product to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct)]
struct NewBody {
    /// No other product of the shop has it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The price of one key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
    /// ISO 4217; it never changes.
    #[schema(value_type = api_types::Currency)]
    currency: String,
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
    /// Another price of one key, a decimal string.
    #[schema(value_type = Option<Amount>)]
    price: Option<String>,
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
    request_body(content = NewBody, example = json!({"name": "Game card 100", "price": "9.90", "currency": "CNY"})),
    responses(
        (status = 201, description = "The product", body = ShownProduct, example = json!({
            "product": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "name": "Game card 100", "price": "9.90",
            "currency": "CNY", "onSale": true, "sku": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9ea0", "kind": "auto", "policy": "hold",
            "version": 1, "createdAt": 1_790_000_000_000_u64})),
        CreateProblems,
    ),
)]
async fn create(_: Admin, State(shop): State<Arc<Shop>>, Json(body): Json<NewBody>) -> Result<Response, Problem> {
    let currency = Currency::from_code(&body.currency)
        .ok_or_else(|| Problem::invalid("/currency", "It must be a code of ISO 4217, such as CNY."))?;
    let price = Money::parse(&body.price, currency).map_err(|error| Problem::invalid("/price", error.to_string()))?;
    let now_ms = now_ms();
    let id = ProductId::new(now_ms, rand::random());
    let product = create_product(&shop.app.pool, id, &body.name, price, now_ms).await?;
    Ok(answer(StatusCode::CREATED, &ShownProduct::from(&product)))
}

/// List products
///
/// Oldest first.
#[utoipa::path(
    get, path = "/products", tag = "products", operation_id = "listProducts", security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of products", body = Listed<ShownProduct>), ListProblems),
)]
async fn list(_: Member, State(shop): State<Arc<Shop>>, page: Page) -> Result<Response, Problem> {
    let rows = product_list(&shop.app.pool, page.after()?, page.limit + 1).await?;
    let listed = Listed::new(
        rows,
        page.limit,
        |product| product.id.to_string(),
        |product| ShownProduct::from(&product),
    );
    Ok(answer(StatusCode::OK, &listed))
}

/// Read a product
#[utoipa::path(
    get, path = "/products/{product}", tag = "products", operation_id = "getProduct", security(("bearer" = [])),
    params(("product" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The product", body = ShownProduct), GetProblems),
)]
async fn get(_: Member, State(shop): State<Arc<Shop>>, Name(id): Name<ProductId>) -> Result<Response, Problem> {
    let product = product_get(&shop.app.pool, id).await?;
    let product = product.ok_or_else(|| Problem::not_found("product"))?;
    Ok(answer(StatusCode::OK, &ShownProduct::from(&product)))
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
    _: Admin,
    State(shop): State<Arc<Shop>>,
    Name(id): Name<ProductId>,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    let change = Change {
        name: body.name,
        price: body.price,
        on_sale: body.on_sale,
    };
    let product = change_product(&shop.app.pool, id, body.version, change).await?;
    Ok(answer(StatusCode::OK, &ShownProduct::from(&product)))
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
async fn stock(_: Admin, State(shop): State<Arc<Shop>>, Name(id): Name<ProductId>) -> Result<Response, Problem> {
    let stock = product_stock(&shop.app.pool, id).await?;
    let stock = stock.ok_or_else(|| Problem::not_found("product"))?;
    Ok(answer(StatusCode::OK, &ShownStock::from(stock)))
}
