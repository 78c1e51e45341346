//! The audit accepts honest merchants and finds each breach, with the events that prove it on chain.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach, EventsByKey, OtherEvent};
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::breach::evidence::{Dispute, Evidence, Exhibit};
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::{HashedEvent, KeyEvent, Kind, RawEvent};
use shelfproof_verifier::history::{self, Head};
use shelfproof_verifier::tree::EventsTree;

use crate::test_merchant::TestMerchant;

const CODE: &str = "AUDITED-1";

/// These events' indexes by key.
fn by_key(events: &[HashedEvent]) -> EventsByKey {
    EventsByKey::new(events.iter().map(|hashed| hashed.event.key_id))
}

/// Audits every epoch of a merchant with the map in memory.
fn run(merchant: &TestMerchant) -> Result<usize, Breach> {
    let mut map: BTreeMap<B256, Head> = BTreeMap::new();
    for epoch in &merchant.epochs {
        let header = &epoch.header;
        let events = audit::read_epoch(header, &epoch.data(), 1)?;
        let heads: Vec<Option<Head>> = by_key(&events).keys().iter().map(|key| map.get(key).copied()).collect();
        map.extend(audit::advance(&events, &heads, header.number, epoch.anchored_at_s)?);
        let leaves: Vec<history::Entry> = map.iter().map(|(key, head)| (*key, head.value_hash())).collect();
        audit::check_history_root(header, &history::root_of(&leaves))?;
    }
    Ok(map.len())
}

/// Two honest epochs with one key generated, activated and sold.
fn honest() -> TestMerchant {
    let mut merchant = TestMerchant::new(1);
    for n in 0..20 {
        merchant.add(&format!("NEIGHBOUR-{n}"), Kind::Generated, "{}");
    }
    merchant.add(CODE, Kind::Generated, "{}");
    merchant.cut_epoch();
    merchant.add(CODE, Kind::Activated, "{}");
    merchant.add(CODE, Kind::Sold, "{}");
    merchant.add("NEIGHBOUR-3", Kind::Voided, "{}");
    merchant.cut_epoch();
    merchant
}

/// The breach found after a change to the key's next event.
fn breach_of(change: impl FnOnce(&mut KeyEvent)) -> (Rule, Option<(Dispute, OtherEvent)>) {
    let mut event = honest().add(CODE, Kind::Redeemed, "{}");
    let mut merchant = honest();
    change(&mut event);
    merchant.put(event, None);
    merchant.cut_epoch();
    let breach = run(&merchant).unwrap_err();
    (breach.rule, breach.proof.map(|proof| (proof.dispute, proof.other)))
}

#[test]
fn an_honest_shelf_is_followed_to_the_end() {
    assert_eq!(run(&honest()), Ok(21));
}

#[test]
fn an_epoch_s_events_are_had_by_ranges_of_its_keys() {
    let merchant = honest();
    let events = audit::read_epoch(&merchant.epochs[1].header, &merchant.epochs[1].data(), 1).unwrap();
    let ranges = by_key(&events);
    let keys = ranges.keys();
    assert!(keys.is_sorted());
    assert_eq!((keys.len(), events.len()), (2, 3));
    for start in 0..=keys.len() {
        for end in start..=keys.len() {
            let mine = events
                .iter()
                .filter(|hashed| keys[start..end].contains(&hashed.event.key_id));
            assert_eq!(events[ranges.of(start..end)], mine.copied().collect::<Vec<_>>());
        }
    }
    assert!(by_key(&[]).keys().is_empty());
    assert!(by_key(&[]).of(0..0).is_empty());
}

