//! Two bundles of one key that contradict each other, and what a dispute takes of them.

use alloy_primitives::B256;
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::breach::evidence::{Dispute, Evidence, Exhibit};
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::contradiction::{self, Contradiction};
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::{Code, Refusal, history};

use crate::test_merchant::TestMerchant;

const CODE: &str = "SHOWN-1";

/// What a test changes in an event.
type Change = fn(&mut KeyEvent);

/// A merchant that sold the key in epoch 1, and then anchored `more` in an epoch of its own.
fn then(more: impl FnOnce(&KeyEvent) -> Vec<KeyEvent>) -> TestMerchant {
    let mut merchant = TestMerchant::new(1);
    let sale = merchant.sell(CODE, &B256::repeat_byte(9));
    merchant.cut_epoch();
    for event in more(&sale) {
        merchant.put(event, None);
    }
    merchant.add("OTHER-1", Kind::Generated, "{}");
    merchant.cut_epoch();
    merchant
}

/// The bundle against an epoch, with the events that `keep` picks.
fn shown(merchant: &TestMerchant, epoch: u64, keep: impl Fn(&KeyEvent) -> bool) -> Bundle {
    let mut bundle = merchant.bundle_at(CODE, epoch);
    bundle.events.retain(|included| keep(&included.event));
    bundle
}

/// What they prove, each bundle written and read, in either order.
fn found(merchant: &TestMerchant, a: &Bundle, b: &Bundle) -> Result<Option<Contradiction>, Refusal> {
    let read = |bundle: &Bundle| Bundle::parse(bundle.to_json().as_bytes()).unwrap();
    let (a, b) = (read(a), read(b));
    let found = contradiction::find(&a, &b, &merchant.view());
    assert_eq!(found, contradiction::find(&b, &a, &merchant.view()));
    found
}

/// What they prove, as a dispute contract would see it.
fn proved(merchant: &TestMerchant, a: &Bundle, b: &Bundle) -> (Rule, Dispute, Vec<u32>) {
    let Contradiction { rule, evidence, .. } = found(merchant, a, b).unwrap().expect("a contradiction");
    assert_eq!(
        Evidence::parse(evidence.to_json().to_string().as_bytes()).unwrap(),
        evidence
    );
    assert_eq!(evidence.merchant_id, merchant.identity.merchant_id);
    assert!(evidence.events.iter().all(Exhibit::is_included));
    assert_eq!(evidence.history.is_some(), evidence.dispute == Dispute::HistoryMismatch);
    if let Some(map) = &evidence.history {
        let event = evidence.events[0].event;
        assert!(map.is_proved(&event.key_id));
        assert!(map.header.number >= evidence.events[0].header.number);
        assert!(map.version < event.version || map.head != event.hash());
    }
    let versions = evidence.events.iter().map(|exhibit| exhibit.event.version).collect();
    (rule, evidence.dispute, versions)
}

#[test]
fn a_sale_told_to_two_is_a_fork() {
    let merchant = then(|sale| {
        vec![KeyEvent {
            payload: B256::repeat_byte(7),
            ..*sale
        }]
    });
    let mine = shown(&merchant, 1, |_| true);
    let theirs = shown(&merchant, 2, |event| {
        event.version < 3 || event.payload == B256::repeat_byte(7)
    });
    assert_eq!(
        proved(&merchant, &mine, &theirs),
        (Rule::VersionGap, Dispute::Fork, vec![3, 3])
    );
}

#[test]
fn one_event_included_twice_is_no_fork() {
    let merchant = then(|sale| vec![*sale]);
    let (mine, theirs) = (shown(&merchant, 1, |_| true), shown(&merchant, 2, |_| true));
    assert_eq!(theirs.events.len(), 4, "the sale is in both epochs");
    assert_eq!(found(&merchant, &mine, &theirs), Ok(None));
}

