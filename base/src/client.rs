//! An HTTP client with bounds on the time of each request and on the bytes of each answer.
//!
//! An address that an operator or a user typed may lead anywhere ([`Reach::Any`]). One that a third party wrote, such
//! as a URI on the chain, may not lead into a private network ([`Reach::Public`]). Redirects are followed up to a
//! bound, but never from a public address to a private one, nor from https to http. A client for what nobody may change
//! on the way is [`secured`](Client::secured).

use std::time::Duration;

pub use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
pub use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, RequestBuilder, Response};
use tokio::time::timeout;

use crate::web::{Url, is_this_machine};

mod error;
mod reach;
mod resolve;
#[cfg(test)]
mod tests;

pub use error::HttpError;
pub use reach::Reach;

use reach::{Hop, literal};
use resolve::{Proxies, PublicOnly};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transfer may pause.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest body of an answer.
    pub bytes: usize,
    /// The longest time until the whole answer is read, redirects included.
    pub time: Duration,
}

/// An answer of any status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The pause that the server asks for before the next request, if it says so in seconds.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// An HTTP client. A clone shares its connections.
#[derive(Clone, Debug)]
pub struct Client {
    reach: Reach,
    redirects: usize,
    /// Whether plain http is refused to all machines but this one.
    secured: bool,
    proxies: Proxies,
    /// Connects to what `reach` allows.
    own: reqwest::Client,
    /// Connects to public addresses only: for redirects from public addresses.
    public: reqwest::Client,
}

impl Client {
    /// Makes a client that follows at most `redirects` redirects, and trusts the certificates of this machine. `url` is
    /// the address, or one of the addresses, that it is for.
    ///
    /// # Errors
    /// [`HttpError::Client`] if `url` is an https address and the machine has no certificates.
    pub fn new(url: &Url, reach: Reach, redirects: usize) -> Result<Self, HttpError> {
        let proxies = Proxies::from_environment();
        let own = build(url, reach, &proxies)?;
        let public = if reach == Reach::Any && redirects > 0 {
            build(url, Reach::Public, &proxies)?
        } else {
            own.clone()
        };
        Ok(Self {
            reach,
            redirects,
            secured: false,
            proxies,
            own,
            public,
        })
    }

    /// With plain http only to this machine, also where a redirect leads.
    #[must_use]
    pub const fn secured(mut self) -> Self {
        self.secured = true;
        self
    }

    /// Gets `url`.
    ///
    /// # Errors
    /// [`HttpError`], also for a status other than success.
    pub async fn get(&self, url: Url, bounds: Bounds) -> Result<Vec<u8>, HttpError> {
        let got = timeout(bounds.time, self.get_following(url, bounds.bytes)).await;
        got.unwrap_or(Err(HttpError::TimedOut))
    }

    /// Posts JSON to `url`, and returns the answer of any status. Redirects are not followed.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post_json(&self, url: &Url, body: Vec<u8>, bounds: Bounds) -> Result<Answer, HttpError> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        self.exchange(Method::POST, url, headers, body, bounds).await
    }

    /// Sends one request with these headers and this body, and returns the answer of any status. Redirects are not
    /// followed.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn exchange(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
        bounds: Bounds,
    ) -> Result<Answer, HttpError> {
        let exchange = async {
            let request = self.own.request(method, url.clone()).headers(headers).body(body);
            let response = self.send(url, self.reach, request).await?;
            Ok(Answer {
                status: response.status().as_u16(),
                retry_after: retry_after(&response),
                body: read(response, bounds.bytes).await?,
            })
        };
        timeout(bounds.time, exchange).await.unwrap_or(Err(HttpError::TimedOut))
    }

    async fn get_following(&self, url: Url, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
        let (mut url, mut reach) = (url, self.reach);
        for followed in 0..=self.redirects {
            let client = if reach == self.reach { &self.own } else { &self.public };
            let response = self.send(&url, reach, client.get(url.clone())).await?;
            let status = response.status();
            if status.is_success() {
                return read(response, max_bytes).await;
            }
            let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let Some(location) = location.filter(|_| self.redirects > 0) else {
                return Err(HttpError::Status(status.as_u16()));
            };
            if followed < self.redirects {
                let hop = Hop {
                    from: &url,
                    peer: self.peer(&url, &response),
                    reach,
                };
                (url, reach) = hop.to(location.to_str().unwrap_or_default())?;
            }
        }
        Err(HttpError::Redirect("there are too many"))
    }

    /// Sends a request to `url`, unless `reach` forbids its host. If no proxy is used, a host name is checked by the
    /// resolver instead, with the same addresses that the client connects to.
    async fn send(&self, url: &Url, reach: Reach, request: RequestBuilder) -> Result<Response, HttpError> {
        if self.secured && url.scheme() != "https" && !is_this_machine(url) {
            return Err(HttpError::Plain);
        }
        let is_private = match literal(url) {
            Some(address) => !reach.allows(address),
            None => reach == Reach::Public && self.proxies.may_reach_private(url).await,
        };
        if is_private {
            return Err(HttpError::Private);
        }
        request.send().await.map_err(HttpError::from_reqwest)
    }

    /// The address that answered; `None` if a proxy hides it.
    fn peer(&self, url: &Url, response: &Response) -> Option<std::net::IpAddr> {
        let connected = || response.remote_addr().map(|peer| peer.ip());
        literal(url).or_else(|| connected().filter(|_| self.proxies.is_empty()))
    }
}

fn build(url: &Url, reach: Reach, proxies: &Proxies) -> Result<reqwest::Client, HttpError> {
    // An error says that a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || -> ClientBuilder {
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(Policy::none());
        match reach {
            Reach::Any => builder,
            Reach::Public => builder.dns_resolver(PublicOnly::new(proxies.clone())),
        }
    };
    match builder().build() {
        Ok(client) => Ok(client),
        // In a container without certificates, http must still work.
        Err(_) if url.scheme() == "http" => builder()
            .tls_certs_only([])
            .build()
            .map_err(|error| HttpError::Client(error.to_string())),
        Err(error) => Err(HttpError::Client(error.to_string())),
    }
}

/// A server may also write a time of day, which is not read.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

/// Reads a body, and stops as soon as it is longer than `max_bytes`.
async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
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
