//! Files that do not have the protocol's form: invalid bytes, invalid JSON, and JSON that the protocol does not allow.

use serde_json::{Value, json};
use shelfproof_verifier::bundle::MAX_BYTES;

use super::bench::{Bench, place, with_field, with_raw};
use crate::Result;

/// A field that the protocol does not know. Its value is still parsed.
const REMARK: &str = "remark";

/// Values that no field may have, whichever parser reads them: name and text.
const VALUES: [(&str, &str); 22] = [
    ("fraction", "1.5"),
    ("fraction-of-zero", "1.0"),
    ("exponent", "1e3"),
    ("capital-exponent", "1E3"),
    ("negative", "-1"),
    ("negative-zero", "-0"),
    ("above-53-bits", "9007199254740992"),
    ("above-64-bits", "18446744073709551616"),
    ("leading-zero", "01"),
    ("leading-plus", "+1"),
    ("number-in-hex", "0x10"),
    ("number-cut-short", "1."),
    ("not-a-number", "NaN"),
    ("infinity", "Infinity"),
    ("undefined", "undefined"),
    ("capital-true", "True"),
    ("single-quotes", "'text'"),
    ("trailing-comma", "[1,]"),
    ("comment", "1 /* one */"),
    ("control-character", "\"\u{1}\""),
    ("unknown-escape", r#""\x41""#),
    ("nothing", ""),
];

/// Halves of a surrogate pair, which stand for no character.
const SURROGATES: [(&str, &str); 3] = [
    ("first-half-of-a-pair", r#""\ud83d""#),
    ("second-half-of-a-pair", r#""\udd11""#),
    ("halves-in-the-wrong-order", r#""\udd11\ud83d""#),
];

/// Objects that contain a name twice: name, pointer, field.
const TWICE: [(&str, &str, &str); 8] = [
    ("bundle", "", "keyId"),
    ("event", "/events/2", "payload"),
    ("history", "/history", "epoch"),
    ("terminal", "/history/terminal", "valueHash"),
    ("header", "/epochs/0", "eventsRoot"),
    ("receipt", "/receipts/0", "anchorBy"),
    ("promised-event", "/receipts/0/event", "keyId"),
    ("unknown-object", "/remark", "of"),
];

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    let mut file = bench.file()?;
    forge_bytes(bench, &file.to_string());
    file[REMARK] = json!({"of": "nobody"});
    for (name, value) in VALUES.into_iter().chain(SURROGATES) {
        bench.malformed(name, with_raw(&file, "/remark", value)?);
    }
    let other: Value = serde_json::from_str(&bench.other().bundle.to_json())?;
    for (name, pointer, field) in TWICE {
        // The second value comes from another bundle, so that two readers of the file could see two different bundles.
        let value = other
            .pointer(&format!("{pointer}/{field}"))
            .cloned()
            .unwrap_or_default();
        bench.malformed(
            &format!("name-twice-in-{name}"),
            with_field(&file, pointer, field, value)?,
        );
    }
    let escaped = with_field(&file, "", r"\u006beyId", json!(bench.other().bundle.key_id))?;
    bench.malformed("name-twice-after-unescaping", escaped);
    forge_nesting(bench, &mut file)
}

/// Files that are not one JSON text in UTF-8 of at most 1 MiB.
fn forge_bytes(bench: &mut Bench<'_>, file: &str) {
    let padding = " ".repeat((MAX_BYTES + 1).saturating_sub(file.len()));
    let utf_16: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_byte = |bytes: &[u8]| [br#"{"remark":""#, bytes, br#"","#, &file.as_bytes()[1..]].concat();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("blank", b" \r\n".to_vec()),
        ("web-page", b"<!doctype html><title>Your proof</title>".to_vec()),
        ("null", b"null".to_vec()),
        ("in-an-array", format!("[{file}]").into_bytes()),
        ("in-a-string", Value::from(file).to_string().into_bytes()),
        ("cut-in-half", file.as_bytes()[..file.len() / 2].to_vec()),
        ("last-byte-cut", file.as_bytes()[..file.len() - 1].to_vec()),
        ("trailing-bracket", format!("{file}}}").into_bytes()),
        ("trailing-words", format!("{file} verified").into_bytes()),
        ("trailing-zero", format!("{file}\0").into_bytes()),
        ("two-bundles", format!("{file}\n{file}").into_bytes()),
        ("byte-order-mark", format!("\u{feff}{file}").into_bytes()),
        ("utf-16", utf_16),
        ("byte-of-no-character", with_byte(&[0xff])),
        ("character-cut-in-half", with_byte(&[0xe2, 0x82])),
        ("overlong-character", with_byte(&[0xc0, 0xaf])),
        ("surrogate-as-bytes", with_byte(&[0xed, 0xa0, 0xbd])),
        ("padded-above-a-mebibyte", format!("{file}{padding}").into_bytes()),
        ("remark-above-a-mebibyte", with_byte(&vec![b' '; MAX_BYTES])),
    ] {
        bench.malformed(name, bytes);
    }
}

/// Values nested deeper than 64 levels, counted from the file's outermost object.
fn forge_nesting(bench: &mut Bench<'_>, file: &mut Value) -> Result<()> {
    let arrays = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}0{}", r#"{"of":"#.repeat(depth), "}".repeat(depth));
    for (name, raw) in [
        ("arrays-nested-too-deep", arrays(64)),
        ("objects-nested-too-deep", objects(64)),
        ("arrays-nested-without-end", arrays(200_000)),
        ("objects-nested-without-end", objects(100_000)),
    ] {
        bench.malformed(name, with_raw(file, "/remark", &raw)?);
    }
    *place(file, "/remark")? = json!({});
    let name_too = with_field(file, "/remark", r"\ud800", Value::Null)?;
    bench.malformed("half-a-pair-in-a-name", name_too);
    Ok(())
}
