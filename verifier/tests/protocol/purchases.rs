//! What a buyer's client checks at a purchase.

use alloy_primitives::B256;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::receipt::{MAX_CLOCK_MS, Receipt, Terms, check_purchase};
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
        refused(|_, terms, _| terms.price = Some("9.9")),
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
