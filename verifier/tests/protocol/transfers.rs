//! Transfers: verified with the bundles of all shelves, and only then.

use alloy_primitives::B256;
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::transfer::Counterpart;
use shelfproof_verifier::verdict::{self, Question};

use crate::shelf::Shelf;

const CODE: &str = "MOVE-ME-1";

/// The key on a shelf, in the form of a transfer's body.
fn named(shelf: &Shelf, event_hash: Option<B256>) -> String {
    let identity = &shelf.identity;
    let hash = event_hash
        .map(|hash| format!(r#","eventHash":"{hash}""#))
        .unwrap_or_default();
    format!(
        r#"{{"chainId":{},"registry":"{:#x}","merchantId":"{}","keyId":"{}"{hash}}}"#,
        identity.chain_id,
        identity.registry,
        identity.merchant_id,
        shelf.key_id(CODE),
    )
}

fn leave(from: &mut Shelf, to: &Shelf) -> KeyEvent {
    from.add(CODE, Kind::TransferredOut, &format!(r#"{{"to":{}}}"#, named(to, None)))
}

fn arrive(at: &mut Shelf, from: &Shelf, departure: &KeyEvent) -> KeyEvent {
    at.add(
        CODE,
        Kind::TransferredIn,
        &format!(r#"{{"from":{}}}"#, named(from, Some(departure.hash()))),
    )
}

/// A key that left shelf 1 for shelf 2.
fn moved() -> (Shelf, Shelf) {
    let (mut origin, mut target) = (Shelf::new(1), Shelf::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut origin, &target);
    origin.seal();
    arrive(&mut target, &origin, &departure);
    target.add(CODE, Kind::Activated, "{}");
    target.seal();
    (origin, target)
}

fn side(shelf: &Shelf) -> (Bundle, ChainView) {
    (
        Bundle::parse(shelf.bundle(CODE).to_json().as_bytes()).unwrap(),
        shelf.view(),
    )
}

/// The verdict on the first shelf's bundle, given the others' bundles.
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
    let mut stranger = Shelf::new(3);
    stranger.add(CODE, Kind::Generated, "{}");
    stranger.seal();
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
    let mut second = Shelf::new(3);
    let departure = origin.events_of(origin.key_id(CODE))[2].0;
    arrive(&mut second, &origin, &departure);
    second.seal();
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
    let away = Shelf::new(3);
    leave(&mut target, &away);
    target.seal();
    arrive(&mut target, &origin, &departure);
    target.seal();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
}

#[test]
fn a_key_may_come_back() {
    let (mut origin, mut target) = moved();
    let back = leave(&mut target, &origin);
    target.seal();
    arrive(&mut origin, &target, &back);
    origin.seal();
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
    origin.seal();
    assert_eq!(
        judge(&[side(&target), (old, origin.view())]),
        Err(Code::TransferUnverified)
    );
    assert_eq!(judge(&[side(&target), side(&origin)]), Ok("holds activated".into()));
}

#[test]
fn a_wrong_name_on_either_side_is_noticed() {
    let (mut origin, mut target) = (Shelf::new(1), Shelf::new(2));
    let elsewhere = Shelf::new(4);
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut origin, &elsewhere);
    origin.seal();
    arrive(&mut target, &origin, &departure);
    target.seal();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
    assert_eq!(judge(&[side(&origin), side(&target)]), Err(Code::TransferUnverified));
}

#[test]
fn a_key_handed_on_is_not_sold_again_where_it_came_from() {
    // A third shelf generates the code anew, and the origin takes it in from there and sells it a second time.
    let (mut origin, target) = moved();
    let mut third = Shelf::new(3);
    third.add(CODE, Kind::Generated, "{}");
    third.add(CODE, Kind::Activated, "{}");
    let departure = leave(&mut third, &origin);
    third.seal();
    arrive(&mut origin, &third, &departure);
    origin.add(CODE, Kind::Activated, "{}");
    origin.add(CODE, Kind::Sold, "{}");
    origin.seal();
    let sides = [side(&target), side(&origin), side(&third)];
    assert_eq!(judge(&sides), Err(Code::TransferUnverified));
}

#[test]
fn unknown_fields_of_a_body_are_ignored() {
    let (mut origin, mut target) = (Shelf::new(1), Shelf::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    let body = format!(r#"{{"to":{}}}"#, named(&target, Some(B256::repeat_byte(9))));
    let departure = origin.add(CODE, Kind::TransferredOut, &body);
    origin.seal();
    arrive(&mut target, &origin, &departure);
    target.seal();
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
    let (mut origin, mut target) = (Shelf::new(1), Shelf::new(2));
    origin.add(CODE, Kind::Generated, "{}");
    origin.add(CODE, Kind::Activated, "{}");
    leave(&mut origin, &target);
    origin.seal();
    let body = format!(r#"{{"from":{}}}"#, named(&origin, None));
    target.add(CODE, Kind::TransferredIn, &body);
    target.seal();
    assert_eq!(judge(&[side(&target), side(&origin)]), Err(Code::TransferUnverified));
}

#[test]
fn an_arrival_from_elsewhere_is_not_the_arrival() {
    let (mut origin, mut target, mut third) = (Shelf::new(1), Shelf::new(2), Shelf::new(3));
    let mut departures = Vec::new();
    for shelf in [&mut origin, &mut third] {
        shelf.add(CODE, Kind::Generated, "{}");
        shelf.add(CODE, Kind::Activated, "{}");
        departures.push(leave(shelf, &target));
        shelf.seal();
    }
    arrive(&mut target, &third, &departures[1]);
    target.seal();
    let sides = [side(&origin), side(&target), side(&third)];
    assert_eq!(judge(&sides), Err(Code::TransferUnverified));
    assert_eq!(judge(&sides[1..]), Ok("holds transferred_in".into()));
}
