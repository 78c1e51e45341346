//! The published data, for merchants who have no server of files, and from mirrors.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use shelfproof_verifier::epoch::MAX_DATA_BYTES;
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::Prover;
use super::problem::Problem;

/// How much is read from the disk and sent at once.
const CHUNK_BYTES: usize = 1 << 16;
/// How long a file may take in all: an epoch's 114 MB at 200 kB/s.
const DOWNLOAD_BOUND: Duration = Duration::from_mins(10);
/// The digits of an epoch's number in its file's name.
const DIGITS: usize = 10;

/// An epoch's data file.
pub(super) async fn download(
    State(prover): State<Arc<Prover>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let number = name.ok().and_then(|Path(name)| name.parse().ok());
    let EpochFile(number) = number.ok_or(Problem::NotFound)?;
    let place = Arc::clone(&prover.downloads).try_acquire_owned();
    let place = place.map_err(|_| Problem::Busy)?;
    let file = match Download::open(&prover.history.data_path(number)).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Problem::NotFound),
        Err(error) => {
            tracing::error!(number, %error, "an epoch's data could not be read");
            return Err(Problem::Storage);
        }
        Ok(file) => file,
    };
    // What is not final yet may, after a restored backup, be replaced before it is anchored.
    let cached = if number <= prover.status.borrow().final_epoch {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, file.left.to_string()),
        (CACHE_CONTROL, cached.to_owned()),
    ];
    Ok((headers, file.into_body(place)).into_response())
}

/// The name of an epoch's data file, which has no other spelling: nothing else of the folder can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochFile(pub u64);

impl FromStr for EpochFile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let digits = name.strip_suffix(".events").ok_or(())?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number).map(Self).ok_or(())
    }
}

/// A data file to be sent.
#[derive(Debug)]
pub struct Download {
    file: File,
    left: u64,
}

impl Download {
    /// Opens it.
    ///
    /// # Errors
    /// The system's, and where it is larger than an epoch's data can be.
    pub async fn open(path: &std::path::Path) -> io::Result<Self> {
        let file = File::open(path).await?;
        let left = file.metadata().await?.len();
        if left > MAX_DATA_BYTES as u64 {
            return Err(io::Error::other("larger than an epoch can be"));
        }
        Ok(Self { file, left })
    }

    /// Its length, bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.left
    }

    /// The file as the body of an answer, which holds `place` until it is sent or its connection ends.
    pub fn into_body(self, place: OwnedSemaphorePermit) -> Body {
        Body::new(FileBody {
            file: self.file,
            left: self.left,
            until: Instant::now() + DOWNLOAD_BOUND,
            chunk: vec![0; CHUNK_BYTES],
            _place: place,
        })
    }
}

/// A file on its way out, chunk by chunk.
struct FileBody {
    file: File,
    /// Bytes not sent yet.
    left: u64,
    until: Instant,
    chunk: Vec<u8>,
    /// Given back with the last byte, or when the connection ends.
    _place: OwnedSemaphorePermit,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if Instant::now() > self.until {
            return Poll::Ready(Some(Err(ErrorKind::TimedOut.into())));
        }
        let Self { file, chunk, left, .. } = &mut *self;
        let wanted = usize::try_from(*left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut read = ReadBuf::new(&mut chunk[..wanted]);
        ready!(Pin::new(file).poll_read(context, &mut read))?;
        let bytes = Bytes::copy_from_slice(read.filled());
        if bytes.is_empty() {
            // Shorter than its length was said to be: the connection must break, or the file would seem whole.
            return Poll::Ready(Some(Err(ErrorKind::UnexpectedEof.into())));
        }
        *left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::sync::Semaphore;

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
        let (folder, length) = (tempfile::tempdir().unwrap(), 2 * CHUNK_BYTES + 109);
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        std::fs::write(&path, &bytes).unwrap();
        let places = Arc::new(Semaphore::new(1));
        for (more, is_whole) in [(0, true), (1, false)] {
            let mut file = Download::open(&path).await.unwrap();
            file.left += more;
            let place = Arc::clone(&places).try_acquire_owned().unwrap();
            let read = to_bytes(file.into_body(place), usize::MAX).await;
            assert_eq!(read.ok().map(Vec::from), is_whole.then(|| bytes.clone()));
            assert_eq!(places.available_permits(), 1, "its place is free again");
        }
    }
}
