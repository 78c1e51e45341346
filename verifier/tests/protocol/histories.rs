//! Every honest history holds; each way to cheat is refused by its own code.

use alloy_primitives::B256;
use proptest::prelude::*;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Status;
use shelfproof_verifier::{Code, buyer};

use crate::test_merchant::TestMerchant;

/// Runs `steps`, each of which picks a key and one of the kinds that may follow, or ends an epoch.
fn play(steps: &[(usize, usize, bool)]) -> (TestMerchant, Vec<String>) {
    let mut merchant = TestMerchant::new(1);
    let codes: Vec<String> = (0..8).map(|n| format!("KEY-{n}")).collect();
    merchant.add(&codes[0], Kind::Generated, "{}");
    for (key, choice, is_cut) in steps {
        let code = &codes[key % codes.len()];
        let last = merchant
            .events_of(merchant.key_id(code))
            .last()
            .map(|(event, _)| event.kind);
        let next: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.may_follow(last) && !kind.is_transfer())
            .collect();
        if let Some(kind) = next.get(choice % next.len().max(1)) {
            merchant.add(code, *kind, "{}");
        }
        if *is_cut
            && !merchant
                .events_of(merchant.key_id(code))
                .iter()
                .all(|(_, epoch)| epoch.is_some())
        {
            merchant.cut_epoch();
        }
    }
    merchant.add(&codes[7], Kind::Generated, "{}");
    merchant.cut_epoch();
    (merchant, codes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn honest_histories_hold(steps in prop::collection::vec((0..8_usize, 0..4_usize, any::<bool>()), 1..60)) {
        // The last key may have a history that its closing event may not follow.
        let steps: Vec<_> = steps.into_iter().map(|(key, choice, is_cut)| (key % 7, choice, is_cut)).collect();
        let (merchant, codes) = play(&steps);
        for code in &codes {
            let holds = merchant.verdict(&merchant.bundle(code), code, None).unwrap();
            let last = merchant.events_of(merchant.key_id(code)).last().map(|(event, _)| event.kind);
            prop_assert_eq!(holds.state, last);
            prop_assert!(!holds.yours);
        }
        prop_assert_eq!(merchant.verdict(&merchant.bundle("NOT-OF-THIS-SHOP"), "NOT-OF-THIS-SHOP", None).unwrap().state, None);
    }
}

const CODE: &str = "ABCD-1234";

/// A merchant with several keys, one of them sold to the holder of `secret`, in two epochs.
fn sold() -> (TestMerchant, B256) {
    let secret = buyer::secret(&B256::repeat_byte(9), "buyer@example.com");
    let mut merchant = TestMerchant::new(1);
    for n in 0..5 {
        merchant.add(&format!("NEIGHBOUR-{n}"), Kind::Generated, "{}");
    }
    merchant.cut_epoch();
    merchant.sell(CODE, &buyer::commitment(&secret));
    merchant.cut_epoch();
    (merchant, secret)
}

#[test]
fn a_sale_is_shown_as_its_buyers_and_nobody_elses() {
    let (merchant, secret) = sold();
    let bundle = merchant.bundle(CODE);
    let holds = merchant.verdict(&bundle, "ａｂｃｄ 1234", Some(secret)).unwrap();
    assert_eq!((holds.state, holds.yours), (Some(Kind::Sold), true));
    assert_eq!(
        merchant.refused(&bundle, CODE, Some(B256::ZERO)),
        Some(Code::NotYourSale)
    );
    let unsold = merchant.bundle("NEIGHBOUR-1");
    assert_eq!(
        merchant.refused(&unsold, "NEIGHBOUR-1", Some(secret)),
        Some(Code::NotSold)
    );
    let mut withheld = bundle;
    withheld.events[2].opening = None;
    assert_eq!(
        merchant.refused(&withheld, CODE, Some(secret)),
        Some(Code::BodyWithheld)
    );
    assert_eq!(merchant.refused(&withheld, CODE, None), None);
}

