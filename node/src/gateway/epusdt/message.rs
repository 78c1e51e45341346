//! What is computed: requests, answers and notices.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use shelfproof_base::web::parse_url;

use super::members::{Members, SIGNATURE, signed_text};
use super::settings::{Dialect, EpusdtSettings};
use crate::domain::money::Money;
use crate::domain::payment::{PaymentId, Received};
use crate::gateway::field::{is_word, words};
use crate::gateway::{Checkout, GatewayError, NewPayment, Notice, NoticeRefusal, Report, signature};

const PAID: &str = "2";

/// What the gateways answer for an order that they do not know.
const UNKNOWN_ORDER: u32 = 10_008;

/// How long BEpusdt lets an order be paid, seconds. It takes its own default for any other time.
const BEPUSDT_OPEN_S: (u64, u64) = (180, 3_600);

/// Whether a text is a gateway's number of an order.
pub(super) fn is_trade_no(text: &str) -> bool {
    is_word(text, 128, "-_")
}

/// Reads a notice.
pub(super) fn notice(account: &EpusdtSettings, body: &[u8]) -> Result<Notice, NoticeRefusal> {
    let members = Members::read(body).ok_or(NoticeRefusal::Malformed)?;
    let written = members.get(SIGNATURE).ok_or(NoticeRefusal::Unsigned)?;
    if !signature::is(&members.sign(account.dialect.digest(), &account.secret), written) {
        return Err(NoticeRefusal::Forged);
    }
    let required = |name| members.get(name).ok_or(NoticeRefusal::Missing(name));
    if let Dialect::Gmpay(gmpay) = &account.dialect
        && required("pid")? != gmpay.pid
    {
        return Err(NoticeRefusal::OtherAccount);
    }
    let payment: PaymentId = required("order_id")?.parse().map_err(|_| NoticeRefusal::NoPayment)?;
    let status = required("status")?;
    if !is_word(status, 2, "") {
        return Err(NoticeRefusal::Field("status"));
    }
    if status != PAID {
        return Ok(Notice::Unpaid(payment));
    }
    let trade_no = required("trade_id")?;
    if !is_trade_no(trade_no) {
        return Err(NoticeRefusal::Field("trade_id"));
    }
    let amount = Money::parse(required("amount")?, account.currency).map_err(|_| NoticeRefusal::Amount)?;
    if amount.minor == 0 {
        return Err(NoticeRefusal::Amount);
    }
    Ok(Notice::Received(Received {
        payment,
        trade_no: trade_no.to_owned(),
        amount,
    }))
}

/// A request to create an order: the path, and the signed body.
pub(super) fn creation(
    account: &EpusdtSettings,
    payment: &NewPayment<'_>,
) -> Result<(&'static str, Vec<u8>), GatewayError> {
    let is_ours = payment.amount.currency == account.currency && payment.amount.minor > 0;
    let amount = payment.amount.decimal().parse().ok().and_then(Number::from_f64);
    // For an order of nothing, BEpusdt takes whatever is paid.
    let amount = amount.filter(|_| is_ours).ok_or_else(|| {
        let rule = format!("it takes more than nothing, in {}", account.currency.code());
        GatewayError::Refused(rule)
    })?;
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| body.insert(name.to_owned(), value);
    add("order_id", payment.id.to_string().into());
    add("amount", amount.into());
    add("notify_url", payment.notify_url.as_str().into());
    add("redirect_url", payment.return_url.as_str().into());
    let path = match &account.dialect {
        Dialect::Classic => "/api/v1/order/create-transaction",
        Dialect::Bepusdt(bepusdt) => {
            add("fiat", account.currency.code().into());
            add("trade_type", bepusdt.trade_type.as_str().into());
            add("name", payment.subject.into());
            add("timeout", open_s(payment).into());
            "/api/v1/order/create-transaction"
        }
        Dialect::Gmpay(gmpay) => {
            add("pid", gmpay.pid.as_str().into());
            add("currency", account.currency.code().to_lowercase().into());
            add("name", payment.subject.into());
            if let Some(asset) = &gmpay.asset {
                add("token", asset.token.as_str().into());
                add("network", asset.network.as_str().into());
            }
            "/payments/gmpay/v1/order/create-transaction"
        }
    };
    Ok((path, signed(account, body)?))
}

/// The time from the making of the payment's id, so that a repeated request is the same.
fn open_s(payment: &NewPayment<'_>) -> u64 {
    let made_at_ms = payment.id.made_at_ms().unwrap_or(payment.expires_at_ms);
    let (least, most) = BEPUSDT_OPEN_S;
    (payment.expires_at_ms.saturating_sub(made_at_ms) / 1_000).clamp(least, most)
}

