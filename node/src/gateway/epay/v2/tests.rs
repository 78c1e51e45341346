use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use secrecy::SecretString;
use serde_json::{Value, json};
use shelfproof_base::server;
use tokio::net::TcpListener;

use super::*;
use crate::domain::money::{Currency, Money};
use crate::gateway::epay::test_keys::{
    TEST_GATEWAY_PRIVATE, TEST_GATEWAY_PUBLIC, TEST_MERCHANT_PRIVATE, TEST_MERCHANT_PUBLIC,
};

/// How a gateway answers: the path and the request's fields lead to an answer, which is signed if its code is 0.
type Answers = Box<dyn Fn(&str, &Fields) -> Value + Send>;

/// A gateway of one answer at a time, which verifies what it is asked as the real one.
#[derive(Clone)]
struct Counterpart(Arc<Mutex<Answers>>);

async fn answer(State(it): State<Counterpart>, uri: Uri, body: Bytes) -> String {
    let asked = Fields::parse(&body).ok().unwrap();
    let key = PublicKey::parse(TEST_MERCHANT_PUBLIC).unwrap();
    assert_eq!(form::verify(&asked, &key, now_ms()), Ok(()));
    assert_eq!(asked.get("pid"), Some("1001"));
    let mut answer = (it.0.lock().unwrap())(uri.path(), &asked);
    if answer["code"] == 0 {
        let fields = Fields::of_json(answer.to_string().as_bytes()).unwrap();
        let key = PrivateKey::parse(&SecretString::from(TEST_GATEWAY_PRIVATE)).unwrap();
        let signed = form::signed(fields, &key, now_ms()).unwrap();
        for name in ["timestamp", "sign", "sign_type"] {
            answer[name] = json!(signed.get(name));
        }
    }
    // What happens on the way.
    answer
        .to_string()
        .replace("\"as_signed\":\"1.00\"", "\"as_signed\":\"9.00\"")
}

