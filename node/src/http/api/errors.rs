//! What the API says of each use case's errors: one match an error. The texts name the API's own parameters, never the
//! command line's.

mod unpaid;

use crate::flow::ClockError;
use crate::flow::activate::ActivateError;
use crate::flow::import::ImportError;
use crate::flow::query::ListError;
use crate::flow::query::order::LookUpError;
use crate::flow::redeem::RedeemError;
use crate::flow::refund::RefundError;
use crate::flow::revoke_order_token::RevokeTokenError;
use crate::flow::void::VoidError;
use crate::flow::withdraw_batch::WithdrawError;
use crate::flow::{EventError, FlowError, StepError, StoreError};
use crate::http::api::query::no_cursor;
use crate::http::edge::problem::{Code, Problem};
use crate::import::ReadError;
use crate::journal::Unwritten;
use crate::sale::PlaceError;

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Invalid { field, detail } => Self::invalid(format!("/{field}"), detail),
            FlowError::Missing { noun, .. } => Self::not_found(noun),
            FlowError::Ambiguous { .. }
            | FlowError::Taken { .. }
            | FlowError::Stale { .. }
            | FlowError::Reused { .. } => Self::new(Code::Conflict, error.to_string()),
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
            PlaceError::Stalled => Self::new(
                Code::Unavailable,
                "This product, this account or this coupon cannot be served at the moment; other orders are. Repeat the \
                 request a little later, with the same idempotency key.",
            ),
            PlaceError::Clock => Self::new(
                Code::ClockDrift,
                "This node's clock is too far from the database's to sign receipts. Repeat the request later, with the \
                 same idempotency key.",
            ),
            PlaceError::Apart(apart) => Self::new(
                Code::ClockDrift,
                format!("No receipt is signed: {apart}. Repeat the request later, with the same idempotency key."),
            ),
            PlaceError::Fenced => Self::new(
                Code::Fenced,
                "This node's database may be another by now, and is held against the chain and the receipt journal first. \
                 Repeat the request, with the same idempotency key.",
            ),
            PlaceError::Capped(capped) => Self::new(
                Code::TooManyPending,
                format!(
                    "There are {capped}. Pay or cancel one, or wait until it expires, and repeat the request with the same \
                     idempotency key."
                ),
            ),
            PlaceError::Unwritten => Unwritten.into(),
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

impl From<Unwritten> for Problem {
    fn from(Unwritten: Unwritten) -> Self {
        Self::new(
            Code::Unavailable,
            "This node cannot write its receipt journal, so that it may not say yet whether this was sold. Repeat the request \
             later, with the same idempotency key if it had one: nothing is sold twice.",
        )
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

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Store(error) => error.into(),
            ListError::Cursor => no_cursor(),
        }
    }
}

impl From<LookUpError> for Problem {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Store(error) => error.into(),
            LookUpError::Event(error) => error.into(),
            LookUpError::Unwritten(error) => error.into(),
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
            RefundError::NoCredit | RefundError::Transition(_) => Self::new(Code::Conflict, format!("{error}.")),
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
            ImportError::Read(error) => error.into(),
            ImportError::Name { field, .. } => Self::invalid(field, format!("{error}.")),
            ImportError::UnknownProduct(_) => Self::not_found("product"),
            ImportError::OtherFile(_) | ImportError::Withdrawn(_) | ImportError::Moved(_) => {
                Self::new(Code::Conflict, format!("{error}."))
            }
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
            ActivateError::Withdrawn(_) => Self::new(Code::Conflict, format!("{error}.")),
            ActivateError::Stale(_) => Self::internal(error),
            ActivateError::Store(error) => error.into(),
            ActivateError::Event(error) => error.into(),
            ActivateError::Clock(error) => error.into(),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let Some((parameter, advice)) = parameter(&error) else {
            return Self::new(Code::MalformedBody, format!("{error}."));
        };
        let columns = match &error {
            ReadError::WhichColumn(columns) | ReadError::NoColumn { columns, .. } => Some(Box::new(columns.clone())),
            _ => None,
        };
        let mut problem = Self::invalid(parameter, format!("{error}{advice}."));
        problem.columns = columns;
        problem
    }
}

/// The parameter of the import that answers the question, where one does, and how.
const fn parameter(error: &ReadError) -> Option<(&'static str, &'static str)> {
    Some(match error {
        ReadError::WhichFormat(_) => (
            "format",
            "; name it in the parameter format: lines, pairs or csv. The parameter separator names what parts pairs",
        ),
        ReadError::WhichEncoding(_) => ("encoding", "; name it in the parameter encoding"),
        ReadError::OtherEncoding { .. } => (
            "encoding",
            "; send the parameter encoding with that value, or leave it out",
        ),
        ReadError::WhichSeparator { .. } => ("separator", ", in the parameter separator; or send format lines"),
        ReadError::WhichHeader { .. } => (
            "header",
            "; send the parameter header: true where it names the columns, false where it holds a code",
        ),
        ReadError::NoHeader => ("format", " (parameters format and encoding)"),
        ReadError::WhichColumn(_) => (
            "codeColumn",
            "; send the parameter codeColumn, a name or number, and extraColumns, parted by commas",
        ),
        ReadError::NoColumn { .. } => ("codeColumn", " (parameters codeColumn and extraColumns)"),
        ReadError::NoTable => ("codeColumn", ": send codeColumn and extraColumns with format csv"),
        ReadError::NoPairs => ("separator", ": send separator with format pairs"),
        ReadError::Io(_) | ReadError::NoText(_) | ReadError::Empty => return None,
    })
}

