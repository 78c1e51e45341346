//! Evidence and breach reports: the exact bytes, and that reading them loses nothing.

use alloy_primitives::{Address, B256};
use proptest::prelude::*;
use serde_json::{Value, json};
use shelfproof_verifier::breach::evidence::{Dispute, Evidence, Exhibit, MapExhibit};
use shelfproof_verifier::breach::{BreachReport, Rule};
use shelfproof_verifier::chain::{AnchoredEpoch, Identity};
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::RawEvent;
use shelfproof_verifier::history::{Proof, Terminal};

const DISPUTES: [Dispute; 4] = [
    Dispute::Fork,
    Dispute::IllegalTransition,
    Dispute::BrokenLink,
    Dispute::HistoryMismatch,
];

fn header() -> Header {
    Header {
        number: 2,
        parent: B256::repeat_byte(1),
        events_root: B256::repeat_byte(2),
        history_root: B256::repeat_byte(3),
        event_count: 4,
        data_hash: B256::repeat_byte(5),
    }
}

fn evidence() -> Evidence {
    let event = RawEvent {
        key_id: B256::repeat_byte(6),
        version: 7,
        kind: 11,
        at_ms: 8,
        prev: B256::repeat_byte(9),
        payload: B256::repeat_byte(10),
    };
    Evidence {
        merchant_id: B256::repeat_byte(11),
        dispute: Dispute::IllegalTransition,
        events: vec![Exhibit {
            event,
            header: header(),
            path: vec![B256::repeat_byte(12)],
        }],
        receipts: Vec::new(),
        history: None,
    }
}

fn report(evidence: Option<Result<Evidence, String>>) -> BreachReport {
    BreachReport {
        identity: Identity {
            chain_id: 31_337,
            registry: Address::repeat_byte(13),
            merchant_id: B256::repeat_byte(11),
        },
        rule: Rule::Inclusion,
        detail: "epoch 2 is not of the form".to_owned(),
        epoch: AnchoredEpoch {
            header: header(),
            hash: B256::repeat_byte(14),
            block: 15,
            anchored_at_s: 16,
        },
        evidence,
    }
}

fn header_json() -> Value {
    json!({
        "number": 2, "parent": B256::repeat_byte(1), "eventsRoot": B256::repeat_byte(2),
        "historyRoot": B256::repeat_byte(3), "eventCount": 4, "dataHash": B256::repeat_byte(5),
    })
}

fn evidence_json() -> Value {
    json!({
        "format": "shelfproof-evidence-v1",
        "merchantId": B256::repeat_byte(11),
        "proof": "illegalTransition",
        "events": [{
            "event": {
                "keyId": B256::repeat_byte(6), "version": 7, "kind": 11, "at": 8,
                "prev": B256::repeat_byte(9), "payload": B256::repeat_byte(10),
            },
            "epoch": header_json(),
            "path": [B256::repeat_byte(12)],
        }],
    })
}

#[test]
fn evidence_and_reports_have_these_fields() {
    assert_eq!(evidence().to_json(), evidence_json());
    let mut epoch = header_json();
    epoch["hash"] = json!(B256::repeat_byte(14));
    epoch["block"] = json!(15);
    epoch["anchoredAt"] = json!(16);
    let mut expected = json!({
        "format": "shelfproof-breach-v1", "chainId": 31_337, "registry": Address::repeat_byte(13),
        "merchantId": B256::repeat_byte(11), "rule": "inclusion", "detail": "epoch 2 is not of the form",
        "epoch": epoch, "evidence": null,
    });
    assert_eq!(report(None).to_json(), expected);
    expected["evidenceMissing"] = json!("not found");
    assert_eq!(report(Some(Err("not found".to_owned()))).to_json(), expected);
    expected.as_object_mut().unwrap().remove("evidenceMissing");
    expected["evidence"] = evidence_json();
    assert_eq!(report(Some(Ok(evidence()))).to_json(), expected);
}

