use secrecy::SecretString;
use shelfproof_base::web::parse_url;

use super::*;
use crate::domain::money::Money;
use crate::gateway::epay::test_keys::{TEST_GATEWAY_PUBLIC, TEST_MERCHANT_PRIVATE};

const KEY: &str = "wq8xkUwzKbWn4Ha7";

fn v1() -> String {
    format!("kind = \"epay_v1\"\nurl = \"https://pay.example/\"\npid = 1001\nkey = \"{KEY}\"\n")
}

fn v2() -> String {
    format!(
        "kind = \"epay_v2\"\nurl = \"https://pay.example/\"\npid = 1001\npay_type = \"alipay\"\n\
         private_key = \"\"\"{TEST_MERCHANT_PRIVATE}\"\"\"\npublic_key = \"\"\"{TEST_GATEWAY_PUBLIC}\"\"\"\n"
    )
}

fn read(text: &str) -> Result<Account, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

fn rules(text: &str) -> Vec<Check> {
    read(text).unwrap().broken()
}

#[test]
fn good_settings_open() {
    let test = v1()
        .replace("epay_v1", "test")
        .replace("https://pay.example", "http://127.0.0.1:1");
    for text in [v1(), v2(), test] {
        let account = read(&text).unwrap();
        assert_eq!(account.broken(), []);
        assert_eq!(account.currency(), Currency::CNY);
        let gateway = Gateway::open(&account).unwrap();
        assert_eq!((gateway.taken(), gateway.signature_header()), ("success", None));
        let is_v2 = matches!(gateway, Gateway::EpayV2(_));
        assert_eq!(gateway.asks_before_delivery(), !is_v2);
    }
}

#[test]
fn a_field_that_is_unknown_or_missing_is_named() {
    for (text, word) in [
        (v1() + "secret = \"x\"\n", "secret"),
        (v2() + "key = \"x\"\n", "key"),
        (v1().replace("pid", "id"), "id"),
        (v1().replace("pid = 1001\n", ""), "pid"),
        (v1().replace("epay_v1", "epay_v3"), "epay_v3"),
        (v1().replace("kind", "type"), "kind"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.contains(word), "{word}: {error}");
    }
}

#[test]
fn each_field_has_its_rule() {
    for (text, field) in [
        (v1().replace("https:", "http:"), "url"),
        (v1().replace("pay.example/", "pay.example/?a=1"), "url"),
        (v1().replace("1001", "0"), "pid"),
        (v1().replace(KEY, "123456"), "key"),
        (v1().replace(KEY, "changeme"), "key"),
        (v1().replace(KEY, "1001"), "key"),
        (v1().replace(KEY, ""), "key"),
        (v1() + "pay_type = \"\"\n", "pay_type"),
        (v1() + "pay_type = \"Alipay\"\n", "pay_type"),
        (v1().replace("epay_v1", "test"), "url"),
        (v2().replace("https:", "http:"), "url"),
        (v2().replace("= 1001", "= 0"), "pid"),
        (v2().replace("alipay", "a b"), "pay_type"),
        (
            v2().replace("private_key = \"\"\"\nM", "private_key = \"\"\"\nN"),
            "private_key",
        ),
        (
            v2().replace("public_key = \"\"\"\nM", "public_key = \"\"\"\nN"),
            "public_key",
        ),
    ] {
        let found = rules(&text);
        assert!(
            matches!(found.as_slice(), [(name, _)] if *name == field),
            "{field}: {found:?}"
        );
        let refused = Gateway::open(&read(&text).unwrap());
        let is_test = text.contains("\"test\"");
        assert!(is_test || matches!(refused, Err(OpenError::Rule(name, _)) if name == field));
    }
}

#[test]
fn a_secret_that_was_read_as_a_number_is_refused_and_not_shown() {
    let key = 27_182_818_284_u64;
    let account = |key: serde_json::Value| {
        let json = serde_json::json!({ "kind": "epay_v1", "url": "https://pay.example/", "pid": 1001, "key": key });
        serde_json::from_value::<Account>(json).map_err(|error| error.to_string())
    };
    let error = account(key.into()).unwrap_err();
    assert!(
        error.contains("must be a text") && !error.contains(&key.to_string()),
        "{error}"
    );
    assert_eq!(account(key.to_string().into()).unwrap().broken(), []);
}

#[tokio::test]
async fn no_secret_is_shown() {
    for text in [v1(), v2()] {
        let account = read(&text).unwrap();
        let gateway = Gateway::open(&account).unwrap();
        let described = toml::to_string(&account).unwrap();
        assert!(described.contains("***"), "{described}");
        let private: String = TEST_MERCHANT_PRIVATE.split_whitespace().take(1).collect();
        for shown in [format!("{account:?}"), format!("{gateway:?}"), described] {
            assert!(!shown.contains(KEY) && !shown.contains(&private), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_page_of_version_1_is_signed_and_holds_no_key() {
    let gateway = Gateway::open(&read(&v1()).unwrap()).unwrap();
    let url = |text: &str| parse_url(text).unwrap();
    let (notify_url, return_url) = (url("https://shop.example/n/a"), url("https://shop.example/o?t=1&u=2"));
    let payment = NewPayment {
        id: PaymentId::generate(),
        amount: Money {
            minor: 990,
            currency: Currency::CNY,
        },
        subject: "月卡",
        expires_at_ms: 0,
        client: None,
        notify_url: &notify_url,
        return_url: &return_url,
    };
    let made = gateway.create(&payment).await.unwrap();
    assert_eq!(made.trade_no, None);
    assert!(made.url.as_str().starts_with("https://pay.example/submit.php?"));
    assert!(!made.url.as_str().contains(KEY));
    let fields = crate::gateway::epay::fields::Fields::parse(made.url.query().unwrap().as_bytes())
        .ok()
        .unwrap();
    let key = SecretString::from(KEY);
    assert_eq!(crate::gateway::epay::v1::form::verify(&fields, &key), Ok(()));
    for (name, value) in [
        ("pid", "1001"),
        ("name", "月卡"),
        ("money", "9.90"),
        ("notify_url", "https://shop.example/n/a"),
        ("return_url", "https://shop.example/o?t=1&u=2"),
    ] {
        assert_eq!(fields.get(name), Some(value));
    }
    assert_eq!(fields.get("out_trade_no"), Some(payment.id.to_string().as_str()));

    // Nobody listens there, and the query's address holds the key: the error says neither.
    let nobody = v1().replace("https://pay.example", "http://127.0.0.1:1");
    let gateway = Gateway::open(&read(&nobody).unwrap()).unwrap();
    let error = gateway.query(payment.id, None).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY) && !shown.contains("api.php"), "{shown}");
}
