//! What goes over HTTP, with the tests' own counterpart.

use super::counterpart::Counterpart;
use super::*;

fn new_payment(notify: &Url, amount: Money) -> NewPayment<'_> {
    let id = payment();
    NewPayment {
        id,
        amount,
        subject: "月卡 & more",
        expires_at_ms: id.made_at_ms().unwrap() + 900_500,
        client: None,
        notify_url: notify,
        return_url: notify,
    }
}

async fn started(dialect: Value) -> (Counterpart, Epusdt) {
    let (counterpart, address) = Counterpart::start(SECRET).await;
    let mut settings = settings(&dialect);
    settings.url = address.to_string();
    (counterpart, Epusdt::open(&settings).unwrap())
}

fn dialects() -> [Value; 3] {
    let asset = json!({ "token": "usdt", "network": "tron" });
    [
        json!("classic"),
        json!({ "bepusdt": { "trade_type": "usdc.base" } }),
        json!({ "gmpay": { "pid": "1000", "asset": asset } }),
    ]
}

#[tokio::test]
async fn an_order_is_made_and_asked_for() {
    let notify: Url = "https://shop.example/n/7?a=1&b=2".parse().unwrap();
    for dialect in dialects() {
        for amount in [yuan(990), yuan(10_000)] {
            let (counterpart, gateway) = started(dialect.clone()).await;
            let checkout = gateway.create(&new_payment(&notify, amount)).await.unwrap();
            assert_eq!(checkout.url.as_str(), "https://pay.example/pay/checkout-counter/T-0");
            let trade_no = checkout.trade_no.unwrap();

            let query = async || gateway.query(payment(), Some(&trade_no)).await;
            assert_eq!(query().await.unwrap(), Report::Open);
            counterpart.set(&trade_no, "status", json!(2));
            let paid = query().await;
            if gateway.account.dialect == Dialect::Classic {
                let error = paid.unwrap_err().to_string();
                assert!(error.contains("no amount"), "{error}");
            } else {
                let trade_no = trade_no.clone();
                let payment = payment();
                assert_eq!(
                    paid.unwrap(),
                    Report::Received(Received {
                        payment,
                        trade_no,
                        amount
                    })
                );
            }
            counterpart.set(&trade_no, "status", json!(3));
            assert_eq!(query().await.unwrap(), Report::Closed);
            counterpart.set(&trade_no, "status", json!("paid"));
            assert!(query().await.is_err());
        }
    }
}

#[tokio::test]
async fn each_dialect_is_asked_in_its_own_words() {
    let notify: Url = "https://shop.example/n/7".parse().unwrap();
    let mut asked = Vec::new();
    for dialect in dialects() {
        let (counterpart, gateway) = started(dialect).await;
        gateway.create(&new_payment(&notify, yuan(990))).await.unwrap();
        asked.push(counterpart.asked());
    }
    assert_eq!((&asked[0]["amount"], &asked[0]["name"]), (&json!(9.9), &Value::Null));
    assert_eq!(
        (&asked[1]["fiat"], &asked[1]["trade_type"]),
        (&json!("CNY"), &json!("usdc.base"))
    );
    assert_eq!(asked[1]["timeout"], json!(900), "it counts from the payment's making");
    assert_eq!(
        (&asked[2]["currency"], &asked[2]["token"]),
        (&json!("cny"), &json!("usdt"))
    );
    assert_eq!(
        (&asked[2]["pid"], &asked[2]["name"]),
        (&json!("1000"), &json!("月卡 & more"))
    );
}

#[test]
fn bepusdt_is_told_a_time_that_it_takes() {
    let notify: Url = "https://shop.example/n/7".parse().unwrap();
    for (seconds, told) in [(0, 180), (900, 900), (86_400, 3_600)] {
        let mut payment = new_payment(&notify, yuan(990));
        payment.expires_at_ms = payment.id.made_at_ms().unwrap() + seconds * 1_000;
        let (_, body) = message::creation(&BEPUSDT.account, &payment).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["timeout"], json!(told), "{seconds}");
    }
}

#[tokio::test]
async fn a_gateway_s_refusal_is_told_in_its_words() {
    let notify: Url = "https://shop.example/n/7".parse().unwrap();
    let (_counterpart, gateway) = started(json!("classic")).await;
    gateway.create(&new_payment(&notify, yuan(990))).await.unwrap();
    let error = gateway.create(&new_payment(&notify, yuan(990))).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Refused(words) if words.contains("支付交易已存在")),
        "{error}"
    );

    let mut other = gateway.clone();
    other.account.secret = SecretString::from("another secret");
    let error = other.create(&new_payment(&notify, yuan(990))).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Refused(words) if words == "签名认证错误"),
        "{error}"
    );
}

