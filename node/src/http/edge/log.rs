//! The log line of a request: nothing of its query, headers or body.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode};

use super::problem::Problem;
use crate::domain::id::AccountId;

/// What is learned about a request while it is handled, for its log line. It travels in the request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestLog(Arc<OnceLock<AccountId>>);

impl RequestLog {
    /// Notes the account that the request's token belongs to.
    pub(crate) fn note(&self, account: AccountId) {
        // A request has one token; a second note could only say the same.
        let _ = self.0.set(account);
    }

    /// The account, if there is one.
    pub(super) fn account(&self) -> Option<AccountId> {
        self.0.get().copied()
    }
}

/// A handled request.
pub(super) struct Line<'a> {
    pub(super) id: &'a HeaderValue,
    pub(super) method: &'a Method,
    /// The pattern of the route that matched.
    pub(super) route: &'a str,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) account: Option<AccountId>,
}

impl Line<'_> {
    /// Writes the line: failures as errors with their cause, refusals as information, successes for debugging only.
    pub(super) fn write(&self, problem: Option<&Problem>) {
        macro_rules! line {
            ($level:ident, $($more:tt)*) => {
                tracing::$level!(
                    request_id = self.id.to_str().unwrap_or_default(),
                    method = self.method.as_str(),
                    route = self.route,
                    status = self.status.as_u16(),
                    took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
                    account = self.account.map(tracing::field::display),
                    $($more)*
                )
            };
        }
        let code = problem.map(|problem| problem.code().name());
        let cause = problem.and_then(Problem::cause).map(tracing::field::display);
        if self.status.is_server_error() {
            line!(error, code, cause, "request failed");
        } else if self.status.is_client_error() {
            line!(info, code, "request refused");
        } else {
            line!(debug, "request");
        }
    }
}
