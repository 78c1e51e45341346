//! What goes over HTTP, with the tests' own counterpart.

use shelfproof_base::web::Url;

use super::counterpart::Counterpart;
use super::*;

fn new_payment(url: &Url) -> NewPayment<'_> {
    let id = payment();
    NewPayment {
        id,
        amount: yuan(990),
        subject: "月卡 & more",
        expires_at_ms: id.made_at_ms().unwrap() + 2 * 3_600_000,
        client: None,
        notify_url: url,
        return_url: url,
    }
}

async fn started() -> (Counterpart, Stripe) {
    let (counterpart, address) = Counterpart::start(KEY).await;
    let mut settings = settings();
    settings.url = address.to_string();
    (counterpart, Stripe::open(&settings).unwrap())
}

/// With a session that was paid.
async fn paid() -> (Counterpart, Stripe) {
    let (counterpart, gateway) = started().await;
    let url: Url = "https://shop.example/o/7".parse().unwrap();
    gateway.create(&new_payment(&url)).await.unwrap();
    counterpart.set("status", json!("complete"));
    counterpart.set("payment_status", json!("paid"));
    counterpart.set("payment_intent", json!({ "id": "pi_3Q", "status": "succeeded" }));
    (counterpart, gateway)
}

fn new_refund(id: PaymentId) -> NewRefund<'static> {
    NewRefund {
        id,
        payment: payment(),
        trade_no: "cs_test_a1B2c3",
        amount: yuan(990),
    }
}

#[tokio::test]
async fn a_session_is_made_once() {
    let (counterpart, gateway) = started().await;
    let url: Url = "https://shop.example/o/7?a=1&b=2".parse().unwrap();
    let payment = new_payment(&url);
    let checkout = gateway.create(&payment).await.unwrap();
    assert_eq!(checkout.url.host_str(), Some("checkout.stripe.example"));
    assert_eq!(checkout.trade_no.as_deref(), Some("cs_test_a1B2c3"));
    assert_eq!(gateway.create(&payment).await.unwrap(), checkout);

    let form = counterpart.asked();
    for (name, value) in [
        ("mode", "payment"),
        ("client_reference_id", PAYMENT),
        ("metadata[payment]", PAYMENT),
        ("line_items[0][price_data][unit_amount]", "990"),
        ("line_items[0][price_data][currency]", "cny"),
        ("line_items[0][price_data][product_data][name]", "月卡 & more"),
        ("success_url", url.as_str()),
        ("adaptive_pricing[enabled]", "false"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    assert_eq!(
        form["expires_at"],
        (payment.expires_at_ms / 1_000 + 31 * 60).to_string()
    );

    let other = NewPayment {
        amount: yuan(991),
        ..payment
    };
    let error = gateway.create(&other).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Refused(words) if words.contains("another request")),
        "{error}"
    );
}

