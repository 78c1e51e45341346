//! Bodies that are not what was committed to, that are malformed, or that are withheld.

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_verifier::event::Opening;
use shelfproof_verifier::{Code, buyer};

use super::bench::{ACTIVATION, Bench, Draft, GENERATION, SALE, flip};
use crate::Result;

/// The place at which the sale's body is opened.
type Place = fn(&mut Draft) -> Option<&mut Opening>;

const PLACES: [(&str, Place); 2] = [
    ("sale", |draft| draft.sale().opening.as_mut()),
    ("receipt", |draft| draft.receipt().opening.as_mut()),
];

/// Makes a body that breaks the protocol's lexical rules from one that keeps them.
type Spoil = fn(&str) -> String;

const SPOILT: [(&str, Spoil); 16] = [
    ("empty", |_| String::new()),
    ("null", |_| "null".to_owned()),
    ("array", |body| format!("[{body}]")),
    ("string", |body| Value::from(body).to_string()),
    ("cut-short", |body| body[..body.len() - 1].to_owned()),
    ("two-bodies", |body| format!("{body}{body}")),
    ("byte-order-mark", |body| format!("\u{feff}{body}")),
    ("name-twice", |body| {
        body.replacen('{', r#"{"order":"O-0","order":"O-1","#, 1)
    }),
    ("name-twice-after-unescaping", |body| {
        body.replacen('{', r#"{"order":"O-0","\u006frder":"O-1","#, 1)
    }),
    ("half-a-pair", |body| body.replacen('{', r#"{"note":"\ud83d","#, 1)),
    ("fraction", |body| body.replacen('{', r#"{"note":9.90,"#, 1)),
    ("exponent", |body| body.replacen('{', r#"{"note":1e3,"#, 1)),
    ("negative", |body| body.replacen('{', r#"{"note":-1,"#, 1)),
    ("too-large", |body| {
        body.replacen('{', r#"{"note":9007199254740992,"#, 1)
    }),
    ("comment", |body| body.replacen('{', "{/* paid */", 1)),
    ("nested-too-deep", |body| {
        let deep = format!("{{\"note\":{}{},", "[".repeat(64), "]".repeat(64));
        body.replacen('{', &deep, 1)
    }),
];

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    let honest = bench.victim().bundle.events[SALE]
        .opening
        .clone()
        .ok_or("the sale is not opened")?;
    let others = bench.other().bundle.events[SALE]
        .opening
        .clone()
        .ok_or("the sale is not opened")?;
    for (of, opening) in PLACES {
        for (name, body) in changed(&honest.body, &others.body)? {
            bench.draft(&format!("{of}-{name}"), Code::Payload, |draft| {
                if let Some(opening) = opening(draft) {
                    opening.body = body;
                }
            });
        }
        for (name, salt) in [("salt-zero", B256::ZERO), ("salt-of-another-sale", others.salt)] {
            bench.draft(&format!("{of}-{name}"), Code::Payload, |draft| {
                if let Some(opening) = opening(draft) {
                    opening.salt = salt;
                }
            });
        }
        bench.draft(&format!("{of}-salt-one-bit-off"), Code::Payload, |draft| {
            if let Some(opening) = opening(draft) {
                flip(&mut opening.salt);
            }
        });
        bench.draft(&format!("{of}-salt-and-body-of-another-sale"), Code::Payload, |draft| {
            if let Some(opening) = opening(draft) {
                opening.clone_from(&others);
            }
        });
        for (name, spoil) in SPOILT {
            bench.draft(&format!("{of}-body-{name}"), Code::Malformed, |draft| {
                if let Some(opening) = opening(draft) {
                    opening.body = spoil(&opening.body);
                }
            });
        }
    }
    forge_earlier(bench, &honest);
    forge_withheld(bench);
    forge_whose(bench, &others)
}

/// Returns bodies with other content, and bodies with the same content in other bytes.
fn changed(honest: &str, others: &str) -> Result<Vec<(&'static str, String)>> {
    let fields: Value = serde_json::from_str(honest)?;
    let other: Value = serde_json::from_str(others)?;
    let with = |name: &str, value: Value| {
        let mut fields = fields.clone();
        fields[name] = value;
        fields.to_string()
    };
    Ok(vec![
        ("order", with("order", json!("another order"))),
        ("product", with("product", json!("another product"))),
        ("price", with("price", json!("0.01"))),
        ("price-without-value", with("price", Value::Null)),
        ("currency", with("currency", json!("none"))),
        ("buyer", with("buyer", json!(B256::repeat_byte(1)))),
        ("buyer-of-another-sale", with("buyer", other["buyer"].clone())),
        ("promise-added", with("warranty", json!("forever"))),
        ("body-of-another-sale", others.to_owned()),
        ("body-without-fields", "{}".to_owned()),
        ("space-before", format!(" {honest}")),
        ("line-end-after", format!("{honest}\n")),
        ("name-escaped", honest.replacen("\"order\"", "\"\\u006frder\"", 1)),
    ])
}

/// Gives events before the sale a body, either invented or copied from the sale.
fn forge_earlier(bench: &mut Bench<'_>, sale: &Opening) {
    let invented = Opening {
        salt: bench.material.word("a salt"),
        body: "{}".to_owned(),
    };
    for (of, place) in [("generation", GENERATION), ("activation", ACTIVATION)] {
        bench.draft(&format!("{of}-body-invented"), Code::Payload, |draft| {
            draft.bundle.events[place].opening = Some(invented.clone());
        });
        bench.draft(&format!("{of}-body-of-the-sale"), Code::Payload, |draft| {
            draft.bundle.events[place].opening = Some(sale.clone());
        });
    }
}

/// Withholds the sale's body from a buyer who asks whether the sale is theirs.
fn forge_withheld(bench: &mut Bench<'_>) {
    bench.draft("sale-withheld", Code::BodyWithheld, |draft| draft.sale().opening = None);
    bench.draft("sale-and-receipt-withheld", Code::BodyWithheld, |draft| {
        draft.sale().opening = None;
        draft.receipt().opening = None;
    });
    bench.draft("sale-withheld-without-receipt", Code::BodyWithheld, |draft| {
        draft.sale().opening = None;
        draft.bundle.receipts.clear();
    });
}

/// Shows the victim another buyer's sale: the code and the whole bundle are the other buyer's, except for one name.
fn forge_whose(bench: &mut Bench<'_>, others: &Opening) -> Result<()> {
    let secret = bench.victim().secret.clone();
    let commitment = buyer::commitment(&buyer::secret(&secret.nonce, &secret.tag));
    let mut body: Value = serde_json::from_str(&others.body)?;
    body["buyer"] = json!(commitment);
    for (name, is_receipt_too) in [
        ("sale-of-another-in-your-name", false),
        ("sale-and-receipt-of-another-in-your-name", true),
    ] {
        let mut draft = Draft::of(bench.other());
        draft.secret = secret.clone();
        let opening = Some(Opening {
            body: body.to_string(),
            ..others.clone()
        });
        draft.sale().opening.clone_from(&opening);
        if is_receipt_too {
            draft.receipt().opening = opening;
        }
        bench.put(name, Code::Payload, draft);
    }
    Ok(())
}
