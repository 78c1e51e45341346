//! Receipts: at the purchase, and later with a bundle.

use std::fs;

use serde_json::Value;

use crate::audits::{own_folder, record};
use crate::offline::not_proved;
use crate::run::{Case, Cli, vectors};

/// The receipt in a case's bundle, as a receipt file.
pub(crate) fn receipt_file(cli: &Cli, case: &Case) -> String {
    let bundle: Value = serde_json::from_str(&case.bundle).expect("JSON");
    let mut receipt = bundle["receipts"][0].clone();
    for name in ["chainId", "registry", "merchantId", "vrfProof"] {
        receipt[name] = bundle[name].clone();
    }
    receipt["format"] = "shelfproof-receipt-v1".into();
    cli.write("receipt.json", &receipt.to_string())
}

#[test]
fn a_receipt_is_checked_on_purchase() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let file = receipt_file(&cli, case);
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let check = |more: &[&str]| {
        let run = cli
            .run(["receipt", "--receipt", &file, "--code", &case.code])
            .offline(case);
        run.args(more.iter().copied())
    };
    let terms = ["--product", "steam-50", "--price", "9.90", "--currency", "CNY"];
    let bought = ["--bought-at", "2026-09-21T14:14:09Z"];
    let buyer = ["--nonce", nonce, "--tag", tag];
    let all = [&terms[..], &bought, &buyer].concat();
    let answer = check(&all).json_only(0);
    assert_eq!(
        (&answer["verdict"], &answer["yours"]),
        (&Value::from("holds receipt"), &Value::from(true))
    );
    assert!(not_proved(&answer).iter().any(|open| open == "future"));
    assert_eq!(
        check(&["--bought-at", "2026-09-21 14:24:10 UTC"]).json_only(1)["code"],
        "receipt_terms"
    );
    assert_eq!(check(&["--bought-at", "noon"]).json_only(2)["code"], "input");
    for (name, wrong) in [("--product", "steam-5"), ("--price", "9.91"), ("--currency", "USD")] {
        assert_eq!(
            check(&[&bought[..], &[name, wrong]].concat()).json_only(1)["code"],
            "receipt_terms",
            "{name}"
        );
    }
    let stranger = [&bought[..], &["--nonce", nonce, "--tag", "someone.else@example.com"]].concat();
    assert_eq!(check(&stranger).json_only(1)["code"], "not_your_sale");
    // Later, with a bundle.
    let bundle = cli.write("bundle.json", &case.bundle);
    assert_eq!(check(&["--bundle", &bundle]).json_only(0)["status"], "met");
    // A breach that one's own audit knows.
    let state = cli.folder();
    let broken = record(1, 1, &serde_json::json!({"epoch": 2, "word": "history_mismatch"}));
    fs::write(format!("{}/audit.json", own_folder(&state)), broken).expect("written");
    let later = check(&["--bundle", &bundle, "--state", &state]);
    assert_eq!(later.json_only(1)["code"], "audit_breach");
    let late = vectors("bundles")
        .into_iter()
        .find(|case| case.name == "receipt met late")
        .expect("the case");
    let run = cli
        .run(["receipt", "--receipt", &file, "--code", &late.code, "--bundle", &bundle])
        .offline(&late);
    assert_eq!(run.json_only(0)["status"], "late");
    let other = Case {
        code: "ABCD-EFGH-2345-6780".to_owned(),
        ..case.clone()
    };
    let run = cli
        .run(["receipt", "--receipt", &file, "--code", &other.code])
        .offline(case)
        .args(bought);
    assert_eq!(run.json_only(1)["code"], "key_id");
}

#[test]
fn a_receipt_that_is_looked_at_late_cannot_be_told_and_shows_the_way_on() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let file = receipt_file(&cli, case);
    let check = |more: &[&str]| {
        let run = cli
            .run(["receipt", "--receipt", &file, "--code", &case.code])
            .offline(case);
        run.args(more.iter().copied())
    };
    let answer = check(&["--price", "9.90"]).json_only(2);
    assert_eq!(
        (&answer["verdict"], &answer["code"]),
        (&Value::from("cannot tell"), &Value::from("receipt_old"))
    );
    for lang in ["en", "zh"] {
        let text = check(&["--lang", lang]).text(2);
        assert!(text.contains("--bought-at") && text.contains("--bundle"), "{text}");
        assert!(text.contains("2026-09-21 14:14:09 UTC"), "{text}");
        assert!(!text.contains("do not use") && !text.contains("不要使用"), "{text}");
    }
    // What is wrong with it is told however late it is.
    for (option, wrong, code) in [
        ("--currency", "USD", "receipt_terms"),
        ("--code", "ABCD-EFGH-2345-6780", "key_id"),
    ] {
        let code_given = if option == "--code" { wrong } else { &case.code };
        let run = cli.run(["receipt", "--receipt", &file, "--code", code_given]);
        let run = if option == "--code" {
            run
        } else {
            run.args([option, wrong])
        };
        assert_eq!(run.offline(case).json_only(1)["code"], code, "{option}");
    }
}

