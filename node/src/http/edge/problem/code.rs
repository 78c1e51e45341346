//! The one place where an error gets its status.

use axum::http::StatusCode;

use crate::domain::order::RefusalReason;

/// What went wrong, as programs tell it apart. Names are stable; sentences are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    MalformedBody,
    InvalidField,
    MissingIdempotencyKey,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    BodyTooLarge,
    UnsupportedMediaType,
    IdempotencyMismatch,
    Refused(RefusalReason),
    Busy,
    TimedOut,
    Unavailable,
    ClockDrift,
    Fenced,
    ProverUnavailable,
    Internal,
}

impl Code {
    /// Every code, so that the description can list them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::MalformedBody,
            Self::InvalidField,
            Self::MissingIdempotencyKey,
            Self::Unauthenticated,
            Self::Forbidden,
            Self::NotFound,
            Self::MethodNotAllowed,
            Self::Conflict,
            Self::BodyTooLarge,
            Self::UnsupportedMediaType,
            Self::IdempotencyMismatch,
            Self::Busy,
            Self::TimedOut,
            Self::Unavailable,
            Self::ClockDrift,
            Self::Fenced,
            Self::ProverUnavailable,
            Self::Internal,
        ];
        own.into_iter().chain(RefusalReason::ALL.into_iter().map(Self::Refused))
    }

    /// What this is called in the problem's `code` and `type`.
    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    /// A short sentence that is the same for every problem of this code.
    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }

    /// The answer's status.
    pub(crate) const fn status(self) -> StatusCode {
        self.row().0
    }

    /// Seconds after which the same request may succeed, where waiting helps.
    pub(crate) const fn retry_after_s(self) -> Option<u64> {
        match self {
            Self::Busy | Self::TimedOut => Some(1),
            Self::Unavailable | Self::ClockDrift | Self::ProverUnavailable => Some(5),
            Self::Fenced => Some(15),
            _ => None,
        }
    }

    /// The code for an answer that the router or a library made.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_client_error() => Self::MalformedBody,
            _ => Self::Internal,
        }
    }

    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        type S = StatusCode;
        match self {
            Self::MalformedBody => (S::BAD_REQUEST, "malformed_body", "The body cannot be read"),
            Self::InvalidField => (S::BAD_REQUEST, "invalid_field", "A field breaks a rule"),
            Self::MissingIdempotencyKey => (
                S::BAD_REQUEST,
                "missing_idempotency_key",
                "The request has no idempotency key",
            ),
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated", "No valid token was shown"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "The token's holder may not do this"),
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is no such thing here"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address has no such method",
            ),
            Self::Conflict => (S::CONFLICT, "conflict", "The state of things does not allow this"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body is of another type than expected",
            ),
            Self::IdempotencyMismatch => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "The idempotency key belongs to another request",
            ),
            Self::Refused(reason) => (refused_status(reason), reason.name(), "The order was refused"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "The service has more to do than it can"),
            Self::TimedOut => (S::SERVICE_UNAVAILABLE, "timed_out", "The request took too long"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "A part of the service is away"),
            Self::ClockDrift => (
                S::SERVICE_UNAVAILABLE,
                "clock_drift",
                "The service's clock cannot be trusted",
            ),
            Self::Fenced => (
                S::SERVICE_UNAVAILABLE,
                "fenced",
                "The database is not known to be as new as the chain",
            ),
            Self::ProverUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "prover_unavailable",
                "The prover does not answer",
            ),
            Self::Internal => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "Something is wrong within the service",
            ),
        }
    }
}

const fn refused_status(reason: RefusalReason) -> StatusCode {
    match reason {
        RefusalReason::UnknownProduct => StatusCode::NOT_FOUND,
        RefusalReason::InsufficientCredit => StatusCode::PAYMENT_REQUIRED,
        RefusalReason::ProductClosed
        | RefusalReason::OutOfStock
        | RefusalReason::PriceChanged
        | RefusalReason::MixedCurrencies
        | RefusalReason::Abnormal => StatusCode::CONFLICT,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_plain() {
        let names: Vec<_> = Code::all().map(Code::name).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        for name in names {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn every_status_is_an_error() {
        for code in Code::all() {
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{code:?}"
            );
            assert!(code.retry_after_s().is_none() || code.status() == StatusCode::SERVICE_UNAVAILABLE);
        }
    }
}
