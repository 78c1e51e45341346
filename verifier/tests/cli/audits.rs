//! Audits that a check uses: a report from somebody else, or the user's own.

use std::fs;

use serde_json::{Value, json};

use crate::offline::not_proved;
use crate::run::{self, Cli, vectors};

/// An audit's record of the vectors' merchant, with the hash of the epoch `of`.
pub(crate) fn record(to: u64, of: usize, breach: &Value) -> String {
    let all = run::read();
    let merchant = &all["merchant"];
    json!({
        "format": "shelfproof-audit-v1", "chainId": merchant["chainId"], "registry": merchant["registry"],
        "merchantId": merchant["merchantId"], "from": 1, "to": to, "hash": all["epochs"][of - 1]["hash"],
        "asOf": 1_790_003_000, "auditor": "Alice", "breach": breach,
    })
    .to_string()
}

/// The folder in which the user's own audits of the vectors' merchant are, below `state`.
pub(crate) fn own_folder(state: &str) -> String {
    let all = run::read();
    let text = |name: &str| all["merchant"][name].as_str().expect("text").to_lowercase();
    let folder = format!("{state}/31337-{}-{}", text("registry"), text("merchantId"));
    fs::create_dir_all(&folder).expect("made");
    folder
}

#[test]
fn an_audit_handed_over_is_named_and_matched() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let file = cli.write("report.json", &record(4, 4, &Value::Null));
    let answer = cli.key(case).args(["--audit", &file, "--require-audit"]).json_only(0);
    assert_eq!(answer["audited"], true, "{answer}");
    let given = &answer["audits"][0];
    assert_eq!(
        (&given["covers"], &given["auditor"], &given["own"]),
        (&json!(true), &json!("Alice"), &json!(false))
    );
    let open = not_proved(&answer);
    assert!(open.iter().any(|open| open == "auditor_believed") && !open.iter().any(|open| open == "audit"));
    let text = cli.key(case).args(["--audit", &file]).text(0);
    assert!(text.contains("the audit by Alice"), "{text}");
    assert!(!text.contains("unaudited"), "{text}");

    for (to, of, name) in [(1, 1, "covers"), (4, 1, "otherHistory"), (5, 1, "notCompared")] {
        let file = cli.write("report.json", &record(to, of, &Value::Null));
        let answer = cli.key(case).args(["--audit", &file]).json_only(0);
        assert_eq!(answer["audits"][0][name], name != "covers", "{answer}");
        assert_eq!(answer["audited"], false, "{answer}");
    }
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
fn a_verdict_that_no_audit_covers_says_so_first_and_what_to_do() {
    let cli = Cli::new();
    for case in vectors("bundles") {
        let answer = cli.key(&case).json_only(0);
        assert_eq!(
            (&answer["verdict"], &answer["audited"]),
            (&json!(case.verdict), &json!(false))
        );
        for (lang, mark, next) in [
            ("en", "(unaudited)", "audit --since"),
            ("zh", "(未审计)", "audit --since"),
        ] {
            for command in ["key", "show"] {
                let text = cli.key(&case).command(command).args(["--lang", lang]).text(0);
                let first = text.lines().next().expect("a line");
                assert!(first.ends_with(&format!("{} {mark}", case.verdict)), "{first}");
                assert!(text.contains(next), "{text}");
            }
        }
    }
    // Asked for, it does not hold.
    let case = &vectors("bundles")[0];
    for command in ["key", "show"] {
        let run = cli.key(case).command(command).args(["--require-audit"]);
        assert_eq!(run.json_only(2)["code"], "unaudited");
    }
    // What is refused without an audit is refused first.
    let refused = &vectors("refused")[0];
    let answer = cli.key(refused).args(["--require-audit"]).json_only(1);
    assert_eq!(answer["code"], refused.verdict);
}

#[test]
fn a_known_breach_never_holds() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let breach = |epoch: u64| json!({"epoch": epoch, "word": "history_mismatch"});
    let good = cli.write("good.json", &record(4, 4, &Value::Null));
    // Also where another audit covers it, or the audit is ahead of the chain's view.
    for (to, of) in [(1, 1), (5, 1)] {
        let file = cli.write("report.json", &record(to, of, &breach(2)));
        for command in ["key", "show"] {
            let run = cli
                .key(case)
                .command(command)
                .args(["--audit", &good, "--audit", &file]);
            let answer = run.json_only(1);
            assert_eq!(answer["code"], "audit_breach", "{answer}");
            let detail = answer["detail"].as_str().expect("a detail");
            assert_eq!(detail, "an audit by Alice found history_mismatch in epoch 2");
        }
    }
    // One after the history's epoch is a warning; one in another history says nothing.
    for (to, of, warned) in [(4, 4, true), (4, 1, false)] {
        let file = cli.write("report.json", &record(to, of, &breach(6)));
        let answer = cli.key(case).args(["--audit", &file]).json_only(0);
        let warnings = answer["warnings"].to_string();
        assert_eq!(warnings.contains("history_mismatch in epoch 6"), warned, "{answer}");
    }
    // One's own is found without being named.
    let state = cli.folder();
    for name in ["audit.json", "audit-since.json"] {
        let path = format!("{}/{name}", own_folder(&state));
        fs::write(&path, record(1, 1, &breach(2))).expect("written");
        let answer = cli.key(case).args(["--state", &state, "--audit", &good]).json_only(1);
        assert_eq!(answer["code"], "audit_breach", "{name}: {answer}");
        fs::remove_file(path).expect("removed");
    }
}

#[test]
fn a_damaged_record_of_ones_own_is_a_warning() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let state = cli.folder();
    let folder = own_folder(&state);
    let right = record(4, 4, &Value::Null);
    for name in ["audit.json", "audit-since.json"] {
        for (content, damaged) in [(right.as_str(), false), ("{", true), ("", true)] {
            fs::write(format!("{folder}/{name}"), content).expect("written");
            let answer = cli.key(case).args(["--state", &state]).json_only(0);
            let warnings = answer["warnings"].to_string();
            assert_eq!(warnings.contains(name), damaged, "{answer}");
            assert_eq!(answer["audited"], !damaged, "{answer}");
        }
        fs::remove_file(format!("{folder}/{name}")).expect("removed");
    }
}
