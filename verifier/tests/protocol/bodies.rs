//! Event bodies: the exact bytes that are hashed, and that reading them loses nothing.

use alloy_primitives::{Address, B256};
use proptest::prelude::*;
use serde_json::Value;
use shelfproof_verifier::buyer;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::vocabulary::body::{
    Activated, Body, Departure, Generated, MerchantKey, Redeemed, Refunded, Sold, Text, TransferredIn, TransferredOut,
    Voided,
};

use crate::vectors::{identity, vectors};

const ORDER: &str = "0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b";
const PRODUCT: &str = "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f";

#[expect(clippy::unnecessary_wraps, reason = "the fields of bodies are optional")]
fn some(text: &str) -> Text<'_> {
    Some(text.into())
}

fn sold() -> Sold<'static> {
    Sold {
        order: some(ORDER),
        line: Some(1),
        product: some(PRODUCT),
        name: some("Game card \"100\" 月卡"),
        price: some("9.90"),
        currency: some("CNY"),
        buyer: Some(B256::repeat_byte(0xab)),
    }
}

#[test]
fn bodies_have_these_exact_bytes() {
    let key = || {
        let merchant = Identity {
            chain_id: 31_337,
            registry: Address::repeat_byte(0xcd),
            merchant_id: B256::repeat_byte(1),
        };
        MerchantKey::new(&merchant, B256::repeat_byte(2))
    };
    let (ab, one, two, three) = ("ab".repeat(32), "01".repeat(32), "02".repeat(32), "03".repeat(32));
    let named = format!(
        r#""chainId":31337,"registry":"0x{}","merchantId":"0x{one}","keyId":"0x{two}""#,
        "cd".repeat(20)
    );
    let generated = Generated {
        batch: some("may"),
        product: some(PRODUCT),
        supplier: some(""),
    };
    let activated = Activated {
        batch: some("may"),
        product: some(PRODUCT),
    };
    let redeemed = |buyer_secret| Redeemed {
        order: some(ORDER),
        buyer_secret,
    };
    let refunded = Refunded {
        order: some(ORDER),
        amount: some("9.90"),
        currency: some("CNY"),
        reason: some("bought twice"),
    };
    let departure = Departure {
        key: key(),
        event_hash: B256::repeat_byte(3),
    };
    for (written, expected) in [
        (
            generated.to_json(),
            format!(r#"{{"batch":"may","product":"{PRODUCT}","supplier":""}}"#),
        ),
        (
            activated.to_json(),
            format!(r#"{{"batch":"may","product":"{PRODUCT}"}}"#),
        ),
        (
            sold().to_json(),
            format!(
                r#"{{"order":"{ORDER}","line":1,"product":"{PRODUCT}","name":"Game card \"100\" 月卡","price":"9.90","currency":"CNY","buyer":"0x{ab}"}}"#
            ),
        ),
        (
            Sold { buyer: None, ..sold() }.to_json(),
            format!(
                r#"{{"order":"{ORDER}","line":1,"product":"{PRODUCT}","name":"Game card \"100\" 月卡","price":"9.90","currency":"CNY"}}"#
            ),
        ),
        (redeemed(None).to_json(), format!(r#"{{"order":"{ORDER}"}}"#)),
        (
            redeemed(Some(B256::repeat_byte(0xab))).to_json(),
            format!(r#"{{"order":"{ORDER}","buyerSecret":"0x{ab}"}}"#),
        ),
        (
            refunded.to_json(),
            format!(r#"{{"order":"{ORDER}","amount":"9.90","currency":"CNY","reason":"bought twice"}}"#),
        ),
        (
            Voided {
                reason: some("recalled"),
            }
            .to_json(),
            r#"{"reason":"recalled"}"#.to_owned(),
        ),
        (
            TransferredOut { to: key() }.to_json(),
            format!(r#"{{"to":{{{named}}}}}"#),
        ),
        (
            TransferredIn { from: departure }.to_json(),
            format!(r#"{{"from":{{{named},"eventHash":"0x{three}"}}}}"#),
        ),
    ] {
        assert_eq!(written, expected);
    }
}

/// Strings that JSON must escape among them.
fn field() -> impl Strategy<Value = Text<'static>> {
    proptest::option::of(any::<String>().prop_map(Into::into))
}

fn hash() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn merchant_key() -> impl Strategy<Value = MerchantKey> {
    let merchant = (0..1_u64 << 53, any::<[u8; 20]>(), hash()).prop_map(|(chain_id, registry, merchant_id)| Identity {
        chain_id,
        registry: registry.into(),
        merchant_id,
    });
    (merchant, hash()).prop_map(|(merchant, key_id)| MerchantKey::new(&merchant, key_id))
}

fn assert_read_back<T: Body + PartialEq + std::fmt::Debug>(body: &T) {
    let written = body.to_json();
    let read = T::parse(&written).unwrap();
    assert_eq!(read, *body);
    assert_eq!(read.to_json(), written);
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_again_the_same(
        (one, two, three, four, five) in (field(), field(), field(), field(), field()),
        line in proptest::option::of(0..1_u64 << 53),
        word in proptest::option::of(hash()),
        key in merchant_key(),
        event_hash in hash(),
    ) {
        assert_read_back(&Generated { batch: one.clone(), product: two.clone(), supplier: three.clone() });
        assert_read_back(&Activated { batch: one.clone(), product: two.clone() });
        assert_read_back(&Redeemed { order: one.clone(), buyer_secret: word });
        assert_read_back(&Voided { reason: one.clone() });
        assert_read_back(&Refunded {
            order: one.clone(),
            amount: two.clone(),
            currency: three.clone(),
            reason: four.clone(),
        });
        assert_read_back(&Sold {
            order: one,
            line,
            product: two,
            name: three,
            price: four,
            currency: five,
            buyer: word,
        });
        assert_read_back(&TransferredOut { to: key });
        assert_read_back(&TransferredIn { from: Departure { key, event_hash } });
    }
}

#[test]
fn the_vectors_bodies_are_read() {
    let vectors = vectors();
    let sales: Vec<Sold<'_>> = vectors["epochs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|epoch| epoch["events"].as_array().unwrap())
        .filter(|event| event["kind"] == "sold")
        .map(|event| Sold::parse(event["body"].as_str().unwrap()).unwrap())
        .collect();
    assert!(!sales.is_empty());
    for sale in &sales {
        assert_eq!(sale.product, some("steam-50"));
        assert_eq!((&sale.price, &sale.currency), (&some("9.90"), &some("CNY")));
        assert!(sale.order.is_some());
        assert_eq!((sale.line, &sale.name), (None, &None));
    }
    let to_nobody = sales.iter().filter(|sale| sale.buyer.is_none());
    assert_eq!(to_nobody.count(), 1);
    let buyers = vectors["buyers"].as_array().unwrap();
    let of_a_buyer = |sale: &&Sold<'_>| {
        buyers.iter().any(|known| {
            let nonce = known["nonce"].as_str().unwrap().parse().unwrap();
            let secret = buyer::secret(&nonce, known["tag"].as_str().unwrap());
            sale.buyer == Some(buyer::commitment(&secret))
        })
    };
    assert!(
        sales.iter().any(|sale| of_a_buyer(&sale)),
        "no sale is to a known buyer"
    );
}

#[test]
fn a_field_of_another_type_counts_as_absent_but_not_in_a_transfer() {
    let odd = r#"{"order":7,"line":"1","buyer":"0xAB","price":null,"more":[1]}"#;
    assert_eq!(Sold::parse(odd), Ok(Sold::default()));
    assert!(Sold::parse("[]").is_err());
    assert!(Sold::parse(r#"{"order":"a","order":"a"}"#).is_err());
    let key = MerchantKey::new(&identity(&vectors()), B256::repeat_byte(2));
    let mut body: Value = serde_json::from_str(&TransferredOut { to: key }.to_json()).unwrap();
    body["to"]["eventHash"] = "ignored here".into();
    assert_eq!(TransferredOut::parse(&body.to_string()), Ok(TransferredOut { to: key }));
    for field in ["chainId", "registry", "merchantId", "keyId"] {
        let mut broken = body.clone();
        broken["to"][field] = Value::Null;
        assert!(TransferredOut::parse(&broken.to_string()).is_err(), "{field}");
    }
}

#[test]
fn only_an_absent_buyer_is_none_to_a_promise() {
    let buyer = B256::repeat_byte(0xab);
    let named = |value: &str| format!(r#"{{"buyer":{value}}}"#);
    let right = named(&format!("\"{buyer}\""));
    assert!(Sold::names(&right, &buyer) && !Sold::names(&right, &B256::ZERO));
    assert!(Sold::names("{}", &B256::ZERO) && !Sold::names("{}", &buyer));
    let capitals = format!("\"0x{}\"", "AB".repeat(32));
    for value in ["null", "0", "\"\"", "\"0x\"", "{}", "[]", "false", capitals.as_str()] {
        let body = named(value);
        assert!(
            !Sold::names(&body, &B256::ZERO) && !Sold::names(&body, &buyer),
            "{body}"
        );
    }
    assert!(!Sold::names("no object", &B256::ZERO));
}
