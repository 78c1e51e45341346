//! What is computed: the signature of webhooks, events, sessions and refunds.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::amount::from_stripe;
use super::settings::StripeSettings;
use crate::domain::money::Currency;
use crate::domain::payment::{PaymentId, Received};
use crate::gateway::field::{is_word, words};
use crate::gateway::{GatewayError, Notice, NoticeRefusal, RefundReport, Report, signature};

/// How far an event's time may be from this machine's, in both directions.
const TOLERANCE_S: u64 = 300;

/// The key of a refund's own id in Stripe's metadata.
pub(super) const REFUND: &str = "refund";

/// Verifies the header `Stripe-Signature`: `t=…,v1=…`, where several `v1` stand while a secret is being replaced. Other
/// schemes are passed over.
pub(super) fn verify(
    secret: &SecretString,
    header: Option<&str>,
    body: &[u8],
    now_ms: u64,
) -> Result<(), NoticeRefusal> {
    let (mut at, mut written) = (None, Vec::new());
    for part in header.ok_or(NoticeRefusal::Unsigned)?.split(',') {
        match part.split_once('=') {
            Some(("t", time)) if at.is_none() => at = Some(time),
            Some(("v1", signature)) => written.push(signature),
            None | Some(("t", _)) => return Err(NoticeRefusal::Malformed),
            Some(_) => {}
        }
    }
    let at = at.ok_or(NoticeRefusal::Missing("t"))?;
    if written.is_empty() {
        return Err(NoticeRefusal::Unsigned);
    }
    let expected = signature::hmac_sha256(&[at.as_bytes(), b".", body], secret);
    if !written.iter().any(|written| signature::is(&expected, written)) {
        return Err(NoticeRefusal::Forged);
    }
    let at: u64 = at.parse().map_err(|_| NoticeRefusal::Field("t"))?;
    if at.abs_diff(now_ms / 1_000) > TOLERANCE_S {
        return Err(NoticeRefusal::Stale);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    #[serde(borrow)]
    data: EventData<'a>,
}

#[derive(Deserialize)]
struct EventData<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Reads the body of a webhook, which [`verify`] has let pass.
///
/// Events arrive in any order, so each is read alone: what was paid stays paid for the caller, whatever comes later. A
/// session of another program on the same account is [`Notice::Other`], because Stripe stops sending to an endpoint that
/// refuses for days.
pub(super) fn event(account: &StripeSettings, body: &[u8]) -> Result<Notice, NoticeRefusal> {
    let event: Event<'_> = serde_json::from_slice(body).map_err(|_| NoticeRefusal::Malformed)?;
    if event.livemode != account.is_live() {
        return Err(NoticeRefusal::OtherAccount);
    }
    let can_be_paid = match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => true,
        "checkout.session.async_payment_failed" | "checkout.session.expired" => false,
        _ => return Ok(Notice::Other),
    };
    let session: Session = serde_json::from_str(event.data.object.get()).map_err(|_| NoticeRefusal::Malformed)?;
    let Some(payment) = session.payment() else {
        return Ok(Notice::Other);
    };
    if !can_be_paid || !session.is_paid() {
        return Ok(Notice::Unpaid(payment));
    }
    if !is_session(&session.id) {
        return Err(NoticeRefusal::Field("id"));
    }
    let received = session.received(payment).ok_or(NoticeRefusal::Amount)?;
    Ok(Notice::Received(received))
}

/// Whether a text is the id of a session.
pub(super) fn is_session(id: &str) -> bool {
    id.starts_with("cs_") && is_word(id, 255, "_")
}

/// A Checkout Session.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    livemode: bool,
    client_reference_id: Option<String>,
    payment_status: String,
    status: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    payment_intent: Option<Intent>,
    pub(super) url: Option<String>,
}

/// A payment intent, or only its id where it was not asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Intent {
    Id(String),
    Whole { id: String, status: String },
}

impl Session {
    fn payment(&self) -> Option<PaymentId> {
        self.client_reference_id.as_deref()?.parse().ok()
    }

    /// A session over nothing is `no_payment_required`, which is not paid.
    fn is_paid(&self) -> bool {
        self.payment_status == "paid"
    }

    /// What it collects, in its own currency.
    pub(super) fn received(&self, payment: PaymentId) -> Option<Received> {
        let code = self.currency.as_deref()?;
        let currency = Currency::from_code(&code.to_ascii_uppercase())?;
        Some(Received {
            payment,
            trade_no: self.id.clone(),
            amount: from_stripe(self.amount_total?, currency)?,
        })
    }

