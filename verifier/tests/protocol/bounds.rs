//! No input makes the library panic, and every limit is exact.

use alloy_primitives::{Address, B256};
use proptest::prelude::*;
use shelfproof_verifier::breach::{self, BreachReport};
use shelfproof_verifier::bundle::{self, Bundle};
use shelfproof_verifier::chain::Needs;
use shelfproof_verifier::chain::trusted::{self, TrustedEpochs};
use shelfproof_verifier::event::{self, Kind};
use shelfproof_verifier::receipt::{self, Receipt};
use shelfproof_verifier::verdict::{self, Question};
use shelfproof_verifier::{Code, buyer, code, epoch, json};

use crate::test_merchant::TestMerchant;
use crate::vectors::{identity, vectors};

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = (Bundle::parse(&bytes), Receipt::parse(&bytes), TrustedEpochs::parse(&bytes));
        let _ = (json::parse(&bytes), epoch::decode_data(&bytes));
    }

    #[test]
    fn any_text(text in any::<String>()) {
        let _ = (code::canonical(&text), buyer::secret(&B256::ZERO, &text), json::hex_bytes::<32>(&text));
    }

    #[test]
    fn spliced_bundles(cut in 0..8000_usize, drop in 0..200_usize, insert in prop::collection::vec(any::<u8>(), 0..40)) {
        let vectors = vectors();
        let trusted = TrustedEpochs::parse(vectors["trusted"].to_string().as_bytes()).unwrap();
        let mut bytes = vectors["bundles"][0]["bundle"].to_string().into_bytes();
        let cut = cut.min(bytes.len());
        let end = (cut + drop).min(bytes.len());
        bytes.splice(cut..end, insert);
        if let Ok(bundle) = Bundle::parse(&bytes) {
            let question =
                Question { code: "ABCD-EFGH-2345-6789", claim: None, expected: identity(&vectors), stale_after_s: 0 };
            let _ = verdict::check(&bundle, &question, trusted.as_view(), &[]);
        }
    }
}

/// The vectors' first bundle, changed and parsed.
fn parse_with(change: impl FnOnce(&mut serde_json::Value)) -> Result<Bundle, Code> {
    let mut bundle = vectors()["bundles"][0]["bundle"].clone();
    change(&mut bundle);
    Bundle::parse(bundle.to_string().as_bytes()).map_err(|refusal| refusal.code)
}

#[test]
fn a_breach_report_ends_at_a_mebibyte() {
    let is_too_long = |length: usize| {
        let refusal = BreachReport::parse(&vec![b' '; length]).unwrap_err();
        refusal.to_string().contains("at most")
    };
    assert!(!is_too_long(breach::MAX_BYTES));
    assert!(is_too_long(breach::MAX_BYTES + 1));
}

/// Where the log of an epoch is: a hint for who reads the chain.
#[test]
fn a_bundle_hints_at_the_blocks_that_it_names() {
    let bundle = parse_with(|bundle| bundle["epochs"][1]["block"] = 77.into()).unwrap();
    let second = bundle.epochs[1].header.number;
    assert_eq!(bundle.block_hints(), [(second, 77)]);
    assert_eq!(parse_with(|_| ()).unwrap().block_hints(), []);
}

#[test]
fn what_two_checks_need_is_needed_together() {
    let mut needs = Needs {
        epochs: [1, 3].into(),
        signers: [Address::repeat_byte(1)].into(),
    };
    needs.extend(Needs {
        epochs: [2, 3].into(),
        signers: [Address::repeat_byte(2)].into(),
    });
    assert_eq!((needs.epochs.len(), needs.signers.len()), (3, 2));
}

#[test]
fn a_bundle_ends_at_a_mebibyte() {
    let padded = |length: usize| {
        let mut bytes = vectors()["bundles"][0]["bundle"].to_string().into_bytes();
        bytes.resize(length, b' ');
        Bundle::parse(&bytes).is_ok()
    };
    assert!(padded(bundle::MAX_BYTES));
    assert!(!padded(bundle::MAX_BYTES + 1));
}

#[test]
fn counts_and_lengths_have_their_edges() {
    for (count, legal) in [(0, false), (48, true), (32, false), (1 << 20, false)] {
        let parsed = parse_with(|bundle| bundle["epochs"][0]["eventCount"] = count.into());
        assert_eq!(parsed.is_ok(), legal, "{count} events with paths of six");
    }
    let counted = |count: u64| {
        parse_with(|bundle| {
            bundle["events"] = serde_json::json!([]);
            bundle["epochs"][0]["eventCount"] = count.into();
        })
    };
    assert!(counted(1 << 20).is_ok());
    assert_eq!(counted((1 << 20) + 1), Err(Code::Malformed));
    let siblings = |length: usize| {
        parse_with(|bundle| bundle["history"]["siblings"] = serde_json::json!(vec![B256::ZERO; length])).is_ok()
    };
    assert!(siblings(256) && !siblings(257));
    let receipt_path = |length: usize| {
        parse_with(|bundle| bundle["receipts"][0]["path"] = serde_json::json!(vec![B256::ZERO; length])).is_ok()
    };
    assert!(receipt_path(20) && !receipt_path(21));
    let version = |version: u64| parse_with(|bundle| bundle["events"][0]["version"] = version.into()).is_ok();
    assert!(version(u64::from(u32::MAX)) && !version(1 << 32));
}