impl Counterpart {
    async fn new() -> (Self, EpayV2) {
        let it = Self(Arc::new(Mutex::new(Box::new(|_, _| Value::Null))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(it.clone());
        tokio::spawn(server::run(router, listener, Duration::ZERO, std::future::pending()));
        let settings = EpayV2Settings {
            url,
            pid: 1001,
            private_key: SecretString::from(TEST_MERCHANT_PRIVATE),
            public_key: TEST_GATEWAY_PUBLIC.to_owned(),
            pay_type: "alipay".to_owned(),
        };
        (it, EpayV2::open(&settings).unwrap())
    }

    fn answers(&self, answers: impl Fn(&str, &Fields) -> Value + Send + 'static) {
        *self.0.lock().unwrap() = Box::new(answers);
    }
}

const AMOUNT: Money = Money {
    minor: 990,
    currency: Currency::CNY,
};

#[tokio::test]
async fn a_page_is_made() {
    let (it, gateway) = Counterpart::new().await;
    let (notify_url, return_url) = (
        parse_url("https://shop.example/n").unwrap(),
        parse_url("https://shop.example/o").unwrap(),
    );
    let payment = NewPayment {
        id: PaymentId::generate(),
        amount: AMOUNT,
        subject: "月卡",
        expires_at_ms: 0,
        client: None,
        notify_url: &notify_url,
        return_url: &return_url,
    };
    let page = |trade_no: &str, pay_info: &str| json!({ "code": 0, "trade_no": trade_no, "pay_type": "jump", "pay_info": pay_info });
    let good = page("T1", "https://pay.example/pay/submit/T1/");
    it.answers(move |path, asked| {
        let is_whole = [
            ("type", "alipay"),
            ("method", "jump"),
            ("money", "9.90"),
            ("clientip", "0.0.0.0"),
            ("notify_url", "https://shop.example/n"),
        ]
        .iter()
        .all(|(name, value)| asked.get(name) == Some(value));
        assert!(is_whole && path == "/api/pay/create");
        good.clone()
    });
    let made = gateway.create(&payment).await.unwrap();
    assert_eq!(made.url.as_str(), "https://pay.example/pay/submit/T1/");
    assert_eq!(made.trade_no.as_deref(), Some("T1"));
    for bad in [
        page("", "https://pay.example/"),
        page("T1", "weixin://x"),
        page("T1", ""),
    ] {
        it.answers(move |_, _| bad.clone());
        assert!(matches!(
            gateway.create(&payment).await,
            Err(GatewayError::Malformed(_))
        ));
    }
    it.answers(|_, _| json!({ "code": -1, "msg": "金额不合法" }));
    let refused = gateway.create(&payment).await;
    assert!(matches!(refused, Err(GatewayError::Refused(words)) if words == "金额不合法"));
}

#[tokio::test]
async fn an_order_is_reported() {
    let (it, gateway) = Counterpart::new().await;
    let id = PaymentId::generate();
    let order = move |status: u8| {
        json!({
            "code": 0, "trade_no": "T1", "out_trade_no": id.to_string(), "pid": 1001, "money": "9.90",
            "status": status, "as_signed": null,
        })
    };
    it.answers(move |path, asked| {
        assert_eq!((path, asked.get("trade_no")), ("/api/pay/query", Some("T1")));
        order(1)
    });
    let Report::Received(received) = gateway.query(id, Some("T1")).await.unwrap() else {
        panic!("not received");
    };
    assert_eq!((received.payment, received.amount), (id, AMOUNT));
    it.answers(move |_, asked| {
        assert_eq!(asked.get("out_trade_no"), Some(id.to_string().as_str()));
        order(0)
    });
    assert_eq!(gateway.query(id, None).await.unwrap(), Report::Open);
    it.answers(|_, _| json!({ "code": -1, "msg": "订单号不存在" }));
    assert_eq!(gateway.query(id, None).await.unwrap(), Report::Closed);
    it.answers(|_, _| json!({ "code": -3, "msg": "RSA签名校验失败" }));
    assert!(matches!(gateway.query(id, None).await, Err(GatewayError::Refused(_))));
    // Changed on the way, after it was signed.
    it.answers(move |_, _| {
        let mut order = order(1);
        order["as_signed"] = json!("1.00");
        order
    });
    assert!(matches!(gateway.query(id, None).await, Err(GatewayError::Forged)));
}

#[tokio::test]
async fn a_refund_is_the_one_that_was_asked_for() {
    let (it, gateway) = Counterpart::new().await;
    let refund = NewRefund {
        id: PaymentId::generate(),
        payment: PaymentId::generate(),
        trade_no: "T1",
        amount: AMOUNT,
    };
    it.answers(|path, asked| {
        assert_eq!((path, asked.get("trade_no")), ("/api/pay/refund", Some("T1")));
        json!({ "code": 0, "out_refund_no": asked.get("out_refund_no"), "trade_no": "T1", "money": 9.9 })
    });
    assert_eq!(gateway.refund(&refund).await.unwrap(), RefundReport::Done);
    it.answers(|_, _| json!({ "code": 0, "out_refund_no": "R2", "trade_no": "T1", "money": "9.90" }));
    assert!(matches!(gateway.refund(&refund).await, Err(GatewayError::Malformed(_))));
    it.answers(|_, _| json!({ "code": -1, "msg": "商户余额不足，请先充值" }));
    let refused = gateway.refund(&refund).await.unwrap();
    assert_eq!(refused, RefundReport::Refused("商户余额不足，请先充值".to_owned()));
    it.answers(|_, _| json!({ "code": -3, "msg": "RSA签名校验失败" }));
    assert!(matches!(gateway.refund(&refund).await, Err(GatewayError::Refused(_))));
    it.answers(|_, _| json!({ "msg": "?" }));
    assert!(matches!(gateway.refund(&refund).await, Err(GatewayError::Malformed(_))));
}
