//! Pages for people with a browser: the API's description at `/docs`, where gateways send a buyer back to, and the answer for an unknown address. Errors are
//! small pages in Chinese and English.
//!
//! A new page is a route in [`routes`] with a file of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::ACCEPT;
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub(super) mod error_page;
mod return_page;

use crate::http::edge::shop::Shop;

/// The pages, and the fallback for addresses of no branch. `description` is the address of the API's description.
pub(super) fn routes(description: &'static str) -> Router<Arc<Shop>> {
    let docs: Router<Arc<Shop>> = SwaggerUi::new("/docs").config(Config::from(description)).into();
    let pages = docs.route("/pay/{gateway}/return", get(return_page::get));
    pages.fallback(async || StatusCode::NOT_FOUND)
}

/// Whether a person reads the answer: the request accepts HTML, as browsers do when an address is entered.
pub(super) fn is_for_a_person(request: &Request) -> bool {
    let accepted = request.headers().get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|media_type| media_type.trim().eq_ignore_ascii_case("text/html"))
}
