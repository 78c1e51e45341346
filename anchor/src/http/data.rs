//! The published data, for merchants without a file server, and from mirrors.

use std::io::ErrorKind;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shelfproof_base::server::file::Download;

use super::Prover;
use super::problem::Problem;
use crate::history::EpochFile;

pub(super) async fn download(
    State(prover): State<Arc<Prover>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let asked = name.ok().and_then(|Path(name)| name.parse().ok());
    let asked: EpochFile = asked.ok_or(Problem::NotFound)?;
    let number = asked.number();
    let place = Arc::clone(&prover.downloads).try_acquire_owned();
    let place = place.map_err(|_| Problem::Busy)?;
    let path = prover.history.published_path(asked);
    let file = match Download::open(&path, asked.max_bytes()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Problem::NotFound),
        Err(error) => {
            tracing::error!(number, %error, path = %path.display(), "a published file could not be read");
            return Err(Problem::Storage);
        }
        Ok(file) => file,
    };
    // Data that is not final may be replaced before it is anchored, after a backup was restored.
    let cached = if number <= prover.status.borrow().final_epoch {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, file.bytes().to_string()),
        (CACHE_CONTROL, cached.to_owned()),
    ];
    Ok((headers, file.into_body(place)).into_response())
}
