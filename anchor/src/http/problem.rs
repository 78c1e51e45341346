//! Every error that a client sees, as `application/problem+json` (RFC 9457).
//!
//! A new error gets its variant, a status, a stable code, a title and a detail.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::status::Condition;

/// The value of `Retry-After`, seconds.
const RETRY_AFTER_S: u64 = 1;

#[derive(Debug)]
pub(super) enum Problem {
    NotFound,
    MethodNotAllowed,
    InvalidKeyId,
    /// No epoch is final yet.
    NothingFinal,
    /// Not the event before which a part of a history ends.
    InvalidPart,
    NoSuchEvent,
    /// Too many requests at once.
    Busy,
    TimedOut,
    /// The history folder cannot be read, or is damaged.
    Storage,
    /// A thread of this program failed.
    Internal,
    /// The program's condition needs an operator; with a sentence.
    Unwell(Condition, String),
}

impl Problem {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NothingFinal | Self::NoSuchEvent => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidKeyId | Self::InvalidPart => StatusCode::BAD_REQUEST,
            Self::Busy | Self::TimedOut | Self::Storage | Self::Unwell(..) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Stable, for programs.
    const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::InvalidKeyId => "invalid_key_id",
            Self::NothingFinal => "nothing_final",
            Self::InvalidPart => "invalid_part",
            Self::NoSuchEvent => "no_such_event",
            Self::Busy => "busy",
            Self::TimedOut => "timed_out",
            Self::Storage => "storage",
            Self::Internal => "internal",
            Self::Unwell(condition, _) => condition.name(),
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::InvalidKeyId => "Not a key id",
            Self::NothingFinal => "No epoch is final yet",
            Self::InvalidPart => "Not a part of a history",
            Self::NoSuchEvent => "No such event",
            Self::Busy => "Too many requests at once",
            Self::TimedOut => "Timed out",
            Self::Storage => "The history cannot be read",
            Self::Internal => "Internal error",
            Self::Unwell(..) => "The history does not advance",
        }
    }

    /// What is wrong and what to do, for people.
    fn detail(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NotFound => "Nothing is at this address.",
            Self::MethodNotAllowed => "Everything here is read with GET.",
            Self::InvalidKeyId => "A key id is 0x and 64 digits of lower-case hex.",
            Self::NothingFinal => "The merchant's first epoch is not in a final block yet; ask again later.",
            Self::InvalidPart => {
                "Ask for an older part with `before` and `epoch`: version and epoch of the first event that you have."
            }
            Self::NoSuchEvent => "That epoch is not final, or has no such version of this key above 1.",
            Self::Busy => "Repeat the request a little later.",
            Self::TimedOut => "A new epoch may be on its way into the history; repeat the request a little later.",
            Self::Storage | Self::Internal => "The operator of this server finds the reason in its log.",
            Self::Unwell(_, detail) => return detail.into(),
        })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = (self.status(), self.code(), self.title());
        let retries = matches!(self, Self::Busy | Self::TimedOut);
        let body = json!({
            "type": format!("urn:shelfproof:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.detail(),
            "code": code,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if retries {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        response
    }
}