#[test]
fn a_history_stands_beside_the_event_that_it_contradicts() {
    let mut file = evidence_json();
    file["proof"] = json!("historyMismatch");
    file["history"] = json!({
        "epoch": header_json(),
        "terminal": {"key": B256::repeat_byte(17), "valueHash": B256::repeat_byte(18)},
        "siblings": [B256::repeat_byte(19)],
        "version": 6,
        "head": B256::repeat_byte(20),
    });
    let map = MapExhibit {
        header: header(),
        proof: Proof {
            terminal: Some(Terminal {
                key: B256::repeat_byte(17),
                value_hash: B256::repeat_byte(18),
            }),
            siblings: vec![B256::repeat_byte(19)],
        },
        version: 6,
        head: B256::repeat_byte(20),
    };
    let expected = Evidence {
        dispute: Dispute::HistoryMismatch,
        history: Some(map),
        ..evidence()
    };
    assert_eq!(expected.to_json(), file);
    assert_eq!(Evidence::parse(file.to_string().as_bytes()), Ok(expected));
    for (name, wrong) in [
        ("version", json!(1_u64 << 32)),
        ("head", json!("0x")),
        ("siblings", json!(vec![B256::ZERO; 257])),
    ] {
        let mut changed = file.clone();
        changed["history"][name] = wrong;
        assert!(Evidence::parse(changed.to_string().as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn what_is_no_report_is_refused() {
    let parse = |change: &dyn Fn(&mut Value)| {
        let mut file = report(Some(Ok(evidence()))).to_json();
        change(&mut file);
        BreachReport::parse(file.to_string().as_bytes())
    };
    assert_eq!(parse(&|_| ()), Ok(report(Some(Ok(evidence())))));
    let changes: [&dyn Fn(&mut Value); 6] = [
        &|file| file["rule"] = json!("no_rule"),
        &|file| file["format"] = json!("shelfproof-breach-v2"),
        &|file| file["epoch"]["eventCount"] = json!(0),
        &|file| file["evidence"]["proof"] = json!("noDispute"),
        &|file| file["evidence"]["events"][0]["event"]["kind"] = json!(256),
        &|file| file["evidence"]["format"] = json!(null),
    ];
    for change in changes {
        assert!(parse(change).is_err());
    }
}

fn hash() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn number() -> impl Strategy<Value = u64> {
    0..1_u64 << 53
}

fn any_header() -> impl Strategy<Value = Header> {
    (number(), 1..=1_u64 << 20, [hash(), hash(), hash(), hash()]).prop_map(|(number, event_count, hashes)| Header {
        number,
        parent: hashes[0],
        events_root: hashes[1],
        history_root: hashes[2],
        event_count,
        data_hash: hashes[3],
    })
}

fn any_exhibit() -> impl Strategy<Value = Exhibit> {
    let path = proptest::collection::vec(hash(), 0..4);
    let words = [hash(), hash(), hash()];
    (words, any::<u32>(), any::<u8>(), number(), any_header(), path).prop_map(
        |([key_id, prev, payload], version, kind, at_ms, header, path)| Exhibit {
            event: RawEvent {
                key_id,
                version,
                kind,
                at_ms,
                prev,
                payload,
            },
            header,
            path,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_again_the_same(
        events in proptest::collection::vec(any_exhibit(), 0..3),
        (dispute, rule) in (0..DISPUTES.len(), 0..Rule::ALL.len()),
        (merchant_id, hash) in (hash(), hash()),
        (chain_id, block, anchored_at_s) in (number(), number(), number()),
        (header, registry, detail) in (any_header(), any::<[u8; 20]>(), any::<String>()),
    ) {
        let evidence = Evidence { merchant_id, dispute: DISPUTES[dispute], events, receipts: Vec::new(), history: None };
        let written = evidence.to_json().to_string();
        let read = Evidence::parse(written.as_bytes()).unwrap();
        prop_assert_eq!(&read, &evidence);
        prop_assert_eq!(read.to_json().to_string(), written);
        for evidence in [None, Some(Err(detail.clone())), Some(Ok(evidence))] {
            let report = BreachReport {
                identity: Identity { chain_id, registry: registry.into(), merchant_id },
                rule: Rule::ALL[rule],
                detail: detail.clone(),
                epoch: AnchoredEpoch { header, hash, block, anchored_at_s },
                evidence,
            };
            let written = report.to_json().to_string();
            let read = BreachReport::parse(written.as_bytes()).unwrap();
            prop_assert_eq!(&read, &report);
            prop_assert_eq!(read.to_json().to_string(), written);
        }
    }
}
