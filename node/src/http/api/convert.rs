//! From what flows and stores say to problems: each error in one match.

use std::error::Error;
use std::sync::Arc;

use shelfproof_anchor::store::events::EventError;

use crate::flow::ClockError;
use crate::flow::activate::ActivateError;
use crate::flow::import::ImportError;
use crate::flow::look_up::LookUpError;
use crate::flow::redeem::RedeemError;
use crate::flow::refund::RefundError;
use crate::flow::void::VoidError;
use crate::flow::{FlowError, StepError};
use crate::http::edge::problem::{Code, Problem};
use crate::sale::PlaceError;
use crate::store::StoreError;

impl Problem {
    /// Something within the service is wrong; the log says what.
    pub(crate) fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::caused(
            Code::Internal,
            "The shop's operator finds the reason in the log, under the request's id.",
            cause,
        )
    }

    fn store(is_passing: bool, cause: impl Error + Send + Sync + 'static) -> Self {
        if is_passing {
            Self::caused(
                Code::Unavailable,
                "The database could not be reached. Repeat the request, with the same idempotency key if it had one.",
                cause,
            )
        } else {
            Self::internal(cause)
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::store(error.is_passing(), error)
    }
}

impl From<Arc<StoreError>> for Problem {
    fn from(error: Arc<StoreError>) -> Self {
        Self::store(error.is_passing(), error)
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Invalid { field, detail } => Self::invalid(format!("/{field}"), detail),
            FlowError::Missing { noun, .. } => Self::not_found(noun),
            FlowError::Taken { .. } | FlowError::Stale { .. } | FlowError::Reused { .. } => {
                Self::new(Code::Conflict, error.to_string())
            }
        }
    }
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Busy => Self::new(
                Code::Busy,
                "Too many orders are waiting. Repeat this one a little later, with the same idempotency key.",
            ),
            PlaceError::OtherRequest => Self::new(
                Code::IdempotencyMismatch,
                "Under this idempotency key another order was asked for before. Give this one a name of its own.",
            ),
            PlaceError::Unavailable => Self::new(
                Code::Unavailable,
                "The database could not be reached. Repeat the request, with the same idempotency key.",
            ),
            PlaceError::Clock => Self::new(
                Code::ClockDrift,
                "This node's clock is too far from the database's to sign receipts. Repeat the request later, with the \
                 same idempotency key.",
            ),
            PlaceError::Fenced => Self::new(
                Code::Fenced,
                "This node's database may be another by now, and is held against the chain first. Repeat the request, with \
                 the same idempotency key.",
            ),
            PlaceError::Closing => Self::new(
                Code::Unavailable,
                "This node is shutting down. Repeat the request, with the same idempotency key.",
            ),
            PlaceError::Internal => Self::new(
                Code::Internal,
                "The shop's operator finds the reason in the log. Repeat the request with the same idempotency key.",
            ),
        }
    }
}

impl From<ClockError> for Problem {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Store(error) => error.into(),
            ClockError::Drift(_) => Self::new(
                Code::ClockDrift,
                "This node's clock is too far from the database's to write an event. Repeat the request later.",
            ),
        }
    }
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Store(error) => error.into(),
            StepError::Event(error) => error.into(),
            StepError::Clock(error) => error.into(),
            StepError::Illegal { .. } | StepError::Stale => Self::new(Code::Conflict, format!("{error}.")),
        }
    }
}

impl From<EventError> for Problem {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Database(error) => StoreError::from(error).into(),
            EventError::Inconsistent { .. } => Self::internal(error),
        }
    }
}

impl From<LookUpError> for Problem {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Store(error) => error.into(),
            LookUpError::Event(error) => error.into(),
            LookUpError::Vault(_) | LookUpError::NoLine(_) => Self::internal(error),
        }
    }
}

impl From<RedeemError> for Problem {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::Missing => Self::not_found("item"),
            RedeemError::NotYourSale => Self::invalid("/buyerSecret", format!("{error}.")),
            RedeemError::Step(error) => error.into(),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Missing => Self::not_found("item"),
            RefundError::Step(error) => error.into(),
            RefundError::Transition(error) => Self::new(Code::Conflict, error.to_string()),
        }
    }
}

impl From<VoidError> for Problem {
    fn from(error: VoidError) -> Self {
        match error {
            VoidError::Missing => Self::not_found("key"),
            VoidError::Held(_) => Self::new(Code::Conflict, format!("{error}.")),
            VoidError::Step(error) => error.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Read(error) => Self::new(Code::MalformedBody, format!("{error}.")),
            ImportError::Name { field, .. } => Self::invalid(field, format!("{error}.")),
            ImportError::UnknownProduct(_) => Self::not_found("product"),
            ImportError::OtherFile(_) | ImportError::Moved(_) => Self::new(Code::Conflict, format!("{error}.")),
            ImportError::Store(error) => error.into(),
            ImportError::Event(error) => error.into(),
            ImportError::Clock(error) => error.into(),
            ImportError::Vault(_) | ImportError::Stopped => Self::internal(error),
        }
    }
}

impl From<ActivateError> for Problem {
    fn from(error: ActivateError) -> Self {
        match error {
            ActivateError::Missing(_) => Self::not_found("batch"),
            ActivateError::Incomplete(_) => Self::new(
                Code::Conflict,
                "The import of this batch has not ended. Send the same file again: it goes on where it was.",
            ),
            ActivateError::Stale(_) => Self::internal(error),
            ActivateError::Store(error) => error.into(),
            ActivateError::Event(error) => error.into(),
            ActivateError::Clock(error) => error.into(),
        }
    }
}