#[test]
fn every_required_field_is_required_and_block_is_not() {
    fn fields(value: &serde_json::Value, pointer: &str, out: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, inner) in object {
                    out.push(format!("{pointer}/{name}"));
                    fields(inner, &format!("{pointer}/{name}"), out);
                }
            }
            serde_json::Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    fields(inner, &format!("{pointer}/{index}"), out);
                }
            }
            _ => {}
        }
    }
    let mut pointers = Vec::new();
    fields(&vectors()["bundles"][0]["bundle"], "", &mut pointers);
    assert!(pointers.len() > 60);
    for pointer in pointers {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parsed = parse_with(|bundle| {
            bundle
                .pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name);
        });
        assert_eq!(parsed.is_err(), name != "block", "{pointer}");
    }
}

#[test]
fn a_block_is_a_number_where_it_is_given() {
    assert!(parse_with(|bundle| bundle["epochs"][0]["block"] = 7.into()).is_ok());
    assert_eq!(
        parse_with(|bundle| bundle["epochs"][0]["block"] = "7".into()),
        Err(Code::Malformed)
    );
}

#[test]
fn trusted_epochs_start_anywhere_and_leave_none_out() {
    let parse = |change: fn(&mut serde_json::Value)| {
        let mut trusted = vectors()["trusted"].clone();
        change(&mut trusted);
        TrustedEpochs::parse(trusted.to_string().as_bytes()).is_ok()
    };
    assert!(parse(|_| {}));
    assert!(parse(
        |trusted| trusted["epochs"] = serde_json::json!([trusted["epochs"][1]])
    ));
    assert!(!parse(|trusted| trusted["epochs"][0]["number"] = 0.into()));
    assert!(!parse(
        |trusted| trusted["epochs"] = serde_json::json!([trusted["epochs"][1], trusted["epochs"][3]])
    ));
    assert!(!parse(
        |trusted| trusted["epochs"] = serde_json::json!([trusted["epochs"][2], trusted["epochs"][1]])
    ));
    assert!(!parse(
        |trusted| trusted["epochs"] = serde_json::json!([trusted["epochs"][0], trusted["epochs"][0]])
    ));
    assert!(parse(|trusted| trusted["epochs"] = serde_json::json!([])));
    assert!(parse(|trusted| trusted["epochs"][0]["block"] = 5.into()));
}

#[test]
fn what_the_checks_need_of_the_chain() {
    let mut merchant = TestMerchant::new(1);
    let sale = merchant.sell("NEEDS-1", &B256::ZERO);
    merchant.cut_epoch();
    merchant.add("OTHER", Kind::Generated, "{}");
    merchant.cut_epoch();
    let mut bundle = merchant.bundle("NEEDS-1");
    bundle.receipts = vec![merchant.promise(sale, &[], sale.at_ms / 1000 + 1)];
    let needs = bundle.needs();
    assert_eq!(needs.epochs.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        needs.signers.into_iter().collect::<Vec<_>>(),
        [merchant.view().receipt_signers[0].address]
    );
}

#[test]
fn an_address_has_a_lower_case_prefix_and_digits_of_either_case() {
    let registry = |text: &str| parse_with(|bundle| bundle["registry"] = text.into()).is_ok();
    assert!(registry("0x5FBDB2315678AFECB367F032D93F642F64180AA3"));
    assert!(registry("0x5fbdb2315678afecb367f032d93f642f64180aa3"));
    assert!(!registry("0X5fbdb2315678afecb367f032d93f642f64180aa3"));
    assert!(!registry("5fbdb2315678afecb367f032d93f642f64180aa3"));
    assert!(!registry("0x5fbdb2315678afecb367f032d93f642f64180a"));
}

#[test]
fn an_epoch_has_at_most_two_to_the_twenty_events() {
    let split = |events: usize| epoch::split_data(&vec![0; events * event::EVENT_BYTES]).map(|records| records.len());
    assert_eq!(split(1 << 20), Ok(1 << 20));
    for events in [0, (1 << 20) + 1, (1 << 20) + 2] {
        assert_eq!(
            split(events),
            Err(epoch::DataError::Length(events * event::EVENT_BYTES))
        );
    }
}

#[test]
fn files_end_at_their_limits() {
    let vectors = vectors();
    let mut receipt = vectors["receipts"]["receipts"][0].clone();
    receipt["format"] = "shelfproof-receipt-v1".into();
    receipt["vrfProof"] = vectors["codes"][0]["proof"].clone();
    for field in ["chainId", "registry", "merchantId"] {
        receipt[field] = vectors["merchant"][field].clone();
    }
    let padded = |file: &serde_json::Value, length: usize| {
        let mut bytes = file.to_string().into_bytes();
        bytes.resize(length, b' ');
        bytes
    };
    let receipt_of = |length| Receipt::parse(&padded(&receipt, length)).is_ok();
    assert!(receipt_of(receipt::MAX_BYTES));
    assert!(!receipt_of(receipt::MAX_BYTES + 1) && !receipt_of(receipt::MAX_BYTES + 2));
    let trusted_of = |length| TrustedEpochs::parse(&padded(&vectors["trusted"], length)).is_ok();
    assert!(trusted_of(trusted::MAX_BYTES));
    assert!(!trusted_of(trusted::MAX_BYTES + 1) && !trusted_of(trusted::MAX_BYTES + 2));
}
