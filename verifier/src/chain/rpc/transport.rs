//! alloy's transport over bounded HTTP. The transport that comes with alloy reads answers of any size.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use alloy::rpc::json_rpc::{ErrorPayload, Id, RequestPacket, Response, ResponsePacket, ResponsePayload};
use alloy::transports::{TransportError, TransportErrorKind, TransportFut};
use serde_json::Value;
use shelfproof_base::client::{Answer, Bounds, Client, HttpError, Reach};
use shelfproof_base::web::{Url, parse_url};
use tower_service::Service;

use super::error::is_rate_limit;

/// The bounds of one try.
const BOUNDS: Bounds = Bounds {
    bytes: 32 << 20,
    time: Duration::from_secs(30),
};
/// The pauses before a call is tried again; one try more than there are pauses.
const RETRY_PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// The longest pause that a node gets when it asks for one. A node that asks for more is not called again.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Is told of each pause that a node asks for, before it is made.
pub type OnPause = Arc<dyn Fn(Duration) + Send + Sync>;

/// Posts JSON-RPC to one address.
#[derive(Clone)]
pub(super) struct BoundedHttp {
    client: Client,
    url: Url,
    on_pause: OnPause,
}

impl BoundedHttp {
    pub(super) fn new(url: &str, on_pause: OnPause) -> Result<Self, HttpError> {
        let url = parse_url(url)?;
        let client = Client::new(&url, Reach::Any, 0)?;
        Ok(Self { client, url, on_pause })
    }

    async fn call_with_retries(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&request).map_err(TransportError::SerError)?;
        for pause in RETRY_PAUSES {
            let (answer, asked) = self.post(body.clone()).await;
            let may_pass = match &answer {
                // Only passing failures are tried again. A call that timed out was too large, or the node is gone.
                Err(error) => matches!(
                    error,
                    HttpError::Unreachable(_) | HttpError::Status(429 | 502 | 503 | 504)
                ),
                Ok(answer) => asks_too_often(answer) || (asked.is_some() && is_error(answer)),
            };
            if !may_pass {
                return parse(answer);
            }
            let asked = asked.unwrap_or_default();
            if asked > MAX_PAUSE {
                return parse(Err(HttpError::Later(asked.as_secs())));
            }
            if asked > pause {
                (self.on_pause)(asked);
            }
            tokio::time::sleep(pause.max(asked)).await;
        }
        parse(self.post(body).await.0)
    }

    /// Makes one try. Returns the answer, also a JSON-RPC error that comes with an HTTP error status, and the pause that
    /// the node asks for.
    async fn post(&self, body: Vec<u8>) -> (Result<Parsed, HttpError>, Option<Duration>) {
        match self.client.post_json(&self.url, body, BOUNDS).await {
            Ok(answer) => (judge(&answer), answer.retry_after),
            Err(error) => (Err(error), None),
        }
    }
}

/// An answer, or why it is not of JSON-RPC's form.
type Parsed = Result<ResponsePacket, serde_json::Error>;

/// What an answer of any status says.
fn judge(answer: &Answer) -> Result<Parsed, HttpError> {
    let Answer { status, body, .. } = answer;
    let (status, parsed) = (*status, read(body));
    if (200..300).contains(&status) || parsed.as_ref().is_ok_and(ResponsePacket::is_error) {
        return Ok(parsed);
    }
    match words(body) {
        Some(words) if (400..500).contains(&status) && status != 429 => Ok(Ok(failure(status.into(), words))),
        _ => Err(HttpError::Status(status)),
    }
}

/// Reads an answer. Some nodes write an error as a text where JSON-RPC has an object.
fn read(answer: &[u8]) -> Parsed {
    serde_json::from_slice(answer).or_else(|error| {
        let text = |answer: Value| answer.get("error")?.as_str().map(str::to_owned);
        let text = serde_json::from_slice(answer).ok().and_then(text);
        text.map(|text| failure(0, text)).ok_or(error)
    })
}

/// The plain text of an answer; `None` for a page, as a server before the node writes one.
fn words(answer: &[u8]) -> Option<String> {
    let text = str::from_utf8(answer).ok()?.trim();
    let is_plain = !text.is_empty() && !text.starts_with(['<', '{', '[']);
    is_plain.then(|| text.to_owned())
}

fn failure(code: i64, message: String) -> ResponsePacket {
    ResponsePacket::Single(Response {
        id: Id::None,
        payload: ResponsePayload::Failure(ErrorPayload {
            code,
            message: message.into(),
            data: None,
        }),
    })
}

fn is_error(answer: &Parsed) -> bool {
    answer.as_ref().is_ok_and(ResponsePacket::is_error)
}

/// Whether the answer is a JSON-RPC error for too many requests.
fn asks_too_often(answer: &Parsed) -> bool {
    let error = answer.as_ref().ok().and_then(ResponsePacket::as_error);
    error.is_some_and(|payload| is_rate_limit(payload.code, &payload.message))
}

fn parse(answer: Result<Parsed, HttpError>) -> Result<ResponsePacket, TransportError> {
    let answer = answer.map_err(TransportErrorKind::custom)?;
    answer.map_err(|error| TransportError::deser_err(error, ""))
}

impl Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().call_with_retries(request))
    }
}
