//! Receipts: at the purchase, and later with a bundle.

use serde_json::Value;

use crate::offline::not_proved;
use crate::run::{Case, Cli, vectors};

/// The receipt in a case's bundle, as a receipt file.
fn receipt_file(cli: &Cli, case: &Case) -> String {
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
    // Without a time, the purchase is now, and this receipt is old.
    assert_eq!(check(&terms).json_only(1)["code"], "receipt_terms");
    assert_eq!(
        check(&["--bought-at", "2026-09-21 14:24:10 UTC"]).json_only(1)["code"],
        "receipt_terms"
    );
    assert_eq!(check(&["--bought-at", "noon"]).json_only(2)["code"], "input");
    for (name, wrong) in [("--product", "steam-5"), ("--price", "9.9"), ("--currency", "USD")] {
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
