//! epusdt and what became of it: gateways for stablecoins that merchants run themselves. One protocol in three dialects
//! ([`Dialect`](settings::Dialect)).
//!
//! A notice is a signed POST of JSON. Its amount is what the order was made for, in the account's currency, and not what
//! was received on the chain, which the gateway compares.
//!
//! What the gateway answers is not signed, neither when an order is made nor when it is asked for one. It is believed
//! because of where it comes from: the configured address, over https or on this machine, without redirects. A notice
//! comes from anywhere, so it is believed for its signature only.

use std::time::Duration;

use shelfproof_base::client::{Bounds, Client, HeaderMap, Method, Reach};
use shelfproof_base::web::{Url, parse_url};

use self::settings::{Dialect, EpusdtSettings};
use super::field::below;
use super::rules::OpenError;
use super::{Checkout, GatewayError, NewPayment, NewRefund, Notice, NoticeRefusal, NoticeRequest, Port};
use super::{RefundReport, Report};
use crate::domain::payment::PaymentId;

mod members;
mod message;
pub mod settings;
#[cfg(test)]
mod tests;

const BOUNDS: Bounds = Bounds {
    bytes: 64 << 10,
    time: Duration::from_secs(20),
};

/// An account at an epusdt gateway.
#[derive(Clone, Debug)]
pub struct Epusdt {
    account: EpusdtSettings,
    url: Url,
    client: Client,
}

impl Epusdt {
    /// Opens the account of settings that break no rule.
    ///
    /// # Errors
    /// Where they break one, or no client can be made.
    pub fn open(settings: &EpusdtSettings) -> Result<Self, OpenError> {
        if let Some((field, rule)) = settings.broken().pop() {
            return Err(OpenError::Rule(field, rule));
        }
        let url = parse_url(&settings.url).map_err(|error| OpenError::Rule("url", error.to_string()))?;
        Ok(Self {
            account: settings.clone(),
            client: Client::new(&url, Reach::Any, 0)?.secured(),
            url,
        })
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Option<message::Order>, GatewayError> {
        let answer = self.client.post_json(&below(&self.url, path), body, BOUNDS).await?;
        message::order(answer.status, &answer.body)
    }

    async fn get(&self, path: &str) -> Result<Option<message::Order>, GatewayError> {
        let (url, headers) = (below(&self.url, path), HeaderMap::new());
        let answer = self
            .client
            .exchange(Method::GET, &url, headers, Vec::new(), BOUNDS)
            .await?;
        message::order(answer.status, &answer.body)
    }
}

impl Port for Epusdt {
    /// BEpusdt gives the same order again. The other two refuse a second order of the same name: where the first
    /// answer was lost, nobody can pay that one, and another payment is needed.
    async fn create(&self, payment: &NewPayment<'_>) -> Result<Checkout, GatewayError> {
        let (path, body) = message::creation(&self.account, payment)?;
        let order = self.post(path, body).await?;
        let order = order.ok_or(GatewayError::Malformed(
            "it does not know the order that it was to make",
        ))?;
        order.checkout(&self.account, payment)
    }

    fn signature_header(&self) -> Option<&'static str> {
        None
    }

    fn notice(&self, request: &NoticeRequest<'_>, _now_ms: u64) -> Result<Notice, NoticeRefusal> {
        if request.is_post {
            message::notice(&self.account, request.body)
        } else {
            Err(NoticeRefusal::Method)
        }
    }

    fn taken(&self) -> &'static str {
        "ok"
    }

    /// The request is signed too, but goes from this program to the gateway, and has no status.
    fn asks_before_delivery(&self) -> bool {
        false
    }

    fn hears_of_others(&self) -> bool {
        false
    }

    /// Without the gateway's number nobody was sent to its page: the payment is closed.
    ///
    /// The first epusdt says whether an order was paid, and not how much: what it says was paid is an error here, and
    /// its notice is what counts. GMPay names no payment: `trade_no` must be what [`create`](Port::create) returned.
    async fn query(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Report, GatewayError> {
        let Some(trade_no) = trade_no else {
            return Ok(Report::Closed);
        };
        if !message::is_trade_no(trade_no) {
            return Err(GatewayError::Malformed("trade_id"));
        }
        let order = match &self.account.dialect {
            Dialect::Classic => self.get(&format!("/pay/check-status/{trade_no}")).await?,
            Dialect::Gmpay(_) => self.get(&format!("/pay/checkout-counter-resp/{trade_no}")).await?,
            Dialect::Bepusdt(_) => {
                let body = serde_json::json!({ "trade_id": trade_no }).to_string();
                self.post("/api/v1/pay/info", body.into_bytes()).await?
            }
        };
        let report = order.map(|order| order.report(&self.account, payment, trade_no));
        report.unwrap_or(Ok(Report::Closed))
    }

    async fn refund(&self, _refund: &NewRefund<'_>) -> Result<RefundReport, GatewayError> {
        Ok(RefundReport::ByHand)
    }
}
