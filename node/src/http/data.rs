//! The epochs' data, for whoever audits this shop: anybody.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use shelfproof_anchor::store::epochs::epoch_get;
use shelfproof_verifier::epoch::data_path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::docs::problems;
use super::limits::{DOWNLOAD_BOUND, DOWNLOAD_CHUNK_BYTES};
use super::path::Name;
use super::problem::{Code, Problem};
use super::shop::Shop;

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
    let (file, length) = match open(&folder.join(data_path(number))).await {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(Problem::internal(error)),
    };
    let Ok(place) = Arc::clone(&shop.downloads).try_acquire_owned() else {
        let detail = "Too many files are being read. Repeat this request a little later.";
        return Err(Problem::new(Code::Busy, detail));
    };
    let (sender, chunks) = mpsc::channel(1);
    // A reader that stands still holds file and place no longer than this, whether or not its connection is ever closed.
    tokio::spawn(async move {
        let is_late = timeout(DOWNLOAD_BOUND, send(file, length, sender)).await.is_err();
        if is_late {
            tracing::info!(number, "an epoch's data was not read in time");
        }
        drop(place);
    });
    let mut response = Response::new(Body::new(Download { chunks, left: length }));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached(&shop, number).await));
    Ok(response)
}

/// How long others may keep an epoch's data: for good once it is final. Before that a database that is restored from a
/// backup may come to another epoch of that number; and where the database cannot be asked, nobody knows.
async fn cached(shop: &Shop, number: u64) -> &'static str {
    let epoch = async {
        let mut connection = shop.app.pool.acquire().await?;
        epoch_get(&mut connection, number).await
    };
    match epoch.await {
        Ok(Some(epoch)) if epoch.anchored.is_some() => "public, max-age=31536000, immutable",
        _ => "no-cache",
    }
}

fn missing() -> Problem {
    Problem::new(Code::NotFound, "This node publishes no data of such an epoch.")
}

async fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path).await?;
    let length = file.metadata().await?.len();
    Ok((file, length))
}

/// Reads so many bytes and hands them on, until the other side is gone.
async fn send(mut file: File, mut left: u64, chunks: mpsc::Sender<io::Result<Bytes>>) {
    while left > 0 {
        let mut chunk = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(DOWNLOAD_CHUNK_BYTES)];
        let read = file.read_exact(&mut chunk).await;
        let is_read = read.is_ok();
        left -= chunk.len() as u64;
        if chunks.send(read.map(|_| Bytes::from(chunk))).await.is_err() || !is_read {
            return;
        }
    }
}

/// A file on its way.
struct Download {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
}

impl hyper::body::Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = match ready!(self.chunks.poll_recv(context)) {
            None if self.left > 0 => Err(ErrorKind::TimedOut.into()),
            None => return Poll::Ready(None),
            Some(chunk) => chunk,
        };
        if let Ok(bytes) = &chunk {
            self.left = self.left.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(Some(chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The name of an epoch's data file: nothing else of the folder can be asked for.
#[derive(Debug, PartialEq, Eq)]
struct EpochFile(u64);

impl FromStr for EpochFile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let digits = name.strip_suffix(".events").ok_or(())?;
        if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        digits.parse().map(Self).map_err(drop)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[test]
    fn only_an_epoch_s_file_has_a_name() {
        assert_eq!("0000000012.events".parse(), Ok(EpochFile(12)));
        for name in [
            "12.events",
            "00000000012.events",
            "0000000012.events.tmp",
            "+000000012.events",
            "../0000000012.events",
            "０000000012.events",
            "",
        ] {
            assert!(name.parse::<EpochFile>().is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_comes_whole_or_breaks_off() {
        let (folder, length) = (tempfile::tempdir().unwrap(), 2 * DOWNLOAD_CHUNK_BYTES + 109);
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        std::fs::write(&path, &bytes).unwrap();
        for (announced, is_whole) in [(length, true), (length + 1, false)] {
            let (file, _) = open(&path).await.unwrap();
            let (sender, chunks) = mpsc::channel(1);
            let left = announced as u64;
            tokio::spawn(send(file, left, sender));
            let read = to_bytes(Body::new(Download { chunks, left }), usize::MAX).await;
            assert_eq!(read.ok().map(Vec::from), is_whole.then(|| bytes.clone()));
        }
        let (_, chunks) = mpsc::channel(1);
        let late = Body::new(Download { chunks, left: 1 });
        assert!(to_bytes(late, usize::MAX).await.is_err());
    }
}
