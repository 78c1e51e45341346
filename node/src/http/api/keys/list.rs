//! Lists of keys: a page, or all as a file. Codes are not shown here.

use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shelfproof_verifier::event::Kind;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::access::{Admin, ManageKeys};
use crate::api_types::{KeyState, Listed, ShownListedKey};
use crate::domain::key::KeyFilter;
use crate::domain::search::{IdRange, NotTerm};
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::key_list::list_keys;
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

/// Which keys are listed: the parameters that [`filter`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// Of this batch
    batch: Option<Uuid>,
    /// Of this product
    product: Option<Uuid>,
    /// In this state: the kind of their newest event
    #[param(inline)]
    state: Option<KeyState>,
    /// Sold with this order
    order: Option<Uuid>,
    /// The key's id or at least its first 8 hex digits, with or without `0x`
    #[param(min_length = 8, max_length = 66)]
    search: Option<String>,
}

/// Reads those parameters.
fn filter(params: &mut Params) -> Result<KeyFilter, Problem> {
    Ok(KeyFilter {
        batch: params.parsed("batch", AN_ID)?,
        product: params.parsed("product", AN_ID)?,
        state: params.choice("state", Kind::from_name, &Kind::ALL.map(Kind::name))?,
        order: params.parsed("order", AN_ID)?,
        search: search(params)?,
    })
}

fn search(params: &mut Params) -> Result<Option<IdRange<B256>>, Problem> {
    let term = params.take("search")?.map(|text| text.parse()).transpose();
    term.map_err(|error: NotTerm| Problem::invalid("search", format!("{error}.")))
}

/// List keys
///
/// By batch, oldest first, and in the batch in the order in which their codes first came in; never a code. A page looks at a
/// bounded number of keys: one that ends early says so in `lookedAt`, and `next` continues it.
#[utoipa::path(
    get, path = "/keys", tag = "keys", operation_id = "listKeys", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of keys", body = Listed<ShownListedKey>), ListProblems),
)]
async fn list(_: May<ManageKeys>, State(shop): State<Arc<Shop>>, mut params: Params) -> Result<Response, Problem> {
    let (filter, page) = (filter(&mut params)?, Page::take(&mut params)?);
    params.finish()?;
    let keys = list_keys(&shop.app.pool, &filter, page.after()?, page.limit).await?;
    let listed = Listed::found(keys, |key| ShownListedKey::from(&key));
    Ok(json_response(StatusCode::OK, &listed))
}

/// Export keys
///
/// The whole list that the same parameters give, as CSV with a header row; never a code. Times are UTC. The file is whole if
/// the answer ends in order: a failure closes the connection before.
#[utoipa::path(
    get, path = "/keys.csv", tag = "keys", operation_id = "exportKeys", security(("bearer" = [])),
    params(Filters),
    responses((status = 200, description = "The keys", content_type = "text/csv", body = String,
        example = json!("keyId,state,version,at,batch,order\r\n")), ListProblems),
)]
async fn export(
    May(Admin(account)): May<ManageKeys>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params)?;
    params.finish()?;
    let pool = shop.app.pool.clone();
    let page = move |after| {
        let pool = pool.clone();
        async move { list_keys(&pool, &filter, after, EXPORT_PAGE).await }
    };
    csv_response(&shop.exports, account, "keys.csv", page).await
}