#[test]
fn each_breach_has_its_rule_and_its_proof() {
    assert_eq!(breach_of(|event| event.version = 5), (Rule::VersionGap, None));
    assert_eq!(
        breach_of(|event| event.version = 2),
        (Rule::VersionGap, Some((Dispute::Fork, OtherEvent::Version(2))))
    );
    assert_eq!(
        breach_of(|event| event.version = 0),
        (Rule::VersionGap, Some((Dispute::BrokenLink, OtherEvent::None)))
    );
    let link = (Rule::BrokenLink, Some((Dispute::BrokenLink, OtherEvent::Version(3))));
    assert_eq!(breach_of(|event| event.prev = B256::ZERO), link);
    let kind = (
        Rule::IllegalTransition,
        Some((Dispute::IllegalTransition, OtherEvent::Version(3))),
    );
    assert_eq!(breach_of(|event| event.kind = Kind::Sold), kind);
    let back = (Rule::Clock, Some((Dispute::IllegalTransition, OtherEvent::Version(3))));
    assert_eq!(breach_of(|event| event.at_ms -= 600_000), back);
    assert_eq!(breach_of(|event| event.at_ms += 659_001), (Rule::Clock, None));
}

#[test]
fn the_latest_time_allowed_is_ten_minutes_after_the_block() {
    let mut event = honest().add(CODE, Kind::Redeemed, "{}");
    let mut merchant = honest();
    event.at_ms = merchant.clock_ms + 60_000 + 600_000;
    merchant.put(event, None);
    merchant.cut_epoch();
    assert_eq!(run(&merchant), Ok(21));
    merchant.epochs[2].anchored_at_s -= 1;
    assert_eq!(run(&merchant).unwrap_err().rule, Rule::Clock);
}

#[test]
fn two_events_may_have_one_time() {
    let mut event = honest().add(CODE, Kind::Redeemed, "{}");
    let mut merchant = honest();
    event.at_ms = merchant.events_of(event.key_id)[2].0.at_ms;
    merchant.put(event, None);
    merchant.cut_epoch();
    assert_eq!(run(&merchant), Ok(21));
}

#[test]
fn a_first_event_is_judged_too() {
    let mut merchant = TestMerchant::new(1);
    let mut event = merchant.add(CODE, Kind::Generated, "{}");
    event.key_id = B256::repeat_byte(7);
    event.kind = Kind::Sold;
    merchant.put(event, None);
    merchant.cut_epoch();
    let breach = run(&merchant).unwrap_err();
    assert_eq!(breach.rule, Rule::IllegalTransition);
    assert_eq!(breach.proof.map(|proof| proof.other), Some(OtherEvent::None));
    assert!(breach.detail.contains("sold after nothing"), "{}", breach.detail);
}

#[test]
fn data_that_is_not_the_header_s_is_named() {
    let merchant = honest();
    let (header, data) = (merchant.epochs[0].header, merchant.epochs[0].data());
    let rule = |header, data: &[u8]| audit::read_epoch(&header, data, 1).unwrap_err().rule;
    let mut counted = header;
    counted.event_count -= 1;
    assert_eq!(rule(counted, &data), Rule::Inclusion);
    let mut rooted = header;
    rooted.events_root = B256::ZERO;
    assert_eq!(rule(rooted, &data), Rule::Inclusion);
    assert_eq!(rule(header, &data[..data.len() - 1]), Rule::Inclusion);
    assert_eq!(rule(header, &[]), Rule::Inclusion);
    let mut kind = data.clone();
    kind[36] = 11;
    assert_eq!(rule(header, &kind), Rule::Inclusion, "it is another leaf");
    let mut order = data.clone();
    order[..218].rotate_left(109);
    assert_eq!(rule(header, &order), Rule::Inclusion);
    let mut twice = data;
    twice.copy_within(..109, 109);
    assert_eq!(rule(header, &twice), Rule::Inclusion, "the root comes before it");
}

/// An honest merchant's second epoch with one more event, which is a changed copy of another, and the breach found in
/// it.
fn second_epoch_with(change: impl FnOnce(&mut RawEvent)) -> (Header, Vec<u8>, RawEvent, Breach) {
    let merchant = honest();
    let mut records = epoch::split_data(&merchant.epochs[1].data()).unwrap();
    let mut added = *records.iter().find(|record| record.version == 3).unwrap();
    change(&mut added);
    records.push(added);
    records.sort_by_key(|record| (record.key_id, record.version));
    let mut header = merchant.epochs[1].header;
    header.events_root = EventsTree::of_raw_events(&records, 1).unwrap().root();
    header.event_count = records.len() as u64;
    let data: Vec<u8> = records.iter().flat_map(RawEvent::to_bytes).collect();
    let heads = |keys: &[B256]| -> Vec<Option<Head>> { keys.iter().map(|key| merchant.head(*key, 1)).collect() };
    let breach = audit::read_epoch(&header, &data, 1)
        .and_then(|events| audit::advance(&events, &heads(by_key(&events).keys()), 2, u64::MAX))
        .unwrap_err();
    (header, data, added, breach)
}