#[test]
fn a_promise_of_another_sale_is_a_fork() {
    let merchant = then(|_| Vec::new());
    let sale = merchant.bundle(CODE).events[2].event;
    let other = |byte| KeyEvent {
        payload: B256::repeat_byte(byte),
        ..sale
    };
    let due_s = sale.at_ms / 1000 + 600;
    let with = |events: &[KeyEvent], keep: u32| {
        let mut bundle = shown(&merchant, 2, |event| event.version <= keep);
        bundle.receipts = events
            .iter()
            .map(|event| merchant.promise(*event, &[], due_s))
            .collect();
        bundle
    };
    let evidence = |a: &Bundle, b: &Bundle| found(&merchant, a, b).unwrap().map(|found| found.evidence);
    // One was promised, another included; and two were promised.
    for (a, b, included) in [
        (with(&[other(7)], 3), with(&[], 3), 1),
        (with(&[other(7)], 2), with(&[other(8)], 2), 0),
    ] {
        let evidence = evidence(&a, &b).unwrap();
        assert_eq!(evidence.dispute, Dispute::Fork);
        assert_eq!(
            (evidence.events.len(), evidence.receipts.len()),
            (included, 2 - included)
        );
        let written = evidence.to_json().to_string();
        assert_eq!(Evidence::parse(written.as_bytes()), Ok(evidence));
    }
    assert_eq!(
        evidence(&with(&[sale], 3), &with(&[sale], 3)),
        None,
        "one sale, promised and included"
    );
    // A receipt counts for thirty days after its deadline.
    let (a, b) = (with(&[other(7)], 3), with(&[], 3));
    for (as_of_s, counts) in [(due_s + 30 * 86_400, true), (due_s + 30 * 86_400 + 1, false)] {
        let mut view = merchant.view();
        view.as_of_s = as_of_s;
        assert_eq!(
            contradiction::find(&a, &b, &view).unwrap().is_some(),
            counts,
            "{as_of_s}"
        );
    }
    let refused = |change: &dyn Fn(&mut Bundle)| {
        let mut forged = a.clone();
        change(&mut forged);
        found(&merchant, &forged, &b).unwrap_err().code
    };
    assert_eq!(
        refused(&|bundle| bundle.receipts[0].anchor_by_s += 1),
        Code::ReceiptSignature
    );
    assert_eq!(
        refused(&|bundle| bundle.receipts[0].event.kind = Kind::Redeemed),
        Code::ReceiptTerms
    );
}

#[test]
fn what_does_not_follow_is_proved_by_the_two_events() {
    let redeemed = |sale: &KeyEvent| KeyEvent {
        version: 4,
        kind: Kind::Redeemed,
        at_ms: sale.at_ms + 1,
        prev: sale.hash(),
        ..*sale
    };
    let cases: [(Change, Rule, Dispute); 3] = [
        (|event| event.prev = B256::ZERO, Rule::BrokenLink, Dispute::BrokenLink),
        (
            |event| event.kind = Kind::Sold,
            Rule::IllegalTransition,
            Dispute::IllegalTransition,
        ),
        (|event| event.at_ms -= 2, Rule::Clock, Dispute::IllegalTransition),
    ];
    for (change, rule, dispute) in cases {
        let merchant = then(|sale| {
            let mut event = redeemed(sale);
            change(&mut event);
            vec![event]
        });
        let (mine, theirs) = (
            shown(&merchant, 1, |_| true),
            shown(&merchant, 2, |event| event.version == 4),
        );
        assert_eq!(
            proved(&merchant, &mine, &theirs),
            (rule, dispute, vec![3, 4]),
            "{rule:?}"
        );
    }
    let honest = then(|sale| vec![redeemed(sale)]);
    let (mine, theirs) = (shown(&honest, 1, |_| true), shown(&honest, 2, |_| true));
    assert_eq!(
        found(&honest, &mine, &theirs),
        Ok(None),
        "an older bundle and a newer one agree"
    );
}

