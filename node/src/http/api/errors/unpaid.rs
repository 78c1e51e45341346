//! What the API says of orders that wait for their payment.

use crate::flow::add_payment::AddPaymentError;
use crate::flow::cancel_order::CancelError;
use crate::flow::decide_review::DecideError;
use crate::http::edge::problem::{Code, Problem};

impl From<AddPaymentError> for Problem {
    fn from(error: AddPaymentError) -> Self {
        match error {
            AddPaymentError::Missing => Self::not_found("order"),
            AddPaymentError::NotWaiting => Self::new(Code::Conflict, format!("{error}.")),
            AddPaymentError::Currency(_) => Self::invalid("/gateway", format!("{error}.")),
            AddPaymentError::Store(error) => error.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Flow(error) => error.into(),
            CancelError::Transition(_) => Self::new(Code::Conflict, format!("{error}.")),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Flow(error) => error.into(),
            DecideError::Decided(_) | DecideError::Repaid | DecideError::Transition(_) => {
                Self::new(Code::Conflict, format!("{error}."))
            }
        }
    }
}
