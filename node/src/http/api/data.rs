//! The epochs' data, deltas and headers, for auditors; no token is needed.

use std::io::ErrorKind;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shelfproof_anchor::history::EpochFile;
use shelfproof_base::server::file::Download;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::path_id::PathId;
use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

/// Short, because the file of an epoch that is not anchored yet may be replaced after a backup was restored.
const CACHED: &str = "public, max-age=300";

pub(super) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(epoch))
}

problems!(DataProblems: NotFound);

/// Read an epoch's data, its delta or its header
///
/// The data is the events that the epoch commits to, 109 bytes each; the delta proves that the epoch's history root
/// follows from the one before; the header is there once the epoch is final (protocol, section 3). From then on they
/// never change, and mirrors may keep them.
#[utoipa::path(
    get, path = "/data/epochs/{file}", tag = "service", operation_id = "getEpochData",
    params(("file" = String, Path, pattern = r"^[0-9]{10}\.(events|delta|header\.json)$", description = "The epoch's number in ten digits, and `.events`, `.delta` or `.header.json`")),
    responses((status = 200, description = "The data", content_type = "application/octet-stream", body = Vec<u8>), DataProblems),
)]
async fn epoch(State(shop): State<Arc<Shop>>, PathId(file): PathId<EpochFile>) -> Result<Response, Problem> {
    let folder = shop.app.config.proofs.data_folder.as_deref().ok_or_else(missing)?;
    let Ok(place) = Arc::clone(&shop.downloads).try_acquire_owned() else {
        let detail = "Too many files are being read. Repeat this request a little later.";
        return Err(Problem::new(Code::Busy, detail));
    };
    let file = match Download::open(&folder.join(file.path()), file.max_bytes()).await {
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
    Problem::new(Code::NotFound, "This node publishes no such file of an epoch.")
}
