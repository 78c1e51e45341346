//! The errors of an anchor's two tasks as one.

use std::fmt;

use shelfproof_anchor::sequence::SequenceError;
use shelfproof_anchor::status::Condition;
use shelfproof_anchor::submit::SubmitError;
use shelfproof_anchor::tx::TxError;

/// Why a round ended early.
#[derive(Debug)]
pub(crate) enum Failed {
    Sequence(SequenceError),
    Submit(SubmitError),
}

impl Failed {
    pub(crate) fn condition(&self) -> Condition {
        match self {
            Self::Sequence(error) => error.condition(),
            Self::Submit(error) => error.condition(),
        }
    }

    pub(crate) fn is_broken_off(&self) -> bool {
        matches!(
            self,
            Self::Sequence(SequenceError::BrokenOff(_)) | Self::Submit(SubmitError::Tx(TxError::BrokenOff(_)))
        )
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sequence(error) => error.fmt(out),
            Self::Submit(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for Failed {}

impl<E: Into<SequenceError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Sequence(error.into())
    }
}
