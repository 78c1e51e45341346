use std::sync::LazyLock;

use proptest::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use shelfproof_base::web::Url;

use super::members::Members;
use super::settings::Digest;
use super::*;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::Received;

mod asks;
mod counterpart;

const SECRET: &str = "q7Vd2mXw9KbLr4TzNc8YfGhJ";
const PAYMENT: &str = "0198f3c2a5d07b6e9c1d2e3f40516273";

#[derive(Deserialize)]
struct Vectors {
    epusdt: Vec<Vector>,
}

/// A body that another program signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    made_by: String,
    digest: Digest,
    secret: String,
    body: String,
    signature: String,
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../../tests/vectors/gateways.json");
    serde_json::from_str::<Vectors>(text).unwrap().epusdt
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

fn settings(dialect: &Value) -> EpusdtSettings {
    let settings = json!({
        "url": "http://localhost:8000", "dialect": dialect, "currency": "CNY", "secret": SECRET,
    });
    serde_json::from_value(settings).unwrap()
}

fn account(dialect: &Value) -> Epusdt {
    Epusdt::open(&settings(dialect)).unwrap()
}

/// Made once: a client reads the machine's certificates.
static BEPUSDT: LazyLock<Epusdt> = LazyLock::new(|| account(&json!({ "bepusdt": {} })));
static GMPAY: LazyLock<Epusdt> = LazyLock::new(|| account(&json!({ "gmpay": { "pid": "1000" } })));

fn read(gateway: &Epusdt, body: &[u8]) -> Result<Notice, NoticeRefusal> {
    let request = NoticeRequest {
        is_post: true,
        query: "",
        content_type: None,
        signature: None,
        body,
    };
    gateway.notice(&request, 0)
}

/// A notice of the gateway's, signed.
fn signed(gateway: &Epusdt, mut body: Value) -> Vec<u8> {
    let members = Members::read(body.to_string().as_bytes()).unwrap();
    body["signature"] = members
        .sign(gateway.account.dialect.digest(), &gateway.account.secret)
        .into();
    body.to_string().into_bytes()
}

