use secrecy::SecretString;

use super::*;
use crate::domain::payment::PaymentId;
use crate::gateway::epay::test_keys::{
    TEST_GATEWAY_PRIVATE, TEST_GATEWAY_PUBLIC, TEST_MERCHANT_PRIVATE, TEST_MERCHANT_PUBLIC,
};

const NOW_MS: u64 = 1_790_000_000_000;

fn private(text: &str) -> PrivateKey {
    PrivateKey::parse(&SecretString::from(text)).unwrap()
}

fn public(text: &str) -> PublicKey {
    PublicKey::parse(text).unwrap()
}

fn good() -> (PaymentId, Fields) {
    let id = PaymentId::generate();
    let fields = Fields::default()
        .with("pid", 1001)
        .with("trade_no", "2026113012000012345")
        .with("out_trade_no", id)
        .with("type", "alipay")
        .with("name", "product")
        .with("money", "9.9")
        .with("buyer", "2088")
        .with("trade_status", "TRADE_SUCCESS");
    let signed = signed(fields, &private(TEST_GATEWAY_PRIVATE), NOW_MS);
    (id, signed.unwrap())
}

fn read(fields: &Fields, now_ms: u64) -> Result<Notice, NoticeRefusal> {
    let request = NoticeRequest {
        is_post: false,
        query: &fields.encode(),
        content_type: None,
        signature: None,
        body: b"",
    };
    read_notice(&request, 1001, &public(TEST_GATEWAY_PUBLIC), now_ms)
}

#[test]
fn a_signed_notice_is_read() {
    let (id, fields) = good();
    for now_ms in [NOW_MS, NOW_MS + 300_000, NOW_MS - 300_000] {
        let Ok(Notice::Received(received)) = read(&fields, now_ms) else {
            panic!("not received");
        };
        assert_eq!((received.payment, received.amount.minor), (id, 990));
    }
    assert_eq!(read(&fields, NOW_MS + 301_000), Err(NoticeRefusal::Stale));
    assert_eq!(read(&fields, NOW_MS - 301_000), Err(NoticeRefusal::Stale));
}

#[test]
fn each_rule_has_its_refusal() {
    let (_, fields) = good();
    for (name, value, refusal) in [
        ("sign", "", NoticeRefusal::Unsigned),
        ("sign", "AAAA", NoticeRefusal::Forged),
        ("sign", "%", NoticeRefusal::Forged),
        ("sign_type", "", NoticeRefusal::Missing("sign_type")),
        ("sign_type", "MD5", NoticeRefusal::Field("sign_type")),
        ("money", "0.01", NoticeRefusal::Forged),
        ("timestamp", "1790000001", NoticeRefusal::Forged),
        ("more", "1", NoticeRefusal::Forged),
    ] {
        assert_eq!(
            read(&fields.clone().with(name, value), NOW_MS),
            Err(refusal),
            "{name}={value}"
        );
    }
}

#[test]
fn a_signed_notice_without_a_time_is_refused() {
    let key = private(TEST_GATEWAY_PRIVATE);
    for (time, refusal) in [
        ("", NoticeRefusal::Missing("timestamp")),
        ("now", NoticeRefusal::Field("timestamp")),
    ] {
        let fields = good().1.with("timestamp", time);
        let sign = key.sign(&fields.signed_text()).unwrap();
        assert_eq!(read(&fields.with("sign", sign), NOW_MS), Err(refusal), "{time:?}");
    }
}

#[test]
fn the_merchant_s_own_requests_are_no_notices() {
    let (_, fields) = good();
    let own = signed(fields, &private(TEST_MERCHANT_PRIVATE), NOW_MS).unwrap();
    assert_eq!(verify(&own, &public(TEST_MERCHANT_PUBLIC), NOW_MS), Ok(()));
    assert_eq!(read(&own, NOW_MS), Err(NoticeRefusal::Forged));
}

#[test]
fn a_text_that_names_two_payments_or_accounts_is_refused() {
    let key = private(TEST_GATEWAY_PRIVATE);
    for (value, name) in [
        (format!("x&out_trade_no={}", PaymentId::generate()), "out_trade_no"),
        ("x&pid=1002".to_owned(), "pid"),
    ] {
        let fields = good().1.with("name", value);
        let fields = signed(fields, &key, NOW_MS).unwrap();
        assert_eq!(read(&fields, NOW_MS), Err(NoticeRefusal::Field(name)));
    }
}
