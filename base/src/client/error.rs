//! Why nothing usable came over HTTP.

use std::error::Error;

use crate::web::NotWeb;

/// Why nothing usable came over HTTP. None of it holds the address: an address may hold a key to the server.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be used.
    #[error(transparent)]
    Url(#[from] NotWeb),
    /// No client could be made, as where no certificates are installed.
    #[error("no HTTPS client can be made here: {0}")]
    Client(String),
    /// The address leads into a private network, and is one that a third party wrote.
    #[error("the address leads into a private network")]
    Private,
    /// A redirect that is not followed.
    #[error("the server redirects, and that is not followed: {0}")]
    Redirect(&'static str),
    /// The name did not resolve, the port did not answer, or the transfer broke off.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// An answer of another status than success.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// An answer above its bound.
    #[error("the answer is larger than {max_bytes} bytes")]
    TooLarge {
        /// The bound.
        max_bytes: usize,
    },
}

/// A name that resolves into private networks alone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub(super) struct PrivateNetwork;

impl HttpError {
    /// What `reqwest` says, without the address.
    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let error = error.without_url();
        let mut words = error.to_string();
        // The outer error says only that sending failed; the cause is the innermost one's.
        let mut source = Error::source(&error);
        while let Some(inner) = source {
            if inner.is::<PrivateNetwork>() {
                return Self::Private;
            }
            words = inner.to_string();
            source = inner.source();
        }
        Self::Unreachable(words)
    }
}
