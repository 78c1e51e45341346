//! JSON bodies. An error names the place in the body and the rule.

use std::fmt::Write;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};
use tokio::time::timeout;

use crate::http::edge::problem::{Code, Problem};
use crate::http::edge::shop::Shop;

mod objects;

use objects::Objects;

/// How much of a body that is too long is read before it is refused, and for how long.
const DISCARD_MAX: usize = 4 << 20;
const DISCARD_BOUND: Duration = Duration::from_secs(2);

/// The longest JSON body, bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxBytes(pub(crate) usize);

/// A JSON body, parsed.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl FromRef<Arc<Shop>> for MaxBytes {
    fn from_ref(shop: &Arc<Shop>) -> Self {
        Self(shop.app.config.http.body_max_bytes)
    }
}

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    MaxBytes: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        check_type(&head.headers)?;
        let bytes = read(&head.headers, body, MaxBytes::from_ref(state)).await?;
        parse(&bytes).map(Self)
    }
}

/// A body of at most `max` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, max: MaxBytes) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge, format!("The body may have {} bytes.", max.0));
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Refused before it is kept, where the caller announces its length.
    if announced.is_some_and(|length| length > max.0) {
        // A caller that is slower than this gets a connection that is closed.
        let _ = timeout(DISCARD_BOUND, discard(body)).await;
        return Err(too_large());
    }
    to_bytes(body, max.0).await.map_err(|error| {
        // axum has no type for the two reasons: the body was cut off, or is too long.
        let ends_early = error.to_string() != "length limit exceeded";
        if ends_early {
            Problem::new(Code::MalformedBody, "The body ended before it was whole.")
        } else {
            too_large()
        }
    })
}

/// Reads what a caller still sends, and keeps nothing: a server that closes the connection meanwhile loses its own answer.
async fn discard(mut body: Body) {
    let mut left = DISCARD_MAX;
    while left > 0
        && let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "Send the body as JSON, with the header Content-Type: application/json.",
    ))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Objects(&mut json)).map_err(|error| {
        let place = pointer(error.path());
        refuse(place, error.inner())
    })?;
    json.end().map_err(|error| refuse(String::new(), &error))?;
    Ok(value)
}

fn refuse(mut place: String, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    match error.classify() {
        Category::Data => {
            let rule = text.rsplit_once(" at line ").map_or(text.as_str(), |(rule, _)| rule);
            if let Some(name) = rule
                .strip_prefix("missing field `")
                .and_then(|rest| rest.strip_suffix('`'))
            {
                push(&mut place, name);
            }
            Problem::invalid(place, rule.to_owned())
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(Code::MalformedBody, format!("The body is no JSON: {text}."))
        }
    }
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                // Writing to a string cannot fail.
                let _ = write!(text, "/{index}");
            }
            Segment::Map { key } => push(&mut text, key),
            Segment::Enum { variant } => push(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    text
}

fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::api::problem::Body;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        #[expect(dead_code, reason = "only read")]
        parts: Vec<Part>,
        #[expect(dead_code, reason = "only read")]
        other: Option<Part>,
        #[expect(dead_code, reason = "only read")]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        Named {
            #[expect(dead_code, reason = "only read")]
            count: u32,
        },
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[expect(dead_code, reason = "only read")]
        count: u32,
    }

    fn refused(text: &str) -> serde_json::Value {
        let problem = parse::<Whole>(text.as_bytes()).unwrap_err();
        serde_json::to_value(Body::new(&problem, "id")).unwrap()
    }

    #[test]
    fn the_place_is_a_pointer() {
        for (text, field) in [
            (r#"{"parts":[{"count":1},{"count":"x"}]}"#, "/parts/1/count"),
            (r#"{"parts":[{"count":-1}]}"#, "/parts/0/count"),
            (r#"{"parts":[{"count":1,"a/b~":2}]}"#, "/parts/0/a~1b~0"),
            (r#"{"parts":[{}]}"#, "/parts/0/count"),
            (r"{}", "/parts"),
            (r#"{"parts":1}"#, "/parts"),
            (r#"{"parts":[[1]]}"#, "/parts/0"),
            (r#"{"parts":[],"kind":{"Named":[1]}}"#, "/kind/Named"),
            (r#"{"parts":[],"other":[1]}"#, "/other"),
            (r"[[]]", ""),
            (r#"[[{"count":1}],null,null]"#, ""),
        ] {
            let body = refused(text);
            assert_eq!(body["code"], "invalid_field", "{text}: {body}");
            assert_eq!(body["field"], field, "{text}: {body}");
            assert!(!body["detail"].as_str().unwrap().contains(" at line "), "{body}");
        }
    }

    #[test]
    fn an_array_is_no_object() {
        for text in [r"[[]]", r#"{"parts":[[1]]}"#, r#"{"parts":[],"other":[1]}"#] {
            let body = refused(text);
            assert_eq!(body["detail"], "it must be an object, not an array", "{text}");
        }
        let whole = r#"{"parts":[{"count":1}],"other":{"count":2},"kind":{"Named":{"count":3}}}"#;
        assert!(parse::<Whole>(whole.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for text in ["", "{", "{\"parts\":[]} x", "{\"parts\":[],}"] {
            assert_eq!(refused(text)["code"], "malformed_body", "{text}");
        }
    }
}
