//! What audits are worth in a verdict, and the file in which they come.

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_verifier::Code;
use shelfproof_verifier::chain::ChainView;
use shelfproof_verifier::verdict::{Coverage, check_audits};
use shelfproof_verifier::vocabulary::audit_record::{AuditRecord, FoundBreach, MAX_BYTES};

use crate::test_merchant::TestMerchant;

const CODE: &str = "AUDITED-1";

/// A merchant with four epochs, of which the second has the key's sale.
fn merchant() -> TestMerchant {
    let mut merchant = TestMerchant::new(1);
    for code in ["BEFORE", CODE, "AFTER", "LAST"] {
        merchant.sell(code, &B256::ZERO);
        merchant.cut_epoch();
    }
    merchant
}

/// An audit that kept `from` to `to`.
fn audit(view: &ChainView, from: u64, to: u64) -> AuditRecord {
    AuditRecord {
        identity: view.identity,
        from,
        to,
        hash: view.epochs.get(&to).map_or(B256::ZERO, |held| held.hash),
        as_of_s: view.as_of_s,
        breach: None,
        block: None,
        auditor: None,
    }
}

fn broken(view: &ChainView, from: u64, to: u64, epoch: u64) -> AuditRecord {
    let word = "history_mismatch".to_owned();
    AuditRecord {
        breach: Some(FoundBreach { epoch, word }),
        ..audit(view, from, to)
    }
}

/// The code that audits give a bundle against that epoch, or what each of them says.
fn judge(epoch: u64, required: bool, audits: impl Fn(&ChainView) -> Vec<AuditRecord>) -> Result<Vec<Coverage>, Code> {
    let merchant = merchant();
    let view = merchant.view();
    let holds = merchant.verdict(&merchant.bundle_at(CODE, epoch), CODE, None).unwrap();
    check_audits(&holds, &view, &audits(&view), required).map_err(|refusal| refusal.code)
}

#[test]
fn an_audit_covers_the_epochs_that_it_saw() {
    for (epoch, from, to, expected) in [
        (4, 1, 4, Coverage::Covers),
        (4, 4, 4, Coverage::Covers),
        (3, 3, 4, Coverage::Covers),
        (4, 1, 3, Coverage::EndsBefore),
        (3, 4, 4, Coverage::BeginsAfter),
        (4, 5, 4, Coverage::BeginsAfter),
        (4, 1, 5, Coverage::NotCompared),
        (4, 1, 0, Coverage::EndsBefore),
    ] {
        let covers = expected == Coverage::Covers;
        let found = judge(epoch, false, |view| vec![audit(view, from, to)]);
        assert_eq!(found, Ok(vec![expected]), "{epoch} {from} {to}");
        let required = judge(epoch, true, |view| vec![audit(view, from, to)]);
        assert_eq!(
            required.err(),
            (!covers).then_some(Code::Unaudited),
            "{epoch} {from} {to}"
        );
    }
    assert_eq!(judge(4, false, |_| Vec::new()), Ok(Vec::new()));
    assert_eq!(judge(4, true, |_| Vec::new()), Err(Code::Unaudited));
    // One that covers it is enough.
    let found = judge(4, true, |view| vec![audit(view, 1, 3), audit(view, 2, 4)]);
    assert_eq!(found, Ok(vec![Coverage::EndsBefore, Coverage::Covers]));
}

#[test]
fn a_breach_at_or_before_the_historys_epoch_never_holds() {
    for (epoch, breach, refused) in [(4, 4, true), (4, 2, true), (3, 4, false), (3, 3, true)] {
        let found = judge(epoch, false, |view| {
            vec![audit(view, 1, 4), broken(view, 1, breach - 1, breach)]
        });
        assert_eq!(found.err(), refused.then_some(Code::AuditBreach), "{epoch} {breach}");
    }
    // It counts also where the audit cannot be compared, and comes before what is required.
    let found = judge(4, true, |view| vec![broken(view, 1, 7, 3)]);
    assert_eq!(found, Err(Code::AuditBreach));
    let found = judge(4, false, |view| vec![broken(view, 1, 0, 1)]);
    assert_eq!(found, Err(Code::AuditBreach));
}

