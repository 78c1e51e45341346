//! HTTP to others: every request is bounded in time and every answer in bytes.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use crate::web::NotWeb;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transfer may stand still.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a transfer of a file may take in all: an epoch's 114 MB at 200 kB/s.
const TRANSFER_TIMEOUT: Duration = Duration::from_mins(10);

/// Why nothing usable came over HTTP. None of it holds the address: an address may hold a key to the node.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be used.
    #[error(transparent)]
    Url(#[from] NotWeb),
    /// No client could be made, as where no certificates are installed.
    #[error("no HTTPS client can be made here: {0}")]
    Client(String),
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

impl HttpError {
    /// What `reqwest` says, without the address.
    #[must_use]
    pub fn from_reqwest(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let error = error.without_url();
        let mut words = error.to_string();
        // The outer error says only that sending failed; the cause is the innermost one's.
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            words = inner.to_string();
            source = inner.source();
        }
        Self::Unreachable(words)
    }
}

/// A client that trusts the certificates of this machine and follows at most `redirects` redirects.
///
/// # Errors
/// [`HttpError::Client`] where an https address was given and the machine holds no certificates.
pub fn client(url: &Url, redirects: usize) -> Result<Client, HttpError> {
    // A provider that is installed already serves as well, so that a second call is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let policy = if redirects == 0 {
            Policy::none()
        } else {
            Policy::limited(redirects)
        };
        Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(policy)
    };
    match builder().build() {
        Ok(client) => Ok(client),
        // A node on this machine is asked over http, in containers that hold no certificates at all.
        Err(_) if url.scheme() == "http" => builder()
            .tls_certs_only([])
            .build()
            .map_err(|e| HttpError::Client(e.to_string())),
        Err(error) => Err(HttpError::Client(error.to_string())),
    }
}

/// Reads a body of at most `max_bytes`.
///
/// # Errors
/// [`HttpError`]: a larger body is dropped as soon as that is seen.
pub async fn read_bounded(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(HttpError::TooLarge { max_bytes });
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(HttpError::from_reqwest)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(HttpError::TooLarge { max_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Gets at most `max_bytes` from `url`.
///
/// # Errors
/// [`HttpError`], also for an answer of another status than success.
pub async fn get_bounded(client: &Client, url: Url, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
    let response = client
        .get(url)
        .timeout(TRANSFER_TIMEOUT)
        .send()
        .await
        .map_err(HttpError::from_reqwest)?;
    let status = response.status();
    if !status.is_success() {
        return Err(HttpError::Status(status.as_u16()));
    }
    read_bounded(response, max_bytes).await
}
