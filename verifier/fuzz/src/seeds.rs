//! A first corpus for each target, from the protocol's vectors.

use serde_json::Value;
use shelfproof_verifier::epoch;
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent, Kind};

/// The offset of an event's kind in its bytes: after key id and version.
const KIND_AT: usize = 32 + 4;

/// The protocol's vectors.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/protocol-v1.json")).expect("the vectors are JSON")
}

/// Each target's name and seeds.
pub fn all() -> [(&'static str, Vec<Vec<u8>>); 4] {
    let vectors = vectors();
    let cases: Vec<&Value> = items(&vectors["bundles"])
        .iter()
        .chain(items(&vectors["refused"]))
        .collect();
    let trusted = cases.iter().map(|case| &case["trusted"]).chain([&vectors["trusted"]]);
    let receipts = items(&vectors["receipts"]["receipts"]).iter();
    [
        ("bundle", cases.iter().map(|case| text(&case["bundle"])).collect()),
        (
            "receipt",
            receipts.map(|receipt| receipt_file(&vectors, receipt)).collect(),
        ),
        ("trusted_epochs", trusted.map(text).collect()),
        ("epoch_data", epochs(&vectors)),
    ]
}

/// What the target `epoch_data` takes: when both epochs were anchored, 4 bytes, the length of the first one's data,
/// 4 bytes, and the data of both.
pub fn two_epochs(anchored_at_s: u32, first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u32::try_from(first.len()).expect("an epoch's data is below 4 GiB");
    [&anchored_at_s.to_be_bytes(), &length.to_be_bytes(), first, second].concat()
}

/// The vectors' first two epochs, and the same broken by each of the audit's rules.
fn epochs(vectors: &Value) -> Vec<Vec<u8>> {
    let anchored = vectors["trusted"]["epochs"][1]["anchoredAt"].as_u64();
    let anchored_at_s = anchored
        .and_then(|at| u32::try_from(at).ok())
        .expect("a time in seconds");
    let [first, second] = [0, 1].map(|index| bytes(&vectors["epochs"][index]["data"]));
    let events = epoch::decode_data(&second).expect("the vectors' data holds");
    let later = events
        .iter()
        .position(|event| event.version > 1)
        .expect("a key that the first epoch knows");
    let broken = |change: fn(&mut KeyEvent)| {
        let mut events = events.clone();
        change(&mut events[later]);
        two_epochs(anchored_at_s, &first, &epoch::encode_data(&events))
    };
    let record = later * EVENT_BYTES..(later + 1) * EVENT_BYTES;
    let (mut unordered, mut unknown, mut forked) = (first.clone(), second.clone(), second.clone());
    unordered.rotate_left(EVENT_BYTES);
    unknown[record.start + KIND_AT] = u8::MAX;
    let mut other = second[record.clone()].to_vec();
    other[EVENT_BYTES - 1] ^= 1;
    forked.splice(record.end..record.end, other);
    vec![
        two_epochs(anchored_at_s, &first, &second),
        two_epochs(anchored_at_s, &unordered, &second),
        two_epochs(anchored_at_s, &first, &unknown),
        two_epochs(anchored_at_s, &first, &forked),
        two_epochs(anchored_at_s, &first, &first),
        two_epochs(anchored_at_s, &second, &first),
        two_epochs(0, &first, &second),
        broken(|event| event.prev.0[0] ^= 1),
        broken(|event| event.kind = Kind::Generated),
        broken(|event| event.at_ms = 0),
    ]
}

/// A receipt as a receipt file.
fn receipt_file(vectors: &Value, receipt: &Value) -> Vec<u8> {
    let mut file = receipt.clone();
    file["format"] = "shelfproof-receipt-v1".into();
    file["vrfProof"] = vectors["codes"][0]["proof"].clone();
    for field in ["chainId", "registry", "merchantId"] {
        file[field] = vectors["merchant"][field].clone();
    }
    text(&file)
}

fn items(list: &Value) -> &[Value] {
    list.as_array().expect("a list")
}

/// A value as a file. A string is the file's exact text, for vectors that are not JSON.
fn text(value: &Value) -> Vec<u8> {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
        .into_bytes()
}

fn bytes(digits: &Value) -> Vec<u8> {
    let digits = digits.as_str().unwrap_or_default();
    let pairs = digits.strip_prefix("0x").unwrap_or(digits).as_bytes().chunks(2);
    pairs
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<_>>()
        .expect("hex")
}