fn signed(account: &EpusdtSettings, mut body: Map<String, Value>) -> Result<Vec<u8>, GatewayError> {
    let unreadable = || GatewayError::Malformed("the request's own body");
    let members = serde_json::to_vec(&body).ok().and_then(|json| Members::read(&json));
    let signature = members
        .ok_or_else(unreadable)?
        .sign(account.dialect.digest(), &account.secret);
    body.insert(SIGNATURE.to_owned(), signature.into());
    serde_json::to_vec(&body).map_err(|_| unreadable())
}

/// What every route answers.
#[derive(Deserialize)]
struct Answer<'a> {
    status_code: u32,
    #[serde(default)]
    message: String,
    #[serde(borrow, default)]
    data: Option<BTreeMap<String, &'a RawValue>>,
}

/// An order in an answer. Answers are not signed.
pub(super) struct Order(BTreeMap<String, String>);

/// Reads an answer; `None` if the gateway does not know the order.
pub(super) fn order(status: u16, body: &[u8]) -> Result<Option<Order>, GatewayError> {
    let Ok(answer) = serde_json::from_slice::<Answer<'_>>(body) else {
        return Err(match status {
            200 => GatewayError::Malformed("it is no answer of an epusdt gateway"),
            other => GatewayError::Status(other),
        });
    };
    match answer.status_code {
        200 => {
            let data = answer.data.ok_or(GatewayError::Malformed("data"))?;
            let texts = data
                .into_iter()
                .filter_map(|(name, value)| Some((name, signed_text(value)?)));
            Ok(Some(Order(texts.collect())))
        }
        UNKNOWN_ORDER => Ok(None),
        _ => Err(GatewayError::Refused(words(&answer.message))),
    }
}

impl Order {
    fn is(&self, name: &'static str, value: &str) -> Result<(), GatewayError> {
        let is = self.0.get(name).is_some_and(|other| other == value);
        is.then_some(()).ok_or(GatewayError::Malformed(name))
    }

    fn money(&self, name: &'static str, account: &EpusdtSettings) -> Result<Money, GatewayError> {
        let text = self.0.get(name).ok_or(GatewayError::Malformed(name))?;
        let money = Money::parse(text, account.currency)
            .ok()
            .filter(|money| money.minor > 0);
        money.ok_or(GatewayError::Malformed(name))
    }

    /// Reads the answer to a creation: it must be about this payment.
    pub(super) fn checkout(
        &self,
        account: &EpusdtSettings,
        payment: &NewPayment<'_>,
    ) -> Result<Checkout, GatewayError> {
        self.is("order_id", &payment.id.to_string())?;
        if self.money("amount", account)? != payment.amount {
            return Err(GatewayError::Malformed("amount"));
        }
        let url = self.0.get("payment_url").and_then(|text| parse_url(text).ok());
        let trade_no = self.0.get("trade_id").filter(|text| is_trade_no(text));
        Ok(Checkout {
            url: url.ok_or(GatewayError::Malformed("payment_url"))?,
            trade_no: Some(trade_no.ok_or(GatewayError::Malformed("trade_id"))?.clone()),
        })
    }

    /// Reads the answer to a question about an order: it must be about this one.
    pub(super) fn report(
        &self,
        account: &EpusdtSettings,
        payment: PaymentId,
        trade_no: &str,
    ) -> Result<Report, GatewayError> {
        self.is("trade_id", trade_no)?;
        let status = self.0.get("status").map_or("", String::as_str);
        let amount = match (&account.dialect, status) {
            (Dialect::Classic, "1") | (Dialect::Bepusdt(_), "1" | "5") | (Dialect::Gmpay(_), "1" | "4") => {
                return Ok(Report::Open);
            }
            (Dialect::Classic | Dialect::Gmpay(_), "3") | (Dialect::Bepusdt(_), "3" | "4" | "6") => {
                return Ok(Report::Closed);
            }
            (Dialect::Classic, PAID) => {
                return Err(GatewayError::Malformed(
                    "it says that the order was paid, and no amount",
                ));
            }
            (Dialect::Bepusdt(_), PAID) => {
                self.is("order_id", &payment.to_string())?;
                self.is("fiat", account.currency.code())?;
                self.money("money", account)?
            }
            (Dialect::Gmpay(_), PAID) => {
                self.is("currency", account.currency.code())?;
                self.money("amount", account)?
            }
            _ => return Err(GatewayError::Malformed("status")),
        };
        Ok(Report::Received(Received {
            payment,
            trade_no: trade_no.to_owned(),
            amount,
        }))
    }
}
