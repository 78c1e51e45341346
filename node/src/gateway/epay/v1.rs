//! Version 1: MD5 over the fields and a key that merchant and gateway share.
//!
//! The key is no signature's only: the gateway asks for it in the address of a query and in the form of a refund. So
//! both go to https, or to this machine, and no error or log contains their address.

use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::client::{Client, Reach};
use shelfproof_base::web::{Url, parse_url};

use super::answer::{Asked, Order, State, is_about_account, is_unknown, words};
use super::fields::Fields;
use super::settings::EpayV1Settings;
use super::wire::{endpoint, get, money, name, post};
use crate::domain::payment::PaymentId;
use crate::gateway::rules::OpenError;
use crate::gateway::{
    Checkout, GatewayError, NewPayment, NewRefund, Notice, NoticeRefusal, NoticeRequest, Port, RefundReport, Report,
};

pub mod form;

/// An account of version 1.
#[derive(Clone, Debug)]
pub struct EpayV1 {
    url: Url,
    pid: u64,
    key: SecretString,
    pay_type: Option<String>,
    client: Client,
}

impl EpayV1 {
    /// Opens the account of settings that break no rule.
    ///
    /// # Errors
    /// Where they break one, or no client can be made.
    pub fn open(settings: &EpayV1Settings) -> Result<Self, OpenError> {
        if let Some((field, rule)) = settings.broken().pop() {
            return Err(OpenError::Rule(field, rule));
        }
        let url = parse_url(&settings.url).map_err(|error| OpenError::Rule("url", error.to_string()))?;
        Ok(Self {
            client: Client::new(&url, Reach::Any, 0)?.secured(),
            url,
            pid: settings.pid,
            key: settings.key.clone(),
            pay_type: settings.pay_type.clone(),
        })
    }

    /// The account's number and key, which the gateway asks for where it verifies no signature.
    fn credentials(&self) -> Fields {
        Fields::default()
            .with("pid", self.pid)
            .with("key", self.key.expose_secret())
    }

    /// Asks for an order. There is none where the buyer never opened the gateway's page.
    async fn order(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Option<Order>, GatewayError> {
        let fields = self.credentials().with("act", "order");
        let fields = match trade_no {
            Some(trade_no) => fields.with("trade_no", trade_no),
            None => fields.with("out_trade_no", payment),
        };
        let mut url = endpoint(&self.url, "api.php");
        url.set_query(Some(&fields.encode()));
        let answer = get(&self.client, &url).await?;
        if is_unknown(&answer) {
            return Ok(None);
        }
        if answer.get("code") != Some("1") {
            return Err(GatewayError::Refused(words(&answer)));
        }
        let asked = Asked {
            pid: self.pid,
            payment,
            trade_no,
        };
        asked.read(&answer).map(Some)
    }
}

impl Port for EpayV1 {
    /// Signs the address of the gateway's page, which makes the order there when the buyer opens it. The real program
    /// keeps the shop's addresses as HTML, so that one with `&` in it comes back broken: it may have one parameter.
    async fn create(&self, payment: &NewPayment<'_>) -> Result<Checkout, GatewayError> {
        let fields = Fields::default()
            .with("pid", self.pid)
            .with("type", self.pay_type.as_deref().unwrap_or_default())
            .with("out_trade_no", payment.id)
            .with("notify_url", payment.notify_url)
            .with("return_url", payment.return_url)
            .with("name", name(payment.subject))
            .with("money", money(payment.amount)?);
        let mut url = endpoint(&self.url, "submit.php");
        url.set_query(Some(&form::signed(fields, &self.key).encode()));
        Ok(Checkout { url, trade_no: None })
    }

    fn signature_header(&self) -> Option<&'static str> {
        None
    }

    fn notice(&self, request: &NoticeRequest<'_>, _now_ms: u64) -> Result<Notice, NoticeRefusal> {
        form::read_notice(request, self.pid, &self.key)
    }

    fn taken(&self) -> &'static str {
        "success"
    }

    fn asks_before_delivery(&self) -> bool {
        true
    }

    fn hears_of_others(&self) -> bool {
        false
    }

    async fn query(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Report, GatewayError> {
        let order = self.order(payment, trade_no).await?;
        Ok(order.map_or(Report::Closed, Order::report))
    }

    /// The gateway knows no id of a refund. So that one which is asked for again is not paid twice, a part is refunded
    /// only from an order that was never refunded; the whole cannot be refunded twice.
    async fn refund(&self, refund: &NewRefund<'_>) -> Result<RefundReport, GatewayError> {
        let Some(order) = self.order(refund.payment, Some(refund.trade_no)).await? else {
            return Ok(RefundReport::Refused("it does not know this payment".to_owned()));
        };
        let (is_whole, was_refunded) = (order.amount() == refund.amount, order.state == State::Refunded);
        if was_refunded && !is_whole {
            let reason = "something was refunded from this payment already, and it does not say how much";
            return Ok(RefundReport::Refused(reason.to_owned()));
        }
        let form = self
            .credentials()
            .with("trade_no", refund.trade_no)
            .with("money", money(refund.amount)?);
        let mut url = endpoint(&self.url, "api.php");
        url.set_query(Some("act=refund"));
        let answer = post(&self.client, &url, &form).await?;
        let words = words(&answer);
        match answer.get("code") {
            // Releases differ in the code for success.
            Some("0" | "1") => Ok(RefundReport::Done),
            _ if is_about_account(&answer) => Err(GatewayError::Refused(words)),
            // It was done before, and the answer was lost.
            Some(_) if was_refunded && words.contains("已全额退款") => Ok(RefundReport::Done),
            Some(_) => Ok(RefundReport::Refused(words)),
            None => Err(GatewayError::Malformed("it has no code")),
        }
    }
}
