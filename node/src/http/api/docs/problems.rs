//! Which problems an endpoint answers, with an example of each.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::http::edge::problem::{self, Code, MEDIA_TYPE, Problem};

/// Responses by status.
type Responses = BTreeMap<String, RefOr<Response>>;

/// Problems that any endpoint may answer.
const ANYWHERE: [Code; 4] = [Code::Busy, Code::TimedOut, Code::Unavailable, Code::Internal];
/// Problems of endpoints that ask for a token.
const GUARDED: [Code; 2] = [Code::Unauthenticated, Code::Forbidden];

/// Names a set of problems, to be listed among the responses of an endpoint.
macro_rules! problems {
    ($name:ident: $($code:ident $(($of:path))?),+ $(,)?) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                use $crate::http::edge::problem::Code;
                $crate::http::api::docs::responses(&[$(Code::$code $(($of))?),+])
            }
        }
    };
}
pub(crate) use problems;

/// The responses of those codes.
pub(crate) fn responses(codes: &[Code]) -> Responses {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.to_string(), response(&codes).into()))
        .collect()
}

/// Adds what every endpoint may answer to what this one does.
pub(super) fn complete(operation: &mut Operation) {
    let guarded = operation.security.is_some();
    let codes: Vec<Code> = ANYWHERE
        .into_iter()
        .chain(GUARDED.into_iter().filter(|_| guarded))
        .collect();
    let own = &mut operation.responses.responses;
    for (status, response) in responses(&codes) {
        match own.get_mut(&status) {
            Some(RefOr::T(own)) => merge(own, response),
            _ => {
                own.insert(status, response);
            }
        }
    }
}

/// Puts the examples of `more` beside those that the response has.
fn merge(own: &mut Response, more: RefOr<Response>) {
    let RefOr::T(mut more) = more else { return };
    if let (Some(RefOr::T(content)), Some(RefOr::T(added))) =
        (own.content.get_mut(MEDIA_TYPE), more.content.get_mut(MEDIA_TYPE))
    {
        content.examples.append(&mut added.examples);
        own.description = description(content.examples.keys());
    }
}

fn response(codes: &[Code]) -> Response {
    let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name(problem::Body::name())));
    for code in codes {
        let body = serde_json::to_value(Problem::new(*code, code.title()).body("5f0c1d…")).unwrap_or_default();
        let example = ExampleBuilder::new().summary(code.title()).value(Some(body)).build();
        content = content.examples_from_iter([(code.name(), example)]);
    }
    ResponseBuilder::new()
        .description(description(codes.iter().map(|code| code.name())))
        .content(MEDIA_TYPE, content.build())
        .build()
}

fn description(codes: impl Iterator<Item = impl AsRef<str>>) -> String {
    let codes: Vec<String> = codes.map(|code| format!("`{}`", code.as_ref())).collect();
    codes.join(", ")
}