impl From<RevokeTokenError> for Problem {
    fn from(error: RevokeTokenError) -> Self {
        match error {
            RevokeTokenError::Missing(_) => Self::not_found("order"),
            RevokeTokenError::NotMade(_) => Self::invalid("/generation", format!("{error}.")),
            RevokeTokenError::Store(error) => error.into(),
        }
    }
}

impl From<WithdrawError> for Problem {
    fn from(error: WithdrawError) -> Self {
        match error {
            WithdrawError::Missing(_) => Self::not_found("batch"),
            WithdrawError::AllActivated(_) => Self::new(Code::Conflict, format!("{error}.")),
            WithdrawError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::domain::id::{BatchId, ProductId};
    use crate::domain::name;
    use crate::import::{ColumnSample, ColumnSamples, Encoding};

    fn read_errors() -> Vec<ReadError> {
        let (wanted, masked) = ("卡号".to_owned(), "*** (3 long)".to_owned());
        let columns = ColumnSamples(vec![ColumnSample {
            number: 1,
            name: Some("code".to_owned()),
            values: vec![masked.clone()],
        }]);
        vec![
            ReadError::Io(io::Error::other("gone")),
            ReadError::NoText("it is a PDF; ask for the codes as text or CSV"),
            ReadError::WhichEncoding(vec![Encoding::Windows1252]),
            ReadError::OtherEncoding {
                named: Encoding::Gbk,
                found: Encoding::Utf8,
            },
            ReadError::WhichSeparator {
                dashes: 5,
                is_some: true,
            },
            ReadError::WhichHeader {
                first: masked.clone(),
                second: masked,
            },
            ReadError::NoPairs,
            ReadError::Empty,
            ReadError::WhichFormat("no line of its beginning is text"),
            ReadError::NoHeader,
            ReadError::WhichColumn(columns.clone()),
            ReadError::NoColumn { wanted, columns },
            ReadError::NoTable,
        ]
    }

    #[test]
    fn no_problem_speaks_of_the_command_line() {
        let (batch, product) = (BatchId::new(1, [0; 10]), ProductId::new(1, [0; 10]));
        let name = || "a".to_owned();
        let mut problems: Vec<Problem> = read_errors()
            .into_iter()
            .map(|error| ImportError::Read(error).into())
            .collect();
        let error = name::parse("", 1).unwrap_err();
        problems.extend([
            ImportError::Name { field: "name", error }.into(),
            ImportError::UnknownProduct(product).into(),
            ImportError::OtherFile(batch).into(),
            ImportError::Moved(batch).into(),
            ImportError::Stopped.into(),
            ActivateError::Missing(batch).into(),
            ActivateError::Incomplete(batch).into(),
            ActivateError::Stale(batch).into(),
            ActivateError::Withdrawn(batch).into(),
            ImportError::Withdrawn(batch).into(),
            WithdrawError::Missing(batch).into(),
            WithdrawError::AllActivated(batch).into(),
            ClockError::Drift(90_000).into(),
            StepError::Stale.into(),
            RedeemError::Missing.into(),
            RedeemError::NotYourSale.into(),
            RefundError::Missing.into(),
            RefundError::NoCredit.into(),
            VoidError::Missing.into(),
            RevokeTokenError::NotMade(1).into(),
            FlowError::missing("product", &product).into(),
        ]);
        let noun = "batch";
        let field = "name";
        problems.extend(
            [
                FlowError::Ambiguous { noun, name: name() },
                FlowError::Taken {
                    noun,
                    field,
                    name: name(),
                },
                FlowError::Stale { noun, version: 2 },
                FlowError::Reused {
                    field,
                    name: name(),
                    detail: name(),
                },
            ]
            .map(Problem::from),
        );
        for problem in problems {
            let detail = &problem.detail;
            assert!(!detail.contains(" --") && !detail.contains("shelfproof "), "{detail}");
        }
    }

    #[test]
    fn a_refund_without_a_wallet_is_a_conflict_with_advice() {
        let problem = Problem::from(RefundError::NoCredit);
        assert_eq!(problem.code(), Code::Conflict);
        assert!(problem.detail.ends_with("nor through a gateway."), "{}", problem.detail);
    }
}
