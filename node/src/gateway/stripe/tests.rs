use std::sync::LazyLock;

use proptest::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::domain::money::Currency;
use crate::domain::payment::Received;
use crate::gateway::signature;

mod asks;
mod counterpart;

const KEY: &str = "sk_test_51HgT4vKq8ZrXw2LmN";
const WEBHOOK: &str = "whsec_Zk3vT8qLw5RnYc2HdJx7MbPg";
const PAYMENT: &str = "0198f3c2a5d07b6e9c1d2e3f40516273";
const AT_MS: u64 = 1_790_000_000_000;

#[derive(Deserialize)]
struct Vectors {
    stripe: Vec<Vector>,
}

/// A body that another program signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    made_by: String,
    secret: String,
    timestamp: u64,
    payload: String,
    header: String,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../../tests/vectors/gateways.json");
    serde_json::from_str::<Vectors>(text).unwrap().stripe
}

fn payment() -> PaymentId {
    PAYMENT.parse().unwrap()
}

fn yuan(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

fn settings() -> StripeSettings {
    let settings =
        json!({ "url": "http://localhost:8000", "currency": "CNY", "secret_key": KEY, "webhook_secret": WEBHOOK });
    serde_json::from_value(settings).unwrap()
}

/// Made once: a client reads the machine's certificates.
static GATEWAY: LazyLock<Stripe> = LazyLock::new(|| Stripe::open(&settings()).unwrap());

fn received() -> Notice {
    Notice::Received(Received {
        payment: payment(),
        trade_no: "cs_test_a1B2c3D4e5F6".to_owned(),
        amount: yuan(990),
    })
}

fn read(header: Option<&str>, body: &[u8], now_ms: u64) -> Result<Notice, NoticeRefusal> {
    let request = NoticeRequest {
        is_post: true,
        query: "",
        content_type: None,
        signature: header,
        body,
    };
    GATEWAY.notice(&request, now_ms)
}

fn header(at_s: u64, body: &[u8]) -> String {
    let (at, secret) = (at_s.to_string(), SecretString::from(WEBHOOK));
    let signature = signature::hmac_sha256(&[at.as_bytes(), b".", body], &secret);
    format!("t={at},v1={signature}")
}

fn event(kind: &str, member: &str, value: &Value) -> Value {
    let mut session = json!({
        "id": "cs_test_a1B2c3D4e5F6", "object": "checkout.session", "client_reference_id": PAYMENT, "livemode": false,
        "amount_total": 990, "currency": "cny", "payment_intent": "pi_3Q", "payment_status": "paid",
        "status": "complete", "url": null,
    });
    session[member] = value.clone();
    json!({ "id": "evt_1", "type": kind, "livemode": false, "data": { "object": session } })
}

/// An event that Stripe signed now.
fn sent(event: &Value) -> Result<Notice, NoticeRefusal> {
    let body = event.to_string().into_bytes();
    read(Some(&header(AT_MS / 1_000, &body)), &body, AT_MS)
}

#[test]
fn signatures_are_those_of_another_program() {
    for vector in vectors() {
        let (secret, now_ms) = (SecretString::from(vector.secret), vector.timestamp * 1_000);
        let verify = |body: &str| message::verify(&secret, Some(&vector.header), body.as_bytes(), now_ms);
        assert_eq!(verify(&vector.payload), Ok(()), "{}", vector.made_by);
        assert_eq!(verify(&format!("{} ", vector.payload)), Err(NoticeRefusal::Forged));
    }
}

#[test]
fn a_notice_that_another_program_signed_is_received() {
    for vector in vectors().into_iter().take(2) {
        let body = vector.payload.as_bytes();
        assert_eq!(
            read(Some(&vector.header), body, vector.timestamp * 1_000),
            Ok(received())
        );
    }
}

#[test]
fn a_signature_is_believed_for_five_minutes_in_both_directions() {
    let body = event("checkout.session.completed", "url", &json!(null))
        .to_string()
        .into_bytes();
    let header = header(AT_MS / 1_000, &body);
    for (now_ms, is_stale) in [
        (AT_MS - 301_000, true),
        (AT_MS - 300_000, false),
        (AT_MS + 300_999, false),
        (AT_MS + 301_000, true),
        (0, true),
        (u64::MAX, true),
    ] {
        let refusal = read(Some(&header), &body, now_ms).err();
        assert_eq!(refusal, is_stale.then_some(NoticeRefusal::Stale), "{now_ms}");
    }
}

#[test]
fn the_header_is_read_strictly() {
    use NoticeRefusal::{Field, Forged, Malformed, Missing, Unsigned};
    let body = event("checkout.session.completed", "url", &json!(null))
        .to_string()
        .into_bytes();
    let good = header(AT_MS / 1_000, &body);
    let (time, v1) = good.split_once(',').unwrap();
    let wrong = format!("v1={}", "0".repeat(64));
    for (text, refusal) in [
        (format!("{time},{wrong},{v1}"), None),
        (format!("{time},v0=abc,{v1},v2=def"), None),
        (format!("{v1},{time}"), None),
        (format!("{time},{wrong}"), Some(Forged)),
        (format!("{time},v0={}", &v1[3..]), Some(Unsigned)),
        (time.to_owned(), Some(Unsigned)),
        (v1.to_owned(), Some(Missing("t"))),
        (format!("{time},{time},{v1}"), Some(Malformed)),
        (
            format!("{time},{}", v1.to_uppercase().replace("V1", "v1")),
            Some(Forged),
        ),
        (format!("t=1790000001,{v1}"), Some(Forged)),
        ("x".to_owned(), Some(Malformed)),
        (String::new(), Some(Malformed)),
    ] {
        assert_eq!(read(Some(&text), &body, AT_MS).err(), refusal, "{text}");
    }
    assert_eq!(read(None, &body, AT_MS), Err(Unsigned));

    let signature = signature::hmac_sha256(&[b"soon.", &body], &SecretString::from(WEBHOOK));
    assert_eq!(
        read(Some(&format!("t=soon,v1={signature}")), &body, AT_MS),
        Err(Field("t"))
    );
    let request = NoticeRequest {
        is_post: false,
        query: "",
        content_type: None,
        signature: Some(&good),
        body: &body,
    };
    assert_eq!(GATEWAY.notice(&request, AT_MS), Err(NoticeRefusal::Method));
}

#[test]
fn only_what_was_paid_is_received() {
    let of = |kind: &str, status: &str| sent(&event(kind, "payment_status", &json!(status)));
    let unpaid = Ok(Notice::Unpaid(payment()));
    for kind in ["checkout.session.completed", "checkout.session.async_payment_succeeded"] {
        assert_eq!(of(kind, "paid"), Ok(received()), "{kind}");
        assert_eq!(of(kind, "unpaid"), unpaid, "{kind}");
        assert_eq!(of(kind, "no_payment_required"), unpaid, "{kind}");
    }
    for kind in ["checkout.session.async_payment_failed", "checkout.session.expired"] {
        assert_eq!(of(kind, "unpaid"), unpaid, "{kind}");
        assert_eq!(of(kind, "paid"), unpaid, "{kind}");
    }
    for kind in ["payment_intent.succeeded", "charge.refunded", ""] {
        assert_eq!(of(kind, "paid"), Ok(Notice::Other), "{kind}");
    }
}

#[test]
fn an_event_that_breaks_a_rule_is_refused_by_name() {
    use NoticeRefusal::{Amount, Field, Malformed};
    for (member, value, refusal) in [
        ("amount_total", json!(0), Amount),
        ("amount_total", json!(-990), Amount),
        ("amount_total", json!(null), Amount),
        ("amount_total", json!("990"), Malformed),
        ("amount_total", json!(9.9), Malformed),
        ("currency", json!("none"), Amount),
        ("currency", json!(null), Amount),
        ("payment_status", json!(null), Malformed),
        ("id", json!("pi_3Q"), Field("id")),
        ("id", json!(1), Malformed),
    ] {
        let event = event("checkout.session.completed", member, &value);
        assert_eq!(sent(&event), Err(refusal), "{member} {value}");
    }
    let mut live = event("checkout.session.completed", "url", &json!(null));
    live["livemode"] = json!(true);
    assert_eq!(sent(&live), Err(NoticeRefusal::OtherAccount));
}

#[test]
fn a_session_in_another_currency_is_told_with_it() {
    let Ok(Notice::Received(received)) = sent(&event("checkout.session.completed", "currency", &json!("usd"))) else {
        panic!("not received");
    };
    assert_eq!(received.amount.currency, Currency::USD);
}

#[test]
fn a_session_of_another_program_is_nothing_of_ours() {
    for reference in [json!(null), json!("cart-7"), json!(PAYMENT.to_uppercase())] {
        let event = event("checkout.session.completed", "client_reference_id", &reference);
        assert_eq!(sent(&event), Ok(Notice::Other), "{reference}");
    }
}

#[test]
fn a_body_that_is_no_event_is_refused() {
    let event = event("checkout.session.completed", "url", &json!(null)).to_string();
    let twice = event.replacen("\"amount_total\"", "\"amount_total\":1,\"amount_total\"", 1);
    for body in ["", "{}", "[]", "null", &event[1..], &twice] {
        let header = header(AT_MS / 1_000, body.as_bytes());
        assert_eq!(
            read(Some(&header), body.as_bytes(), AT_MS),
            Err(NoticeRefusal::Malformed),
            "{body}"
        );
    }
}

#[test]
fn settings_that_break_a_rule_are_named() {
    let wrong = json!({ "url": "http://api.example", "currency": "CNY", "secret_key": "pk_live_1",
        "webhook_secret": "short" });
    let wrong: StripeSettings = serde_json::from_value(wrong).unwrap();
    let fields: Vec<&str> = wrong.broken().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        ["url", "secret_key", "webhook_secret", "secret_key", "webhook_secret"]
    );
    assert!(matches!(
        Stripe::open(&wrong),
        Err(OpenError::Rule("webhook_secret", _))
    ));

    let least = json!({ "currency": "CNY", "secret_key": KEY, "webhook_secret": WEBHOOK });
    let read = |member: &str, value: Value| {
        let mut settings = least.clone();
        settings[member] = value;
        serde_json::from_value::<StripeSettings>(settings)
    };
    assert_eq!(read("currency", json!("USD")).unwrap().url, "https://api.stripe.com");
    assert!(read("more", json!(1)).is_err() && read("currency", json!("cny")).is_err());
    assert!(
        read("secret_key", json!("rk_live_51HgT4vKq8ZrXw2LmN"))
            .unwrap()
            .is_live()
    );
    assert!(!read("secret_key", json!(KEY)).unwrap().is_live());
}

#[test]
fn no_secret_is_shown() {
    let written = serde_json::to_string(&settings()).unwrap();
    let shown = format!(
        "{written} {:?} {:?} {:?}",
        settings(),
        *GATEWAY,
        GATEWAY.headers().unwrap()
    );
    assert!(!shown.contains(KEY) && !shown.contains(WEBHOOK), "{shown}");
    assert!(shown.contains("localhost:8000"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(body in proptest::collection::vec(any::<u8>(), 0..200), at_s in 0..4_000_000_000_u64) {
        let secret = SecretString::from(WEBHOOK);
        let header = header(at_s, &body);
        prop_assert_eq!(message::verify(&secret, Some(&header), &body, at_s * 1_000), Ok(()));
    }

    #[test]
    fn no_header_or_body_panics(text in "[tv01=, 9a-f.]{0,80}", body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(Some(&text), &body, AT_MS).is_err());
        let signed = header(AT_MS / 1_000, &body);
        prop_assert!(read(Some(&signed), &body, AT_MS).is_err());
        let _ = message::read::<Session>(200, &body);
        let _ = message::read::<Session>(400, &body);
    }
}
