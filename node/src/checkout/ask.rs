//! Asks gateways about payments whose notice may be lost.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use super::receive::{expected, receive};
use super::{Collector, Gateways};
use crate::domain::payment::DuePayment;
use crate::flow::StoreError;
use crate::flow::claim_payments::{claim_payment, close_payment};
use crate::gateway::{Port, Report};
use crate::sale::OrderQueue;

/// Payments that are asked about in one run.
const RUN_MAX: u32 = 200;

/// How long a gateway may take to answer.
const BOUND: Duration = Duration::from_secs(5);

/// How long after the end of its order a payment is closed that its gateway does not know, or calls closed: a buyer may be
/// on the page at the order's end.
const CLOSED_AFTER_MS: u64 = 3_600_000;

/// How long after the end of its order a payment is closed that its gateway still calls open.
const OPEN_FOR_MS: u64 = 48 * 3_600_000;

/// What became of the payments of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub asked: u32,
    pub received: u32,
    pub closed: u32,
    /// Those about which the gateway gave no answer that can be used, or whose order could not be settled; they are asked about again.
    pub failed: u32,
}

/// What is known of a payment after its gateway was asked.
enum Known {
    Received,
    /// The gateway says that it can be paid.
    Open,
    /// The gateway says that it is closed, or that it does not know it.
    Closed,
    /// The gateway refused to say, or its answer cannot be used.
    Unclear,
    /// The gateway gave no answer.
    NoAnswer,
    /// It was received, and is not settled.
    Unsettled,
}

/// Asks about pending payments that are due, a bounded number. An account whose gateway gives no answer is left for the next
/// run. Each payment is taken when it is asked about, so that none is put off without being asked.
///
/// # Errors
/// The database's.
pub async fn ask_due(
    pool: &PgPool,
    orders: &OrderQueue,
    gateways: &Gateways,
    now_ms: fn() -> u64,
) -> Result<Tally, StoreError> {
    let mut accounts: Vec<i32> = gateways.all().map(|collector| collector.account.id).collect();
    let mut tally = Tally::default();
    while tally.asked < RUN_MAX && !accounts.is_empty() {
        let Some(due) = claim_payment(pool, &accounts, now_ms()).await? else {
            break;
        };
        let account = due.payment.account;
        let Some(collector) = gateways.of_number(account) else {
            break;
        };
        let known = ask(pool, orders, collector, &due).await;
        tally.asked += 1;
        match known {
            Known::Received => tally.received += 1,
            Known::Open | Known::Closed => {}
            Known::Unclear | Known::NoAnswer | Known::Unsettled => tally.failed += 1,
        }
        if matches!(known, Known::NoAnswer) {
            accounts.retain(|other| *other != account);
        }
        if is_over(&known, due.expires_at_ms, now_ms()) {
            close_payment(pool, due.payment.id).await?;
            tally.closed += 1;
        }
    }
    Ok(tally)
}

/// Whether nobody asks about the payment any more. Only the gateway's word ends the asking.
const fn is_over(known: &Known, expires_at_ms: u64, now_ms: u64) -> bool {
    let pause_ms = match known {
        Known::Received | Known::Unclear | Known::NoAnswer | Known::Unsettled => return false,
        Known::Closed => CLOSED_AFTER_MS,
        Known::Open => OPEN_FOR_MS,
    };
    now_ms >= expires_at_ms.saturating_add(pause_ms)
}

async fn ask(pool: &PgPool, orders: &OrderQueue, collector: &Collector, due: &DuePayment) -> Known {
    let (id, gateway) = (due.payment.id, &collector.account.name);
    let asked = timeout(BOUND, collector.gateway.query(id, due.payment.trade_no.as_deref())).await;
    let received = match asked {
        Ok(Ok(Report::Received(received))) => received,
        Ok(Ok(Report::Open)) => return Known::Open,
        Ok(Ok(Report::Closed)) => return Known::Closed,
        Ok(Err(error)) if error.is_no_answer() => {
            tracing::warn!(payment = %id, %gateway, %error, "a gateway gave no answer about a payment");
            return Known::NoAnswer;
        }
        Ok(Err(error)) => {
            tracing::warn!(payment = %id, %gateway, %error, "what a gateway says about a payment cannot be used");
            return Known::Unclear;
        }
        Err(_) => {
            tracing::warn!(payment = %id, %gateway, "a gateway gave no answer about a payment in time");
            return Known::NoAnswer;
        }
    };
    let settled = async {
        let payment = expected(pool, collector, &received).await?;
        receive(pool, orders, &payment, received.clone()).await
    };
    match settled.await {
        Ok(_) => Known::Received,
        Err(error) => {
            tracing::error!(payment = %id, %gateway, %error, "a payment was received and could not be settled");
            Known::Unsettled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::GatewayError;

    #[test]
    fn only_what_hinders_every_answer_is_no_answer() {
        for (error, is_no_answer) in [
            (GatewayError::Status(429), true),
            (GatewayError::Status(500), true),
            (GatewayError::Status(503), true),
            (GatewayError::Status(404), false),
            (GatewayError::Refused("no".to_owned()), false),
            (GatewayError::Malformed("status"), false),
            (GatewayError::Forged, false),
        ] {
            assert_eq!(error.is_no_answer(), is_no_answer, "{error}");
        }
    }

    #[test]
    fn asking_ends_some_time_after_the_order_and_only_by_the_gateway_s_word() {
        let hour = 3_600_000;
        for (known, hours) in [
            (Known::Closed, Some(1)),
            (Known::Open, Some(48)),
            (Known::Unclear, None),
            (Known::NoAnswer, None),
            (Known::Received, None),
            (Known::Unsettled, None),
        ] {
            let ends_after = (0..100).find(|hours| is_over(&known, 7, 7 + hours * hour));
            assert_eq!(ends_after, hours);
        }
    }
}
