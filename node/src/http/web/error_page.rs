//! How pages write errors: a page with what went wrong, in Chinese and English, and the request's id.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::http::edge::problem::{Code, Problem};

/// The page loads nothing and runs nothing.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// The answer for a problem. The page holds texts of this file and the request's id, which is letters, digits, `-`, `_`
/// and `.`: nothing in it needs escaping.
pub(crate) fn write(problem: &Problem, request_id: &str) -> Response {
    let (chinese, english) = words(problem.code());
    let status = problem.code().status();
    let page = format!(
        "<!doctype html>\n\
         <html lang=\"zh\">\n\
         <head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{number} {chinese}</title>\n\
         <style>body{{font-family:sans-serif;max-width:34em;margin:4em auto;padding:0 1em}}small{{color:#666}}</style>\n\
         </head>\n\
         <body>\n\
         <h1>{number}</h1>\n\
         <p>{chinese}</p>\n\
         <p lang=\"en\">{english}</p>\n\
         <p><small>请求编号 <span lang=\"en\">Request id</span>: {request_id}</small></p>\n\
         </body>\n\
         </html>\n",
        number = status.as_u16(),
    );
    let mut response = (status, page).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// What went wrong, in Chinese and English.
const fn words(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::NotFound => ("这里没有您要找的页面。", "There is no page at this address."),
        Code::Unauthenticated | Code::Forbidden => ("您没有权限查看此页面。", "You may not see this page."),
        Code::MalformedBody
        | Code::InvalidField
        | Code::MissingIdempotencyKey
        | Code::MethodNotAllowed
        | Code::BodyTooLarge
        | Code::UnsupportedMediaType => ("无法处理这个请求。", "This request cannot be processed."),
        Code::Conflict
        | Code::IdempotencyMismatch
        | Code::Refused(_)
        | Code::TooManyPending
        | Code::TooManyAttempts => (
            "当前状态下无法完成此操作。",
            "This cannot be done in the present state.",
        ),
        Code::Busy
        | Code::TimedOut
        | Code::Unavailable
        | Code::ClockDrift
        | Code::Fenced
        | Code::ProverUnavailable
        | Code::GatewayUnavailable => (
            "服务暂时不可用，请稍后再试。",
            "The service is not available now. Please try again later.",
        ),
        Code::Internal => (
            "服务内部出错。联系商家时请附上请求编号。",
            "Something went wrong in the service. Give the shop the request id when you ask about it.",
        ),
    }
}
