//! Batches, for admins: imports, activations, withdrawals.

use std::io::Cursor;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use shelfproof_base::clock::now_ms;
use tokio::task::spawn_blocking;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::json::{MaxBytes, read};
use super::path_id::PathId;
use super::query::{Page, Params};
use crate::access::ManageBatches;
use crate::api_types::{
    ImportReport, Listed, ShownActivation, ShownBatch, ShownBatchKey, ShownPreview, ShownRefusedLine, ShownWithdrawal,
};
use crate::domain::id::{BatchId, ProductId};
use crate::flow::activate::activate_batch;
use crate::flow::import::{Request, import_codes};
use crate::flow::query::batch::{get_batch, list_batch_keys, list_refused_lines};
use crate::flow::withdraw_batch::withdraw_batch;
use crate::http::edge::auth::May;
use crate::http::edge::fence::OpenFence;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;
use crate::import;

mod list;
mod reading;

use reading::{Reading, options};

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .merge(list::routes())
        .routes(routes!(get))
        .routes(routes!(refused_lines))
        .routes(routes!(keys))
        .routes(routes!(withdraw))
}

/// Endpoints that process a whole batch.
pub(super) fn long_routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(import_file))
        .routes(routes!(preview))
        .routes(routes!(activate))
}

problems!(ImportProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType, NotFound, Conflict,
    ClockDrift, Fenced);
problems!(PreviewProblems: InvalidField, MalformedBody, BodyTooLarge, UnsupportedMediaType);
problems!(GetProblems: NotFound);
problems!(LinesProblems: InvalidField, NotFound);
problems!(ActivateProblems: NotFound, Conflict, ClockDrift, Fenced);
problems!(WithdrawProblems: NotFound, Conflict, Fenced);

/// Import codes
///
/// The body is the file as the vendor sent it, its bytes and nothing around them, with the header `Content-Type:
/// text/plain`. Good lines are imported whatever is wrong with others; those are listed under the batch with their
/// reasons. What could be read in two ways is a problem that names the parameter which decides it, and of a table its
/// columns. Sending the same file under the same name continues an interrupted import, and changes nothing once it is
/// complete. Larger files, and packed ones, are imported on the merchant's machine.
#[utoipa::path(
    post, path = "/products/{product}/batches", tag = "batches", operation_id = "importBatch", security(("bearer" = [])),
    params(
        ("product" = Uuid, Path, description = "What the keys are stock of"),
        ("name" = String, Query, min_length = 1, max_length = 200, description = "The batch's name; no other batch of the product has it"),
        ("supplier" = Option<String>, Query, max_length = 200, description = "Whom the codes came from"),
        Reading,
    ),
    request_body(content = String, content_type = "text/plain", example = json!("ABCD-EFGH-0001\nABCD-EFGH-0002\n")),
    responses((status = 200, description = "What the import brought", body = ImportReport), ImportProblems),
)]
async fn import_file(
    _: May<ManageBatches>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(product): PathId<ProductId>,
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
    check_type(&headers)?;
    let Ok(_place) = shop.imports.try_acquire() else {
        let detail = "Other imports are being read. Repeat this one a little later; it goes on where it was.";
        return Err(Problem::new(Code::Busy, detail));
    };
    let app = &shop.app;
    let file = read_file(&headers, body, app.config.http.import_max_bytes).await?;
    let report = import_codes(&app.pool, &app.vault, Cursor::new(file), &request, |_| (), now_ms).await?;
    Ok(json_response(StatusCode::OK, &ImportReport::from(report)))
}

/// Preview an import
///
/// What an import with the same parameters would make of the file: encoding, format, columns, the first and last codes
/// masked, and counts. Nothing is stored. Codes that the shop has already are found by the import alone.
#[utoipa::path(
    post, path = "/batches/preview", tag = "batches", operation_id = "previewBatch", security(("bearer" = [])),
    params(Reading),
    request_body(content = String, content_type = "text/plain", example = json!("ABCD-EFGH-0001\nABCD-EFGH-0002\n")),
    responses((status = 200, description = "What the import would bring", body = ShownPreview), PreviewProblems),
)]
async fn preview(
    _: May<ManageBatches>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let options = options(&mut params)?;
    params.finish()?;
    check_type(&headers)?;
    let Ok(_place) = shop.imports.try_acquire() else {
        return Err(Problem::new(
            Code::Busy,
            "Other imports are being read. Repeat this one a little later.",
        ));
    };
    let file = read_file(&headers, body, shop.app.config.http.import_max_bytes).await?;
    let read = spawn_blocking(move || import::preview(Cursor::new(file), &options)).await;
    let preview = read.map_err(Problem::internal)??;
    Ok(json_response(StatusCode::OK, &ShownPreview::from(preview)))
}

/// Read a batch
#[utoipa::path(
    get, path = "/batches/{batch}", tag = "batches", operation_id = "getBatch", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The batch", body = ShownBatch), GetProblems),
)]
async fn get(
    _: May<ManageBatches>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<BatchId>,
) -> Result<Response, Problem> {
    let batch = get_batch(&shop.app.pool, id).await?;
    Ok(json_response(StatusCode::OK, &ShownBatch::from(batch)))
}

