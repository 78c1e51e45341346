use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::contact::{CONTACT_CHARS, PASSWORD_CHARS};
use crate::domain::order::{MAX_IDEMPOTENCY_KEY, MAX_KEYS, MAX_LINES};
use crate::domain::{coupon, money, product, sku};
use crate::flow::import;
use crate::http::api::field;
use crate::http::described;
use crate::http::edge::limits::{PAGE_DEFAULT, PAGE_MAX};

fn description() -> Value {
    let mut description = described().description;
    complete(&mut description);
    serde_json::to_value(description).unwrap()
}

/// Every object within `value`, itself included.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
    match value {
        Value::Object(object) => {
            found.push(object);
            object.values().for_each(|value| objects(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

/// Every operation, with `method path`.
fn operations(description: &Value) -> Vec<(String, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[test]
fn every_reference_leads_somewhere() {
    let description = description();
    let mut found = Vec::new();
    objects(&description, &mut found);
    let references: BTreeSet<&str> = found.iter().filter_map(|object| object.get("$ref")?.as_str()).collect();
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_says_what_it_is() {
    let description = description();
    let operations = operations(&description);
    let ids: BTreeSet<&str> = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len());
    for (name, operation) in &operations {
        for field in ["summary", "tags"] {
            assert!(!operation[field].is_null(), "{name} has no {field}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        assert_eq!(
            responses.contains_key("401"),
            operation.get("security").is_some(),
            "{name}"
        );
        assert!(responses.contains_key("500") && responses.contains_key("503"), "{name}");
        for segment in name.split('{').skip(1) {
            let parameter = segment.split('}').next().unwrap();
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|own| own["name"] == parameter),
                "{name}: {parameter}"
            );
        }
    }
}

#[test]
fn every_code_is_listed() {
    let description = description();
    let about = description["info"]["description"].as_str().unwrap();
    let paths = description["paths"].to_string();
    for code in Code::all() {
        assert!(about.contains(&format!("| `{}` |", code.name())), "{code:?}");
        // No endpoint of ours answers it: the router does, where there is none.
        let is_ours = code != Code::MethodNotAllowed;
        assert_eq!(paths.contains(&format!("\"{}\":{{", code.name())), is_ours, "{code:?}");
    }
}

#[test]
fn the_fence_stands_before_what_sells_writes_an_event_or_counts_on_none() {
    let description = description();
    let fenced: BTreeSet<String> = operations(&description)
        .into_iter()
        .filter(|(_, operation)| operation["responses"]["503"].to_string().contains("\"fenced\""))
        .map(|(name, _)| name)
        .collect();
    let writes = [
        "post /api/v1/batches/{batch}/activate",
        "post /api/v1/batches/{batch}/withdraw",
        "post /api/v1/checkout",
        "post /api/v1/keys/{keyId}/void",
        "post /api/v1/orders",
        "post /api/v1/orders/{order}/cancel",
        "post /api/v1/orders/{order}/payments",
        "post /api/v1/orders/{order}/redeem",
        "post /api/v1/orders/{order}/refund",
        "post /api/v1/orders/{order}/revoke-token",
        "post /api/v1/products/{product}/batches",
        "post /api/v1/repayments/{repayment}/done",
        "post /api/v1/reviews/{review}/close",
        "post /api/v1/reviews/{review}/deliver",
        "post /api/v1/reviews/{review}/repay",
    ];
    assert!(fenced.iter().eq(writes), "{fenced:?}");
}

#[test]
fn the_bounds_are_those_that_are_enforced() {
    let description = description();
    let at = |pointer: &str| {
        description
            .pointer(pointer)
            .unwrap_or_else(|| panic!("no {pointer}"))
            .clone()
    };
    let order = "/components/schemas/NewOrder/properties";
    assert_eq!(at(&format!("{order}/lines/maxItems")), MAX_LINES);
    assert_eq!(at(&format!("{order}/lines/minItems")), 1);
    let line = "/components/schemas/NewLine/properties";
    assert_eq!(at(&format!("{line}/quantity/maximum")), MAX_KEYS);
    assert_eq!(at(&format!("{line}/quantity/minimum")), 1);
    assert_eq!(at("/components/schemas/Amount/maxLength"), money::MAX_TEXT);
    assert_eq!(at("/components/schemas/Reason/maxLength"), field::MAX_REASON);
    assert_eq!(at("/components/schemas/Hash/pattern"), "^0x[0-9a-f]{64}$");
    let tier = "/components/schemas/Tier/properties/quantity";
    assert_eq!(at(&format!("{tier}/minimum")), 2);
    assert_eq!(at(&format!("{tier}/maximum")), MAX_KEYS);
    let coupon = "/components/schemas/NewCoupon/properties";
    assert_eq!(at(&format!("{coupon}/products/maxItems")), coupon::MAX_PRODUCTS);
    assert_eq!(at(&format!("{coupon}/usesMax/maximum")), coupon::MAX_USES);
    assert_eq!(at(&format!("{coupon}/accountUsesMax/maximum")), coupon::MAX_USES);
    assert_eq!(at("/components/schemas/CouponCode/maxLength"), coupon::MAX_CODE);
    for schema in ["NewProduct", "ProductChange"] {
        let category = at(&format!("/components/schemas/{schema}/properties/category"));
        assert_eq!(category["maxLength"], product::MAX_CATEGORY);
        let tiers = at(&format!("/components/schemas/{schema}/properties/tiers"));
        assert_eq!(tiers["maxItems"], sku::MAX_TIERS);
        let name = at(&format!("/components/schemas/{schema}/properties/name"));
        assert_eq!(
            (&name["minLength"], &name["maxLength"]),
            (&1.into(), &product::MAX_NAME.into())
        );
    }
    let parameter = |path: &str, name: &str| {
        let (method, path) = path.split_once(' ').unwrap();
        let parameters = description["paths"][path][method]["parameters"].as_array().unwrap();
        parameters.iter().find(|own| own["name"] == name).unwrap()["schema"].clone()
    };
    let key = parameter("post /api/v1/orders", "Idempotency-Key");
    assert_eq!(
        (&key["minLength"], &key["maxLength"]),
        (&1.into(), &MAX_IDEMPOTENCY_KEY.into())
    );
    let checkout = "/components/schemas/NewCheckout/properties";
    assert_eq!(at(&format!("{checkout}/lines/maxItems")), MAX_LINES);
    for schema in ["NewCheckout", "LookUp"] {
        let bounds = |field: &str| {
            let field = at(&format!("/components/schemas/{schema}/properties/{field}"));
            [field["minLength"].clone(), field["maxLength"].clone()]
        };
        assert_eq!(bounds("contact"), [*CONTACT_CHARS.start(), *CONTACT_CHARS.end()]);
        assert_eq!(bounds("password"), [*PASSWORD_CHARS.start(), *PASSWORD_CHARS.end()]);
    }
    let limit = parameter("get /api/v1/orders", "limit");
    assert_eq!(
        (&limit["maximum"], &limit["default"]),
        (&PAGE_MAX.into(), &PAGE_DEFAULT.into())
    );
    let import = |name| parameter("post /api/v1/products/{product}/batches", name);
    assert_eq!(import("name")["maxLength"], import::MAX_NAME);
    assert_eq!(import("supplier")["maxLength"], import::MAX_NAME);
    for (name, values) in [
        ("format", json!(["auto", "lines", "pairs", "csv"])),
        (
            "encoding",
            json!(crate::import::Encoding::ALL.map(crate::import::Encoding::name)),
        ),
    ] {
        let text = import(name).to_string();
        assert!(text.contains(&values.to_string()), "{name}: {text}");
    }
    assert_eq!(
        parameter("get /api/v1/keys/{keyId}", "keyId")["pattern"],
        at("/components/schemas/Hash/pattern")
    );
}

#[test]
fn the_endpoints_are_those_of_the_design() {
    let description = description();
    let names: BTreeSet<String> = operations(&description).into_iter().map(|(name, _)| name).collect();
    for name in [
        "post /api/v1/orders",
        "get /api/v1/orders",
        "get /api/v1/orders.csv",
        "get /api/v1/orders/{order}",
        "post /api/v1/orders/{order}/redeem",
        "post /api/v1/orders/{order}/refund",
        "post /api/v1/orders/{order}/revoke-token",
        "post /api/v1/orders/{order}/payments",
        "post /api/v1/orders/{order}/cancel",
        "get /api/v1/gateways",
        "post /api/v1/checkout",
        "post /api/v1/lookup",
        "get /api/v1/payments",
        "get /api/v1/reviews",
        "post /api/v1/reviews/{review}/deliver",
        "post /api/v1/reviews/{review}/repay",
        "post /api/v1/reviews/{review}/close",
        "get /api/v1/repayments",
        "post /api/v1/repayments/{repayment}/done",
        "get /api/v1/payments.csv",
        "get /api/v1/proofs/{id}",
        "get /api/v1/wallet",
        "post /api/v1/products",
        "get /api/v1/products",
        "get /api/v1/products/{product}",
        "patch /api/v1/products/{product}",
        "get /api/v1/products/{product}/stock",
        "post /api/v1/coupons",
        "get /api/v1/coupons",
        "post /api/v1/coupons/{code}/end",
        "post /api/v1/products/{product}/batches",
        "get /api/v1/batches",
        "get /api/v1/batches.csv",
        "get /api/v1/batches/{batch}",
        "get /api/v1/batches/{batch}/refused-lines",
        "post /api/v1/batches/{batch}/activate",
        "post /api/v1/batches/{batch}/withdraw",
        "get /api/v1/batches/{batch}/keys",
        "post /api/v1/batches/preview",
        "get /api/v1/keys",
        "get /api/v1/keys.csv",
        "get /api/v1/keys/{keyId}",
        "post /api/v1/keys/{keyId}/void",
        "get /healthz",
        "get /readyz",
        "get /metrics",
        "get /data/epochs/{file}",
        "get /.well-known/shelfproof.json",
    ] {
        assert!(names.contains(name), "{name}");
    }
    assert_eq!(names.len(), 48, "{names:?}");
}