#[test]
fn two_histories_in_one_epoch_are_a_fork() {
    let (header, data, added, breach) = second_epoch_with(|record| record.at_ms += 1);
    let proof = breach.proof.unwrap();
    let OtherEvent::SameEpoch(other) = proof.other else {
        panic!("{proof:?}")
    };
    assert_eq!((breach.rule, proof.dispute), (Rule::VersionGap, Dispute::Fork));
    assert_eq!((other.key_id, other.version), (proof.event.key_id, proof.event.version));
    assert!(other != proof.event && (added == other || added == proof.event));
    for record in [other, proof.event] {
        let exhibit = Exhibit::prove(&header, &data, &record, 1).unwrap();
        assert!(exhibit.is_included());
    }
}

#[test]
fn one_event_twice_is_no_fork() {
    let breach = second_epoch_with(|_| {}).3;
    assert_eq!((breach.rule, breach.proof), (Rule::VersionGap, None));
}

#[test]
fn a_kind_that_nobody_knows_is_evidence() {
    let (header, data, added, breach) = second_epoch_with(|record| {
        record.prev = record.hash();
        (record.version, record.kind) = (4, 11);
    });
    let proof = *breach.proof.unwrap();
    assert_eq!(
        (breach.rule, proof.dispute),
        (Rule::IllegalTransition, Dispute::IllegalTransition)
    );
    assert_eq!((proof.event, proof.other), (added, OtherEvent::Version(3)));
    let exhibit = Exhibit::prove(&header, &data, &added, 1).unwrap();
    let evidence = Evidence {
        merchant_id: B256::repeat_byte(1),
        dispute: proof.dispute,
        events: vec![exhibit],
        receipts: Vec::new(),
        history: None,
    };
    let file = evidence.to_json();
    assert_eq!(Evidence::parse(file.to_string().as_bytes()), Ok(evidence));
    assert_eq!(file["proof"], "illegalTransition");
    assert_eq!(file["events"][0]["event"]["kind"], 11);
    assert_eq!(file["events"][0]["epoch"]["number"], 2);

    let first = second_epoch_with(|record| {
        (record.key_id, record.prev) = (B256::ZERO, B256::ZERO);
        (record.version, record.kind) = (1, 0);
    })
    .3;
    assert_eq!(first.proof.unwrap().other, OtherEvent::None);
}

#[test]
fn an_event_that_is_not_there_is_no_exhibit() {
    let merchant = honest();
    let (header, data) = (merchant.epochs[0].header, merchant.epochs[0].data());
    let mut record = epoch::split_data(&data).unwrap()[0];
    assert!(Exhibit::prove(&header, &data, &record, 1).is_some());
    record.at_ms += 1;
    assert_eq!(Exhibit::prove(&header, &data, &record, 1), None);
    let other = merchant.epochs[1].header;
    assert_eq!(
        Exhibit::prove(&other, &data, &epoch::split_data(&data).unwrap()[0], 1),
        None
    );
}

#[test]
fn a_history_root_of_other_events_is_named() {
    let mut merchant = honest();
    merchant.epochs[1].header.history_root = merchant.epochs[0].header.history_root;
    assert_eq!(run(&merchant).unwrap_err().rule, Rule::HistoryMismatch);
}

#[test]
fn names_are_the_protocols() {
    let withheld = Breach::withheld(3, "status 404");
    assert_eq!((withheld.rule.as_str(), withheld.proof), ("data_withheld", None));
    assert_eq!(Dispute::Fork.as_str(), "fork");
    assert_eq!(Dispute::IllegalTransition.as_str(), "illegalTransition");
    assert_eq!(Dispute::BrokenLink.as_str(), "brokenLink");
    assert_eq!(Dispute::HistoryMismatch.as_str(), "historyMismatch");
}
