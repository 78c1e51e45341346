//! Every honest history holds; each way to cheat is refused by its own code.

use alloy_primitives::B256;
use proptest::prelude::*;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::{Code, buyer};

use crate::shelf::Shelf;

/// Runs `steps`, each of which picks a key and one of the kinds that may follow, or ends an epoch.
fn play(steps: &[(usize, usize, bool)]) -> (Shelf, Vec<String>) {
    let mut shelf = Shelf::new(1);
    let codes: Vec<String> = (0..8).map(|n| format!("KEY-{n}")).collect();
    shelf.add(&codes[0], Kind::Generated, "{}");
    for (key, choice, seal) in steps {
        let code = &codes[key % codes.len()];
        let last = shelf.events_of(shelf.key_id(code)).last().map(|(event, _)| event.kind);
        let next: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.may_follow(last) && !kind.is_transfer())
            .collect();
        if let Some(kind) = next.get(choice % next.len().max(1)) {
            shelf.add(code, *kind, "{}");
        }
        if *seal
            && !shelf
                .events_of(shelf.key_id(code))
                .iter()
                .all(|(_, epoch)| epoch.is_some())
        {
            shelf.seal();
        }
    }
    shelf.add(&codes[7], Kind::Generated, "{}");
    shelf.seal();
    (shelf, codes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn honest_histories_hold(steps in prop::collection::vec((0..8_usize, 0..4_usize, any::<bool>()), 1..60)) {
        // The last key may have a history that its closing event may not follow.
        let steps: Vec<_> = steps.into_iter().map(|(key, choice, seal)| (key % 7, choice, seal)).collect();
        let (shelf, codes) = play(&steps);
        for code in &codes {
            let holds = shelf.verdict(&shelf.bundle(code), code, None).unwrap();
            let last = shelf.events_of(shelf.key_id(code)).last().map(|(event, _)| event.kind);
            prop_assert_eq!(holds.state, last);
            prop_assert!(!holds.yours);
        }
        prop_assert_eq!(shelf.verdict(&shelf.bundle("NOT-ON-THE-SHELF"), "NOT-ON-THE-SHELF", None).unwrap().state, None);
    }
}

const CODE: &str = "ABCD-1234";

/// A shelf with several keys, one of them sold to the holder of `secret`, in two epochs.
fn sold() -> (Shelf, B256) {
    let secret = buyer::secret(&B256::repeat_byte(9), "buyer@example.com");
    let mut shelf = Shelf::new(1);
    for n in 0..5 {
        shelf.add(&format!("NEIGHBOUR-{n}"), Kind::Generated, "{}");
    }
    shelf.seal();
    shelf.sell(CODE, &buyer::commitment(&secret));
    shelf.seal();
    (shelf, secret)
}

#[test]
fn a_sale_is_shown_as_its_buyers_and_nobody_elses() {
    let (shelf, secret) = sold();
    let bundle = shelf.bundle(CODE);
    let holds = shelf.verdict(&bundle, "ａｂｃｄ 1234", Some(secret)).unwrap();
    assert_eq!((holds.state, holds.yours), (Some(Kind::Sold), true));
    assert_eq!(shelf.refused(&bundle, CODE, Some(B256::ZERO)), Some(Code::NotYourSale));
    let unsold = shelf.bundle("NEIGHBOUR-1");
    assert_eq!(shelf.refused(&unsold, "NEIGHBOUR-1", Some(secret)), Some(Code::NotSold));
    let mut withheld = bundle;
    withheld.events[2].opening = None;
    assert_eq!(shelf.refused(&withheld, CODE, Some(secret)), Some(Code::BodyWithheld));
    assert_eq!(shelf.refused(&withheld, CODE, None), None);
}

