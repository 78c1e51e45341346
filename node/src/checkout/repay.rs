//! Asks gateways to give money back.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use super::{Collector, Gateways};
use crate::domain::repayment::{ASKED_MAX, Repayment};
use crate::fence::FenceState;
use crate::flow::FlowError;
use crate::flow::claim_repayments::{claim_repayments, note_repayment};
use crate::flow::finish_repayment::finish_repayment;
use crate::gateway::{NewRefund, Port, RefundReport};

/// Repayments that are asked for in one run, and that are taken at once.
const RUN_MAX: u32 = 100;
const LOT: u32 = 10;

/// How long a gateway may take to answer.
const BOUND: Duration = Duration::from_secs(10);

/// What became of the repayments of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepayTally {
    pub asked: u32,
    pub done: u32,
    /// Those that a person pays back.
    pub by_hand: u32,
}

/// Asks gateways for pending repayments that are due, a bounded number. Whether one is done whose answer was lost is not
/// known: it is asked for again under the same id, and after many times a person looks before anything is paid twice.
///
/// # Errors
/// The database's.
pub async fn repay_due(
    pool: &PgPool,
    gateways: &Gateways,
    fence: &FenceState,
    now_ms: fn() -> u64,
) -> Result<RepayTally, FlowError> {
    let accounts: Vec<i32> = gateways.all().map(|collector| collector.account.id).collect();
    let mut tally = RepayTally::default();
    // A database from a backup may not know that a repayment was done.
    while tally.asked < RUN_MAX && fence.refusal().is_none() {
        let due = claim_repayments(pool, &accounts, now_ms(), LOT).await?;
        if due.is_empty() {
            break;
        }
        for repayment in due {
            let Some(collector) = gateways.of_number(repayment.account) else {
                continue;
            };
            if fence.refusal().is_some() {
                break;
            }
            tally.asked += 1;
            match ask(collector, &repayment).await {
                Said::Done => {
                    finish_repayment(pool, repayment.id, None, now_ms()).await?;
                    tracing::info!(repayment = %repayment.id, gateway = repayment.gateway, "a payment was paid back");
                    tally.done += 1;
                }
                Said::Later(answer) if repayment.asked < ASKED_MAX => {
                    note_repayment(pool, repayment.id, &answer, false).await?;
                }
                Said::Later(answer) | Said::ByHand(answer) => {
                    note_repayment(pool, repayment.id, &answer, true).await?;
                    tracing::warn!(
                        repayment = %repayment.id, gateway = repayment.gateway, answer, "a person has to pay a payment back"
                    );
                    tally.by_hand += 1;
                }
            }
        }
    }
    Ok(tally)
}

/// What follows from a gateway's answer.
enum Said {
    Done,
    /// It is asked for again.
    Later(String),
    ByHand(String),
}

async fn ask(collector: &Collector, repayment: &Repayment) -> Said {
    let refund = NewRefund {
        id: repayment.id,
        payment: repayment.payment,
        trade_no: &repayment.trade_no,
        amount: repayment.amount,
    };
    match timeout(BOUND, collector.gateway.refund(&refund)).await {
        Ok(Ok(RefundReport::Done)) => Said::Done,
        Ok(Ok(RefundReport::Pending)) => Said::Later("the gateway has taken it, and it is not done yet".to_owned()),
        Ok(Ok(RefundReport::Refused(words))) => Said::ByHand(format!("the gateway said no: {words}")),
        Ok(Ok(RefundReport::ByHand)) => Said::ByHand("this gateway cannot pay back".to_owned()),
        Ok(Err(error)) => Said::Later(format!("the gateway gave no answer: {error}")),
        Err(_) => Said::Later("the gateway gave no answer in time".to_owned()),
    }
}