#[test]
fn a_redemption_is_shown_as_the_buyers_only_with_the_secret_in_it() {
    for (body, expected) in [
        (String::from("{}"), false),
        (format!(r#"{{"buyerSecret":"{}"}}"#, B256::repeat_byte(3)), false),
        (format!(r#"{{"buyerSecret":"{}"}}"#, sold().1), true),
    ] {
        let (mut merchant, _) = sold();
        merchant.add(CODE, Kind::Redeemed, &body);
        merchant.cut_epoch();
        assert_eq!(
            merchant
                .verdict(&merchant.bundle(CODE), CODE, None)
                .unwrap()
                .redeemed_by_buyer,
            expected,
            "{body}"
        );
    }
}

#[test]
fn events_out_of_their_order_are_refused() {
    let (merchant, _) = sold();
    let mut gap = merchant.bundle(CODE);
    gap.events.remove(0);
    assert_eq!(merchant.refused(&gap, CODE, None), Some(Code::VersionGap));
    let mut swapped = merchant.bundle(CODE);
    swapped.events.swap(0, 1);
    assert_eq!(merchant.refused(&swapped, CODE, None), Some(Code::VersionGap));
}

#[test]
fn each_broken_rule_between_two_events_has_its_code() {
    let cheat = |change: fn(&mut shelfproof_verifier::event::KeyEvent)| {
        let (mut merchant, _) = sold();
        let mut event = merchant.add(CODE, Kind::Redeemed, "{}");
        merchant = sold().0;
        change(&mut event);
        merchant.put(event, None);
        merchant.cut_epoch();
        merchant.refused(&merchant.bundle(CODE), CODE, None)
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
    let mut merchant = TestMerchant::new(1);
    let mut event = merchant.add("OTHER", Kind::Generated, "{}");
    event.key_id = merchant.key_id(CODE);
    event.prev = B256::repeat_byte(1);
    merchant.put(event, None);
    merchant.cut_epoch();
    assert_eq!(
        merchant.refused(&merchant.bundle(CODE), CODE, None),
        Some(Code::BrokenLink)
    );
}

#[test]
fn a_history_counts_a_day_after_it_was_superseded_and_no_longer() {
    let (mut merchant, _) = sold();
    merchant.add("LATER", Kind::Generated, "{}");
    merchant.cut_epoch();
    let old = merchant.bundle_at(CODE, 2);
    let superseded_at_s = merchant.epochs[2].anchored_at_s;
    merchant.clock_ms = (superseded_at_s + 86_400) * 1000;
    let holds = merchant.verdict(&old, CODE, None).unwrap();
    assert_eq!(holds.freshness.superseded_at_s, Some(superseded_at_s));
    assert_eq!((holds.freshness.epoch, holds.freshness.latest), (2, 3));
    merchant.clock_ms += 1000;
    assert_eq!(merchant.refused(&old, CODE, None), Some(Code::Stale));
    assert_eq!(
        merchant.refused(&merchant.bundle(CODE), CODE, None),
        None,
        "the latest never grows stale"
    );
}

#[test]
fn a_receipt_is_pending_met_late_or_unmet() {
    let mut merchant = TestMerchant::new(1);
    merchant.add("NEIGHBOUR", Kind::Generated, "{}");
    merchant.cut_epoch();
    let sale = merchant.sell(CODE, &B256::ZERO);
    let deadline_s = merchant.clock_ms / 1000 + 600;
    let promise = merchant.promise(sale, &[merchant.events_of(sale.key_id)[0].0], deadline_s);
    let with_receipt = |merchant: &TestMerchant, number| {
        let mut bundle = merchant.bundle_at(CODE, number);
        bundle.receipts = vec![promise.clone()];
        bundle
    };
    let status = |merchant: &TestMerchant, number| {
        merchant
            .verdict(&with_receipt(merchant, number), CODE, None)
            .map(|holds| holds.receipts[0].status)
    };

    merchant.clock_ms = deadline_s * 1000;
    assert_eq!(status(&merchant, 1), Ok(Status::Pending));
    merchant.clock_ms += 1000;
    assert_eq!(
        merchant.refused(&with_receipt(&merchant, 1), CODE, None),
        Some(Code::ReceiptUnmet)
    );
    merchant.cut_epoch();
    assert_eq!(status(&merchant, 2), Ok(Status::Late));
    assert_eq!(
        merchant.refused(&with_receipt(&merchant, 1), CODE, None),
        Some(Code::Stale),
        "an older history cannot tell"
    );
    merchant.epochs[1].anchored_at_s = deadline_s;
    assert_eq!(status(&merchant, 2), Ok(Status::Met));
    merchant.epochs[1].anchored_at_s = deadline_s + 1;
    assert_eq!(status(&merchant, 2), Ok(Status::Late));
}

#[test]
fn the_terms_of_a_receipt_have_their_bounds() {
    let mut merchant = TestMerchant::new(1);
    let sale = merchant.sell(CODE, &B256::ZERO);
    merchant.cut_epoch();
    let at_s = sale.at_ms / 1000;
    let code = |anchor_by_s| {
        let mut bundle = merchant.bundle(CODE);
        bundle.receipts = vec![merchant.promise(sale, &[], anchor_by_s)];
        merchant.refused(&bundle, CODE, None)
    };
    assert_eq!(code(at_s - 1), Some(Code::ReceiptTerms));
    assert_eq!(code(at_s), None);
    assert_eq!(code(at_s + 86_400), None);
    assert_eq!(code(at_s + 86_401), Some(Code::ReceiptTerms));
}

#[test]
fn a_promise_names_the_buyer_of_the_sale_wherever_that_is_opened() {
    let mut merchant = TestMerchant::new(1);
    let sale = merchant.sell(CODE, &B256::repeat_byte(7));
    merchant.cut_epoch();
    let mut honest = merchant.bundle(CODE);
    honest.receipts = vec![merchant.promise(sale, &[], sale.at_ms / 1000 + 600)];
    assert_eq!(merchant.refused(&honest, CODE, None), None);
    // Whether the bundle's event and the receipt open the sale, and what a receipt for another buyer is refused by.
    for (event, receipt, code) in [
        (true, true, Code::ReceiptTerms),
        (true, false, Code::ReceiptTerms),
        (false, true, Code::ReceiptTerms),
        (false, false, Code::ReceiptSignature),
    ] {
        let mut bundle = honest.clone();
        if !event {
            bundle.events[2].opening = None;
        }
        if !receipt {
            bundle.receipts[0].opening = None;
        }
        assert_eq!(merchant.refused(&bundle, CODE, None), None, "{event}, {receipt}");
        for buyer in [B256::repeat_byte(8), B256::ZERO] {
            bundle.receipts[0].buyer = buyer;
            assert_eq!(merchant.refused(&bundle, CODE, None), Some(code), "{event}, {receipt}");
        }
    }
}