#[test]
fn a_redemption_is_shown_as_the_buyers_only_with_the_secret_in_it() {
    for (body, expected) in [
        (String::from("{}"), false),
        (format!(r#"{{"buyerSecret":"{}"}}"#, B256::repeat_byte(3)), false),
        (format!(r#"{{"buyerSecret":"{}"}}"#, sold().1), true),
    ] {
        let (mut shelf, _) = sold();
        shelf.add(CODE, Kind::Redeemed, &body);
        shelf.seal();
        assert_eq!(
            shelf
                .verdict(&shelf.bundle(CODE), CODE, None)
                .unwrap()
                .redeemed_by_buyer,
            expected,
            "{body}"
        );
    }
}

#[test]
fn events_out_of_their_order_are_refused() {
    let (shelf, _) = sold();
    let mut gap = shelf.bundle(CODE);
    gap.events.remove(0);
    assert_eq!(shelf.refused(&gap, CODE, None), Some(Code::VersionGap));
    let mut swapped = shelf.bundle(CODE);
    swapped.events.swap(0, 1);
    assert_eq!(shelf.refused(&swapped, CODE, None), Some(Code::VersionGap));
}

#[test]
fn each_broken_rule_between_two_events_has_its_code() {
    let cheat = |change: fn(&mut shelfproof_verifier::event::KeyEvent)| {
        let (mut shelf, _) = sold();
        let mut event = shelf.add(CODE, Kind::Redeemed, "{}");
        shelf = sold().0;
        change(&mut event);
        shelf.put(event, None);
        shelf.seal();
        shelf.refused(&shelf.bundle(CODE), CODE, None)
    };
    assert_eq!(cheat(|_| {}), None);
    assert_eq!(cheat(|event| event.version = 5), Some(Code::VersionGap));
    assert_eq!(cheat(|event| event.prev = B256::ZERO), Some(Code::BrokenLink));
    assert_eq!(cheat(|event| event.kind = Kind::Sold), Some(Code::IllegalTransition));
    assert_eq!(cheat(|event| event.at_ms -= 600_000), Some(Code::Clock));
    // The epoch's block is a minute after the last honest event, and times up to ten minutes after it are allowed.
    assert_eq!(cheat(|event| event.at_ms = (event.at_ms / 1000 + 659) * 1000), None);
    assert_eq!(cheat(|event| event.at_ms += 659_001), Some(Code::Clock));
}

#[test]
fn the_first_event_must_be_a_first_one() {
    let mut shelf = Shelf::new(1);
    let mut event = shelf.add("OTHER", Kind::Generated, "{}");
    event.key_id = shelf.key_id(CODE);
    event.prev = B256::repeat_byte(1);
    shelf.put(event, None);
    shelf.seal();
    assert_eq!(shelf.refused(&shelf.bundle(CODE), CODE, None), Some(Code::BrokenLink));
}

#[test]
fn a_history_counts_a_day_after_it_was_superseded_and_no_longer() {
    let (mut shelf, _) = sold();
    shelf.add("LATER", Kind::Generated, "{}");
    shelf.seal();
    let old = shelf.bundle_at(CODE, 2);
    let superseded_at_s = shelf.epochs[2].anchored_at_s;
    shelf.clock_ms = (superseded_at_s + 86_400) * 1000;
    let holds = shelf.verdict(&old, CODE, None).unwrap();
    assert_eq!(holds.freshness.superseded_at_s, Some(superseded_at_s));
    assert_eq!((holds.freshness.epoch, holds.freshness.latest), (2, 3));
    shelf.clock_ms += 1000;
    assert_eq!(shelf.refused(&old, CODE, None), Some(Code::Stale));
    assert_eq!(
        shelf.refused(&shelf.bundle(CODE), CODE, None),
        None,
        "the latest never grows stale"
    );
}

#[test]
fn a_receipt_is_pending_met_late_or_unmet() {
    let mut shelf = Shelf::new(1);
    shelf.add("NEIGHBOUR", Kind::Generated, "{}");
    shelf.seal();
    let sale = shelf.sell(CODE, &B256::ZERO);
    let deadline_s = shelf.clock_ms / 1000 + 600;
    let promise = shelf.promise(sale, &[shelf.events_of(sale.key_id)[0].0], deadline_s);
    let with_receipt = |shelf: &Shelf, number| {
        let mut bundle = shelf.bundle_at(CODE, number);
        bundle.receipts = vec![promise.clone()];
        bundle
    };
    let status = |shelf: &Shelf, number| {
        shelf
            .verdict(&with_receipt(shelf, number), CODE, None)
            .map(|holds| holds.receipts[0].status)
    };

    shelf.clock_ms = deadline_s * 1000;
    assert_eq!(status(&shelf, 1), Ok(Status::Pending));
    shelf.clock_ms += 1000;
    assert_eq!(
        shelf.refused(&with_receipt(&shelf, 1), CODE, None),
        Some(Code::ReceiptUnmet)
    );
    shelf.seal();
    assert_eq!(status(&shelf, 2), Ok(Status::Late));
    assert_eq!(
        shelf.refused(&with_receipt(&shelf, 1), CODE, None),
        Some(Code::Stale),
        "an older history cannot tell"
    );
    shelf.epochs[1].anchored_at_s = deadline_s;
    assert_eq!(status(&shelf, 2), Ok(Status::Met));
    shelf.epochs[1].anchored_at_s = deadline_s + 1;
    assert_eq!(status(&shelf, 2), Ok(Status::Late));
}

#[test]
fn the_terms_of_a_receipt_have_their_bounds() {
    let mut shelf = Shelf::new(1);
    let sale = shelf.sell(CODE, &B256::ZERO);
    shelf.seal();
    let at_s = sale.at_ms / 1000;
    let code = |anchor_by_s| {
        let mut bundle = shelf.bundle(CODE);
        bundle.receipts = vec![shelf.promise(sale, &[], anchor_by_s)];
        shelf.refused(&bundle, CODE, None)
    };
    assert_eq!(code(at_s - 1), Some(Code::ReceiptTerms));
    assert_eq!(code(at_s), None);
    assert_eq!(code(at_s + 86_400), None);
    assert_eq!(code(at_s + 86_401), Some(Code::ReceiptTerms));
}
