//! Each field of the format: numbers and hex in other spellings, missing fields, and values of another type.

use serde_json::{Value, json};

use super::bench::{Bench, place, with_raw};
use crate::Result;

/// Every number in a bundle.
const NUMBERS: [&str; 11] = [
    "/chainId",
    "/events/2/version",
    "/events/2/at",
    "/events/2/epoch",
    "/history/epoch",
    "/epochs/0/number",
    "/epochs/0/eventCount",
    "/epochs/0/block",
    "/receipts/0/event/version",
    "/receipts/0/event/at",
    "/receipts/0/anchorBy",
];

/// Every hex value that all bundles have.
const HEX: [&str; 19] = [
    "/registry",
    "/merchantId",
    "/keyId",
    "/vrfProof",
    "/events/2/prev",
    "/events/2/payload",
    "/events/2/salt",
    "/history/terminal/key",
    "/history/terminal/valueHash",
    "/epochs/0/eventsRoot",
    "/epochs/0/historyRoot",
    "/epochs/0/dataHash",
    "/receipts/0/event/keyId",
    "/receipts/0/event/prev",
    "/receipts/0/event/payload",
    "/receipts/0/event/salt",
    "/receipts/0/buyer",
    "/receipts/0/token",
    "/receipts/0/signature",
];

/// Hex values of bundles whose tree has more than one leaf and whose epoch is not the first.
const HEX_OF_SOME: [&str; 4] = [
    "/events/2/path/0",
    "/history/siblings/0",
    "/epochs/1/parent",
    "/receipts/0/path/0",
];

/// Required fields, by the object that holds them. Salt and body are listed one at a time: either of them alone is
/// missing.
const REQUIRED: [(&str, &[&str]); 7] = [
    (
        "",
        &[
            "format",
            "chainId",
            "registry",
            "merchantId",
            "keyId",
            "vrfProof",
            "events",
            "history",
            "epochs",
            "receipts",
        ],
    ),
    (
        "/events/2",
        &[
            "version", "kind", "at", "prev", "payload", "salt", "body", "epoch", "path",
        ],
    ),
    ("/history", &["epoch", "terminal", "siblings"]),
    ("/history/terminal", &["key", "valueHash"]),
    (
        "/epochs/0",
        &[
            "number",
            "parent",
            "eventsRoot",
            "historyRoot",
            "eventCount",
            "dataHash",
        ],
    ),
    (
        "/receipts/0",
        &["event", "buyer", "cover", "token", "anchorBy", "path", "signature"],
    ),
    (
        "/receipts/0/event",
        &["keyId", "version", "kind", "at", "prev", "payload", "salt", "body"],
    ),
];

