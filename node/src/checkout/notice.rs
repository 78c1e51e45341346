//! Notices: what is sent to an account's address.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use super::Collector;
use super::receive::{ReceiveError, expected, is_taken, receive};
use crate::domain::payment::PaymentId;
use crate::gateway::{GatewayError, Notice, NoticeRefusal, NoticeRequest, Port, Report};
use crate::sale::OrderQueue;

/// How long a gateway may take to confirm a notice.
const BOUND: Duration = Duration::from_secs(5);

/// Why a notice was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// It is not believed.
    #[error(transparent)]
    Refused(#[from] NoticeRefusal),
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The gateway, asked, says that it was not paid.
    #[error("the gateway does not confirm payment {0}")]
    Unconfirmed(PaymentId),
    /// The gateway could not be asked.
    #[error("the gateway could not be asked to confirm payment {0}: {1}")]
    Gateway(PaymentId, #[source] GatewayError),
    #[error("the gateway did not confirm payment {0} in time")]
    Late(PaymentId),
}

impl NoticeError {
    /// Whether it is to be refused for good: the same notice again is refused again.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused(_) | Self::Receive(ReceiveError::Foreign(_) | ReceiveError::Other { .. })
        )
    }
}

/// Takes a notice that was sent to an account's address: verifies it, asks the gateway where a notice proves too little,
/// and settles the order. A repeat of what was taken changes nothing and is taken too; nobody is asked about it.
///
/// # Errors
/// Where it is refused, or cannot be taken now.
pub async fn take_notice(
    pool: &PgPool,
    orders: &OrderQueue,
    collector: &Collector,
    request: &NoticeRequest<'_>,
    now_ms: u64,
) -> Result<(), NoticeError> {
    let received = match collector.gateway.notice(request, now_ms)? {
        Notice::Received(received) => received,
        Notice::Unpaid(payment) => {
            tracing::debug!(%payment, "a notice says that a payment was not made");
            return Ok(());
        }
        Notice::Other => return Ok(()),
    };
    let payment = match expected(pool, collector, &received).await {
        Err(ReceiveError::Foreign(payment)) if collector.gateway.hears_of_others() => {
            tracing::debug!(%payment, "a notice is about a payment that is none of the account's");
            return Ok(());
        }
        expected => expected?,
    };
    if is_taken(&payment, &received) {
        return Ok(());
    }
    if !collector.gateway.asks_before_delivery() {
        receive(pool, orders, &payment, received).await?;
        return Ok(());
    }
    let asked = timeout(BOUND, collector.gateway.query(payment.id, Some(&received.trade_no))).await;
    let asked = asked.map_err(|_| NoticeError::Late(payment.id))?;
    match asked.map_err(|error| NoticeError::Gateway(payment.id, error))? {
        Report::Received(confirmed) => {
            let payment = expected(pool, collector, &confirmed).await?;
            receive(pool, orders, &payment, confirmed).await?;
            Ok(())
        }
        Report::Open | Report::Closed => Err(NoticeError::Unconfirmed(payment.id)),
    }
}
