//! `evidence`: a dispute's evidence out of two bundles.

use std::fs;

use serde_json::Value;

use crate::receipts::receipt_file;
use crate::run::{Case, Cli, vectors};

/// Runs the command on two bundles, with the second's trusted epochs.
fn evidence(cli: &Cli, a: &Case, b: &Case, out: &str, exit: i32) -> Value {
    let (one, other) = (cli.write("a.json", &a.bundle), cli.write("b.json", &b.bundle));
    let run = cli.run(["evidence", "--a", &one, "--b", &other, "--out", out]);
    run.offline(b).json_only(exit)
}

#[test]
fn bundles_that_contradict_each_other_make_evidence() {
    let cli = Cli::new();
    let out = format!("{}/evidence.json", cli.folder());
    let cases = vectors("refused");
    for (name, code, proof) in [
        ("redeemed twice", "illegal_transition", "illegalTransition"),
        ("sold again after redemption", "illegal_transition", "illegalTransition"),
        ("sold out of nothing", "illegal_transition", "illegalTransition"),
        ("time runs back", "clock", "illegalTransition"),
        ("link to nothing", "broken_link", "brokenLink"),
        ("absence where events are", "history_mismatch", "historyMismatch"),
    ] {
        let case = cases.iter().find(|case| case.name == name).expect("the case");
        let answer = evidence(&cli, case, case, &out, 1);
        let said = [&answer["code"], &answer["proof"], &answer["evidence"]];
        assert_eq!(said, [code, proof, &out], "{name}: {answer}");
        let file: Value = serde_json::from_slice(&fs::read(&out).expect("the evidence")).expect("JSON");
        assert_eq!(file["format"], "shelfproof-evidence-v1", "{name}");
        assert_eq!(file["proof"], proof, "{name}");
        assert_eq!(file["merchantId"], answer["merchant"]["merchantId"], "{name}");
        fs::remove_file(&out).expect("removed");
    }
}

#[test]
fn bundles_that_do_not_contradict_each_other_are_refused() {
    let cli = Cli::new();
    let out = format!("{}/evidence.json", cli.folder());
    let cases = vectors("bundles");
    let case = &cases[0];
    for lang in ["en", "zh"] {
        let bundle = cli.write("a.json", &case.bundle);
        let run = cli.run([
            "evidence", "--a", &bundle, "--b", &bundle, "--out", &out, "--lang", lang,
        ]);
        let text = run.offline(case).text(2);
        assert!(text.contains("no_contradiction"), "{text}");
    }
    let forged = Case {
        bundle: case.bundle.replacen("\"at\":", "\"at\":1", 1),
        ..case.clone()
    };
    assert_eq!(evidence(&cli, case, &forged, &out, 1)["code"], "inclusion");
    let torn = Case {
        bundle: "{".to_owned(),
        ..case.clone()
    };
    assert_eq!(evidence(&cli, case, &torn, &out, 1)["code"], "malformed");
    // Its own receipt promises the sale that it shows; one that nobody signed is refused.
    let receipt = receipt_file(&cli, case);
    let bundle = cli.write("a.json", &case.bundle);
    let with = |receipt: &str| {
        let run = cli.run(["evidence", "--a", &bundle, "--b", &bundle, "--receipt", receipt]);
        run.args(["--out", &out]).offline(case)
    };
    assert_eq!(with(&receipt).json_only(2)["code"], "no_contradiction");
    let text = fs::read_to_string(&receipt).expect("the receipt");
    let forged = cli.write("forged.json", &text.replacen("\"cover\":\"", "\"cover\":\"1", 1));
    assert_eq!(with(&forged).json_only(1)["code"], "receipt_signature");
    assert!(!fs::exists(&out).expect("a folder"), "nothing is written");
}