/// Returns `events.2.at` for `/events/2/at`.
pub(super) fn name_of(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Returns JSON of that number in forms that other readers accept too, and of numbers that no field may have.
pub(super) fn number_forms(number: &str) -> [(&'static str, String); 5] {
    [
        ("as-text", format!("\"{number}\"")),
        ("as-fraction", format!("{number}.0")),
        ("with-exponent", format!("{number}e0")),
        ("negative", format!("-{number}")),
        ("too-large", "9007199254740992".to_owned()),
    ]
}

/// Returns those bytes in other spellings, and bytes of another length.
pub(super) fn hex_forms(hex: &str) -> [(&'static str, String); 4] {
    let digits = hex.trim_start_matches("0x");
    [
        ("in-capitals", format!("0x{}", digits.to_ascii_uppercase())),
        ("a-byte-short", hex[..hex.len() - 2].to_owned()),
        ("a-byte-long", format!("{hex}00")),
        ("bare", digits.to_owned()),
    ]
}

/// Writes each number in forms that other JSON readers accept too, and replaces it by numbers that no field may have.
pub(super) fn forge_numbers(bench: &mut Bench<'_>) -> Result<()> {
    let mut file = bench.file()?;
    if file.pointer("/epochs/0/block").is_none() {
        place(&mut file, "/epochs/0")?["block"] = json!(1);
    }
    for pointer in NUMBERS {
        let number = place(&mut file, pointer)?.to_string();
        for (form, raw) in number_forms(&number) {
            bench.malformed(&format!("{}-{form}", name_of(pointer)), with_raw(&file, pointer, &raw)?);
        }
    }
    // Within the bound of JSON numbers, and above the 32 bits of a version.
    for pointer in ["/events/2/version", "/receipts/0/event/version"] {
        let name = format!("{}-above-32-bits", name_of(pointer));
        bench.malformed(&name, with_raw(&file, pointer, "4294967296")?);
    }
    for (name, count) in [("no-events", "0"), ("too-many-events", "1048577")] {
        bench.malformed(name, with_raw(&file, "/epochs/0/eventCount", count)?);
    }
    Ok(())
}

/// Writes the same bytes in other spellings, and changes their length.
pub(super) fn forge_hex(bench: &mut Bench<'_>) -> Result<()> {
    let mut file = bench.file()?;
    let of_some = HEX_OF_SOME
        .into_iter()
        .filter(|pointer| file.pointer(pointer).is_some());
    for pointer in HEX.into_iter().chain(of_some.collect::<Vec<_>>()) {
        let hex = place(&mut file, pointer)?.as_str().ok_or("no hex")?.to_owned();
        for (form, forged) in hex_forms(&hex) {
            // An address may be written in either case, and a value without letters has only one spelling.
            let is_address = ["/registry", "/receipts/0/token"].contains(&pointer);
            if !(is_address && form == "in-capitals") && forged != hex {
                let name = format!("{}-{form}", name_of(pointer));
                bench.malformed(&name, with_raw(&file, pointer, &json!(forged).to_string())?);
            }
        }
    }
    for (name, forged) in [
        ("odd-number-of-digits", format!("0x{}", "a".repeat(63))),
        ("letters-that-are-no-digits", format!("0x{}", "g".repeat(64))),
        ("capital-x", format!("0X{}", "a".repeat(64))),
        ("signed", format!("0x+{}", "a".repeat(63))),
        ("full-width-digits", format!("0x{}", "\u{ff11}".repeat(64))),
        ("spaced", format!(" 0x{}", "a".repeat(64))),
    ] {
        bench.malformed(name, with_raw(&file, "/keyId", &json!(forged).to_string())?);
    }
    Ok(())
}

/// Writes a receipt's cover in forms that other readers of numbers accept too, and as numbers out of bounds.
pub(super) fn forge_covers(bench: &mut Bench<'_>) -> Result<()> {
    let file = bench.file()?;
    let above = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for (name, cover) in [
        ("cover-empty", ""),
        ("cover-with-a-leading-zero", "00"),
        ("cover-signed", "+1"),
        ("cover-negative", "-1"),
        ("cover-as-fraction", "1.0"),
        ("cover-with-exponent", "1e3"),
        ("cover-in-hex", "0x01"),
        ("cover-spaced", " 1"),
        ("cover-of-full-width-digits", "\u{ff11}"),
        ("cover-of-256-bits-and-one", above),
    ] {
        bench.malformed(name, with_raw(&file, "/receipts/0/cover", &json!(cover).to_string())?);
    }
    Ok(())
}

/// Leaves out fields.
pub(super) fn forge_missing(bench: &mut Bench<'_>) -> Result<()> {
    let file = bench.file()?;
    for (pointer, fields) in REQUIRED {
        for field in fields {
            let mut file = file.clone();
            let object = place(&mut file, pointer)?.as_object_mut().ok_or("no object")?;
            object
                .remove(*field)
                .ok_or_else(|| format!("the bundle has no {pointer}/{field}"))?;
            bench.malformed(&name_of(&format!("{pointer}/{field}")), file.to_string());
        }
    }
    Ok(())
}

/// Replaces values by those of another type, or by ones that the protocol does not know.
pub(super) fn forge_types(bench: &mut Bench<'_>) -> Result<()> {
    let file = bench.file()?;
    let words = |count: usize| json!(vec![format!("0x{}", "ab".repeat(32)); count]);
    for (name, pointer, forged) in [
        ("format-number", "/format", json!(1)),
        ("format-of-another-version", "/format", json!("shelfproof-proof-v2")),
        ("format-in-capitals", "/format", json!("Shelfproof-Proof-v1")),
        ("format-of-a-receipt", "/format", json!("shelfproof-receipt-v1")),
        ("format-of-a-public-history", "/format", json!("shelfproof-history-v1")),
        ("chain-null", "/chainId", Value::Null),
        ("registry-number", "/registry", json!(0)),
        ("merchant-true", "/merchantId", json!(true)),
        ("key-id-null", "/keyId", Value::Null),
        ("proof-bytes", "/vrfProof", json!(vec![0; 80])),
        ("events-null", "/events", Value::Null),
        ("events-object", "/events", json!({})),
        ("event-null", "/events/2", Value::Null),
        ("event-array", "/events/2", json!([])),
        ("kind-number", "/events/2/kind", json!(3)),
        ("kind-in-capitals", "/events/2/kind", json!("Sold")),
        ("kind-none", "/events/2/kind", json!("none")),
        ("kind-of-no-protocol", "/events/2/kind", json!("resold")),
        ("salt-null", "/events/2/salt", Value::Null),
        ("body-null", "/events/2/body", Value::Null),
        ("body-object", "/events/2/body", json!({"order": "O-1"})),
        ("path-null", "/events/2/path", Value::Null),
        ("path-object", "/events/2/path", json!({})),
        ("path-of-numbers", "/events/2/path", json!([0])),
        ("path-of-22", "/events/2/path", words(22)),
        ("path-of-1000", "/events/2/path", words(1000)),
        ("history-null", "/history", Value::Null),
        ("history-array", "/history", json!([])),
        ("terminal-false", "/history/terminal", json!(false)),
        ("terminal-text", "/history/terminal", json!("")),
        ("terminal-array", "/history/terminal", json!([])),
        ("siblings-null", "/history/siblings", Value::Null),
        ("siblings-text", "/history/siblings", json!("0x")),
        ("siblings-with-null", "/history/siblings", json!([null])),
        ("siblings-of-257", "/history/siblings", words(257)),
        ("epochs-null", "/epochs", Value::Null),
        ("epochs-object", "/epochs", json!({})),
        ("header-null", "/epochs/0", Value::Null),
        ("receipts-null", "/receipts", Value::Null),
        ("receipts-object", "/receipts", json!({})),
        ("receipt-null", "/receipts/0", Value::Null),
        ("buyer-null", "/receipts/0/buyer", Value::Null),
        ("token-null", "/receipts/0/token", Value::Null),
        ("token-of-32-bytes", "/receipts/0/token", words(1)[0].clone()),
        ("cover-null", "/receipts/0/cover", Value::Null),
        ("cover-number", "/receipts/0/cover", json!(0)),
        ("promised-event-null", "/receipts/0/event", Value::Null),
        ("promised-kind-number", "/receipts/0/event/kind", json!(3)),
        ("promised-path-null", "/receipts/0/path", Value::Null),
        ("promised-path-of-21", "/receipts/0/path", words(21)),
        ("signature-null", "/receipts/0/signature", Value::Null),
        (
            "signature-of-64-bytes",
            "/receipts/0/signature",
            json!(format!("0x{}", "ab".repeat(64))),
        ),
    ] {
        bench.malformed(name, with_raw(&file, pointer, &forged.to_string())?);
    }
    Ok(())
}