#[tokio::test]
async fn an_order_over_nothing_is_not_made() {
    let notify: Url = "https://shop.example/n/7".parse().unwrap();
    let (_counterpart, gateway) = started(json!({ "bepusdt": {} })).await;
    let dollars = Money {
        minor: 990,
        currency: Currency::USD,
    };
    for amount in [yuan(0), dollars] {
        let error = gateway.create(&new_payment(&notify, amount)).await.unwrap_err();
        assert!(
            matches!(&error, GatewayError::Refused(words) if words.contains("more than nothing, in CNY")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_refused() {
    let notify: Url = "https://shop.example/n/7".parse().unwrap();
    let (counterpart, gateway) = started(json!({ "bepusdt": {} })).await;
    let trade_no = gateway
        .create(&new_payment(&notify, yuan(990)))
        .await
        .unwrap()
        .trade_no
        .unwrap();
    counterpart.set(&trade_no, "status", json!(2));
    for (member, value, named) in [
        ("order_id", json!(PaymentId::generate().to_string()), "order_id"),
        ("fiat", json!("USD"), "fiat"),
        ("amount", json!("0"), "money"),
        ("amount", json!("9.999"), "money"),
        ("trade_id", json!("T-1"), "trade_id"),
    ] {
        let before = counterpart.asked()[member].clone();
        counterpart.set(&trade_no, member, value);
        let error = gateway.query(payment(), Some(&trade_no)).await.unwrap_err();
        assert!(
            matches!(error, GatewayError::Malformed(field) if field == named),
            "{member}: {error}"
        );
        counterpart.set(&trade_no, member, before);
    }
    assert!(matches!(
        gateway.query(payment(), Some(&trade_no)).await,
        Ok(Report::Received(_))
    ));

    let of = |amount: Money| {
        let answer = json!({ "status_code": 200, "data": {
            "order_id": PAYMENT, "trade_id": "T-0", "amount": 9.9, "payment_url": "https://pay.example/T-0",
        } });
        let order = message::order(200, answer.to_string().as_bytes()).unwrap().unwrap();
        order.checkout(&gateway.account, &new_payment(&notify, amount))
    };
    assert!(of(yuan(990)).is_ok());
    assert!(matches!(of(yuan(991)), Err(GatewayError::Malformed("amount"))));
}

#[tokio::test]
async fn an_order_that_is_not_known_is_closed() {
    for dialect in dialects() {
        let (_counterpart, gateway) = started(dialect).await;
        assert_eq!(gateway.query(payment(), None).await.unwrap(), Report::Closed);
        let unknown = gateway.query(payment(), Some("T-9")).await;
        match gateway.account.dialect {
            // BEpusdt says so in words only.
            Dialect::Bepusdt(_) => {
                assert!(matches!(unknown, Err(GatewayError::Refused(words)) if words == "order not found"));
            }
            _ => assert_eq!(unknown.unwrap(), Report::Closed),
        }
        for unsafe_no in ["", "../admin", "T-0?a=1", "T 0"] {
            let error = gateway.query(payment(), Some(unsafe_no)).await.unwrap_err();
            assert!(matches!(error, GatewayError::Malformed("trade_id")), "{unsafe_no}");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_of_such_a_gateway_is_told_apart() {
    let error = |status| message::order(status, b"<html>").err().unwrap();
    assert!(matches!(error(502), GatewayError::Status(502)));
    assert!(matches!(error(200), GatewayError::Malformed(_)));
    let (_counterpart, mut gateway) = started(json!("classic")).await;
    gateway.url.set_path("/elsewhere");
    let unknown = gateway.query(payment(), Some("T-0")).await;
    assert!(matches!(unknown, Err(GatewayError::Status(404))), "{unknown:?}");
}

#[tokio::test]
async fn a_person_pays_back() {
    let refund = NewRefund {
        id: PaymentId::generate(),
        payment: payment(),
        trade_no: "T-0",
        amount: yuan(990),
    };
    assert_eq!(BEPUSDT.refund(&refund).await.unwrap(), RefundReport::ByHand);
}
