//! Lists of orders: a page, or all as a file.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::access::{AnyAccount, ListOrders, orders_in_sight};
use crate::api_types::{Listed, ListedOrder, OrderState};
use crate::domain::account::Role;
use crate::domain::order::{Order, OrderFilter, OrderStatus, known_state};
use crate::domain::search::{NotTerm, OrderTerm};
use crate::flow::query::EXPORT_PAGE;
use crate::flow::query::order_list::list_orders;
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

/// Which orders are listed: the parameters that [`filter`] takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters and is never made")]
struct Filters {
    /// In this state; `abnormal` are those that could not be carried out and wait for a person: nothing was charged for
    /// them, and the log has the reason
    #[param(inline)]
    state: Option<OrderState>,
    /// With a line for this product; without `state`, only those that got keys
    product: Option<Uuid>,
    /// Of this account; others than their own only for admins
    account: Option<Uuid>,
    /// Placed then or later, Unix milliseconds
    #[param(minimum = 0)]
    from: Option<i64>,
    /// Placed before then, Unix milliseconds
    #[param(minimum = 0)]
    until: Option<i64>,
    /// An order's id or at least its first 8 hex digits, or the whole id of a key that was sold with it
    #[param(min_length = 8, max_length = 66)]
    search: Option<String>,
}

const A_TIME: &str = "It must be a time: Unix milliseconds, a whole number from 0 to 9223372036854775807.";

/// Reads those parameters, for that caller.
fn filter(params: &mut Params, caller: AnyAccount) -> Result<OrderFilter, Problem> {
    let names = OrderStatus::ALL.map(OrderStatus::name);
    let filter = OrderFilter {
        state: params.choice("state", known_state, &names)?,
        product: params.parsed("product", AN_ID)?,
        account: orders_in_sight(caller, params.parsed("account", AN_ID)?)?,
        from_ms: time(params, "from")?,
        until_ms: time(params, "until")?,
        search: search(params)?,
    };
    match (filter.from_ms, filter.until_ms) {
        (Some(from), Some(until)) if from >= until => Err(Problem::invalid("until", "It must be later than from.")),
        _ => Ok(filter),
    }
}

/// A time that the database can hold.
fn time(params: &mut Params, name: &str) -> Result<Option<u64>, Problem> {
    let at_ms: Option<u64> = params.parsed(name, A_TIME)?;
    match at_ms {
        Some(at_ms) if i64::try_from(at_ms).is_err() => Err(Problem::invalid(name, A_TIME)),
        at_ms => Ok(at_ms),
    }
}

fn search(params: &mut Params) -> Result<Option<OrderTerm>, Problem> {
    let term = params.take("search")?.map(|text| text.parse()).transpose();
    term.map_err(|error: NotTerm| Problem::invalid("search", format!("{error}.")))
}

/// List orders
///
/// Newest first, without keys. A reseller sees its own orders, an admin all. A page looks at a bounded number of orders: one
/// that ends early says so in `lookedAt`, and `next` continues it.
#[utoipa::path(
    get, path = "/orders", tag = "orders", operation_id = "listOrders", security(("bearer" = [])),
    params(Filters, Page),
    responses((status = 200, description = "A page of orders", body = Listed<ListedOrder>), ListProblems),
)]
async fn list(
    May(caller): May<ListOrders>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let (filter, page) = (filter(&mut params, caller)?, Page::take(&mut params)?);
    params.finish()?;
    let orders = list_orders(&shop.app.pool, &filter, page.after()?, page.limit).await?;
    let show = |order: &Order| match caller.role {
        Role::Admin => ListedOrder::for_admin(order),
        Role::Reseller => ListedOrder::from(order),
    };
    Ok(json_response(
        StatusCode::OK,
        &Listed::found(orders, |order| show(&order)),
    ))
}

/// Export orders
///
/// The whole list that the same parameters give, as CSV with a header row. Times are UTC, `2026-09-21 14:13:20`; several
/// products are parted by spaces; a cell that a spreadsheet would take for a formula begins with an apostrophe. The file is
/// whole if the answer ends in order: a failure closes the connection before.
#[utoipa::path(
    get, path = "/orders.csv", tag = "orders", operation_id = "exportOrders", security(("bearer" = [])),
    params(Filters),
    responses((status = 200, description = "The orders, newest first", content_type = "text/csv", body = String,
        example = json!("order,state,reason,account,createdAt,total,currency,keys,products\r\n")), ListProblems),
)]
async fn export(
    May(caller): May<ListOrders>,
    State(shop): State<Arc<Shop>>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params, caller)?;
    params.finish()?;
    let pool = shop.app.pool.clone();
    let page = move |after| {
        let pool = pool.clone();
        async move { list_orders(&pool, &filter, after, EXPORT_PAGE).await }
    };
    csv_response(&shop.exports, caller.id, "orders.csv", page).await
}
