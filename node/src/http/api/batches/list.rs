//! Lists of batches: a page, or all as a file.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::access::{Admin, ManageBatches};
use crate::api_types::{BatchStateName, Listed, ShownBatch};
use crate::domain::batch::{BatchFilter, BatchState};
use crate::flow::import::MAX_NAME;
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::batch::list_batches;
use crate::http::api::docs::problems;
use crate::http::api::export::csv_response;
use crate::http::api::query::{AN_ID, Page, Params};
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(export))
}

problems!(ListProblems: InvalidField);

/// Which batches are listed: the parameters that [`filter`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// Of this product
    product: Option<Uuid>,
    /// From the supplier of exactly this name
    #[param(min_length = 1, max_length = 200)]
    supplier: Option<String>,
    /// `incomplete`: the file was not read to its end; `withdrawn`: what was not on sale was withdrawn
    #[param(inline)]
    state: Option<BatchStateName>,
    /// A part of the name, in upper or lower case
    #[param(min_length = 1, max_length = 200)]
    search: Option<String>,
}

/// Reads those parameters.
fn filter(params: &mut Params) -> Result<BatchFilter, Problem> {
    Ok(BatchFilter {
        product: params.parsed("product", AN_ID)?,
        supplier: params.name("supplier", MAX_NAME)?,
        state: params.choice("state", BatchState::from_name, &BatchState::ALL.map(BatchState::name))?,
        search: params.name("search", MAX_NAME)?,
    })
}

/// List batches
///
/// Oldest first. A page looks at a bounded number of batches: one that ends early says so in `lookedAt`, and `next` continues
/// it.
#[utoipa::path(
    get, path = "/batches", tag = "batches", operation_id = "listBatches", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of batches", body = Listed<ShownBatch>), ListProblems),
)]
async fn list(_: May<ManageBatches>, State(shop): State<Arc<Shop>>, mut params: Params) -> Result<Response, Problem> {
    let (filter, page) = (filter(&mut params)?, Page::take(&mut params)?);
    params.finish()?;
    let batches = list_batches(&shop.app.pool, &filter, page.after()?, page.limit).await?;
    Ok(json_response(StatusCode::OK, &Listed::found(batches, ShownBatch::from)))
}

/// Export batches
///
/// The whole list that the same parameters give, as CSV with a header row. Times are UTC; a cell that a spreadsheet would
/// take for a formula begins with an apostrophe. The file is whole if the answer ends in order: a failure closes the
/// connection before.
#[utoipa::path(
    get, path = "/batches.csv", tag = "batches", operation_id = "exportBatches", security(("bearer" = [])),
    params(Filters),
    responses((status = 200, description = "The batches, oldest first", content_type = "text/csv", body = String,
        example = json!("batch,product,name,supplier,state,lines,imported,refused,activated,unwrapped,cleaned,returned,createdAt,withdrawnAt\r\n")),
        ListProblems),
)]
async fn export(
    May(Admin(account)): May<ManageBatches>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params)?;
    params.finish()?;
    let pool = shop.app.pool.clone();
    let page = move |after| {
        let (pool, filter) = (pool.clone(), filter.clone());
        async move { list_batches(&pool, &filter, after, EXPORT_PAGE).await }
    };
    csv_response(&shop.exports, account, "batches.csv", page).await
}
