//! Lists of payments, for admins: a page, or all as a file.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::docs::problems;
use super::export::csv_response;
use super::query::{AN_ID, Page, Params};
use crate::access::{Admin, ListPayments};
use crate::api_types::{Listed, PaymentStateName, ShownPayment};
use crate::domain::payment::{PaymentFilter, PaymentState};
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::payment::list_payments;
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::problem::Problem;
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(export))
}

problems!(ListProblems: InvalidField);

/// Which payments are listed: the parameters that [`filter`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// In this state
    #[param(inline)]
    state: Option<PaymentStateName>,
    /// Through the gateway of this name
    gateway: Option<String>,
    /// Of this order
    order: Option<Uuid>,
}

/// Reads those parameters.
fn filter(params: &mut Params) -> Result<PaymentFilter, Problem> {
    let names = PaymentState::ALL.map(PaymentState::name);
    Ok(PaymentFilter {
        state: params.choice("state", PaymentState::from_name, &names)?,
        gateway: params.take("gateway")?,
        order: params.parsed("order", AN_ID)?,
    })
}

/// List payments
///
/// Newest first. A page looks at a bounded number of payments: one that ends early says so in `lookedAt`, and `next` continues
/// it.
#[utoipa::path(
    get, path = "/payments", tag = "checkout", operation_id = "listPayments", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of payments", body = Listed<ShownPayment>), ListProblems),
)]
async fn list(_: May<ListPayments>, State(shop): State<Arc<Shop>>, mut params: Params) -> Result<Response, Problem> {
    let (filter, page) = (filter(&mut params)?, Page::take(&mut params)?);
    params.finish()?;
    let found = list_payments(&shop.app.pool, &filter, page.after()?, page.limit).await?;
    let listed = Listed::found(found, |payment| payment);
    Ok(json_response(StatusCode::OK, &listed.map(ShownPayment::from)))
}

/// Export payments
///
/// The whole list that the same parameters give, as CSV with a header row. Times are UTC. The file is whole if the answer ends
/// in order: a failure closes the connection before.
#[utoipa::path(
    get, path = "/payments.csv", tag = "checkout", operation_id = "exportPayments", security(("bearer" = [])),
    params(Filters),
    responses((status = 200, description = "The payments, newest first", content_type = "text/csv", body = String,
        example = json!("payment,order,gateway,state,amount,currency,tradeNo,createdAt,receivedAt\r\n")), ListProblems),
)]
async fn export(
    May(Admin(account)): May<ListPayments>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params)?;
    params.finish()?;
    let pool = shop.app.pool.clone();
    let page = move |after| {
        let (pool, filter) = (pool.clone(), filter.clone());
        async move { list_payments(&pool, &filter, after, EXPORT_PAGE).await }
    };
    csv_response(&shop.exports, account, "payments.csv", page).await
}
