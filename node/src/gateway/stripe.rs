//! Stripe: Checkout Sessions, which the buyer pays on Stripe's own page, and webhooks.
//!
//! A payment is one session, and its number here is the session's id, which is known from the start. The payment intent,
//! which refunds need, is looked up. The form of requests and answers is the pinned version's; webhooks have the version
//! of their endpoint, and the fields that are read are the same in all of them.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use shelfproof_base::client::{Answer, Bounds, Client, HeaderMap, HeaderValue, Method, Reach};
use shelfproof_base::web::{Url, parse_url};
use url::form_urlencoded;

use self::message::{Refund, Refunds, Session};
use self::settings::StripeSettings;
use super::field::below;
use super::rules::OpenError;
use super::{Checkout, GatewayError, NewPayment, NewRefund, Notice, NoticeRefusal, NoticeRequest, Port};
use super::{RefundReport, Report};
use crate::domain::money::Money;
use crate::domain::payment::PaymentId;

mod amount;
mod message;
pub mod settings;
#[cfg(test)]
mod tests;

/// The version of the API that requests and answers have.
const VERSION: &str = "2026-10-28.endive";

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    time: Duration::from_secs(30),
};

/// The least and the most time that a session can be paid: 30 minutes and 24 hours, with a minute for the way of the request.
const LEAST_MS: u64 = 31 * 60_000;
const MOST_MS: u64 = (24 * 60 - 1) * 60_000;

/// A Stripe account.
#[derive(Clone, Debug)]
pub struct Stripe {
    account: StripeSettings,
    url: Url,
    client: Client,
}

impl Stripe {
    /// Opens the account of settings that break no rule.
    ///
    /// # Errors
    /// Where they break one, or no client can be made.
    pub fn open(settings: &StripeSettings) -> Result<Self, OpenError> {
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

    fn headers(&self) -> Result<HeaderMap, GatewayError> {
        let bearer = format!("Bearer {}", self.account.secret_key.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| GatewayError::Malformed("secret_key"))?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", bearer);
        headers.insert("stripe-version", HeaderValue::from_static(VERSION));
        Ok(headers)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &str) -> Result<T, GatewayError> {
        let mut url = below(&self.url, path);
        url.set_query(Some(query));
        let answer = self
            .client
            .exchange(Method::GET, &url, self.headers()?, Vec::new(), BOUNDS)
            .await?;
        message::read(answer.status, &answer.body)
    }

    /// `key` makes a repeated request the same request.
    async fn post(&self, path: &str, form: &[(&str, &str)], key: PaymentId) -> Result<Answer, GatewayError> {
        let mut headers = self.headers()?;
        let key = HeaderValue::from_str(&key.to_string()).map_err(|_| GatewayError::Malformed("Idempotency-Key"))?;
        headers.insert("idempotency-key", key);
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let url = below(&self.url, path);
        Ok(self
            .client
            .exchange(Method::POST, &url, headers, body.into_bytes(), BOUNDS)
            .await?)
    }

    /// The session of a payment, with its intent.
    async fn session(&self, payment: PaymentId, id: &str) -> Result<Session, GatewayError> {
        if !message::is_session(id) {
            return Err(GatewayError::Malformed("trade_no"));
        }
        let path = format!("/v1/checkout/sessions/{id}");
        let session: Session = self.get(&path, "expand[]=payment_intent").await?;
        session.bind(&self.account, payment)?;
        if session.id == id {
            Ok(session)
        } else {
            Err(GatewayError::Malformed("id"))
        }
    }

    fn count(&self, amount: Money) -> Result<String, GatewayError> {
        let count = amount::to_stripe(amount).filter(|_| amount.currency == self.account.currency);
        count.map(|count| count.to_string()).ok_or_else(|| {
            let rule = format!(
                "{amount} is none of Stripe's amounts in {}",
                self.account.currency.code()
            );
            GatewayError::Refused(rule)
        })
    }
}

/// Unix seconds until which a session can be paid: so long after the order's end that one can be made until then, and no
/// longer after the making of the payment's id than Stripe allows. They are the same for a repeated request, as its key
/// demands. What is paid after the order's end is paid late.
fn expires_at(payment: &NewPayment<'_>) -> u64 {
    let made_at_ms = payment.id.made_at_ms().unwrap_or(payment.expires_at_ms);
    let until_ms = payment.expires_at_ms.saturating_add(LEAST_MS);
    until_ms.min(made_at_ms.saturating_add(MOST_MS)) / 1_000
}

impl Port for Stripe {
    async fn create(&self, payment: &NewPayment<'_>) -> Result<Checkout, GatewayError> {
        let (id, count) = (payment.id.to_string(), self.count(payment.amount)?);
        let (expires_at, currency) = (
            expires_at(payment).to_string(),
            self.account.currency.code().to_lowercase(),
        );
        let form = [
            ("mode", "payment"),
            ("client_reference_id", id.as_str()),
            ("metadata[payment]", &id),
            ("payment_intent_data[metadata][payment]", &id),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][currency]", &currency),
            ("line_items[0][price_data][unit_amount]", &count),
            ("line_items[0][price_data][product_data][name]", payment.subject),
            // The buyer pays in the account's currency, or the amount would be another one.
            ("adaptive_pricing[enabled]", "false"),
            ("expires_at", &expires_at),
            ("success_url", payment.return_url.as_str()),
            ("cancel_url", payment.return_url.as_str()),
        ];
        let answer = self.post("/v1/checkout/sessions", &form, payment.id).await?;
        if matches!(answer.status, 401 | 403) {
            // The words, which name a part of the key, are not for the buyer.
            return Err(GatewayError::Status(answer.status));
        }
        let session: Session = message::read(answer.status, &answer.body)?;
        session.bind(&self.account, payment.id)?;
        let asked = session.received(payment.id);
        if asked.is_none_or(|asked| asked.amount != payment.amount) {
            return Err(GatewayError::Malformed("amount_total"));
        }
        let url = session.url.as_deref().and_then(|url| parse_url(url).ok());
        Ok(Checkout {
            url: url.ok_or(GatewayError::Malformed("url"))?,
            trade_no: Some(session.id),
        })
    }

