//! Errors of the client.

use std::error::Error;

use crate::web::NotWeb;

/// Why a request failed. No message contains the address, which may contain an access key.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Url(#[from] NotWeb),
    /// No client can be made, because no certificates are installed.
    #[error("no HTTPS client can be made here: {0}")]
    Client(String),
    /// A third party wrote the address, and it leads into a private network.
    #[error("the address leads into a private network")]
    Private,
    /// A [secured](super::Client::secured) client was led to plain http on another machine.
    #[error("plain http is not read from another machine, since anybody on the way could change it: use https")]
    Plain,
    #[error("the server redirects, and that is not followed: {0}")]
    Redirect(&'static str),
    /// The name did not resolve, the port did not answer, or the transfer broke off.
    #[error("no answer: {0}")]
    Unreachable(String),
    #[error("no answer in time")]
    TimedOut,
    /// A status other than success.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The server asks for a longer pause before the next request than its caller makes.
    #[error("the server asks to be left alone for {0} s, and that is longer than is waited here")]
    Later(u64),
    #[error("the answer is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
}

/// A name resolves to private addresses only.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub(super) struct PrivateNetwork;

impl HttpError {
    /// Whether the answer may be that of a network which lets nobody through before a sign-in, or of a proxy or filter,
    /// and not the server's.
    #[must_use]
    pub const fn may_be_the_network(&self) -> bool {
        matches!(self, Self::Status(401 | 403 | 407 | 451 | 511))
    }

    /// Converts an error of `reqwest`, without the address.
    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let error = error.without_url();
        let mut words = error.to_string();
        // The outer errors say only that sending failed; the innermost one has the cause.
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
