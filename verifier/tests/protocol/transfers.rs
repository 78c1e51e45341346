//! Transfers: verified with the bundles of all merchants, and only then.

use alloy_primitives::B256;
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::{Bundle, Included, KeyHistory, MAX_BYTES, Part};
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::transfer::Counterpart;
use shelfproof_verifier::verdict::{self, Question};

use crate::test_merchant::TestMerchant;

const CODE: &str = "MOVE-ME-1";

/// The key on a merchant, in the form of a transfer's body.
fn named(merchant: &TestMerchant, event_hash: Option<B256>) -> String {
    let identity = &merchant.identity;
    let hash = event_hash
        .map(|hash| format!(r#","eventHash":"{hash}""#))
        .unwrap_or_default();
    format!(
        r#"{{"chainId":{},"registry":"{:#x}","merchantId":"{}","keyId":"{}"{hash}}}"#,
        identity.chain_id,
        identity.registry,
        identity.merchant_id,
        merchant.key_id(CODE),
    )
}

fn leave(from: &mut TestMerchant, to: &TestMerchant) -> KeyEvent {
    from.add(CODE, Kind::TransferredOut, &format!(r#"{{"to":{}}}"#, named(to, None)))
}

fn arrive(at: &mut TestMerchant, from: &TestMerchant, departure: &KeyEvent) -> KeyEvent {
    at.add(
        CODE,
        Kind::TransferredIn,
        &format!(r#"{{"from":{}}}"#, named(from, Some(departure.hash()))),
    )
}

/// A key that left merchant 1 for merchant 2.
fn moved() -> (TestMerchant, TestMerchant) {
    let (mut origin, mut target) = (TestMerchant::new(1), TestMerchant::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut origin, &target);
    origin.cut_epoch();
    arrive(&mut target, &origin, &departure);
    target.add(CODE, Kind::Activated, "{}");
    target.cut_epoch();
    (origin, target)
}

fn side(merchant: &TestMerchant) -> (Bundle, ChainView) {
    (
        Bundle::parse(merchant.bundle(CODE).to_json().as_bytes()).unwrap(),
        merchant.view(),
    )
}

/// The verdict on the first merchant's bundle, given the others' bundles.
fn judge(sides: &[(Bundle, ChainView)]) -> Result<String, Code> {
    let (bundle, view) = &sides[0];
    let question = Question {
        code: CODE,
        claim: None,
        expected: view.identity,
        stale_after_s: 86_400,
    };
    let others: Vec<Counterpart<'_>> = sides[1..]
        .iter()
        .map(|(bundle, view)| Counterpart { bundle, view })
        .collect();
    verdict::check(bundle, &question, view, &others)
        .map(|holds| holds.verdict())
        .map_err(|refusal| refusal.code)
}

#[test]
fn both_sides_verify_each_other() {
    let (origin, target) = moved();
    assert_eq!(judge(&[side(&target), side(&origin)]), Ok("holds activated".into()));
    assert_eq!(
        judge(&[side(&origin), side(&target)]),
        Ok("holds transferred_out".into())
    );
}

#[test]
fn one_side_alone_cannot_tell() {
    let (origin, target) = moved();
    assert_eq!(judge(&[side(&target)]), Err(Code::TransferUnverified));
    assert_eq!(judge(&[side(&origin)]), Err(Code::TransferUnverified));
    let mut stranger = TestMerchant::new(3);
    stranger.add(CODE, Kind::Generated, "{}");
    stranger.cut_epoch();
    assert_eq!(judge(&[side(&target), side(&stranger)]), Err(Code::TransferUnverified));
}

#[test]
fn a_side_that_withholds_its_body_or_does_not_hold_is_none() {
    let (origin, target) = moved();
    let mut withheld = side(&origin);
    withheld.0.events[2].opening = None;
    assert_eq!(judge(&[side(&target), withheld]), Err(Code::TransferUnverified));
    let mut forged = side(&origin);
    forged.0.events[0].path.push(B256::ZERO);
    assert_eq!(judge(&[side(&target), forged]), Err(Code::TransferUnverified));
}

#[test]
fn a_departure_is_for_one_shelf_only() {
    let (origin, target) = moved();
    let mut second = TestMerchant::new(3);
    let departure = origin.events_of(origin.key_id(CODE))[2].0;
    arrive(&mut second, &origin, &departure);
    second.cut_epoch();
    assert_eq!(judge(&[side(&second), side(&origin)]), Err(Code::TransferUnverified));
    assert_eq!(
        judge(&[side(&second), side(&origin), side(&target)]),
        Err(Code::TransferUnverified)
    );
}

#[test]
fn one_departure_is_not_followed_twice() {
    let (origin, mut target) = moved();
    let departure = origin.events_of(origin.key_id(CODE))[2].0;
    let away = TestMerchant::new(3);
    leave(&mut target, &away);
    target.cut_epoch();
    arrive(&mut target, &origin, &departure);
    target.cut_epoch();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
}

#[test]
fn a_key_may_come_back() {
    let (mut origin, mut target) = moved();
    let back = leave(&mut target, &origin);
    target.cut_epoch();
    arrive(&mut origin, &target, &back);
    origin.cut_epoch();
    assert_eq!(
        judge(&[side(&origin), side(&target)]),
        Ok("holds transferred_in".into())
    );
    assert_eq!(
        judge(&[side(&target), side(&origin)]),
        Ok("holds transferred_out".into())
    );
}

#[test]
fn the_origin_must_show_its_latest_history() {
    let (mut origin, target) = moved();
    let old = side(&origin).0;
    origin.add("OTHER", Kind::Generated, "{}");
    origin.cut_epoch();
    assert_eq!(
        judge(&[side(&target), (old, origin.view())]),
        Err(Code::TransferUnverified)
    );
    assert_eq!(judge(&[side(&target), side(&origin)]), Ok("holds activated".into()));
}

#[test]
fn a_wrong_name_on_either_side_is_noticed() {
    let (mut origin, mut target) = (TestMerchant::new(1), TestMerchant::new(2));
    let elsewhere = TestMerchant::new(4);
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut origin, &elsewhere);
    origin.cut_epoch();
    arrive(&mut target, &origin, &departure);
    target.cut_epoch();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
    assert_eq!(judge(&[side(&origin), side(&target)]), Err(Code::TransferUnverified));
}

#[test]
fn a_key_handed_on_is_not_sold_again_where_it_came_from() {
    // A third merchant generates the code anew, and the origin takes it in from there and sells it a second time.
    let (mut origin, target) = moved();
    let mut third = TestMerchant::new(3);
    third.add(CODE, Kind::Generated, "{}");
    third.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut third, &origin);
    third.cut_epoch();
    arrive(&mut origin, &third, &departure);
    origin.add(CODE, Kind::Activated, "{}");
    origin.add(CODE, Kind::Sold, "{}");
    origin.cut_epoch();
    let sides = [side(&target), side(&origin), side(&third)];
    assert_eq!(judge(&sides), Err(Code::TransferUnverified));
}

#[test]
fn unknown_fields_of_a_body_are_ignored() {
    let (mut origin, mut target) = (TestMerchant::new(1), TestMerchant::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let body = format!(r#"{{"to":{}}}"#, named(&target, Some(B256::repeat_byte(9))));
    let departure = origin.add(CODE, Kind::TransferredOut, &body);
    origin.cut_epoch();
    arrive(&mut target, &origin, &departure);
    target.cut_epoch();
    assert_eq!(
        judge(&[side(&target), side(&origin)]),
        Ok("holds transferred_in".into())
    );
    assert_eq!(
        judge(&[side(&origin), side(&target)]),
        Ok("holds transferred_out".into())
    );
}

#[test]
fn an_arrival_names_the_departure() {
    let (mut origin, mut target) = (TestMerchant::new(1), TestMerchant::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    leave(&mut origin, &target);
    origin.cut_epoch();
    let body = format!(r#"{{"from":{}}}"#, named(&origin, None));
    target.add(CODE, Kind::TransferredIn, &body);
    target.cut_epoch();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
}

#[test]
fn an_arrival_from_elsewhere_is_not_the_arrival() {
    let (mut origin, mut target, mut third) = (TestMerchant::new(1), TestMerchant::new(2), TestMerchant::new(3));
    let mut departures = Vec::new();
    for merchant in [&mut origin, &mut third] {
        merchant.add(CODE, Kind::Generated, "{}");
        merchant.add(CODE, Kind::Activated, "{}");
        departures.push(leave(merchant, &target));
        merchant.cut_epoch();
    }
    arrive(&mut target, &third, &departures[1]);
    target.cut_epoch();
    let sides = [side(&origin), side(&target), side(&third)];
    assert_eq!(judge(&sides), Err(Code::TransferUnverified));
    assert_eq!(judge(&sides[1..]), Ok("holds transferred_in".into()));
}

/// A key that went to and fro until each merchant has over `events` events of it, an epoch for each cycle.
fn long_lived(events: u32) -> (TestMerchant, TestMerchant) {
    let (mut origin, mut target) = (TestMerchant::new(1), TestMerchant::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    loop {
        origin.add(CODE, Kind::Activated, "{}");
        let departure = leave(&mut origin, &target);
        origin.cut_epoch();
        target.clock_ms = origin.clock_ms;
        arrive(&mut target, &origin, &departure);
        target.add(CODE, Kind::Activated, "{}");
        if departure.version > events {
            target.cut_epoch();
            return (origin, target);
        }
        let back = leave(&mut target, &origin);
        target.cut_epoch();
        origin.clock_ms = target.clock_ms;
        arrive(&mut origin, &target, &back);
    }
}

/// The parts of a merchant's proof, newest first, each of at most 100 events: by turns as the merchant's file and as
/// anybody makes it, all written and read.
fn parts(merchant: &TestMerchant) -> Vec<Part> {
    let bundle = merchant.bundle(CODE);
    assert!(bundle.to_json().len() > MAX_BYTES / 4, "it is large");
    let chunks: Vec<&[Included]> = bundle.events.rchunks(100).collect();
    let part = |(index, events): (usize, &[Included])| {
        let epochs = bundle.epochs.iter().filter(|listed| {
            let number = listed.header.number;
            number == bundle.history.epoch || events.iter().any(|included| included.epoch == number)
        });
        let history = KeyHistory {
            key_id: bundle.key_id,
            events: events.to_vec(),
            history: bundle.history.clone(),
            epochs: epochs.copied().collect(),
        };
        let file = if index % 2 == 1 {
            history.to_json(&bundle.identity)
        } else {
            Bundle {
                events: history.events,
                epochs: history.epochs,
                ..bundle.clone()
            }
            .to_json()
        };
        Part::parse(file.as_bytes()).unwrap()
    };
    chunks.into_iter().enumerate().map(part).collect()
}

#[test]
fn a_history_of_any_length_is_shown_in_parts() {
    let (origin, target) = long_lived(450);
    let joined = |merchant: &TestMerchant| {
        let mut parts = parts(merchant);
        assert!(parts.len() > 4, "{} parts", parts.len());
        parts.rotate_left(1);
        (Bundle::join(parts).unwrap(), merchant.view())
    };
    let (ours, theirs) = (joined(&target), joined(&origin));
    assert!(ours.0.events.len() > 450);
    assert_eq!(ours.0, target.bundle(CODE));
    assert_eq!(judge(&[ours.clone(), theirs.clone()]), Ok("holds activated".into()));
    assert_eq!(judge(&[theirs.clone(), ours]), Ok("holds transferred_out".into()));
    // Each part that is left out is noticed, wherever it stands.
    for index in 0..parts(&target).len() {
        let mut some = parts(&target);
        let left_out = some.remove(index);
        let code = match Bundle::join(some) {
            Ok(bundle) => judge(&[(bundle, target.view()), theirs.clone()]).unwrap_err(),
            Err(refusal) => refusal.code,
        };
        let is_newest = left_out == parts(&target)[0];
        assert_eq!(
            code,
            if is_newest {
                Code::HistoryMismatch
            } else {
                Code::VersionGap
            },
            "{index}"
        );
    }
}
