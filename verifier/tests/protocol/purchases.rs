//! What a buyer's client checks at a purchase.

use alloy_primitives::B256;
use proptest::prelude::*;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::{MAX_CLOCK_MS, Receipt, Terms, check_purchase, decimal};
use shelfproof_verifier::{Code, buyer};

use crate::test_merchant::TestMerchant;

const CODE: &str = "BOUGHT-1";

fn bought() -> (Receipt, ChainView, B256) {
    let secret = buyer::secret(&B256::repeat_byte(5), "me");
    let mut merchant = TestMerchant::new(1);
    let sale = merchant.sell(CODE, &buyer::commitment(&secret));
    let promise = merchant.promise(sale, &[], sale.at_ms / 1000 + 600);
    merchant.cut_epoch();
    let vrf_proof = merchant.bundle(CODE).vrf_proof;
    (
        Receipt {
            identity: merchant.identity,
            vrf_proof,
            promise,
        },
        merchant.view(),
        secret,
    )
}

/// The terms that match [`bought`].
fn terms(receipt: &Receipt, secret: B256) -> Terms<'static> {
    Terms {
        code: CODE,
        secret: Some(secret),
        expected: receipt.identity,
        product: Some("steam-50"),
        price: Some("9.90"),
        currency: Some("CNY"),
        now_ms: Some(receipt.promise.event.at_ms + 2000),
    }
}

/// The code that refuses a purchase after a change to the receipt or the terms.
fn refused(change: impl FnOnce(&mut Receipt, &mut Terms<'static>, &mut ChainView)) -> Option<Code> {
    let (mut receipt, mut view, secret) = bought();
    let mut terms = terms(&receipt, secret);
    change(&mut receipt, &mut terms, &mut view);
    check_purchase(&receipt, &terms, &view)
        .err()
        .map(|refusal| refusal.code)
}

#[test]
fn a_true_receipt_passes() {
    let (receipt, view, secret) = bought();
    let checked = check_purchase(&receipt, &terms(&receipt, secret), &view).unwrap();
    assert_eq!((checked.yours, checked.signer), (true, view.receipt_signers[0].address));
    let read = Receipt::parse(receipt.to_json().as_bytes()).unwrap();
    assert_eq!(read, receipt);
}

#[test]
fn every_term_is_checked() {
    assert_eq!(refused(|_, terms, _| terms.code = "卡"), Some(Code::CodeUnusual));
    assert_eq!(refused(|_, terms, _| terms.code = "BOUGHT-2"), Some(Code::KeyId));
    assert_eq!(
        refused(|_, terms, _| terms.expected.chain_id = 1),
        Some(Code::WrongMerchant)
    );
    assert_eq!(
        refused(|_, _, view| view.identity.chain_id = 1),
        Some(Code::WrongMerchant)
    );
    assert_eq!(
        refused(|_, _, view| view.vrf_public_key = B256::ZERO),
        Some(Code::KeyId)
    );
    assert_eq!(refused(|receipt, _, _| receipt.vrf_proof[40] ^= 1), Some(Code::KeyId));
    let reword = |receipt: &mut Receipt| receipt.promise.opening.as_mut().unwrap().body.push(' ');
    assert_eq!(refused(|receipt, _, _| reword(receipt)), Some(Code::Payload));
    assert_eq!(
        refused(|_, terms, _| terms.secret = Some(B256::ZERO)),
        Some(Code::NotYourSale)
    );
    assert_eq!(
        refused(|receipt, _, _| receipt.promise.opening = None),
        Some(Code::BodyWithheld)
    );
    assert_eq!(
        refused(|_, terms, _| terms.product = Some("steam-100")),
        Some(Code::ReceiptTerms)
    );
    assert_eq!(
        refused(|_, terms, _| terms.price = Some("9.91")),
        Some(Code::ReceiptTerms)
    );
    assert_eq!(
        refused(|_, terms, _| terms.currency = Some("USD")),
        Some(Code::ReceiptTerms)
    );
    assert_eq!(
        refused(|receipt, _, _| receipt.promise.anchor_by_s += 1),
        Some(Code::ReceiptSignature)
    );
    assert_eq!(
        refused(|receipt, _, _| receipt.promise.anchor_by_s += 86_400),
        Some(Code::ReceiptTerms)
    );
    assert_eq!(
        refused(|_, _, view| view.receipt_signers.clear()),
        Some(Code::ReceiptSignature)
    );
    assert_eq!(
        refused(|_, _, view| view.receipt_signers[0].until_s = 1),
        Some(Code::ReceiptSignature)
    );
}

#[test]
fn a_sale_is_within_ten_minutes_of_now() {
    for (offset_ms, expected) in [
        (-600_001_i64, Some(Code::ReceiptTerms)),
        (-600_000, None),
        (600_000, None),
        (600_001, Some(Code::ReceiptTerms)),
    ] {
        let shifted = |receipt: &mut Receipt, terms: &mut Terms<'static>, _: &mut ChainView| {
            terms.now_ms = receipt.promise.event.at_ms.checked_add_signed(offset_ms);
        };
        assert_eq!(refused(shifted), expected, "{offset_ms}");
    }
    assert_eq!(MAX_CLOCK_MS, 600_000);
    assert_eq!(
        refused(|_, terms, _| terms.now_ms = None),
        None,
        "an older receipt is looked at without a clock"
    );
}

