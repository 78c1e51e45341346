//! `bench-service URL CONNECTIONS`: a textbook sales service, the baseline of `sale_http_service`.
//!
//! It answers `POST /api/v1/orders` as the node does, for orders of one key. An account is found by its token, requests
//! are idempotent, credit cannot become negative, and a card is sold only once. It keeps no history, signs no receipts
//! and encrypts nothing. Statements are prepared, tokens are cached, and the number of connections is an argument.

use std::collections::HashMap;
use std::env;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use uuid::Uuid;

mod sell;

use sell::{Refused, sell};

/// How long an order may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// The length of the longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 255;

struct Service {
    pool: PgPool,
    /// Accounts by the hash of their token.
    accounts: RwLock<HashMap<[u8; 32], Uuid>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    lines: [Line; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    product: Uuid,
    quantity: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = env::args().skip(1);
    let url = args.next().ok_or("which database?")?;
    let connections: u32 = args.next().ok_or("how many connections?")?.parse()?;
    let pool = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect(&url)
        .await?;
    let service = Arc::new(Service {
        pool,
        accounts: RwLock::default(),
    });
    let router = Router::new().route("/api/v1/orders", post(place)).with_state(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{} ", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // As in the node: an answer is one packet, and must not wait for more data.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn place(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> (StatusCode, Json<Value>) {
    match service.place(&headers, &order).await {
        Ok(answer) => (StatusCode::CREATED, Json(answer)),
        Err(Refused(status, why)) => (status, Json(json!({ "error": why }))),
    }
}

impl Service {
    async fn place(&self, headers: &HeaderMap, order: &Order) -> Result<Value, Refused> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let account = self.account(token.ok_or(UNKNOWN)?).await?;
        let key = text("idempotency-key").filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
        let key = key.ok_or(Refused(StatusCode::BAD_REQUEST, "an order needs an idempotency key"))?;
        let [line] = &order.lines;
        if line.quantity != 1 {
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, "an order is of one key"));
        }
        let sold = sell(&self.pool, account, key, line.product).await?;
        Ok(json!({ "order": sold.order, "items": [{ "product": line.product, "code": sold.code }] }))
    }

    async fn account(&self, token: &str) -> Result<Uuid, Refused> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let known = self
            .accounts
            .read()
            .ok()
            .and_then(|accounts| accounts.get(&hash).copied());
        if let Some(account) = known {
            return Ok(account);
        }
        let found: Option<(Uuid,)> = sqlx::query_as("SELECT id FROM accounts WHERE token_hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        let (account,) = found.ok_or(UNKNOWN)?;
        if let Ok(mut accounts) = self.accounts.write() {
            accounts.insert(hash, account);
        }
        Ok(account)
    }
}

const UNKNOWN: Refused = Refused(StatusCode::UNAUTHORIZED, "this needs the token of an account");