    fn signature_header(&self) -> Option<&'static str> {
        Some("stripe-signature")
    }

    fn notice(&self, request: &NoticeRequest<'_>, now_ms: u64) -> Result<Notice, NoticeRefusal> {
        if !request.is_post {
            return Err(NoticeRefusal::Method);
        }
        message::verify(&self.account.webhook_secret, request.signature, request.body, now_ms)?;
        message::event(&self.account, request.body)
    }

    /// Stripe looks at the status only.
    fn taken(&self) -> &'static str {
        "ok"
    }

    fn asks_before_delivery(&self) -> bool {
        false
    }

    /// Each endpoint of an account at Stripe gets the events of all its sessions, whichever program made them.
    fn hears_of_others(&self) -> bool {
        true
    }

    /// Without the session's id nobody was sent to its page: the payment is closed.
    async fn query(&self, payment: PaymentId, trade_no: Option<&str>) -> Result<Report, GatewayError> {
        let Some(id) = trade_no else {
            return Ok(Report::Closed);
        };
        self.session(payment, id).await?.report(&self.account, payment)
    }

    /// Stripe repeats its first answer to a repeated key, and forgets the key after a day. So the refund is first looked
    /// for among those of the payment: it says what became of it, and is not made twice later.
    async fn refund(&self, refund: &NewRefund<'_>) -> Result<RefundReport, GatewayError> {
        let count = self.count(refund.amount)?;
        let session = self.session(refund.payment, refund.trade_no).await?;
        let intent = session.intent()?;
        let refunds: Refunds = self
            .get("/v1/refunds", &format!("payment_intent={intent}&limit=100"))
            .await?;
        if let Some(made) = refunds.find(refund.id)? {
            return made.report();
        }
        let id = refund.id.to_string();
        let key = format!("metadata[{}]", message::REFUND);
        let form = [("payment_intent", intent), ("amount", &count), (&key, &id)];
        let answer = self.post("/v1/refunds", &form, refund.id).await?;
        match message::read::<Refund>(answer.status, &answer.body) {
            Ok(made) => made.report(),
            Err(GatewayError::Refused(words)) if message::is_refusal(answer.status, &answer.body) => {
                Ok(RefundReport::Refused(words))
            }
            Err(error) => Err(error),
        }
    }
}