#[test]
fn a_withheld_body_passes_where_nothing_of_it_is_asked() {
    let (mut receipt, view, _) = bought();
    receipt.promise.opening = None;
    let asked = Terms {
        secret: None,
        product: None,
        price: None,
        currency: None,
        ..terms(&receipt, B256::ZERO)
    };
    assert!(!check_purchase(&receipt, &asked, &view).unwrap().yours);
    let priced = Terms {
        price: Some("9.90"),
        ..asked
    };
    assert_eq!(
        check_purchase(&receipt, &priced, &view).unwrap_err().code,
        Code::BodyWithheld
    );
}

#[test]
fn a_product_is_named_by_its_id_or_its_name() {
    let sold = |body: &'static str, product: &'static str| {
        let mut merchant = TestMerchant::new(1);
        merchant.add(CODE, Kind::Generated, "{}");
        merchant.add(CODE, Kind::Activated, "{}");
        let sale = merchant.add(CODE, Kind::Sold, body);
        let promise = merchant.promise(sale, &[], sale.at_ms / 1000 + 600);
        merchant.cut_epoch();
        let receipt = Receipt {
            identity: merchant.identity,
            vrf_proof: merchant.bundle(CODE).vrf_proof,
            promise,
        };
        let asked = Terms {
            secret: None,
            product: Some(product),
            price: None,
            currency: None,
            ..terms(&receipt, B256::ZERO)
        };
        check_purchase(&receipt, &asked, &merchant.view())
            .err()
            .map(|refusal| refusal.code)
    };
    let body = r#"{"product":"prd_7","name":"月卡"}"#;
    for (product, expected) in [
        ("prd_7", None),
        (" 月卡 ", None),
        ("月", Some(Code::ReceiptTerms)),
        ("", Some(Code::ReceiptTerms)),
        ("PRD_7", Some(Code::ReceiptTerms)),
    ] {
        assert_eq!(sold(body, product), expected, "{product:?}");
    }
    assert_eq!(
        sold(r#"{"name":""}"#, ""),
        Some(Code::ReceiptTerms),
        "nothing is no product"
    );
    assert_eq!(
        sold(r#"{"price":"1"}"#, "月卡"),
        Some(Code::ReceiptTerms),
        "the sale names none"
    );
}

/// A number's spellings: zeros before and after, and full-width forms.
fn spelling(units: u64, thousandths: u64, before: usize, after: usize, wide: bool) -> String {
    let digits = format!("{thousandths:03}");
    let part = digits.trim_end_matches('0');
    let zeros = |count| "0".repeat(count);
    let point = if part.is_empty() && after == 0 { "" } else { "." };
    let text = format!("{}{units}{point}{part}{}", zeros(before), zeros(after));
    let widen = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
    if wide { text.chars().map(widen).collect() } else { text }
}

proptest! {
    #[test]
    fn spellings_of_one_number_are_equal_and_of_two_are_not(
        one in (0..2_000_u64, 0..1_000_u64),
        other in (0..2_000_u64, 0..1_000_u64),
        zeros in (0..4_usize, 0..4_usize, 0..4_usize, 0..4_usize),
        wide in any::<(bool, bool)>(),
    ) {
        let first = decimal(&spelling(one.0, one.1, zeros.0, zeros.1, wide.0));
        prop_assert!(first.is_some());
        prop_assert_eq!(&first, &decimal(&spelling(one.0, one.1, zeros.2, zeros.3, wide.1)));
        let second = decimal(&spelling(other.0, other.1, zeros.2, zeros.3, wide.1));
        prop_assert_eq!(first == second, one == other);
    }

    #[test]
    fn only_digits_with_one_point_between_are_a_number(text in "[0-9.,eE+ -]{0,8}") {
        let trimmed = text.trim();
        let parts: Vec<&str> = trimmed.split('.').collect();
        let is_number = parts.len() <= 2
            && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()));
        prop_assert_eq!(decimal(&text).is_some(), is_number, "{:?}", text);
    }
}