fn notice() -> Value {
    json!({
        "trade_id": "3nQ9pL2xV7sK1mR8cT4yB_aZ", "order_id": PAYMENT, "amount": 28.88, "actual_amount": 4.25,
        "token": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "block_transaction_id": "0xabc", "status": 2,
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut notice = notice();
    notice[member] = value;
    notice
}

#[test]
fn signatures_are_those_of_other_programs() {
    for vector in vectors() {
        let secret = SecretString::from(vector.secret);
        let members = Members::read(vector.body.as_bytes()).unwrap();
        assert_eq!(
            members.sign(vector.digest, &secret),
            vector.signature,
            "{}",
            vector.made_by
        );
    }
}

#[test]
fn notices_that_other_programs_signed_are_read() {
    let digest = |digest| json!({ "gmpay": { "pid": "1000", "digest": digest } });
    let (mut paid, mut unpaid) = (0, 0);
    for vector in vectors() {
        let body = vector.body.trim_end_matches('}');
        let body = format!("{body},\"signature\":\"{}\"}}", vector.signature);
        let gateway = match vector.digest {
            _ if vector.made_by.contains("bepusdt") => BEPUSDT.clone(),
            Digest::Md5 => account(&digest("md5")),
            Digest::HmacSha256 => account(&digest("hmac_sha256")),
        };
        match read(&gateway, body.as_bytes()) {
            Ok(Notice::Received(received)) => {
                assert_eq!(received.payment, payment());
                assert!([yuan(2_888), yuan(10_000)].contains(&received.amount), "{received:?}");
                paid += 1;
            }
            Ok(Notice::Unpaid(id)) => {
                assert_eq!(id, payment());
                unpaid += 1;
            }
            // The others are requests, which are no notices though they are signed.
            other => assert!(
                matches!(other, Err(NoticeRefusal::Missing("status") | NoticeRefusal::Forged)),
                "{other:?}"
            ),
        }
    }
    assert_eq!((paid, unpaid), (3, 1));
}

#[test]
fn numbers_are_signed_as_the_gateways_write_them() {
    let text = |json: &str| Members::read(format!("{{\"a\":{json}}}").as_bytes()).map(|members| format!("{members:?}"));
    for (json, signed) in [
        ("100.00", "100"),
        ("\"100.00\"", "100.00"),
        ("9.90", "9.9"),
        ("1e2", "100"),
        ("1E-7", "0.0000001"),
        ("12345678901234567890", "12345678901234567000"),
        ("true", "true"),
        ("null", ""),
        (r#""\u6708""#, "月"),
    ] {
        assert_eq!(text(json), text(&json!(signed).to_string()), "{json}");
    }
    for json in ["[]", "{}", "1e999", "01", "NaN", "\"\\ud800\""] {
        assert_eq!(text(json), None, "{json}");
    }
}

#[test]
fn a_paid_notice_is_received() {
    for (gateway, amount) in [
        (account(&json!("classic")), json!(28.88)),
        (BEPUSDT.clone(), json!("28.88")),
    ] {
        let received = Received {
            payment: payment(),
            trade_no: "3nQ9pL2xV7sK1mR8cT4yB_aZ".to_owned(),
            amount: yuan(2_888),
        };
        let body = signed(&gateway, with("amount", amount));
        assert_eq!(read(&gateway, &body), Ok(Notice::Received(received)));
    }
}

#[test]
fn any_other_status_is_unpaid() {
    let gateway = &*BEPUSDT;
    for status in [json!(1), json!("3"), json!(4), json!(5), json!(6), json!(22)] {
        let body = signed(gateway, with("status", status));
        assert_eq!(read(gateway, &body), Ok(Notice::Unpaid(payment())));
    }
}

#[test]
fn a_notice_that_breaks_a_rule_is_refused_by_name() {
    use NoticeRefusal::{Amount, Field, Missing, NoPayment};
    let gateway = &*BEPUSDT;
    for (member, value, refusal) in [
        ("order_id", json!(null), Missing("order_id")),
        ("order_id", json!(""), Missing("order_id")),
        ("order_id", json!("20220201030210321"), NoPayment),
        ("order_id", json!(PAYMENT.to_uppercase()), NoPayment),
        ("order_id", json!(2), NoPayment),
        ("status", json!(null), Missing("status")),
        ("status", json!(2.5), Field("status")),
        ("status", json!("paid"), Field("status")),
        ("trade_id", json!(""), Missing("trade_id")),
        ("trade_id", json!("a&amount=1"), Field("trade_id")),
        ("trade_id", json!("../a"), Field("trade_id")),
        ("amount", json!(null), Missing("amount")),
        ("amount", json!(0), Amount),
        ("amount", json!(-1), Amount),
        ("amount", json!(28.888), Amount),
        ("amount", json!("28.88 "), Amount),
        ("amount", json!(true), Amount),
    ] {
        let body = signed(gateway, with(member, value.clone()));
        assert_eq!(read(gateway, &body), Err(refusal), "{member} {value}");
    }
}

#[test]
fn a_notice_for_another_merchant_is_refused() {
    let gateway = &*GMPAY;
    let refusal = |pid: Value| read(gateway, &signed(gateway, with("pid", pid)));
    assert!(matches!(refusal(json!(1000)), Ok(Notice::Received(_))));
    assert_eq!(refusal(json!("1001")), Err(NoticeRefusal::OtherAccount));
    assert_eq!(refusal(json!(null)), Err(NoticeRefusal::Missing("pid")));
}

#[test]
fn a_notice_that_nobody_signed_is_refused() {
    let gateway = &*BEPUSDT;
    let unsigned = |value: Value| read(gateway, with("signature", value).to_string().as_bytes());
    assert_eq!(
        read(gateway, notice().to_string().as_bytes()),
        Err(NoticeRefusal::Unsigned)
    );
    assert_eq!(unsigned(json!("")), Err(NoticeRefusal::Unsigned));
    assert_eq!(unsigned(json!("0".repeat(32))), Err(NoticeRefusal::Forged));
    assert_eq!(unsigned(json!(true)), Err(NoticeRefusal::Forged));

    let text = String::from_utf8(signed(gateway, notice())).unwrap();
    for (from, to) in [
        ("28.88", "28.89"),
        ("0xabc", "0xabd"),
        ("\"status\"", "\"extra\":1,\"status\""),
    ] {
        assert_eq!(
            read(gateway, text.replace(from, to).as_bytes()),
            Err(NoticeRefusal::Forged),
            "{to}"
        );
    }
    let request = NoticeRequest {
        is_post: false,
        query: "",
        content_type: None,
        signature: None,
        body: text.as_bytes(),
    };
    assert_eq!(gateway.notice(&request, 0), Err(NoticeRefusal::Method));
}

#[test]
fn a_notice_that_is_no_flat_object_is_refused() {
    let gateway = &*BEPUSDT;
    let text = String::from_utf8(signed(gateway, notice())).unwrap();
    let twice = text.replacen('{', "{\"status\":2,", 1);
    let nested = text.replacen('{', "{\"a\":{},", 1);
    for body in [
        "",
        "[]",
        "null",
        "2",
        "{",
        "{}x",
        "order_id=1",
        &twice,
        &nested,
        &text[1..],
    ] {
        assert_eq!(read(gateway, body.as_bytes()), Err(NoticeRefusal::Malformed), "{body}");
    }
    assert_eq!(read(gateway, b"{}"), Err(NoticeRefusal::Unsigned));
    assert_eq!(read(gateway, b"{\"a\":\"\xff\"}"), Err(NoticeRefusal::Malformed));
}

#[test]
fn settings_that_break_a_rule_are_named() {
    let refused = |url: &str, dialect: Value, currency: &str, secret: &str| {
        let settings = json!({ "url": url, "dialect": dialect, "currency": currency, "secret": secret });
        let settings: EpusdtSettings = serde_json::from_value(settings).unwrap();
        let fields: Vec<&str> = settings.broken().into_iter().map(|(field, _)| field).collect();
        assert!(matches!(Epusdt::open(&settings), Err(OpenError::Rule(field, _)) if fields.contains(&field)));
        fields
    };
    let gmpay = json!({ "gmpay": { "pid": "", "asset": { "token": "us dt", "network": "" } } });
    assert_eq!(
        refused("http://pay.example", gmpay, "KRW", "123234"),
        [
            "url",
            "secret",
            "dialect.gmpay.pid",
            "dialect.gmpay.asset.token",
            "dialect.gmpay.asset.network"
        ],
    );
    let bepusdt = json!({ "bepusdt": { "trade_type": "a&b" } });
    assert_eq!(
        refused("https://pay.example", bepusdt, "KRW", SECRET),
        ["currency", "dialect.bepusdt.trade_type"]
    );
    for (member, value) in [
        ("more", json!(1)),
        ("dialect", json!("other")),
        ("dialect", json!({ "bepusdt": { "pid": "1" } })),
        ("currency", json!("USDT")),
    ] {
        let mut settings = json!({ "url": "", "dialect": "classic", "currency": "CNY", "secret": "" });
        settings[member] = value;
        let error = serde_json::from_value::<EpusdtSettings>(settings).unwrap_err();
        assert!(!error.to_string().is_empty(), "{member}");
    }
}

#[test]
fn settings_are_written_as_they_are_read_but_for_the_secret() {
    let dialect = json!({ "gmpay": { "pid": "1000", "digest": "hmac_sha256" } });
    let written = serde_json::to_value(settings(&dialect)).unwrap();
    let shown = json!({ "url": "http://localhost:8000", "dialect": dialect, "currency": "CNY", "secret": "***" });
    assert_eq!(written, shown);
}

#[test]
fn no_secret_is_shown() {
    let settings = settings(&json!("classic"));
    let shown = format!("{settings:?} {:?}", Epusdt::open(&settings).unwrap());
    assert!(!shown.contains(SECRET) && shown.contains("localhost:8000"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_signed_is_received(minor in 1..=1_000_000_000_000_i64, extra in ".{0,20}", is_gmpay: bool) {
        let gateway = if is_gmpay { &*GMPAY } else { &*BEPUSDT };
        let mut body = with("amount", json!(yuan(minor).decimal().parse::<f64>().unwrap()));
        body["pid"] = json!("1000");
        body["extra"] = json!(extra);
        let body = signed(gateway, body);
        let is_received = matches!(read(gateway, &body), Ok(Notice::Received(got)) if got.amount == yuan(minor));
        prop_assert!(is_received);
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), json in "[{}\\[\\]\":,a-z0-9.\\\\-]{0,60}") {
        let gateway = &*BEPUSDT;
        prop_assert!(read(gateway, &body).is_err());
        prop_assert!(read(gateway, json.as_bytes()).is_err());
        let _ = message::order(200, &body);
        let _ = message::order(200, json.as_bytes());
    }

    #[test]
    fn a_changed_byte_is_noticed(at in 0..300_usize, to: u8) {
        let gateway = &*BEPUSDT;
        let body = signed(gateway, notice());
        let mut changed = body.clone();
        let at = at % body.len();
        changed[at] = to;
        let is_same = Members::read(&changed) == Members::read(&body);
        prop_assert!(is_same || read(gateway, &changed).is_err());
    }
}