#[test]
fn an_event_that_breaks_a_rule_alone_stands_alone() {
    let cases: [(Change, Rule, Dispute, u32); 3] = [
        (|event| event.version = 0, Rule::VersionGap, Dispute::BrokenLink, 0),
        (
            |event| event.prev = B256::repeat_byte(1),
            Rule::BrokenLink,
            Dispute::BrokenLink,
            1,
        ),
        (
            |event| event.kind = Kind::Sold,
            Rule::IllegalTransition,
            Dispute::IllegalTransition,
            1,
        ),
    ];
    for (change, rule, dispute, version) in cases {
        let merchant = then(|sale| {
            let mut event = KeyEvent {
                version: 1,
                kind: Kind::Generated,
                prev: B256::ZERO,
                ..*sale
            };
            change(&mut event);
            vec![event]
        });
        let last = shown(&merchant, 2, |_| true).events.pop().unwrap();
        let bundle = shown(&merchant, 2, |event| *event == last.event);
        assert_eq!(proved(&merchant, &bundle, &bundle), (rule, dispute, vec![version]));
    }
}

#[test]
fn a_map_that_turned_back_is_a_mismatch() {
    let mut merchant = TestMerchant::new(1);
    merchant.sell(CODE, &B256::repeat_byte(9));
    merchant.cut_epoch();
    let mine = merchant.bundle(CODE);
    // The next map gives the key its head before the sale, or none at all.
    for (keep, unknown) in [(2, 3), (0, 1)] {
        let mut turned = TestMerchant::new(1);
        turned.sell(CODE, &B256::repeat_byte(9));
        turned.cut_epoch();
        turned.add("OTHER-1", Kind::Generated, "{}");
        let key_id = turned.key_id(CODE);
        let kept = turned
            .events_of(key_id)
            .into_iter()
            .find(|(event, _)| event.version == keep);
        turned.cut_epoch_of_map(|entries| {
            entries.remove(&key_id);
            entries.extend(kept.map(|(event, _)| (key_id, history::value_hash(keep, &event.hash()))));
        });
        let theirs = shown(&turned, 2, |event| event.version <= keep);
        let (rule, dispute, versions) = proved(&turned, &mine, &theirs);
        assert_eq!((rule, dispute), (Rule::HistoryMismatch, Dispute::HistoryMismatch));
        assert_eq!(versions, [unknown], "the first event that the map does not know");
    }
}

#[test]
fn what_the_chain_does_not_hold_is_evidence_of_nothing() {
    let merchant = then(|sale| {
        vec![KeyEvent {
            payload: B256::repeat_byte(7),
            ..*sale
        }]
    });
    let mine = shown(&merchant, 1, |_| true);
    let refused = |change: &dyn Fn(&mut Bundle)| {
        let mut forged = shown(&merchant, 2, |_| true);
        change(&mut forged);
        found(&merchant, &mine, &forged).unwrap_err().code
    };
    assert_eq!(refused(&|bundle| bundle.identity.chain_id = 1), Code::WrongMerchant);
    assert_eq!(refused(&|bundle| bundle.key_id = B256::ZERO), Code::KeyId);
    assert_eq!(
        refused(&|bundle| bundle.epochs[0].header.events_root = B256::ZERO),
        Code::EpochUnknown
    );
    assert_eq!(
        refused(&|bundle| bundle.epochs[1].header.parent = B256::ZERO),
        Code::EpochUnknown
    );
    assert_eq!(
        refused(&|bundle| bundle.events[2].event.payload = B256::ZERO),
        Code::Inclusion
    );
    assert_eq!(
        refused(&|bundle| bundle.history.proof.siblings.push(B256::ZERO)),
        Code::HistoryRoot
    );
    let mut early = merchant.view();
    early.latest = 1;
    let refusal = contradiction::find(&mine, &shown(&merchant, 2, |_| true), &early).unwrap_err();
    assert_eq!(refusal.code, Code::EpochNotFinal);
}
