//! What can go wrong with a request, whatever branch it goes to.
//!
//! A new code is a variant here, a line in `all` and `row`, and words in each branch: its match does not compile
//! without.

use axum::http::StatusCode;

use crate::domain::order::RefusalReason;

/// What went wrong, for programs. Names are stable; sentences are not.
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
    /// Too much waits for payment.
    TooManyPending,
    /// So much was asked for by one client that it may be guessing.
    TooManyAttempts,
    /// No gateway made a page to pay on.
    GatewayUnavailable,
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
            Self::TooManyPending,
            Self::TooManyAttempts,
            Self::GatewayUnavailable,
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

    /// The code as logs and the API write it.
    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    /// What the code means in HTTP. A branch may answer with another status.
    pub(crate) const fn status(self) -> StatusCode {
        self.row().0
    }

    /// Seconds after which the same request may succeed, where waiting helps.
    pub(crate) const fn retry_after_s(self) -> Option<u64> {
        match self {
            Self::Busy | Self::TimedOut => Some(1),
            Self::Unavailable | Self::ClockDrift | Self::ProverUnavailable | Self::GatewayUnavailable => Some(5),
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

    const fn row(self) -> (StatusCode, &'static str) {
        type S = StatusCode;
        match self {
            Self::MalformedBody => (S::BAD_REQUEST, "malformed_body"),
            Self::InvalidField => (S::BAD_REQUEST, "invalid_field"),
            Self::MissingIdempotencyKey => (S::BAD_REQUEST, "missing_idempotency_key"),
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden"),
            Self::NotFound => (S::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict => (S::CONFLICT, "conflict"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::UnsupportedMediaType => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::IdempotencyMismatch => (S::UNPROCESSABLE_ENTITY, "idempotency_mismatch"),
            Self::Refused(reason) => (refused_status(reason), reason.name()),
            Self::TooManyPending => (S::TOO_MANY_REQUESTS, "too_many_pending"),
            Self::TooManyAttempts => (S::TOO_MANY_REQUESTS, "too_many_attempts"),
            Self::GatewayUnavailable => (S::SERVICE_UNAVAILABLE, "gateway_unavailable"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy"),
            Self::TimedOut => (S::SERVICE_UNAVAILABLE, "timed_out"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable"),
            Self::ClockDrift => (S::SERVICE_UNAVAILABLE, "clock_drift"),
            Self::Fenced => (S::SERVICE_UNAVAILABLE, "fenced"),
            Self::ProverUnavailable => (S::SERVICE_UNAVAILABLE, "prover_unavailable"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

const fn refused_status(reason: RefusalReason) -> StatusCode {
    match reason {
        RefusalReason::UnknownProduct | RefusalReason::CouponUnknown => StatusCode::NOT_FOUND,
        RefusalReason::InsufficientCredit => StatusCode::PAYMENT_REQUIRED,
        RefusalReason::AccountNeeded => StatusCode::FORBIDDEN,
        RefusalReason::ProductClosed
        | RefusalReason::OutOfStock
        | RefusalReason::PriceChanged
        | RefusalReason::OrderLimit
        | RefusalReason::BuyerLimit
        | RefusalReason::CouponNotYetValid
        | RefusalReason::CouponExpired
        | RefusalReason::CouponUsedUp
        | RefusalReason::CouponOtherProducts
        | RefusalReason::CouponMinimum
        | RefusalReason::MixedCurrencies
        | RefusalReason::NothingToPay
        | RefusalReason::PaymentCurrency
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