#[test]
fn an_audit_of_another_history_says_nothing() {
    let other_hash = |record: AuditRecord| AuditRecord {
        hash: B256::repeat_byte(9),
        ..record
    };
    let other_merchant = |record: AuditRecord| AuditRecord {
        identity: TestMerchant::new(2).identity,
        ..record
    };
    for (breach, change) in [
        (false, &other_hash as &dyn Fn(AuditRecord) -> AuditRecord),
        (true, &other_hash),
        (false, &other_merchant),
        (true, &other_merchant),
    ] {
        let made = |view: &ChainView| {
            if breach {
                broken(view, 1, 2, 3)
            } else {
                audit(view, 1, 4)
            }
        };
        let found = judge(4, false, |view| vec![change(made(view))]);
        assert_eq!(found, Ok(vec![Coverage::OtherHistory]));
        assert_eq!(judge(4, true, |view| vec![change(made(view))]), Err(Code::Unaudited));
    }
}

fn file() -> Value {
    let identity = TestMerchant::new(1).identity;
    json!({
        "format": "shelfproof-audit-v1", "chainId": identity.chain_id, "registry": identity.registry,
        "merchantId": identity.merchant_id, "from": 2, "to": 4, "hash": B256::repeat_byte(4),
        "asOf": 1_800_000_000, "breach": {"epoch": 5, "word": "data_withheld"},
    })
}

#[test]
fn a_record_is_written_and_read_the_same() {
    let mut record = AuditRecord {
        identity: TestMerchant::new(1).identity,
        from: 2,
        to: 4,
        hash: B256::repeat_byte(4),
        as_of_s: 1_800_000_000,
        breach: Some(FoundBreach {
            epoch: 5,
            word: "data_withheld".to_owned(),
        }),
        block: None,
        auditor: None,
    };
    assert_eq!(record.to_json(), file());
    assert_eq!(AuditRecord::parse(file().to_string().as_bytes()), Ok(record.clone()));
    record.breach = None;
    record.block = Some(17);
    record.auditor = Some("Alice".to_owned());
    let mut more = file();
    more["breach"] = Value::Null;
    more["block"] = json!(17);
    more["auditor"] = json!("Alice");
    assert_eq!(record.to_json(), more);
    more["unknown"] = json!(true);
    assert_eq!(AuditRecord::parse(more.to_string().as_bytes()), Ok(record));
}

#[test]
fn what_is_no_record_is_refused_by_name_and_rule() {
    let refused = |file: &Value| AuditRecord::parse(file.to_string().as_bytes()).unwrap_err();
    for (name, value) in [
        ("format", json!("shelfproof-audit-v2")),
        ("from", json!(0)),
        ("from", json!(6)),
        ("to", json!(0)),
        ("hash", json!("0x00")),
        ("asOf", json!("now")),
        ("breach", json!(5)),
        ("breach", json!({"epoch": 1, "word": "clock"})),
        ("breach", json!({"epoch": 5, "word": ""})),
        ("breach", json!({"epoch": 5, "word": "Clock"})),
        ("breach", json!({"epoch": 5, "word": "c".repeat(65)})),
        ("block", json!("17")),
        ("auditor", json!("")),
        ("auditor", json!("A".repeat(201))),
    ] {
        let mut file = file();
        file[name] = value;
        let refusal = refused(&file);
        assert_eq!(refusal.code, Code::Malformed, "{file}");
        assert!(refusal.detail.starts_with("audit."), "{refusal}");
    }
    for name in [
        "format",
        "chainId",
        "registry",
        "merchantId",
        "from",
        "to",
        "hash",
        "asOf",
        "breach",
    ] {
        let mut file = file();
        file.as_object_mut().unwrap().remove(name);
        assert_eq!(refused(&file).detail, format!("audit.{name} is missing"));
    }
    let long = vec![b' '; MAX_BYTES + 1];
    assert_eq!(AuditRecord::parse(&long).unwrap_err().code, Code::Malformed);
}
