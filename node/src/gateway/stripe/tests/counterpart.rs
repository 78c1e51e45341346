//! The tests' own counterpart, written from the protocol: so much of Stripe's API on this machine as sessions and
//! refunds need, with keys that make a repeated request the same, and what the requests held.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use shelfproof_base::web::Url;
use url::form_urlencoded;

type Form = BTreeMap<String, String>;

#[derive(Default)]
struct Kept {
    session: Value,
    refunds: Vec<Value>,
    /// The last form, and the first answer under each key.
    asked: Form,
    answers: BTreeMap<String, (String, Value)>,
    next_refund: Option<(u16, Value)>,
}

#[derive(Clone)]
pub(super) struct Counterpart {
    key: &'static str,
    kept: Arc<Mutex<Kept>>,
}

impl Counterpart {
    /// Starts it, and returns it with its address.
    pub(super) async fn start(key: &'static str) -> (Self, Url) {
        let counterpart = Self {
            key,
            kept: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/checkout/sessions", post(create))
            .route("/v1/checkout/sessions/{id}", get(session))
            .route("/v1/refunds", post(refund).get(refunds))
            .with_state(counterpart.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (counterpart, address.parse().unwrap())
    }

    pub(super) fn asked(&self) -> Form {
        self.kept.lock().unwrap().asked.clone()
    }

    pub(super) fn set(&self, member: &str, value: Value) {
        self.kept.lock().unwrap().session[member] = value;
    }

    pub(super) fn refunds(&self) -> usize {
        self.kept.lock().unwrap().refunds.len()
    }

    pub(super) fn set_refund(&self, status: &str) {
        self.kept.lock().unwrap().refunds[0]["status"] = json!(status);
    }

    /// What the next request for a refund is answered.
    pub(super) fn answer_refund(&self, status: u16, body: Value) {
        self.kept.lock().unwrap().next_refund = Some((status, body));
    }

    pub(super) fn forget_keys(&self) {
        self.kept.lock().unwrap().answers.clear();
    }

    fn refuse(&self, headers: &HeaderMap) -> Option<Response> {
        let has = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
        if !has("authorization", &format!("Bearer {}", self.key)) {
            return Some(error(401, "invalid_request_error", "Invalid API Key provided"));
        }
        (!has("stripe-version", "2026-10-28.endive")).then(|| error(400, "invalid_request_error", "no such version"))
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let body = Body::from(body.to_string());
    Response::builder().status(status).body(body).unwrap()
}

fn error(status: u16, kind: &str, message: &str) -> Response {
    answer(status, &json!({ "error": { "type": kind, "message": message } }))
}

/// Does a request once under its key: a repeated one gets the first answer, another one under the same key an error.
fn once(kept: &mut Kept, headers: &HeaderMap, body: &Bytes, made: impl FnOnce(&mut Kept, &Form) -> Value) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    if let Some((before, first)) = kept.answers.get(&key) {
        return if *before == body {
            answer(200, first)
        } else {
            error(400, "idempotency_error", "the key was used for another request")
        };
    }
    kept.asked = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let form = kept.asked.clone();
    let first = made(kept, &form);
    kept.answers.insert(key, (body, first.clone()));
    answer(200, &first)
}

async fn create(State(counterpart): State<Counterpart>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refusal) = counterpart.refuse(&headers) {
        return refusal;
    }
    let mut kept = counterpart.kept.lock().unwrap();
    once(&mut kept, &headers, &body, |kept, form| {
        let count: i64 = form["line_items[0][price_data][unit_amount]"].parse().unwrap();
        kept.session = json!({
            "id": "cs_test_a1B2c3", "object": "checkout.session", "livemode": false, "status": "open",
            "client_reference_id": form["client_reference_id"], "payment_status": "unpaid", "payment_intent": null,
            "amount_total": count, "currency": form["line_items[0][price_data][currency]"],
            "url": "https://checkout.stripe.example/c/pay/cs_test_a1B2c3#fid",
        });
        kept.session.clone()
    })
}

async fn session(State(counterpart): State<Counterpart>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Some(refusal) = counterpart.refuse(&headers) {
        return refusal;
    }
    match &counterpart.kept.lock().unwrap().session {
        session if id == "cs_test_a1B2c3" => answer(200, session),
        _ => error(404, "invalid_request_error", "No such checkout.session"),
    }
}

async fn refund(State(counterpart): State<Counterpart>, headers: HeaderMap, body: Bytes) -> Response {
    let mut kept = counterpart.kept.lock().unwrap();
    if let Some((status, body)) = kept.next_refund.take() {
        return answer(status, &body);
    }
    once(&mut kept, &headers, &body, |kept, form| {
        let refund = json!({ "id": "re_1", "status": "pending", "metadata": { "refund": form["metadata[refund]"] } });
        kept.refunds.push(refund.clone());
        refund
    })
}

async fn refunds(State(counterpart): State<Counterpart>, RawQuery(query): RawQuery) -> Response {
    assert_eq!(query.as_deref(), Some("payment_intent=pi_3Q&limit=100"));
    let data = counterpart.kept.lock().unwrap().refunds.clone();
    answer(200, &json!({ "object": "list", "data": data, "has_more": false }))
}
