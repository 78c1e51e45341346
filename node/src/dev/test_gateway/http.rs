//! What the test gateway answers to shops and buyers: `submit.php` and `api.php` as the real program, and the page's
//! buttons.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::Shared;
use super::book::{Order, Refused};
use super::notices;
use crate::domain::money::{Currency, Money};
use crate::gateway::epay::fields::Fields;
use crate::gateway::epay::v1::form;

mod control;
mod page;

/// The longest body of a request.
const BODY_MAX_BYTES: usize = 64 << 10;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/submit.php", get(submit))
        .route("/pay", post(pay))
        .route("/api.php", get(order).post(refund))
        .nest("/control", control::router())
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(shared)
}

/// A refused request of a browser.
fn refused(why: Refused) -> Response {
    (StatusCode::BAD_REQUEST, Html(page::refused(why))).into_response()
}

/// Takes in the order of a signed query.
fn place(shared: &Shared, query: &[u8]) -> Result<Order, Refused> {
    let fields = Fields::parse(query).map_err(|_| "参数错误")?;
    if fields.get("pid") != Some(shared.account.pid.to_string().as_str()) {
        return Err("商户不存在！");
    }
    form::verify(&fields, &shared.account.key).map_err(|_| "签名校验失败，请返回重试！")?;
    shared.book().place(&fields)
}

/// Marks an order as paid, and begins to notify the shop.
fn receive(shared: &Arc<Shared>, out_trade_no: &str) -> Result<Order, Refused> {
    let order = shared.book().pay(out_trade_no)?;
    notices::start(Arc::clone(shared), order.clone());
    Ok(order)
}

/// The page on which the buyer pays.
async fn submit(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    match place(&shared, query.unwrap_or_default().as_bytes()) {
        Ok(order) => Html(page::pay(&order)).into_response(),
        Err(why) => refused(why),
    }
}

/// A button of that page. Either leads back to the shop: after a payment with the signed fields of the notice, else
/// with none, as from a page that was left.
async fn pay(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(fields) = Fields::parse(&body) else {
        return refused("参数错误");
    };
    let trade_no = fields.get("trade_no");
    let found = shared.book().find(trade_no, None).cloned();
    let paid = match (found, fields.get("do")) {
        (Ok(order), Some("pay")) => receive(&shared, &order.out_trade_no),
        (Ok(order), _) => return Redirect::to(order.return_url.as_str()).into_response(),
        (Err(why), _) => Err(why),
    };
    match paid {
        Ok(order) => Redirect::to(shared.signed(&order.return_url, &order).as_str()).into_response(),
        Err(why) => refused(why),
    }
}

/// An answer of `api.php`, which has status 200 whatever it says.
fn says(code: i32, msg: &str) -> axum::Json<Value> {
    axum::Json(json!({ "code": code, "msg": msg }))
}

/// Whether the request names the account and its key.
fn is_account(shared: &Shared, fields: &Fields) -> bool {
    let is_pid = fields.get("pid") == Some(shared.account.pid.to_string().as_str());
    let key = fields.get("key").unwrap_or_default().as_bytes();
    is_pid && bool::from(key.ct_eq(shared.account.key.expose_secret().as_bytes()))
}

/// `api.php?act=order`.
async fn order(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> axum::Json<Value> {
    let Ok(fields) = Fields::parse(query.unwrap_or_default().as_bytes()) else {
        return says(-4, "参数错误");
    };
    if fields.get("act") != Some("order") {
        return says(-5, "No Act!");
    }
    if !is_account(&shared, &fields) {
        return says(-3, "商户密钥错误");
    }
    let book = shared.book();
    match book.find(fields.get("trade_no"), fields.get("out_trade_no")) {
        Ok(order) => axum::Json(json!({
            "code": 1,
            "msg": "succ",
            "trade_no": order.trade_no,
            "out_trade_no": order.out_trade_no,
            "api_trade_no": null,
            "type": order.kind,
            "pid": shared.account.pid,
            "name": order.name,
            "money": order.money.decimal(),
            "param": order.param,
            "buyer": null,
            "status": order.status(),
        })),
        Err(why) => says(-1, why),
    }
}

/// `api.php?act=refund`.
async fn refund(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, body: Bytes) -> axum::Json<Value> {
    let (Ok(query), Ok(fields)) = (
        Fields::parse(query.unwrap_or_default().as_bytes()),
        Fields::parse(&body),
    ) else {
        return says(-4, "参数错误");
    };
    if query.get("act") != Some("refund") {
        return says(-5, "No Act!");
    }
    if !is_account(&shared, &fields) {
        return says(-3, "商户密钥错误");
    }
    let money = Money::parse(fields.get("money").unwrap_or_default(), Currency::CNY);
    let Ok(money) = money else {
        return says(-1, "金额输入错误");
    };
    let mut book = shared.book();
    let found = book.find(fields.get("trade_no"), fields.get("out_trade_no"));
    let refunded = found
        .map(|order| order.out_trade_no.clone())
        .and_then(|number| book.refund(&number, money));
    match refunded {
        Ok(()) => says(0, &format!("退款成功！退款金额￥{}", money.decimal())),
        Err(why) => says(-1, why),
    }
}