    /// Whether an answer is about this payment of this account.
    pub(super) fn bind(&self, account: &StripeSettings, payment: PaymentId) -> Result<(), GatewayError> {
        if self.payment() != Some(payment) {
            return Err(GatewayError::Malformed("client_reference_id"));
        }
        if self.livemode != account.is_live() {
            return Err(GatewayError::Malformed("livemode"));
        }
        if !is_session(&self.id) {
            return Err(GatewayError::Malformed("id"));
        }
        Ok(())
    }

    pub(super) fn report(&self, account: &StripeSettings, payment: PaymentId) -> Result<Report, GatewayError> {
        if self.is_paid() {
            let received = self.received(payment);
            return received
                .filter(|received| received.amount.currency == account.currency)
                .map(Report::Received)
                .ok_or(GatewayError::Malformed("amount_total"));
        }
        let is_open = match self.status.as_deref() {
            Some("open") => true,
            Some("complete") => self.is_awaited(),
            Some("expired") => false,
            _ => return Err(GatewayError::Malformed("status")),
        };
        Ok(if is_open { Report::Open } else { Report::Closed })
    }

    /// Whether a payment that takes days, such as a debit, has not failed.
    fn is_awaited(&self) -> bool {
        match &self.payment_intent {
            Some(Intent::Whole { status, .. }) => !["canceled", "requires_payment_method"].contains(&status.as_str()),
            Some(Intent::Id(_)) | None => true,
        }
    }

    pub(super) fn intent(&self) -> Result<&str, GatewayError> {
        let intent = self.payment_intent.as_ref().map(|intent| match intent {
            Intent::Id(id) | Intent::Whole { id, .. } => id.as_str(),
        });
        let intent = intent.filter(|id| is_word(id, 255, "_"));
        intent.ok_or(GatewayError::Malformed("payment_intent"))
    }
}

/// A refund.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// The refunds of a payment.
#[derive(Debug, Deserialize)]
pub(super) struct Refunds {
    data: Vec<Refund>,
    has_more: bool,
}

impl Refunds {
    /// The one that was asked for under this id.
    pub(super) fn find(self, id: PaymentId) -> Result<Option<Refund>, GatewayError> {
        let id = id.to_string();
        let found = self
            .data
            .into_iter()
            .find(|refund| refund.metadata.get(REFUND) == Some(&id));
        if found.is_none() && self.has_more {
            return Err(GatewayError::Malformed(
                "the payment has more refunds than one answer holds",
            ));
        }
        Ok(found)
    }
}

impl Refund {
    pub(super) fn report(&self) -> Result<RefundReport, GatewayError> {
        match self.status.as_deref() {
            Some("succeeded") => Ok(RefundReport::Done),
            Some("pending" | "requires_action") | None => Ok(RefundReport::Pending),
            Some("failed" | "canceled") => {
                let reason = self.failure_reason.as_deref().unwrap_or("no reason given");
                Ok(RefundReport::Refused(words(reason)))
            }
            Some(_) => Err(GatewayError::Malformed("status")),
        }
    }
}

/// What an answer with another status says.
#[derive(Deserialize)]
struct Failure {
    error: FailureReason,
}

#[derive(Deserialize)]
struct FailureReason {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

/// Reads an answer.
///
/// # Errors
/// [`GatewayError::Refused`] where Stripe says that the request was not done and why.
pub(super) fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, GatewayError> {
    if (200..300).contains(&status) {
        return serde_json::from_slice(body).map_err(|_| GatewayError::Malformed("it is none of Stripe's objects"));
    }
    let failure = serde_json::from_slice::<Failure>(body).ok();
    match failure.filter(|_| matches!(status, 400..=404)) {
        Some(failure) => Err(GatewayError::Refused(words(&failure.error.message))),
        None => Err(GatewayError::Status(status)),
    }
}

/// Whether Stripe says no to a request itself: the same request would be refused again. A key that was used for another
/// request is no such answer.
pub(super) fn is_refusal(status: u16, body: &[u8]) -> bool {
    let failure = serde_json::from_slice::<Failure>(body);
    matches!(status, 400 | 402) && failure.is_ok_and(|failure| failure.error.kind != "idempotency_error")
}
