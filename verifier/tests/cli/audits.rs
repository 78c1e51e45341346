//! Audits that a check uses: a report from somebody else, or the user's own.

use std::fs;

use serde_json::Value;

use crate::offline::not_proved;
use crate::run::{self, Cli, vectors};

/// An audit's record of the vectors' merchant.
fn record(epoch: u64, hash: &Value, breach: &Value) -> Value {
    let all = run::read();
    let merchant = &all["merchant"];
    serde_json::json!({
        "format": "shelfproof-audit-v1", "chainId": merchant["chainId"], "registry": merchant["registry"],
        "merchantId": merchant["merchantId"], "from": 1, "epoch": epoch, "epochHash": hash, "block": null,
        "auditedAt": 1_790_003_000, "auditor": "Alice", "breach": breach,
    })
}

#[test]
fn an_audit_handed_over_is_named_and_matched() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = run::read();
    let report =
        |epoch: u64, hash: &Value, breach: Value| cli.write("report.json", &record(epoch, hash, &breach).to_string());
    let hash = |number: usize| all["epochs"][number - 1]["hash"].clone();
    let file = report(4, &hash(4), Value::Null);
    let answer = cli.key(case).args(["--audit", &file]).json_only(0);
    assert_eq!(
        (&answer["audit"]["covers"], &answer["audit"]["auditor"]),
        (&Value::from(true), &Value::from("Alice"))
    );
    let open = not_proved(&answer);
    assert!(open.iter().any(|open| open == "auditor_believed") && !open.iter().any(|open| open == "audit"));
    assert!(
        cli.key(case)
            .args(["--audit", &file])
            .text(0)
            .contains("the audit by Alice")
    );

    let file = report(1, &hash(1), Value::Null);
    assert_eq!(
        cli.key(case).args(["--audit", &file]).json_only(0)["audit"]["covers"],
        false
    );
    let file = report(4, &hash(1), Value::Null);
    assert_eq!(
        cli.key(case).args(["--audit", &file]).json_only(0)["audit"]["otherHistory"],
        true
    );
    let breach = serde_json::json!({"epoch": 2, "rule": "history_mismatch", "detail": "epoch 2 was rewritten"});
    let file = report(1, &hash(1), breach);
    let answer = cli.key(case).args(["--audit", &file]).json_only(0);
    assert!(
        answer["warnings"][0]
            .as_str()
            .expect("a warning")
            .contains("epoch 2 was rewritten"),
        "{answer}"
    );
    // A breach is shown even if the audit is ahead of the chain's view, but not if it is of another history.
    for (hash, found, warned) in [(hash(1), 5, true), (hash(1), 4, false)] {
        let breach = serde_json::json!({"epoch": 6, "rule": "clock", "detail": "epoch 6 was rewritten"});
        let file = report(found, &hash, breach);
        let answer = cli.key(case).args(["--audit", &file]).json_only(0);
        let warnings = answer["warnings"].to_string();
        assert_eq!(warnings.contains("epoch 6 was rewritten"), warned, "{answer}");
    }
    let file = report(5, &hash(1), Value::Null);
    let answer = cli.key(case).args(["--audit", &file]).json_only(0);
    assert_eq!(
        (&answer["audit"]["aheadOfView"], &answer["audit"]["covers"]),
        (&Value::from(true), &Value::from(false))
    );
    let folder = cli.folder();
    let trusted = cli.write("trusted.json", &case.trusted);
    for file in [folder.as_str(), trusted.as_str(), "/nowhere"] {
        assert_eq!(
            cli.key(case).args(["--audit", file]).json_only(2)["code"],
            "input",
            "{file}"
        );
    }
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_damaged_record_of_ones_own_is_a_warning() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_lowercase();
    let state = cli.folder();
    let folder = format!("{state}/31337-{}-{}", text("registry"), text("merchantId"));
    fs::create_dir_all(&folder).expect("made");
    let right = record(4, &all["epochs"][3]["hash"], &Value::Null).to_string();
    for (content, damaged) in [(right.as_str(), false), ("{", true), ("", true)] {
        fs::write(format!("{folder}/audit.json"), content).expect("written");
        let answer = cli.key(case).args(["--state", &state]).json_only(0);
        let warnings = answer["warnings"].to_string();
        assert_eq!(warnings.contains("audit.json"), damaged, "{answer}");
        assert_eq!(answer["audit"].is_null(), damaged, "{answer}");
    }
}
