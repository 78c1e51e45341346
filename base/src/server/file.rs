//! Files as bodies of responses, read and sent in chunks.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

const CHUNK_BYTES: usize = 1 << 16;
/// How long sending a file may take at least.
const LEAST_TIME: Duration = Duration::from_mins(10);
/// A larger file may take longer: verifiers, too, wait for so many bytes a second.
const SLOWEST: u64 = 200_000;

/// An open file that will be sent.
#[derive(Debug)]
pub struct Download {
    file: File,
    left: u64,
}

impl Download {
    /// Opens a file of at most `max_bytes`.
    ///
    /// # Errors
    /// I/O errors, and if the file is larger.
    pub async fn open(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let file = File::open(path).await?;
        let left = file.metadata().await?.len();
        if left > max_bytes {
            return Err(io::Error::other(format!("the file is larger than {max_bytes} bytes")));
        }
        Ok(Self { file, left })
    }

    /// The length of the file.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.left
    }

    /// Turns the file into a body, which holds `place` until it is sent or its connection ends.
    pub fn into_body(self, place: OwnedSemaphorePermit) -> Body {
        Body::new(FileBody {
            file: self.file,
            left: self.left,
            until: Instant::now() + LEAST_TIME.max(Duration::from_secs(self.left / SLOWEST)),
            chunk: vec![0; CHUNK_BYTES],
            _place: place,
        })
    }
}

struct FileBody {
    file: File,
    /// The bytes that are not sent yet.
    left: u64,
    until: Instant,
    chunk: Vec<u8>,
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
            // The file is shorter than announced: an error closes the connection, so that it does not seem complete.
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
    use std::sync::Arc;

    use axum::body::to_bytes;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_file_is_sent_whole_or_its_connection_breaks() {
        let (folder, length) = (tempfile::tempdir().unwrap(), 2 * CHUNK_BYTES + 109);
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        std::fs::write(&path, &bytes).unwrap();
        let places = Arc::new(Semaphore::new(1));
        for (more, is_whole) in [(0, true), (1, false)] {
            let mut file = Download::open(&path, u64::MAX).await.unwrap();
            file.left += more;
            let place = Arc::clone(&places).try_acquire_owned().unwrap();
            let read = to_bytes(file.into_body(place), usize::MAX).await;
            assert_eq!(read.ok().map(Vec::from), is_whole.then(|| bytes.clone()));
            assert_eq!(places.available_permits(), 1, "its place is free again");
        }
    }
}
