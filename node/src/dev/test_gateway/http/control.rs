//! What a test tells the test gateway: JSON below `/control/`.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use shelfproof_base::web::parse_url;

use super::{place, receive};
use crate::dev::test_gateway::book::{Notices, Order, Refused};
use crate::dev::test_gateway::{Shared, notices};

/// The most notices that one request sends.
const TIMES_MAX: u32 = 64;

/// A refused request.
type Refusal = (StatusCode, Json<Error>);

#[derive(Serialize)]
struct Error {
    error: Refused,
}

/// An order, with what became of its notices.
#[derive(Serialize)]
struct Shown {
    out_trade_no: String,
    trade_no: String,
    money: String,
    status: u8,
    refunded_minor: i64,
    notices: Notices,
}

/// `POST /control/pay`: pays without a browser.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    /// The address of the page on which the buyer would pay.
    url: String,
}

/// `POST /control/send`: sends the notice of a paid order again, all at once; also while they are held back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    out_trade_no: String,
    times: u32,
}

#[derive(Serialize)]
struct Sent {
    taken: usize,
}

/// `POST /control/hold`: holds all further notices back, or lets them out again.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    held: bool,
}

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/orders", get(orders))
        .route("/pay", post(pay))
        .route("/send", post(send))
        .route("/hold", post(hold))
}

fn refuse(error: Refused) -> Refusal {
    (StatusCode::CONFLICT, Json(Error { error }))
}

fn shown(order: &Order) -> Shown {
    Shown {
        out_trade_no: order.out_trade_no.clone(),
        trade_no: order.trade_no.clone(),
        money: order.money.decimal(),
        status: order.status(),
        refunded_minor: order.refunded_minor,
        notices: order.notices,
    }
}

/// `GET /control/orders`: all orders.
async fn orders(State(shared): State<Arc<Shared>>) -> Json<Vec<Shown>> {
    Json(shared.book().orders().map(shown).collect())
}

async fn pay(State(shared): State<Arc<Shared>>, Json(pay): Json<Pay>) -> Result<Json<Shown>, Refusal> {
    let url = parse_url(&pay.url).map_err(|_| refuse("url is no address"))?;
    let query = url.query().unwrap_or_default().as_bytes();
    let order = place(&shared, query).and_then(|order| receive(&shared, &order.out_trade_no));
    order.map(|order| Json(shown(&order))).map_err(refuse)
}

async fn send(State(shared): State<Arc<Shared>>, Json(send): Json<Send>) -> Result<Json<Sent>, Refusal> {
    if !(1..=TIMES_MAX).contains(&send.times) {
        return Err(refuse("times is 1 to 64"));
    }
    let order = shared
        .book()
        .find(None, Some(&send.out_trade_no))
        .cloned()
        .map_err(refuse)?;
    if !order.is_paid {
        return Err(refuse("the order is not paid"));
    }
    let taken = notices::repeat(&shared, &order, send.times).await;
    Ok(Json(Sent { taken }))
}

async fn hold(State(shared): State<Arc<Shared>>, Json(hold): Json<Hold>) -> Json<Hold> {
    shared.book().is_held = hold.held;
    Json(hold)
}