#[test]
fn terms_are_taken_as_people_write_them() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let file = receipt_file(&cli, case);
    let check = |name: &str, value: &str| {
        let run = cli.run(["receipt", "--receipt", &file, "--code", &case.code, name, value]);
        run.args(["--bought-at", "2026-09-21T14:14:09Z"]).offline(case)
    };
    for (name, value) in [
        ("--price", "9.9"),
        ("--price", "09.900"),
        ("--price", "９．９０"),
        ("--currency", "cny"),
        ("--currency", " Cny "),
        ("--product", " steam-50 "),
    ] {
        assert_eq!(check(name, value).json_only(0)["exit"], 0, "{name} {value}");
    }
    for price in ["9,90", "9.9.0", "-9.90", "+9.90", "9.", ".9", "1e1", "9 90", "", "九"] {
        let answer = check("--price", price).json_only(2);
        assert_eq!(answer["code"], "input", "{price}: {answer}");
        assert!(
            answer["detail"].as_str().expect("a detail").contains("--price"),
            "{answer}"
        );
    }
}

#[test]
fn terms_that_were_not_told_are_named() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let file = receipt_file(&cli, case);
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let terms = ["--product", "steam-50", "--price", "9.90", "--currency", "CNY"];
    for told in 0..=3 {
        let run = cli.run(["receipt", "--receipt", &file, "--code", &case.code]).args([
            "--nonce",
            nonce,
            "--tag",
            tag,
            "--bought-at",
            "2026-09-21T14:14:09Z",
        ]);
        let answer = run.args(&terms[..2 * told]).offline(case).json_only(0);
        let open = answer["notProved"].as_array().expect("a list");
        let sentence = open
            .iter()
            .find(|open| open["name"] == "terms")
            .map(|open| open["sentence"].as_str().expect("a sentence"));
        assert_eq!(sentence.is_none(), told == 3, "{answer}");
        for (index, term) in ["product", "price", "currency"].into_iter().enumerate() {
            let named = sentence.is_some_and(|sentence| sentence.contains(term));
            assert_eq!(named, index >= told, "{term}: {sentence:?}");
        }
        let all_good = answer["sentence"].as_str().expect("a sentence").contains("--price");
        assert_eq!(all_good, told < 3, "{answer}");
    }
}

#[test]
fn a_receipt_takes_the_other_side_of_a_transfer_too() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (file, bundle) = (receipt_file(&cli, case), cli.write("bundle.json", &case.bundle));
    let trusted = cli.write("other-trusted.json", &case.trusted);
    let check = |other: &str, more: &[&str]| {
        let run = cli.run(["receipt", "--receipt", &file, "--code", &case.code]);
        run.args(["--other-bundle", other, "--other-source", &trusted])
            .args(more)
            .offline(case)
    };
    assert_eq!(check(&bundle, &["--bundle", &bundle]).json_only(0)["status"], "met");
    let answer = check(&trusted, &["--bundle", &bundle]).json_only(2);
    assert_eq!(answer["code"], "transfer_unverified", "{answer}");
    let bought = ["--bought-at", "2026-09-21T14:14:09Z"];
    assert_eq!(check(&bundle, &bought).json_only(2)["code"], "usage");
}

#[test]
fn a_bundle_without_receipts_says_so() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let mut bundle: Value = serde_json::from_str(&case.bundle).expect("JSON");
    bundle["receipts"] = Value::Array(Vec::new());
    let bare = Case {
        bundle: bundle.to_string(),
        ..case.clone()
    };
    for (case, is_bare) in [(case, false), (&bare, true)] {
        let answer = cli.key(case).json_only(0);
        assert_eq!(answer["receipts"].as_array().expect("a list").is_empty(), is_bare);
        assert_eq!(
            not_proved(&answer).iter().any(|open| open == "no_receipt"),
            is_bare,
            "{answer}"
        );
        for (lang, said) in [("en", "none in this file"), ("zh", "文件中没有收据")] {
            let text = cli.key(case).args(["--lang", lang]).text(0);
            assert_eq!(text.contains(said), is_bare, "{text}");
        }
    }
}