#[test]
fn a_session_ends_within_what_stripe_allows() {
    let url: Url = "https://shop.example/".parse().unwrap();
    let made_at_s = payment().made_at_ms().unwrap() / 1_000;
    for (minutes, ends) in [(1, 32), (15, 46), (90, 121), (24 * 60, 24 * 60 - 1)] {
        let mut payment = new_payment(&url);
        payment.expires_at_ms = payment.id.made_at_ms().unwrap() + minutes * 60_000;
        assert_eq!(expires_at(&payment), made_at_s + ends * 60, "{minutes}");
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_refused() {
    let (counterpart, gateway) = paid().await;
    for (member, value, named) in [
        (
            "client_reference_id",
            json!(PaymentId::generate().to_string()),
            "client_reference_id",
        ),
        ("livemode", json!(true), "livemode"),
        ("id", json!("cs_test_other"), "id"),
        ("currency", json!("usd"), "amount_total"),
        ("amount_total", json!(0), "amount_total"),
        ("amount_total", json!(null), "amount_total"),
    ] {
        let (counterpart, gateway) = paid().await;
        counterpart.set(member, value);
        let error = gateway.query(payment(), Some("cs_test_a1B2c3")).await.unwrap_err();
        assert!(
            matches!(error, GatewayError::Malformed(field) if field == named),
            "{member}: {error}"
        );
    }
    counterpart.set(
        "payment_intent",
        json!({ "id": "pi_3Q&limit=1", "status": "succeeded" }),
    );
    let error = gateway.refund(&new_refund(PaymentId::generate())).await.unwrap_err();
    assert!(matches!(error, GatewayError::Malformed("payment_intent")), "{error}");
}

#[tokio::test]
async fn a_session_is_asked_for() {
    let (counterpart, gateway) = started().await;
    let query = async |id| gateway.query(payment(), id).await;
    assert_eq!(query(None).await.unwrap(), Report::Closed);
    let error = query(Some("cs_test_unknown")).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Refused(words) if words.starts_with("No such")),
        "{error}"
    );
    let error = query(Some("../refunds")).await.unwrap_err();
    assert!(matches!(error, GatewayError::Malformed("trade_no")), "{error}");

    let url: Url = "https://shop.example/".parse().unwrap();
    let id = gateway.create(&new_payment(&url)).await.unwrap().trade_no.unwrap();
    for (status, intent, report) in [
        ("open", json!(null), Report::Open),
        (
            "complete",
            json!({ "id": "pi_3Q", "status": "processing" }),
            Report::Open,
        ),
        (
            "complete",
            json!({ "id": "pi_3Q", "status": "requires_payment_method" }),
            Report::Closed,
        ),
        (
            "complete",
            json!({ "id": "pi_3Q", "status": "canceled" }),
            Report::Closed,
        ),
        ("expired", json!(null), Report::Closed),
    ] {
        counterpart.set("status", json!(status));
        counterpart.set("payment_intent", intent);
        assert_eq!(query(Some(&id)).await.unwrap(), report, "{status}");
    }
    counterpart.set("payment_status", json!("paid"));
    let received = Received {
        payment: payment(),
        trade_no: id.clone(),
        amount: yuan(990),
    };
    assert_eq!(query(Some(&id)).await.unwrap(), Report::Received(received));
}

#[tokio::test]
async fn a_wrong_key_is_told() {
    let (_counterpart, mut gateway) = started().await;
    gateway.account.secret_key = SecretString::from("sk_test_other");
    let error = gateway.query(payment(), Some("cs_test_a1B2c3")).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Refused(words) if words.contains("Invalid API Key")),
        "{error}"
    );
    let url: Url = "https://shop.example/".parse().unwrap();
    let error = gateway.create(&new_payment(&url)).await.unwrap_err();
    assert!(
        matches!(error, GatewayError::Status(401)),
        "a buyer reads no part of the key: {error}"
    );
}

#[tokio::test]
async fn a_refund_is_made_once_and_followed() {
    let (counterpart, gateway) = paid().await;
    let refund = new_refund(PaymentId::generate());
    assert_eq!(gateway.refund(&refund).await.unwrap(), RefundReport::Pending);
    let form = counterpart.asked();
    assert_eq!(
        (form["payment_intent"].as_str(), form["amount"].as_str()),
        ("pi_3Q", "990")
    );

    counterpart.set_refund("succeeded");
    counterpart.forget_keys();
    assert_eq!(gateway.refund(&refund).await.unwrap(), RefundReport::Done);
    counterpart.set_refund("failed");
    let failed = gateway.refund(&refund).await.unwrap();
    assert_eq!(failed, RefundReport::Refused("no reason given".to_owned()));
    assert_eq!(counterpart.refunds(), 1);
}

#[tokio::test]
async fn a_refund_that_stripe_refuses_is_told_from_one_that_is_not_known() {
    let (counterpart, gateway) = paid().await;
    let refund = async |status, kind| {
        let error = json!({ "error": { "type": kind, "message": "already refunded" } });
        counterpart.answer_refund(status, error);
        gateway.refund(&new_refund(PaymentId::generate())).await
    };
    let refused = RefundReport::Refused("already refunded".to_owned());
    assert_eq!(refund(400, "invalid_request_error").await.unwrap(), refused);
    for (status, kind) in [(400, "idempotency_error"), (403, "invalid_request_error")] {
        let error = refund(status, kind).await.unwrap_err();
        assert!(matches!(error, GatewayError::Refused(_)), "{status}: {error}");
    }
    for status in [409, 429, 500, 503] {
        let error = refund(status, "api_error").await.unwrap_err();
        assert!(matches!(error, GatewayError::Status(got) if got == status), "{error}");
    }
}