/// List the lines that an import refused
///
/// By number and reason, without their content.
#[utoipa::path(
    get, path = "/batches/{batch}/refused-lines", tag = "batches", operation_id = "listRefusedLines",
    security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch"), Page),
    responses((status = 200, description = "A page of lines", body = Listed<ShownRefusedLine>), LinesProblems),
)]
async fn refused_lines(
    _: May<ManageBatches>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<BatchId>,
    page: Page,
) -> Result<Response, Problem> {
    let after_line = page.after()?.unwrap_or_default();
    let lines = list_refused_lines(&shop.app.pool, id, after_line, page.limit).await?;
    let listed = Listed::new(lines, |line| line.line.to_string(), ShownRefusedLine::from);
    Ok(json_response(StatusCode::OK, &listed))
}

/// List the keys of a batch
///
/// By their ids; never a code. The order is that in which their codes first came in: the order of the file, but keys
/// that a withdrawn batch brought stand before the others. The cursor is a number of this shop's.
#[utoipa::path(
    get, path = "/batches/{batch}/keys", tag = "batches", operation_id = "listBatchKeys", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch"), Page),
    responses((status = 200, description = "A page of keys", body = Listed<ShownBatchKey>), LinesProblems),
)]
async fn keys(
    _: May<ManageBatches>,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<BatchId>,
    page: Page,
) -> Result<Response, Problem> {
    let keys = list_batch_keys(&shop.app.pool, id, page.after()?.unwrap_or_default(), page.limit).await?;
    let listed = Listed::new(keys, |key| key.no.to_string(), ShownBatchKey::from);
    Ok(json_response(StatusCode::OK, &listed))
}

/// Withdraw a batch
///
/// For a batch that was wrong. Its keys that are not on sale never will be, until their codes come in again with
/// another batch: nothing was promised about them. Keys that are on sale stay, and are withdrawn one by one. A repeat
/// changes nothing.
#[utoipa::path(
    post, path = "/batches/{batch}/withdraw", tag = "batches", operation_id = "withdrawBatch", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "What was withdrawn", body = ShownWithdrawal), WithdrawProblems),
)]
async fn withdraw(
    _: May<ManageBatches>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<BatchId>,
) -> Result<Response, Problem> {
    let withdrawn = withdraw_batch(&shop.app.pool, id, now_ms()).await?;
    Ok(json_response(StatusCode::OK, &ShownWithdrawal::new(id, withdrawn)))
}

/// Put a batch on sale
///
/// Its keys are sold after those already on sale, in the order in which their codes first came in: the order of the
/// file, but keys that a withdrawn batch brought are sold before the others. A request works for two minutes at most;
/// what it put on sale by then stays on sale, and a repeat continues there.
#[utoipa::path(
    post, path = "/batches/{batch}/activate", tag = "batches", operation_id = "activateBatch", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "Its id")),
    responses((status = 200, description = "How many keys are on sale now", body = ShownActivation,
        example = json!({"batch": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "now": 1_000, "activated": 1_000, "imported": 1_000})), ActivateProblems),
)]
async fn activate(
    _: May<ManageBatches>,
    _: OpenFence,
    State(shop): State<Arc<Shop>>,
    PathId(id): PathId<BatchId>,
) -> Result<Response, Problem> {
    let activated = activate_batch(&shop.app.pool, id, false, |_| (), now_ms).await?;
    Ok(json_response(StatusCode::OK, &ShownActivation::new(id, activated)))
}

/// Refuses a body that is not a file's bytes: taken as they are, the lines around a form's parts would be codes.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let media_type = value(CONTENT_TYPE)
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let encoding = value(CONTENT_ENCODING).trim().to_ascii_lowercase();
    if SPREADSHEETS.iter().any(|own| media_type.starts_with(own)) && encoding.is_empty() {
        return Err(Problem::new(Code::UnsupportedMediaType, SAVE_AS_CSV));
    }
    let is_file = media_type.starts_with("text/") && media_type != "text/html"
        || matches!(media_type.as_str(), "" | "application/octet-stream" | "application/csv");
    if is_file && matches!(encoding.as_str(), "" | "identity") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, SEND_BYTES))
}

/// How the media types of spreadsheets' own files begin.
const SPREADSHEETS: [&str; 2] = [
    "application/vnd.openxmlformats-officedocument.spreadsheetml",
    "application/vnd.oasis.opendocument.spreadsheet",
];

const SAVE_AS_CSV: &str = "A spreadsheet's own file is not read. Save the sheet as CSV UTF-8, and send that file's \
     bytes with the header Content-Type: text/csv.";

const SEND_BYTES: &str = "Send the file's bytes alone, as text that is not packed, not as a form and not as JSON, with \
     the header Content-Type: text/plain. With curl that is its option data-binary with the file's name after an @, and \
     the header.";

/// The file in the body.
async fn read_file(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let file = read(headers, body, MaxBytes(max_bytes)).await?;
    if import::is_packed(&file) {
        return Err(Problem::new(Code::UnsupportedMediaType, SEND_BYTES));
    }
    Ok(file)
}

fn required(params: &mut Params, name: &str) -> Result<String, Problem> {
    let value = params.take(name)?;
    value.ok_or_else(|| Problem::invalid(name, format!("Add the parameter {name} to the address.")))
}
