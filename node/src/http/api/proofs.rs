//! Proofs of sales, for the holder of an order.

use std::str::FromStr;
use std::sync::Arc;

use alloy_primitives::B256;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::field::KeyId;
use super::orders::authorize_order;
use super::path_id::PathId;
use crate::access::ProveSale;
use crate::api_types::{KeyProof, OrderProofs};
use crate::app::App;
use crate::domain::id::OrderId;
use crate::flow::prove::{Proof, prove};
use crate::flow::query::bought_key::{BoughtKey, list_bought_keys};
use crate::flow::query::order::find_order_of_key;
use crate::http::edge::auth::May;
use crate::http::edge::json_response::json_response;
use crate::http::edge::limits::PROVER_BOUND;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(get))
}

/// The id in the address of a proof.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Order(OrderId),
    Key(B256),
}

problems!(ProofProblems: NotFound, ProverUnavailable);

/// Prove a sale
///
/// For the reseller that bought the order, and whoever has its token. Of an order, all its keys; of a key, the file
/// itself, which `shelfproof-verify key --bundle` takes. It proves the key's whole history against the last final epoch
/// and opens the sale and what came after. Until the sale is anchored there is its receipt instead, and the time that
/// it will take. Where the prover does not answer, the problem `prover_unavailable` holds the receipts, in `receipts`.
#[utoipa::path(
    get, path = "/proofs/{id}", tag = "orders", operation_id = "getProof", security(("bearer" = [])),
    params(("id" = String, Path, description = "An order's id, or a key's: 0x and 64 lower-case hex digits")),
    responses(
        (status = 200, description = "Of an order: each key's proof, or its receipt. Of a key: a file `shelfproof-proof-v1` \
            (protocol, section 5)", body = OrderProofs),
        (status = 202, description = "Of a key: its sale is in no final epoch yet", body = KeyProof,
            headers(("retry-after" = u64, description = "Seconds until it is"))),
        ProofProblems,
    ),
)]
async fn get(
    May(holder): May<ProveSale>,
    State(shop): State<Arc<Shop>>,
    PathId(subject): PathId<Subject>,
) -> Result<Response, Problem> {
    let app = &shop.app;
    let order = match subject {
        Subject::Order(order) => order,
        Subject::Key(key_id) => find_order_of_key(&app.pool, &key_id).await?.ok_or_else(missing)?,
    };
    authorize_order(&shop, holder, order).await?;
    let journal = app.fence.journal();
    let mut keys = list_bought_keys(&app.pool, app.vault.identity(), journal.as_deref(), order).await?;
    if let Subject::Key(key_id) = subject {
        keys.retain(|key| key.key_id() == key_id);
    }
    let proofs = match ask(app, &keys).await {
        Ok(proofs) => proofs,
        Err(problem) => return Err(with_receipts(problem, keys)),
    };
    match (subject, keys.first(), proofs.first()) {
        (Subject::Key(_), Some(key), Some(Proof::Proved(file))) => Ok(bundle(key, file.get())),
        (Subject::Key(_), Some(key), Some(Proof::Waiting(wait))) => {
            let mut response = json_response(StatusCode::ACCEPTED, &KeyProof::waiting(key, *wait));
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(wait.seconds));
            Ok(response)
        }
        (Subject::Key(_), ..) => Err(missing()),
        (Subject::Order(order), ..) => {
            let shown = OrderProofs::new(order, &keys, &proofs);
            Ok(json_response(StatusCode::OK, &shown))
        }
    }
}

async fn ask(app: &App, keys: &[BoughtKey]) -> Result<Vec<Proof>, Problem> {
    let unavailable = |detail| Problem::new(Code::ProverUnavailable, detail);
    let Some(prover) = &app.prover else {
        return Err(unavailable(
            "This node knows no prover; proofs.prover of its configuration names one. The receipts hold until then.",
        ));
    };
    let detail = "The prover does not answer as it should. Ask again a little later; the receipts hold until then.";
    match timeout(PROVER_BOUND, prove(prover, keys)).await {
        Ok(Ok(proofs)) => Ok(proofs),
        Ok(Err(error)) => Err(Problem::caused(Code::ProverUnavailable, detail, error)),
        Err(_) => Err(unavailable(detail)),
    }
}

/// Adds the receipts of those keys to the problem: they hold until there is a proof.
fn with_receipts(mut problem: Problem, keys: Vec<BoughtKey>) -> Problem {
    problem.receipts = keys.into_iter().map(|key| key.receipt).collect();
    problem
}

/// The file as a download.
fn bundle(key: &BoughtKey, file: &str) -> Response {
    let mut response = file.to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = format!("attachment; filename=\"{}.proof.json\"", key.key_id());
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

fn missing() -> Problem {
    Problem::not_found("order or key")
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let key = text.parse().map(|KeyId(key_id)| Self::Key(key_id));
        key.or_else(|_| text.parse().map(Self::Order).map_err(drop))
    }
}
