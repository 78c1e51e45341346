//! Deltas and the light audit: with the vectors, with honest merchants from any checkpoint on, and with every changed
//! byte.

use alloy_primitives::{B256, hex};
use serde::Deserialize;
use shelfproof_verifier::audit::{self, LightEpoch, NotFollowed};
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::delta::{self, Delta, DeltaError};
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::EMPTY;

use crate::test_merchant::TestMerchant;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeltaVectors {
    pub(crate) epochs: Vec<VectorEpoch>,
    trusted: VectorTrusted,
    pub(crate) deltas: Vec<VectorDelta>,
    deltas_refused: Vec<VectorDelta>,
    pub(crate) key_ids: Vec<VectorKeyIds>,
}

#[derive(Deserialize)]
struct VectorTrusted {
    epochs: Vec<VectorAnchored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VectorAnchored {
    number: u64,
    anchored_at: u64,
}

#[derive(Deserialize)]
pub(crate) struct VectorEpoch {
    header: VectorHeader,
    data: String,
}

impl VectorEpoch {
    pub(crate) fn header(&self) -> Header {
        self.header.header()
    }

    pub(crate) fn data(&self) -> Vec<u8> {
        hex::decode(&self.data).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VectorHeader {
    number: u64,
    parent: B256,
    events_root: B256,
    history_root: B256,
    event_count: u64,
    data_hash: B256,
}

impl VectorHeader {
    const fn header(&self) -> Header {
        Header {
            number: self.number,
            parent: self.parent,
            events_root: self.events_root,
            history_root: self.history_root,
            event_count: self.event_count,
            data_hash: self.data_hash,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct VectorDelta {
    #[serde(default)]
    name: String,
    pub(crate) number: u64,
    pub(crate) before: Option<B256>,
    header: Option<VectorHeader>,
    data: Option<String>,
    delta: String,
    verdict: Option<String>,
}

impl VectorDelta {
    pub(crate) fn delta(&self) -> Vec<u8> {
        hex::decode(&self.delta).unwrap()
    }
}

#[derive(Deserialize)]
pub(crate) struct VectorKeyIds {
    pub(crate) name: String,
    pub(crate) epochs: Vec<VectorEpoch>,
    pub(crate) verdict: Option<String>,
}

pub(crate) fn vectors() -> DeltaVectors {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/protocol-v1.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What a light audit says of an epoch.
fn light(root_before: &B256, header: &Header, data: &[u8], delta: &[u8], anchored_at_s: u64) -> &'static str {
    if epoch::data_hash(data) != header.data_hash {
        return Rule::DataWithheld.as_str();
    }
    let read = LightEpoch::read(header, data, 1).map_err(NotFollowed::from);
    match read.and_then(|light| light.follow(root_before, delta, anchored_at_s)) {
        Ok(()) => "holds",
        Err(NotFollowed::Breach(breach)) => breach.rule.as_str(),
        Err(NotFollowed::Delta(_)) => "delta_unusable",
    }
}

/// What a light audit says of a vector, whose header, data and history root before are the chain's where it has none.
fn verdict_of(vectors: &DeltaVectors, case: &VectorDelta) -> &'static str {
    let of_chain = |number: u64| vectors.epochs.iter().find(|epoch| epoch.header().number == number);
    let epoch = of_chain(case.number);
    let header = case
        .header
        .as_ref()
        .map_or_else(|| epoch.unwrap().header(), VectorHeader::header);
    let data = case
        .data
        .as_ref()
        .map_or_else(|| epoch.unwrap().data(), |data| hex::decode(data).unwrap());
    let root_before = || of_chain(case.number - 1).map_or(EMPTY, |epoch| epoch.header().history_root);
    let anchored = &vectors.trusted.epochs;
    let of_number = anchored.iter().find(|epoch| epoch.number == case.number);
    // An epoch that the chain does not have comes a minute after its last one.
    let anchored_at_s = of_number.map_or_else(|| anchored.last().unwrap().anchored_at + 60, |epoch| epoch.anchored_at);
    light(
        &case.before.unwrap_or_else(root_before),
        &header,
        &data,
        &case.delta(),
        anchored_at_s,
    )
}

#[test]
fn every_delta_of_the_vectors_holds() {
    let vectors = vectors();
    assert_eq!(vectors.deltas.len(), 6);
    for case in &vectors.deltas {
        assert_eq!(verdict_of(&vectors, case), "holds", "{} {}", case.number, case.name);
    }
}

#[test]
fn every_refused_delta_is_refused_for_its_reason() {
    let vectors = vectors();
    assert_eq!(vectors.deltas_refused.len(), 59);
    for case in &vectors.deltas_refused {
        assert_eq!(
            verdict_of(&vectors, case),
            case.verdict.as_deref().unwrap(),
            "{}",
            case.name
        );
    }
}

/// Without a map: the ids of all epochs so far are those of a full audit.
#[test]
fn crowded_key_ids_are_a_breach_of_the_epoch_that_makes_them_too_many() {
    let vectors = vectors();
    assert_eq!(vectors.key_ids.len(), 3);
    for case in &vectors.key_ids {
        let (mut ids, mut outcomes) = (Vec::new(), Vec::new());
        for epoch in &case.epochs {
            ids.extend(audit::key_ids_in(&epoch.data()));
            ids.sort_unstable();
            let checked = audit::check_key_ids(epoch.header().number, &ids);
            outcomes.push(checked.map_err(|breach| breach.rule.as_str().to_owned()));
        }
        let last = outcomes.pop().unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{}", case.name);
        assert_eq!(last.err(), case.verdict, "{}", case.name);
    }
    // A light audit counts each epoch by itself.
    let [_, at_once, later] = &vectors.key_ids[..] else {
        panic!("three cases")
    };
    assert_eq!(
        LightEpoch::read(&at_once.epochs[0].header(), &at_once.epochs[0].data(), 1)
            .unwrap_err()
            .rule,
        Rule::KeyIds
    );
    assert!(LightEpoch::read(&later.epochs[1].header(), &later.epochs[1].data(), 1).is_ok());
}

#[test]
fn ids_are_counted_in_data_of_any_form() {
    let vectors = vectors();
    let crowded = &vectors.key_ids[1].epochs[0];
    let (header, mut data) = (crowded.header(), crowded.data());
    data.rotate_left(109);
    data.extend_from_within(..109);
    data.push(0);
    assert_eq!(audit::key_ids_in(&data), audit::key_ids_in(&crowded.data()));
    assert_eq!(LightEpoch::read(&header, &data, 1).unwrap_err().rule, Rule::KeyIds);
}

/// Four honest epochs.
fn honest() -> TestMerchant {
    let mut merchant = TestMerchant::new(1);
    for n in 0..40 {
        merchant.add(&format!("LIGHT-{n}"), Kind::Generated, "{}");
    }
    merchant.cut_epoch();
    for n in (0..40).step_by(3) {
        merchant.add(&format!("LIGHT-{n}"), Kind::Activated, "{}");
        merchant.add(&format!("LIGHT-{n}"), Kind::Sold, "{}");
    }
    merchant.add("LIGHT-50", Kind::Generated, "{}");
    merchant.cut_epoch();
    merchant.add("LIGHT-3", Kind::Redeemed, "{}");
    merchant.cut_epoch();
    merchant.add("LIGHT-50", Kind::Voided, "{}");
    merchant.add("LIGHT-51", Kind::Generated, "{}");
    merchant.cut_epoch();
    merchant
}

fn follow(merchant: &TestMerchant, number: usize, delta: &[u8]) -> Result<(), NotFollowed> {
    let epoch = &merchant.epochs[number - 1];
    let before = number
        .checked_sub(2)
        .map_or(EMPTY, |index| merchant.epochs[index].header.history_root);
    LightEpoch::read(&epoch.header, &epoch.data(), 1)?.follow(&before, delta, epoch.anchored_at_s)
}

#[test]
fn an_honest_merchant_is_followed_from_any_checkpoint_on() {
    let merchant = honest();
    for number in 1..=4 {
        assert_eq!(
            follow(&merchant, number, &merchant.delta(number as u64)),
            Ok(()),
            "{number}"
        );
    }
}

/// A delta has one legal encoding, and nothing in it is of no account.
#[test]
fn no_byte_of_a_delta_can_be_changed_left_out_or_added() {
    let merchant = honest();
    for number in 2..=4 {
        let right = merchant.delta(number as u64);
        let refused = |delta: &[u8], what: &str| {
            let followed = follow(&merchant, number, delta);
            assert!(
                matches!(followed, Err(NotFollowed::Delta(_))),
                "epoch {number}, {what}: {followed:?}"
            );
        };
        for at in 0..right.len() {
            for bit in [0x01, 0x02, 0x80] {
                let mut changed = right.clone();
                changed[at] ^= bit;
                refused(&changed, &format!("bit {bit} of byte {at} changed"));
            }
            refused(&right[..at], &format!("cut after {at} bytes"));
        }
        refused(&[&right[..], &[0]].concat(), "a byte more");
    }
}

#[test]
fn a_history_that_turns_from_one_buyer_to_another_is_seen_without_a_map() {
    let mut merchant = honest();
    merchant.epochs[2].header.history_root = merchant.epochs[1].header.history_root;
    let refused = follow(&merchant, 3, &merchant.delta(3)).unwrap_err();
    assert!(
        matches!(&refused, NotFollowed::Breach(breach) if breach.rule == Rule::HistoryMismatch),
        "{refused}"
    );
    // From the turned epoch on, only the map that it shows leads further.
    let refused = follow(&merchant, 4, &merchant.delta(4)).unwrap_err();
    assert!(matches!(refused, NotFollowed::Delta(DeltaError::Root(_))), "{refused}");
}

#[test]
fn refusals_say_what_is_wrong_with_a_delta() {
    let key = B256::repeat_byte(0x40);
    let read = |bytes: &[u8]| Delta::read(bytes, &[key], &EMPTY).unwrap_err().to_string();
    assert_eq!(read(&[]), "it is cut short");
    assert_eq!(read(&[0, 0, 7, 7]), "2 bytes follow its end");
    assert!(read(&[9]).ends_with("the byte before its newest event must be 00 or 01"));
    assert!(read(&[0, 9]).contains("begins with 00, 01, 02 or 03"));
    assert_eq!(
        read(&[&[0, 1][..], &[1; 32]].concat()),
        "the trie, at depth 0: a part on the path of a key of the epoch must be opened"
    );
    assert!(read(&[0, 3, 0, 3]).starts_with("the trie, at depth 1: a part on the path of no key"));
}

/// A path as long as a key has bits, whose last fork has this part beside it.
fn longest_path(last: &[u8]) -> Vec<u8> {
    [&[0][..], &[3; 256], &[0], last, &[0; 255]].concat()
}

#[test]
fn no_part_lies_below_the_last_bit_of_a_key() {
    let key = B256::ZERO;
    let read = |bytes: &[u8]| Delta::read(bytes, &[key], &EMPTY).unwrap_err();
    let closed = |first: u8| [&[1, first][..], &[7; 31]].concat();
    let part = |depth, rule| DeltaError::Part { depth, rule };
    // Beside the key's own place there is at most one leaf, with which the last fork has fewer than two.
    let inner = longest_path(&closed(0x7F));
    assert_eq!(read(&inner), part(256, "no two keys share all their bits"));
    let leaf = longest_path(&closed(0x80));
    assert_eq!(read(&leaf), part(255, "a part of fewer than two leaves must not be 03"));
    let deeper = [&[0][..], &[3; 257]].concat();
    assert_eq!(read(&deeper), part(256, "a key has no further bit"));
    let zero = [&[0, 3][..], &[0], &[1], &[0; 32]].concat();
    assert_eq!(read(&zero), part(1, "an empty part must be 00"));
    let lone_inner = [&[0, 3][..], &[0], &closed(0x7F)].concat();
    assert!(matches!(read(&lone_inner), DeltaError::Root(_)));
    let two_leaves = [&[0, 3][..], &[2], &[1; 64], &closed(0x80)].concat();
    assert!(matches!(read(&two_leaves), DeltaError::Root(_)));
}

#[test]
fn a_light_epoch_says_how_many_events_and_keys_it_has() {
    let merchant = honest();
    let epoch = &merchant.epochs[1];
    let light = LightEpoch::read(&epoch.header, &epoch.data(), 1).unwrap();
    assert_eq!((light.events(), light.keys()), (29, 15));
}

#[test]
fn two_hundred_and_fifty_six_ids_may_share_a_place_and_one_more_may_not() {
    let ids: Vec<B256> = (0..258u64)
        .map(|number| {
            let mut id = B256::repeat_byte(0x11);
            id[24..].copy_from_slice(&number.to_be_bytes());
            // The last one lies beside the others: it shares 47 bits with them.
            id[5] ^= u8::from(number == 257);
            id
        })
        .collect();
    assert_ne!(audit::prefix_of(&ids[0]), audit::prefix_of(&ids[257]));
    assert_eq!(audit::prefix_of(&ids[0]), 0x1111_1111_1111);
    let check = |ids: &[B256]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        audit::check_key_ids(9, &ids)
    };
    assert_eq!(check(&ids[1..]), Ok(()));
    let breach = check(&ids).unwrap_err();
    assert_eq!((breach.rule, breach.proof.is_none()), (Rule::KeyIds, true));
    assert!(
        breach.detail.starts_with("epoch 9: more than 256 key ids"),
        "{}",
        breach.detail
    );
    assert!(breach.detail.contains(&ids[0].to_string()), "{}", breach.detail);
}

#[test]
fn a_delta_lies_beside_the_data_and_has_a_bound() {
    assert_eq!(delta::delta_path(7), "epochs/0000000007.delta");
    assert_eq!(delta::max_bytes(0), 0);
    // A newest event, a path of 256 forks with a closed part beside each, and a leaf.
    assert_eq!(delta::max_bytes(1), 110 + 256 * 34 + 65);
    assert_eq!(delta::max_bytes(3), 3 * (110 + 256 * 34 + 65));
    assert_eq!(delta::MAX_BYTES, 1 << 30);
    assert_eq!(delta::max_bytes(1 << 20), delta::MAX_BYTES);
}
