//! The page that a buyer pays on.

use std::net::IpAddr;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use super::Collector;
use crate::domain::payment::Payment;
use crate::flow::StoreError;
use crate::flow::keep_page::keep_page;
use crate::gateway::{GatewayError, NewPayment, Port};

/// How long a gateway may take to make a page: the buyer waits for it.
const BOUND: Duration = Duration::from_secs(5);

/// What the gateway is told beside the payment.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    /// What the buyer reads on the page.
    pub subject: &'a str,
    /// Until when it can be paid, Unix milliseconds.
    pub expires_at_ms: u64,
    /// The buyer's address.
    pub client: Option<IpAddr>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the gateway made no page: {0}")]
    Gateway(#[from] GatewayError),
    #[error("the gateway made no page in time")]
    Late,
    #[error("the gateway is making as many pages as it may at once")]
    Busy,
}

/// The address of the payment's page: the one that is kept, or one that the gateway makes now, which is kept then.
///
/// # Errors
/// Where the gateway makes none. It may be asked again, unless it refused.
pub async fn pay_page(
    pool: &PgPool,
    collector: &Collector,
    payment: &Payment,
    request: PageRequest<'_>,
) -> Result<String, PageError> {
    if let Some(url) = &payment.url {
        return Ok(url.clone());
    }
    let permit = collector.pages.try_acquire().map_err(|_| PageError::Busy)?;
    let new = NewPayment {
        id: payment.id,
        amount: payment.amount,
        subject: request.subject,
        expires_at_ms: request.expires_at_ms,
        client: request.client,
        notify_url: &collector.notify_url,
        return_url: &collector.return_url,
    };
    let made = timeout(BOUND, collector.gateway.create(&new)).await;
    let made = made.map_err(|_| PageError::Late)??;
    drop(permit);
    let kept = keep_page(pool, payment.id, made.url.as_str(), made.trade_no.as_deref()).await?;
    // None is kept of a payment that was received meanwhile.
    Ok(kept.and_then(|kept| kept.url).unwrap_or_else(|| made.url.into()))
}
