//! Version 2: RSA with SHA-256, requests by the merchant's key, notices and answers by the gateway's.

use std::net::{IpAddr, Ipv4Addr};

use shelfproof_base::client::{Client, Reach};
use shelfproof_base::clock::now_ms;
use shelfproof_base::web::{Url, parse_url};

use super::answer::{Asked, Order, is_about_account, is_unknown, words};
use super::fields::Fields;
use super::notice::{is_trade_no, yuan};
use super::rsa::{PrivateKey, PublicKey};
use super::settings::EpayV2Settings;
use super::wire::{endpoint, money, name, post};
use crate::domain::payment::PaymentId;
use crate::gateway::rules::OpenError;
use crate::gateway::{
    Checkout, GatewayError, NewPayment, NewRefund, Notice, NoticeRefusal, NoticeRequest, Port, RefundReport, Report,
};

pub mod form;

/// What an answer says that did what it was asked. Only such an answer is signed.
const DONE: Option<&str> = Some("0");

/// An account of version 2.
#[derive(Debug)]
pub struct EpayV2 {
    url: Url,
    pid: u64,
    private_key: PrivateKey,
    public_key: PublicKey,
    pay_type: String,
    client: Client,
}

impl EpayV2 {
    /// Opens the account of settings that break no rule.
    ///
    /// # Errors
    /// Where they break one, or no client can be made.
    pub fn open(settings: &EpayV2Settings) -> Result<Self, OpenError> {
        if let Some((field, rule)) = settings.broken().pop() {
            return Err(OpenError::Rule(field, rule));
        }
        let url = parse_url(&settings.url).map_err(|error| OpenError::Rule("url", error.to_string()))?;
        let rule = |field, rule: &'static str| OpenError::Rule(field, rule.to_owned());
        let private_key = PrivateKey::parse(&settings.private_key);
        let public_key = PublicKey::parse(&settings.public_key);
        Ok(Self {
            client: Client::new(&url, Reach::Any, 0)?.secured(),
            url,
            pid: settings.pid,
            private_key: private_key.ok_or_else(|| rule("private_key", PrivateKey::RULE))?,
            public_key: public_key.ok_or_else(|| rule("public_key", PublicKey::RULE))?,
            pay_type: settings.pay_type.clone(),
        })
    }

    /// Sends a signed request. An answer that says that it was done is verified; one that says no is not signed.
    async fn ask(&self, path: &str, fields: Fields) -> Result<Fields, GatewayError> {
        let fields = fields.with("pid", self.pid);
        let signed = form::signed(fields, &self.private_key, now_ms());
        let signed = signed.ok_or(GatewayError::Malformed("no request could be signed"))?;
        let answer = post(&self.client, &endpoint(&self.url, path), &signed).await?;
        if answer.get("code") == DONE {
            form::verify(&answer, &self.public_key, now_ms()).map_err(|_| GatewayError::Forged)?;
        }
        Ok(answer)
    }
}

impl Port for EpayV2 {
    async fn create(&self, payment: &NewPayment<'_>) -> Result<Checkout, GatewayError> {
        // The gateway wants an address; this one stands for none.
        let client = payment.client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let fields = Fields::default()
            .with("method", "jump")
            .with("type", &self.pay_type)
            .with("out_trade_no", payment.id)
            .with("notify_url", payment.notify_url)
            .with("return_url", payment.return_url)
            .with("name", name(payment.subject))
            .with("money", money(payment.amount)?)
            .with("clientip", client);
        let answer = self.ask("api/pay/create", fields).await?;
        if answer.get("code") != DONE {
            return Err(GatewayError::Refused(words(&answer)));
        }
        let trade_no = answer.get("trade_no").filter(|trade_no| is_trade_no(trade_no));
        let url = answer
            .get("pay_info")
            .filter(|_| answer.get("pay_type") == Some("jump"));
        let url = url.and_then(|url| parse_url(url).ok());
        Ok(Checkout {
            url: url.ok_or(GatewayError::Malformed("it names no page"))?,
            trade_no: Some(
                trade_no
                    .ok_or(GatewayError::Malformed("it has no trade number"))?
                    .to_owned(),
            ),
        })
    }

    fn signature_header(&self) -> Option<&'static str> {
        None
    }

    fn notice(&self, request: &NoticeRequest<'_>, now_ms: u64) -> Result<Notice, NoticeRefusal> {
        form::read_notice(request, self.pid, &self.public_key, now_ms)
    }

    fn taken(&self) -> &'static str {
        "success"
    }

    /// Only the gateway has the key of notices.
    fn asks_before_delivery(&self) -> bool {
        false
    }

    fn hears_of_others(&self) -> bool {
        false
    }

    async fn query(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Report, GatewayError> {
        let fields = match trade_no {
            Some(trade_no) => Fields::default().with("trade_no", trade_no),
            None => Fields::default().with("out_trade_no", payment),
        };
        let answer = self.ask("api/pay/query", fields).await?;
        if is_unknown(&answer) {
            return Ok(Report::Closed);
        }
        if answer.get("code") != DONE {
            return Err(GatewayError::Refused(words(&answer)));
        }
        let asked = Asked {
            pid: self.pid,
            payment,
            trade_no,
        };
        asked.read(&answer).map(Order::report)
    }

    async fn refund(&self, refund: &NewRefund<'_>) -> Result<RefundReport, GatewayError> {
        let fields = Fields::default()
            .with("trade_no", refund.trade_no)
            .with("out_refund_no", refund.id)
            .with("money", money(refund.amount)?);
        let answer = self.ask("api/pay/refund", fields).await?;
        match answer.get("code") {
            DONE => {}
            None => return Err(GatewayError::Malformed("it has no code")),
            Some(_) if is_about_account(&answer) => return Err(GatewayError::Refused(words(&answer))),
            Some(_) => return Ok(RefundReport::Refused(words(&answer))),
        }
        let is_this = answer.get("trade_no") == Some(refund.trade_no)
            && answer.get("out_refund_no") == Some(refund.id.to_string().as_str())
            && answer.get("money").and_then(yuan) == Some(refund.amount);
        if is_this {
            Ok(RefundReport::Done)
        } else {
            Err(GatewayError::Malformed("it is about another refund"))
        }
    }
}

#[cfg(test)]
mod tests;
