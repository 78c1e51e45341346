//! Batches: keys come in, and go on sale; for admins.

use std::io::Cursor;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use clap::ValueEnum;
use shelfproof_base::clock::now_ms;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::json::{MaxBytes, read};
use super::path::Name;
use super::query::{Page, Params};
use crate::api_types::{EncodingName, FormatName, ImportReport, Listed, ShownActivation, ShownBatch, ShownRefusedLine};
use crate::domain::id::{BatchId, ProductId};
use crate::flow::activate::activate_batch;
use crate::flow::import::{Request, import_codes};
use crate::http::edge::answer::answer;
use crate::http::edge::auth::Admin;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;
use crate::import::Options;
use crate::store::batch::{batch_get, batch_list, refused_line_list};

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(refused_lines))
}

/// Those that work through a whole batch.
pub(super) fn long_routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(import))
        .routes(routes!(activate))
}

problems!(ImportProblems: InvalidField, MalformedBody, BodyTooLarge, NotFound, Conflict, ClockDrift, Fenced);
problems!(ListProblems: InvalidField);
problems!(GetProblems: NotFound);
problems!(LinesProblems: InvalidField, NotFound);
problems!(ActivateProblems: NotFound, Conflict, ClockDrift, Fenced);

/// Import codes
///
/// The body is the file as the vendor sent it. Good lines come in whatever is wrong with others; those are listed under the
/// batch with their reasons. The same file under the same name goes on where it was broken off, and changes nothing once it
/// is in. Larger files are for the command line: `shelfproof import`.
#[utoipa::path(
    post, path = "/products/{product}/batches", tag = "batches", operation_id = "importBatch", security(("bearer" = [])),
    params(
        ("product" = Uuid, Path, description = "What the keys are stock of"),
        ("name" = String, Query, min_length = 1, max_length = 200, description = "The batch's name, the only one of the product"),
        ("supplier" = Option<String>, Query, max_length = 200, description = "Whom the codes came from"),
        ("format" = inline(Option<FormatName>), Query,
            description = "Where a line's code is; `pairs` is `account----password`, `auto` where it is not given"),
        ("encoding" = inline(Option<EncodingName>), Query, description = "Of the file, where it cannot be told"),
        ("codeColumn" = Option<String>, Query, description = "Of a table, the code's column: its name, or its number from 1"),
        ("besideColumns" = Option<String>, Query, description = "Of a table, what is delivered with the code; parted by commas"),
    ),
    request_body(content = String, content_type = "text/plain", example = json!("ABCD-EFGH-0001\nABCD-EFGH-0002\n")),
    responses((status = 200, description = "What the import brought", body = ImportReport), ImportProblems),
)]
async fn import(
    _: Admin,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    Name(product): Name<ProductId>,
    mut params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let request = Request {
        product,
        name: required(&mut params, "name")?,
        supplier: params.take("supplier")?.unwrap_or_default(),
        options: options(&mut params)?,
    };
    params.finish()?;
    let Ok(_place) = shop.imports.try_acquire() else {
        let detail = "Other imports are being read. Repeat this one a little later; it goes on where it was.";
        return Err(Problem::new(Code::Busy, detail));
    };
    let app = &shop.app;
    let file = read(&headers, body, MaxBytes(app.config.http.import_max_bytes)).await?;
    let report = import_codes(&app.pool, &app.vault, Cursor::new(file), &request, |_| (), now_ms).await?;
    Ok(answer(StatusCode::OK, &ImportReport::from(report)))
}

/// List batches
///
/// Oldest first.
#[utoipa::path(
    get, path = "/batches", tag = "batches", operation_id = "listBatches", security(("bearer" = [])),
    params(Page),
    responses((status = 200, description = "A page of batches", body = Listed<ShownBatch>), ListProblems),
)]
async fn list(_: Admin, State(shop): State<Arc<Shop>>, page: Page) -> Result<Response, Problem> {
    let rows = batch_list(&shop.app.pool, None, page.after()?, page.limit + 1).await?;
    let listed = Listed::new(rows, page.limit, |batch| batch.id.to_string(), ShownBatch::from);
    Ok(answer(StatusCode::OK, &listed))
}

/// Read a batch
#[utoipa::path(
    get, path = "/batches/{batch}", tag = "batches", operation_id = "getBatch", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The batch", body = ShownBatch), GetProblems),
)]
async fn get(_: Admin, State(shop): State<Arc<Shop>>, Name(id): Name<BatchId>) -> Result<Response, Problem> {
    let batch = batch_get(&shop.app.pool, id).await?.ok_or_else(missing)?;
    Ok(answer(StatusCode::OK, &ShownBatch::from(batch)))
}

/// List the lines that an import refused
///
/// By number and reason; never what stood on them.
#[utoipa::path(
    get, path = "/batches/{batch}/refused-lines", tag = "batches", operation_id = "listRefusedLines",
    security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch"), Page),
    responses((status = 200, description = "A page of lines", body = Listed<ShownRefusedLine>), LinesProblems),
)]
async fn refused_lines(
    _: Admin,
    State(shop): State<Arc<Shop>>,
    Name(id): Name<BatchId>,
    page: Page,
) -> Result<Response, Problem> {
    let pool = &shop.app.pool;
    batch_get(pool, id).await?.ok_or_else(missing)?;
    let rows = refused_line_list(pool, id, page.after()?.unwrap_or_default(), page.limit + 1).await?;
    let listed = Listed::new(rows, page.limit, |row| row.line.to_string(), ShownRefusedLine::from);
    Ok(answer(StatusCode::OK, &listed))
}

/// Put a batch on sale
///
/// Its keys are sold after those that are on sale already, in the order of the file. A request works for two minutes at most;
/// what it put on sale by then stays, and a repeat goes on from there.
#[utoipa::path(
    post, path = "/batches/{batch}/activate", tag = "batches", operation_id = "activateBatch", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "How many keys are on sale now", body = ShownActivation,
        example = json!({"batch": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "now": 1_000, "activated": 1_000, "imported": 1_000})), ActivateProblems),
)]
async fn activate(
    _: Admin,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    Name(id): Name<BatchId>,
) -> Result<Response, Problem> {
    let activated = activate_batch(&shop.app.pool, id, false, |_| (), now_ms).await?;
    Ok(answer(StatusCode::OK, &ShownActivation::new(id, activated)))
}

fn missing() -> Problem {
    Problem::not_found("batch")
}

fn required(params: &mut Params, name: &str) -> Result<String, Problem> {
    let value = params.take(name)?;
    value.ok_or_else(|| Problem::invalid(name, format!("Add the parameter {name} to the address.")))
}

fn options(params: &mut Params) -> Result<Options, Problem> {
    let columns = params.take("besideColumns")?.unwrap_or_default();
    Ok(Options {
        format: choice(params, "format")?.unwrap_or_default(),
        encoding: choice(params, "encoding")?,
        code_column: params.take("codeColumn")?,
        beside_columns: columns
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// A parameter that has one of a few values, by the names that the command line knows too.
fn choice<T: ValueEnum>(params: &mut Params, name: &str) -> Result<Option<T>, Problem> {
    let value = params.take(name)?.map(|value| T::from_str(&value, false));
    value.transpose().map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_owned()))
            .collect();
        Problem::invalid(name, format!("It must be one of {}.", names.join(", ")))
    })
}
