//! Bodies of responses that are made piece by piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc::Receiver;

/// A body of the pieces that come through a channel. It ends when the sender is dropped; an error closes the connection,
/// so that the body does not seem complete. When the connection ends, the channel is closed.
pub fn body(pieces: Receiver<io::Result<Bytes>>) -> Body {
    Body::new(Pieces(pieces))
}

struct Pieces(Receiver<io::Result<Bytes>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn pieces_are_joined_and_an_error_breaks_the_body() {
        for (last, is_whole) in [(Ok(Bytes::from("c")), true), (Err(io::Error::other("gone")), false)] {
            let (sender, receiver) = mpsc::channel(3);
            for piece in [Ok(Bytes::from("a")), Ok(Bytes::from("b")), last] {
                sender.send(piece).await.unwrap();
            }
            drop(sender);
            let read = to_bytes(body(receiver), usize::MAX).await;
            assert_eq!(read.ok(), is_whole.then(|| Bytes::from("abc")));
        }
    }
}
