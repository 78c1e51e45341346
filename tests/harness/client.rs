//! An HTTP/1.1 client for one address. It keeps one connection, sends one request at a time, and reads answers
//! completely.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Result;

/// How long an answer may take, unless a client waits for longer.
const BOUND: Duration = Duration::from_secs(30);

/// No answer came. The request may or may not have been carried out.
#[derive(Clone, Debug)]
pub struct Gone(String);

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no answer: {}", self.0)
    }
}

impl std::error::Error for Gone {}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body's exact bytes.
    pub body: Bytes,
}

impl Answer {
    /// The body as text, for messages.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Parses the body as JSON.
    ///
    /// # Errors
    /// The answer, if its body is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("{} is no JSON ({error}): {}", self.status, self.text()).into())
    }

    /// Parses the body as JSON if the answer has that status.
    ///
    /// # Errors
    /// The answer, if it has another status.
    pub fn expect(&self, status: u16) -> Result<Value> {
        if self.status == status {
            self.json()
        } else {
            Err(format!("{} instead of {status}: {}", self.status, self.text()).into())
        }
    }
}

/// A client of the API.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    host: HeaderValue,
    token: HeaderValue,
    bound: Duration,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Creates a client with the API key `token`, which is not sent if it is empty. The client connects with its first
    /// request.
    ///
    /// # Errors
    /// If the token cannot be sent in a header.
    pub fn new(address: SocketAddr, token: &str) -> Result<Self> {
        let bearer = if token.is_empty() {
            String::new()
        } else {
            format!("Bearer {token}")
        };
        Ok(Self {
            address,
            host: HeaderValue::from_str(&address.to_string())?,
            token: HeaderValue::from_str(&bearer)?,
            bound: BOUND,
            connection: None,
        })
    }

    /// Sets how long an answer may take.
    #[must_use]
    pub const fn waiting_for(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }

    /// Sends further requests to another address.
    pub fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
        self.connection = None;
    }

    /// Sends a GET request for `path`.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn get(&mut self, path: &str) -> std::result::Result<Answer, Gone> {
        self.send(self.request(Method::GET, path, Bytes::new())).await
    }

    /// Sends a POST request with a JSON body.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> std::result::Result<Answer, Gone> {
        self.send(self.request(Method::POST, path, body.into())).await
    }

    /// Sends a file's bytes to `path`.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn post_file(&mut self, path: &str, file: impl Into<Bytes>) -> std::result::Result<Answer, Gone> {
        let mut request = self.request(Method::POST, path, file.into());
        let kind = HeaderValue::from_static("text/plain");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        self.send(request).await
    }

    /// Places the order in `body` under that idempotency key.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn order(&mut self, key: &str, body: impl Into<Bytes>) -> std::result::Result<Answer, Gone> {
        self.post_named("/api/v1/orders", key, body).await
    }

    /// Sends a POST request with a JSON body under that idempotency key.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn post_named(
        &mut self,
        path: &str,
        key: &str,
        body: impl Into<Bytes>,
    ) -> std::result::Result<Answer, Gone> {
        let mut request = self.request(Method::POST, path, body.into());
        let key = HeaderValue::from_str(key).map_err(|error| Gone(error.to_string()))?;
        request.headers_mut().insert("idempotency-key", key);
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        // An invalid path is replaced by the root, whose answer makes the mistake visible.
        *request.uri_mut() = path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        if !self.token.is_empty() {
            headers.insert(AUTHORIZATION, self.token.clone());
        }
        if method == Method::POST {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        *request.method_mut() = method;
        request
    }

    /// Sends a request unchanged and reads its answer. After a failure, the next request opens a new connection.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> std::result::Result<Answer, Gone> {
        let bound = self.bound;
        let answer = timeout(bound, self.exchange(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(Gone(format!("after {bound:?}"))));
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> std::result::Result<Answer, Gone> {
        if self.connection.as_ref().is_none_or(SendRequest::is_closed) {
            self.connection = Some(connect(self.address).await.map_err(|error| Gone(error.to_string()))?);
        }
        let gone = |error: hyper::Error| Gone(error.to_string());
        let Some(connection) = &mut self.connection else {
            return Err(Gone("not connected".to_owned()));
        };
        connection.ready().await.map_err(gone)?;
        let (head, body) = connection.send_request(request).await.map_err(gone)?.into_parts();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.map_err(gone)?.to_bytes(),
        })
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // An error of the connection also ends the sender, which the next request notices.
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    Ok(sender)
}
