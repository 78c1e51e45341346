//! The vectors: every value that an independent implementation computed, and every refusal by its code.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, hex};
use serde::Deserialize;
use serde_json::Value;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::chain::{ChainView, Identity, SignerSpan};
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::{self, KeyEvent, Kind, RawEvent};
use shelfproof_verifier::receipt::Receipt;
use shelfproof_verifier::tree::{self, EventsTree};
use shelfproof_verifier::verdict::{self, Question, STALE_AFTER_S};
use shelfproof_verifier::vocabulary::typed_data;
use shelfproof_verifier::{Code, buyer, code, vrf};

/// The vectors' file.
pub(crate) fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/protocol-v1.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> T {
    T::deserialize(value).unwrap()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VectorEvent {
    key_id: B256,
    version: u32,
    kind: String,
    at: u64,
    prev: B256,
    payload: B256,
    salt: B256,
    body: String,
    #[serde(default)]
    hash: B256,
    #[serde(default)]
    path: Vec<B256>,
}

impl VectorEvent {
    fn event(&self) -> KeyEvent {
        KeyEvent {
            key_id: self.key_id,
            version: self.version,
            kind: Kind::from_name(&self.kind).unwrap(),
            at_ms: self.at,
            prev: self.prev,
            payload: self.payload,
        }
    }
}

pub(crate) fn identity(vectors: &Value) -> Identity {
    let merchant = &vectors["merchant"];
    Identity {
        chain_id: read(&merchant["chainId"]),
        registry: read(&merchant["registry"]),
        merchant_id: read(&merchant["merchantId"]),
    }
}

fn header(value: &Value) -> Header {
    Header {
        number: read(&value["number"]),
        parent: read(&value["parent"]),
        events_root: read(&value["eventsRoot"]),
        history_root: read(&value["historyRoot"]),
        event_count: read(&value["eventCount"]),
        data_hash: read(&value["dataHash"]),
    }
}

#[test]
fn codes_have_their_canonical_form_key_id_and_proof() {
    let vectors = vectors();
    let secret = vrf::SecretKey::from_seed(&read::<B256>(&vectors["vrf"]["secretKey"]).0).unwrap();
    assert_eq!(secret.public_key(), read::<B256>(&vectors["vrf"]["publicKey"]));
    let public = vrf::PublicKey::from_bytes(&secret.public_key()).unwrap();
    let codes = vectors["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 38);
    for vector in codes {
        let typed: String = read(&vector["code"]);
        assert_eq!(code::canonical(&typed).unwrap(), vector["canonical"].as_str().unwrap());
        let alpha = code::alpha(&typed).unwrap();
        let (key_id, proof) = secret.prove(&alpha).unwrap();
        assert_eq!(key_id, read::<B256>(&vector["keyId"]));
        assert_eq!(hex::encode_prefixed(proof), vector["proof"].as_str().unwrap());
        assert_eq!(public.verify(&alpha, &proof), Some(key_id));
        assert_eq!(public.verify(b"shelfproof-code-v1:another", &proof), None);
    }
}

#[test]
fn unusual_codes_are_refused() {
    let vectors = vectors();
    let codes = vectors["unusualCodes"].as_array().unwrap();
    assert_eq!(codes.len(), 22);
    for typed in codes {
        assert_eq!(
            code::canonical(typed.as_str().unwrap()).unwrap_err().code,
            Code::CodeUnusual,
            "{typed}"
        );
    }
}

#[test]
fn spellings_have_their_canonical_form() {
    let vectors = vectors();
    let spellings = vectors["spellings"].as_array().unwrap();
    assert_eq!(spellings.len(), 3);
    for vector in spellings {
        let typed = vector["code"].as_str().unwrap();
        assert_eq!(code::canonical(typed).unwrap(), vector["canonical"].as_str().unwrap());
    }
}

#[test]
fn buyers_have_their_secret_and_commitment() {
    for vector in vectors()["buyers"].as_array().unwrap() {
        let secret = buyer::secret(&read(&vector["nonce"]), vector["tag"].as_str().unwrap());
        assert_eq!(secret, read::<B256>(&vector["secret"]));
        assert_eq!(buyer::commitment(&secret), read::<B256>(&vector["buyer"]));
    }
}

#[test]
fn the_merchant_has_its_id() {
    let merchant = &vectors()["merchant"];
    let (registry, owner): (Address, Address) = (read(&merchant["registry"]), read(&merchant["owner"]));
    let id = epoch::merchant_id(read(&merchant["chainId"]), &registry, &owner, &read(&merchant["salt"]));
    assert_eq!(id, read::<B256>(&merchant["merchantId"]));
}

#[test]
fn epochs_have_their_events_data_tree_and_hash() {
    let vectors = vectors();
    let merchant_id = identity(&vectors).merchant_id;
    let mut parent = B256::ZERO;
    for vector in vectors["epochs"].as_array().unwrap() {
        let header = header(&vector["header"]);
        assert_eq!(header.parent, parent);
        parent = header.hash(&merchant_id);
        assert_eq!(parent, read::<B256>(&vector["hash"]));
        assert_eq!(parent[28..], [0; 4]);

        let listed: Vec<VectorEvent> = read(&vector["events"]);
        assert_eq!(listed.len() as u64, header.event_count);
        let mut events: Vec<KeyEvent> = listed.iter().map(VectorEvent::event).collect();
        let tree = EventsTree::of_events(&events, 1).unwrap();
        assert_eq!(tree.root(), header.events_root);
        for listed in &listed {
            let event = listed.event();
            assert_eq!(event.hash(), listed.hash);
            assert_eq!(event::payload(&listed.salt, &listed.body), listed.payload);
            assert_eq!(tree.path(&listed.hash).unwrap(), listed.path);
            assert_eq!(tree::climb(&listed.hash, &listed.path), header.events_root);
            assert_eq!(RawEvent::from_bytes(&event.to_bytes()).event(), Some(event));
        }
        events.sort_by_key(|event| (event.key_id, event.version));
        let data = epoch::encode_data(&events);
        let published = hex::decode(vector["data"].as_str().unwrap()).unwrap();
        assert_eq!(data, published);
        assert_eq!(epoch::data_hash(&data), header.data_hash);
        assert_eq!(epoch::decode_data(&data).unwrap(), events);
    }
}

#[test]
fn receipts_have_their_root_digest_and_signer() {
    let vectors = vectors();
    let group = &vectors["receipts"];
    let identity = identity(&vectors);
    let root: B256 = read(&group["root"]);
    let signer: Address = read(&group["signer"]);
    let span = SignerSpan {
        address: signer,
        from_s: 1,
        until_s: 0,
    };
    let receipts = group["receipts"].as_array().unwrap();
    let promises = group["promises"].as_array().unwrap();
    assert_eq!((receipts.len(), promises.len()), (9, 9));
    for (vector, listed) in receipts.iter().zip(promises) {
        let mut file = vector.clone();
        file["format"] = "shelfproof-receipt-v1".into();
        for field in ["chainId", "registry", "merchantId"] {
            file[field] = vectors["merchant"][field].clone();
        }
        file["vrfProof"] = vectors["codes"][0]["proof"].clone();
        let parsed = Receipt::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(Receipt::parse(parsed.to_json().as_bytes()).unwrap(), parsed);
        let promise = parsed.promise;
        assert_eq!(promise.event.hash(), read::<B256>(&listed["event"]));
        assert_eq!(promise.hash(), read::<B256>(&listed["hash"]));
        assert_eq!(promise.root(), root);
        assert_eq!(
            typed_data::receipt_digest(&identity, &root, promise.anchor_by_s),
            read::<B256>(&group["digest"])
        );
        assert_eq!(promise.check_signature(&identity, &[span]), Ok(signer));
        assert_eq!(
            promise.check_terms(&promise.event.key_id, promise.opening.as_ref()),
            Ok(())
        );
    }
}

/// A case's verdict, in the form that the vectors have.
fn verdict_of(vectors: &Value, case: &Value) -> (String, Vec<&'static str>) {
    let trusted = if case["trusted"].is_null() {
        &vectors["trusted"]
    } else {
        &case["trusted"]
    };
    let view: ChainView = TrustedEpochs::parse(trusted.to_string().as_bytes())
        .unwrap()
        .as_view()
        .clone();
    let claim = case["tag"]
        .as_str()
        .map(|tag| buyer::secret(&read(&case["nonce"]), tag));
    let question = Question {
        code: case["code"].as_str().unwrap(),
        claim,
        expected: identity(vectors),
        stale_after_s: STALE_AFTER_S,
    };
    let bytes = match &case["bundle"] {
        Value::String(raw) => raw.clone(),
        bundle => bundle.to_string(),
    };
    let checked = Bundle::parse(bytes.as_bytes()).and_then(|bundle| verdict::check(&bundle, &question, &view, &[]));
    match checked {
        Ok(holds) => (
            holds.verdict(),
            holds.receipts.iter().map(|outcome| outcome.status.as_str()).collect(),
        ),
        Err(refusal) => (refusal.code.to_string(), Vec::new()),
    }
}

#[test]
fn bundles_hold_with_their_receipts() {
    let vectors = vectors();
    let cases = vectors["bundles"].as_array().unwrap();
    assert_eq!(cases.len(), 22);
    for case in cases {
        let (verdict, receipts) = verdict_of(&vectors, case);
        assert_eq!(verdict, case["verdict"].as_str().unwrap(), "{}", case["name"]);
        assert_eq!(
            receipts,
            read::<Vec<String>>(&case["receiptStatus"]),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn every_refusal_comes_by_its_code() {
    let vectors = vectors();
    let cases = vectors["refused"].as_array().unwrap();
    assert_eq!(cases.len(), 93);
    let mut seen = BTreeMap::new();
    for case in cases {
        let (verdict, _) = verdict_of(&vectors, case);
        assert_eq!(verdict, case["verdict"].as_str().unwrap(), "{}", case["name"]);
        *seen.entry(verdict).or_insert(0) += 1;
    }
    // What audits say comes from elsewhere than the bundle.
    for code in Code::ALL {
        let is_of_audits = matches!(code, Code::AuditBreach | Code::Unaudited);
        assert_eq!(seen.contains_key(code.as_str()), !is_of_audits, "{code}");
    }
}

#[test]
fn what_is_written_reads_the_same() {
    let vectors = vectors();
    for case in vectors["bundles"].as_array().unwrap() {
        let bundle = Bundle::parse(case["bundle"].to_string().as_bytes()).unwrap();
        assert_eq!(Bundle::parse(bundle.to_json().as_bytes()).unwrap(), bundle);
    }
    let trusted = TrustedEpochs::parse(vectors["trusted"].to_string().as_bytes()).unwrap();
    assert_eq!(TrustedEpochs::parse(trusted.to_json().as_bytes()).unwrap(), trusted);
}

#[test]
fn codes_end_with_the_protocols_exit() {
    let cannot_tell: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| code.exit() == 2)
        .map(|code| code.as_str())
        .collect();
    assert_eq!(
        cannot_tell,
        [
            "code_unusual",
            "epoch_not_final",
            "stale",
            "body_withheld",
            "transfer_unverified",
            "unaudited"
        ]
    );
    assert!(Code::ALL.iter().all(|code| [1, 2].contains(&code.exit())));
}

#[test]
fn data_lies_below_its_number_in_ten_digits() {
    assert_eq!(epoch::data_path(7), "epochs/0000000007.events");
    assert_eq!(epoch::data_path(u64::MAX), format!("epochs/{}.events", u64::MAX));
}
