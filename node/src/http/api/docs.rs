//! The description of the API, made from the attributes that make the routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::http::api::problem::{self, title};
use crate::http::edge::problem::Code;
use crate::http::edge::shop::Shop;

mod responses;

pub(crate) use responses::{problems, responses};

/// The address of the description.
pub(crate) const DESCRIPTION: &str = "/openapi.json";

const ABOUT: &str = "\
Sells digital keys, and proves what happened to each one.

**Tokens.** Send `Authorization: Bearer` with an API key (`spk_…`, of an admin or a reseller) or with the token of one \
order (`spo_…`, for its buyer).

**Errors** are `application/problem+json` (RFC 9457). Programs look at `code`, which is stable; people at `detail`. `field` \
is a JSON pointer into the body, or the name of a header or query parameter. Tell the shop `requestId` when you ask about one; \
it is also in the header `x-request-id` of every answer, and is yours if you send one.

**Amounts** are decimal strings, **times** Unix milliseconds, **hashes** `0x` and 64 lower-case hex digits. Unknown fields \
are refused.

**Lists** come in pages: give `next` of one page as `after` of the next, until there is none. Entries that are added \
meanwhile move no others. The lists of orders, payments, keys and batches look at a bounded number of entries a page; where that ends a \
page early, the page says how many in `lookedAt`, has `next`, and may have no entries. Of these four, the same address with \
`.csv` at its end sends the whole list as a file, one at a time to each account.";

/// The description without any endpoint; the routes add theirs.
pub(crate) fn frame() -> OpenApi {
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Shelfproof")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(about())),
        )
        .tags(Some([
            tag("orders", "For resellers and buyers"),
            tag("checkout", "For guests, who pay through a gateway; and their payments"),
            tag("products", "For admins"),
            tag("batches", "For admins: keys come in"),
            tag("keys", "For admins: keys by their ids"),
            tag("service", "For operators and verifiers; no token, but for `/metrics`"),
        ]))
        .build()
}

/// A route to the description.
pub(crate) fn publish(mut description: OpenApi) -> Router<Arc<Shop>> {
    complete(&mut description);
    let text = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
    Router::new().route(
        DESCRIPTION,
        get(move || async move { ([(CONTENT_TYPE, "application/json")], text) }),
    )
}

/// Adds what the attributes leave out: the scheme of tokens, and the problems that any endpoint may answer.
fn complete(description: &mut OpenApi) {
    let components = description.components.get_or_insert_with(Components::new);
    let mut schemas = Vec::new();
    problem::Body::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let schema = <problem::Body as utoipa::PartialSchema>::schema();
    components.schemas.insert(problem::Body::name().into_owned(), schema);
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for path in description.paths.paths.values_mut() {
        operations(path).for_each(responses::complete);
    }
}

/// The operations of a path.
fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// The introduction, with a table of all codes.
fn about() -> String {
    let rows =
        Code::all().map(|code| format!("\n| `{}` | {} | {} |", code.name(), code.status().as_u16(), title(code)));
    format!(
        "{ABOUT}\n\n| code | status | |\n|---|---|---|{}",
        rows.collect::<String>()
    )
}

fn tag(name: &str, description: &str) -> utoipa::openapi::Tag {
    TagBuilder::new().name(name).description(Some(description)).build()
}

#[cfg(test)]
mod tests;
