use proptest::prelude::*;

use super::*;
use crate::domain::payment::PaymentId;

fn key(text: &str) -> SecretString {
    SecretString::from(text)
}

fn get(query: &str) -> NoticeRequest<'_> {
    NoticeRequest {
        is_post: false,
        query,
        content_type: None,
        signature: None,
        body: b"",
    }
}

fn good() -> (PaymentId, Fields) {
    let id = PaymentId::generate();
    let fields = Fields::default()
        .with("pid", 1001)
        .with("trade_no", "2026113012000012345")
        .with("out_trade_no", id)
        .with("type", "alipay")
        .with("name", "月卡 &amp; more")
        .with("money", "9.9")
        .with("trade_status", "TRADE_SUCCESS");
    (id, fields)
}

const KEY: &str = "wq8xkUwzKbWn4Ha7";

/// Published examples of the rule: of 得付 (kancloud.cn, q86849180/defupay, 签名生成算法); of epusdt's documentation,
/// whose requests are signed by the same rule; and one of easydoc.net, 45090039, whose amount keeps its zeros.
#[test]
fn published_signatures_come_out() {
    for (query, secret, signature) in [
        (
            "uid=1000&timestamp=1548047628",
            "58b31d465652be856d7ed80977aa4ce4",
            "15540d3398e5ed2a37533e3fc032e1a0",
        ),
        (
            "order_id=20220201030210321&amount=42&notify_url=http://example.com/notify\
             &redirect_url=http://example.com/redirect",
            "epusdt_password_xasddawqe",
            "1cd4b52df5587cfb1968b0c0c6e156cd",
        ),
        (
            "apiKey=testApiKey&customerNo=test100000&channel=bank&amount=100.00\
             &notifyUrl=http://test.com/getNotify&ip=127.0.0.1&sign=&empty=%20",
            "testSecretKey",
            "5d50a182db6fa8a347cc85f36ca492f2",
        ),
    ] {
        let fields = Fields::parse(query.as_bytes()).ok().unwrap();
        assert_eq!(sign(&fields, &key(secret)), signature, "{query}");
    }
}

#[test]
fn a_signed_notice_is_read_whatever_else_it_carries() {
    let (id, fields) = good();
    let fields = fields
        .with("api_trade_no", "420000")
        .with("buyer", "")
        .with("param", " ");
    let query = signed(fields, &key(KEY)).encode();
    let Ok(Notice::Received(received)) = read_notice(&get(&query), 1001, &key(KEY)) else {
        panic!("not received");
    };
    assert_eq!((received.payment, received.amount.minor), (id, 990));
    let form = NoticeRequest {
        is_post: true,
        query: "",
        content_type: Some("application/x-www-form-urlencoded"),
        body: query.as_bytes(),
        ..get("")
    };
    assert!(matches!(read_notice(&form, 1001, &key(KEY)), Ok(Notice::Received(_))));
}

#[test]
fn a_notice_that_is_not_signed_with_the_key_is_refused_by_name() {
    let (_, fields) = good();
    let read = |fields: &Fields| read_notice(&get(&fields.encode()), 1001, &key(KEY));
    assert_eq!(read(&fields), Err(NoticeRefusal::Unsigned));
    let right = signed(fields.clone(), &key(KEY));
    assert!(read(&right).is_ok());
    for (name, value) in [
        ("sign", sign(&fields, &key(KEY)).to_uppercase()),
        ("sign", sign(&fields, &key("another key"))),
        ("sign", "0".to_owned()),
        ("money", "0.01".to_owned()),
        ("pid", "1002".to_owned()),
        ("out_trade_no", PaymentId::generate().to_string()),
        ("more", "1".to_owned()),
    ] {
        let changed = right.clone().with(name, &value);
        assert_eq!(read(&changed), Err(NoticeRefusal::Forged), "{name}={value}");
    }
    let other_kind = right.clone().with("sign_type", "RSA");
    assert_eq!(read(&other_kind), Err(NoticeRefusal::Field("sign_type")));
    let twice = format!("{}&money=0.01", right.encode());
    let refused = read_notice(&get(&twice), 1001, &key(KEY));
    assert_eq!(refused, Err(NoticeRefusal::Missing("money")));
}

/// What blank values hold is not signed, so that anybody may add them.
#[test]
fn a_blank_value_is_neither_signed_nor_read() {
    let (_, fields) = good();
    let right = signed(fields.with("money", ""), &key(KEY)).with("money", "\t");
    let refused = read_notice(&get(&right.encode()), 1001, &key(KEY));
    assert_eq!(refused, Err(NoticeRefusal::Missing("money")));
}

#[test]
fn the_request_of_a_payment_is_no_notice_however_it_is_split() {
    let id = PaymentId::generate();
    let request = Fields::default()
        .with("pid", 1001)
        .with("out_trade_no", id)
        .with("notify_url", "https://shop.example/notice")
        .with(
            "return_url",
            "https://shop.example/?x=1&trade_no=1&trade_status=TRADE_SUCCESS",
        )
        .with("name", "card")
        .with("money", "9.90");
    let request = signed(request, &key(KEY));
    let refused = read_notice(&get(&request.encode()), 1001, &key(KEY));
    assert_eq!(refused, Err(NoticeRefusal::Field("notify_url")));

    // The same text, as other fields: what the buyer may write ends up as fields of a notice.
    let split = Fields::default()
        .with("money", "9.90")
        .with("name", "card&notify_url=https://shop.example/notice")
        .with("out_trade_no", id)
        .with("pid", 1001)
        .with("return_url", "https://shop.example/?x=1")
        .with("trade_no", 1)
        .with("trade_status", "TRADE_SUCCESS");
    assert_eq!(split.signed_text(), request.signed_text());
    let split = split.with("sign", request.get("sign").unwrap());
    let refused = read_notice(&get(&split.encode()), 1001, &key(KEY));
    assert_eq!(refused, Err(NoticeRefusal::Field("notify_url")));
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        pairs in proptest::collection::btree_map("[a-z_]{1,8}", "\\PC{0,8}", 1..8),
        at in 0..8usize,
    ) {
        let plain = pairs.iter().fold(Fields::default(), |fields, (name, value)| fields.with(name, value));
        let right = signed(plain, &key(KEY));
        prop_assert_eq!(verify(&right, &key(KEY)), Ok(()));
        prop_assert_eq!(verify(&right, &key("another")), Err(NoticeRefusal::Forged));
        let name = pairs.keys().nth(at % pairs.len()).filter(|name| !name.starts_with("sign"));
        if let Some(name) = name {
            let changed = right.clone().with(name, format!("{}x", pairs[name]));
            prop_assert_eq!(verify(&changed, &key(KEY)), Err(NoticeRefusal::Forged));
        }
    }

    #[test]
    fn a_damaged_notice_is_never_believed(flips in proptest::collection::vec((any::<usize>(), 1..=255u8), 1..4)) {
        let (_, fields) = good();
        let right = signed(fields, &key(KEY)).encode();
        let mut body = right.clone().into_bytes();
        for (at, flip) in flips {
            let at = at % body.len();
            body[at] ^= flip;
        }
        let request = NoticeRequest {
            is_post: true,
            content_type: Some("application/x-www-form-urlencoded"),
            body: &body,
            ..get("")
        };
        let is_same = Fields::parse(&body).is_ok_and(|fields| {
            Fields::parse(right.as_bytes()).is_ok_and(|right| {
                let sign = fields.get("sign") == right.get("sign");
                sign && fields.signed_text() == right.signed_text()
            })
        });
        prop_assert!(is_same || read_notice(&request, 1001, &key(KEY)).is_err());
    }
}
