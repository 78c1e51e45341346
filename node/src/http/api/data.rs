//! The epochs' data, for whoever audits this shop: anybody.

use std::io::ErrorKind;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shelfproof_anchor::http::data::EpochFile;
use shelfproof_base::server::file::Download;
use shelfproof_verifier::epoch::{MAX_DATA_BYTES, data_path};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::path::Name;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

/// A file of an epoch that is not anchored yet may still be replaced, after a restored backup: no cache keeps one long enough for an
/// auditor to miss the data that counts.
const CACHED: &str = "public, max-age=300";

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(epoch))
}

problems!(DataProblems: NotFound);

/// Read an epoch's data
///
/// The events that the epoch commits to, 109 bytes each (protocol, section 3). Once the epoch is final it never changes:
/// whoever mirrors it may keep it for good.
#[utoipa::path(
    get, path = "/data/epochs/{file}", tag = "service", operation_id = "getEpochData",
    params(("file" = String, Path, pattern = r"^[0-9]{10}\.events$", description = "The epoch's number in ten digits, and `.events`")),
    responses((status = 200, description = "The data", content_type = "application/octet-stream", body = Vec<u8>), DataProblems),
)]
async fn epoch(State(shop): State<Arc<Shop>>, Name(EpochFile(number)): Name<EpochFile>) -> Result<Response, Problem> {
    let folder = shop.app.config.proofs.data_folder.as_deref().ok_or_else(missing)?;
    let Ok(place) = Arc::clone(&shop.downloads).try_acquire_owned() else {
        let detail = "Too many files are being read. Repeat this request a little later.";
        return Err(Problem::new(Code::Busy, detail));
    };
    let file = match Download::open(&folder.join(data_path(number)), MAX_DATA_BYTES as u64).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(Problem::internal(error)),
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, file.bytes().to_string()),
        (CACHE_CONTROL, CACHED.to_owned()),
    ];
    Ok((headers, file.into_body(place)).into_response())
}

fn missing() -> Problem {
    Problem::new(Code::NotFound, "This node publishes no data of such an epoch.")
}
