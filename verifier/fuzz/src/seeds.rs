//! A first corpus for each target, from the protocol's vectors.

use serde_json::Value;
use shelfproof_verifier::B256;
use shelfproof_verifier::audit;
use shelfproof_verifier::epoch;
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent, Kind};

/// The offset of an event's kind in its bytes: after key id and version.
const KIND_AT: usize = 32 + 4;

/// The protocol's vectors.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/protocol-v1.json")).expect("the vectors are JSON")
}

/// Each target's name and seeds.
pub fn all() -> [(&'static str, Vec<Vec<u8>>); 5] {
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
        ("delta", deltas()),
    ]
}

/// The last epoch of the vectors.
pub struct LastEpoch {
    /// The history root before it.
    pub root_before: B256,
    /// Its keys.
    pub keys: Vec<B256>,
    /// Its delta.
    pub delta: Vec<u8>,
}

/// Reads the last epoch of the vectors.
pub fn last_epoch() -> LastEpoch {
    let vectors = vectors();
    let [.., before, last] = items(&vectors["epochs"]) else {
        panic!("two epochs")
    };
    let root_before = before["header"]["historyRoot"]
        .as_str()
        .and_then(|root| root.parse().ok());
    let delta = items(&vectors["deltas"]).iter().find(|case| is_of(case, last));
    LastEpoch {
        root_before: root_before.expect("a root"),
        keys: audit::key_ids_in(&bytes(&last["data"])),
        delta: bytes(&delta.expect("its delta")["delta"]),
    }
}

/// The delta of the vectors' last epoch, and all that is refused in its place.
fn deltas() -> Vec<Vec<u8>> {
    let vectors = vectors();
    let last = items(&vectors["epochs"]).last().expect("an epoch");
    let cases = items(&vectors["deltas"]).iter().chain(items(&vectors["deltasRefused"]));
    cases
        .filter(|case| is_of(case, last))
        .map(|case| bytes(&case["delta"]))
        .collect()
}

/// Whether a vector is about that epoch as the chain has it.
fn is_of(case: &Value, epoch: &Value) -> bool {
    case["number"] == epoch["header"]["number"] && case["data"].is_null() && case["before"].is_null()
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
