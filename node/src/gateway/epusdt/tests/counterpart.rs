//! The tests' own counterpart, written from the protocol: a gateway on this machine that checks signatures, keeps
//! orders in memory, and answers as each of the three programs does. It shares no code with what it tests but the JSON
//! library and the digests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use alloy_primitives::hex;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use serde_json::{Value, json};
use shelfproof_base::web::Url;

/// Orders by their number.
type Orders = Arc<Mutex<BTreeMap<String, Value>>>;

#[derive(Clone)]
pub(super) struct Counterpart {
    secret: &'static str,
    orders: Orders,
}

impl Counterpart {
    /// Starts it, and returns it with its address.
    pub(super) async fn start(secret: &'static str) -> (Self, Url) {
        let counterpart = Self {
            secret,
            orders: Orders::default(),
        };
        let router = Router::new()
            .route("/below/api/v1/order/create-transaction", post(create))
            .route("/below/payments/gmpay/v1/order/create-transaction", post(create))
            .route("/below/pay/check-status/{trade_id}", get(check_status))
            .route("/below/pay/checkout-counter-resp/{trade_id}", get(checkout_counter))
            .route("/below/api/v1/pay/info", post(info))
            .with_state(counterpart.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/below/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (counterpart, address.parse().unwrap())
    }

    /// What the gateway was asked for, last.
    pub(super) fn asked(&self) -> Value {
        self.orders.lock().unwrap().values().next_back().unwrap().clone()
    }

    pub(super) fn set(&self, trade_id: &str, member: &str, value: Value) {
        self.orders.lock().unwrap().get_mut(trade_id).unwrap()[member] = value;
    }

    fn order(&self, trade_id: &str) -> Option<Value> {
        self.orders.lock().unwrap().get(trade_id).cloned()
    }

    /// MD5 over the sorted members, as the first epusdt does it: numbers without trailing zeros.
    fn is_signed(&self, body: &Value) -> bool {
        use md5::Digest;
        let mut pairs: Vec<String> = Vec::new();
        for (name, value) in body.as_object().unwrap() {
            let text = match value {
                Value::String(text) => text.clone(),
                number => number.as_f64().unwrap().to_string(),
            };
            if name != "signature" && !text.is_empty() {
                pairs.push(format!("{name}={text}"));
            }
        }
        pairs.sort();
        let text = format!("{}{}", pairs.join("&"), self.secret);
        let expected = hex::encode(md5::Md5::digest(text));
        body["signature"] == expected
    }
}

fn done(data: &Value) -> Json<Value> {
    Json(json!({ "status_code": 200, "message": "success", "data": data, "request_id": "" }))
}

fn failed(code: u32, message: &str) -> Json<Value> {
    Json(json!({ "status_code": code, "message": message, "data": null, "request_id": "" }))
}

async fn create(State(counterpart): State<Counterpart>, Json(body): Json<Value>) -> Json<Value> {
    if !counterpart.is_signed(&body) {
        return failed(401, "签名认证错误");
    }
    let mut orders = counterpart.orders.lock().unwrap();
    if orders.values().any(|order| order["order_id"] == body["order_id"]) {
        return failed(10_002, "支付交易已存在，请勿重复创建");
    }
    let trade_id = format!("T-{}", orders.len());
    let mut order = body;
    order["trade_id"] = json!(trade_id);
    order["status"] = json!(1);
    // BEpusdt names amounts as texts, the others as numbers.
    if order.get("fiat").is_some() {
        order["amount"] = json!(order["amount"].to_string().trim_end_matches(".0"));
    }
    order["payment_url"] = json!(format!("https://pay.example/pay/checkout-counter/{trade_id}"));
    orders.insert(trade_id, order.clone());
    done(&order)
}

async fn check_status(State(counterpart): State<Counterpart>, Path(trade_id): Path<String>) -> Json<Value> {
    match counterpart.order(&trade_id) {
        Some(order) => done(&json!({ "trade_id": order["trade_id"], "status": order["status"] })),
        None => failed(10_008, "订单不存在"),
    }
}

async fn checkout_counter(State(counterpart): State<Counterpart>, Path(trade_id): Path<String>) -> Json<Value> {
    let Some(order) = counterpart.order(&trade_id) else {
        return failed(10_008, "order does not exist");
    };
    done(&json!({
        "trade_id": order["trade_id"], "status": order["status"], "amount": order["amount"],
        "currency": order["currency"].as_str().unwrap().to_uppercase(), "actual_amount": 1.37,
    }))
}

async fn info(State(counterpart): State<Counterpart>, Json(body): Json<Value>) -> Json<Value> {
    let Some(order) = counterpart.order(body["trade_id"].as_str().unwrap()) else {
        return failed(400, "order not found");
    };
    done(&json!({
        "trade_id": order["trade_id"], "order_id": order["order_id"], "status": order["status"],
        "money": order["amount"], "fiat": order["fiat"], "network": { "any": ["thing"] },
    }))
}
