//! `shelfproof-verify` itself, offline: every bundle and every refusal of the vectors, and the mistakes of its users.

mod cli;

use std::fs;

use cli::{Case, Cli, vectors};
use serde_json::Value;

const ANYWHERE: [&str; 3] = ["code_works", "sold_elsewhere", "look_alikes"];

fn not_proved(answer: &Value) -> Vec<String> {
    let items = answer["notProved"].as_array().expect("a list");
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn every_bundle_of_the_vectors_holds() {
    let cli = Cli::new();
    for case in vectors("bundles") {
        let answer = cli.key(&case).args(["--json"]).json(0);
        assert_eq!(answer["verdict"], case.verdict, "{}", case.name);
        assert_eq!(answer["code"], Value::Null, "{}", case.name);
        assert_eq!(answer["exit"], 0, "{}", case.name);
        assert_eq!(answer["yours"], case.nonce.is_some(), "{}", case.name);
        let statuses: Vec<&Value> = answer["receipts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|r| &r["status"])
            .collect();
        assert_eq!(
            statuses,
            case.receipt_status.iter().collect::<Vec<_>>(),
            "{}",
            case.name
        );
        let open = not_proved(&answer);
        for name in ANYWHERE.into_iter().chain(["file_believed", "audit"]) {
            assert!(
                open.iter().any(|open| open == name),
                "{}: {name} in {open:?}",
                case.name
            );
        }
        let says_whose = case.nonce.is_some() || case.verdict == "holds absent";
        assert_eq!(
            open.iter().any(|open| open == "whose_sale"),
            !says_whose,
            "{}",
            case.name
        );
    }
}

#[test]
fn every_refusal_of_the_vectors_is_refused_by_its_code() {
    let cli = Cli::new();
    for case in vectors("refused") {
        let cannot_tell = [
            "code_unusual",
            "epoch_not_final",
            "stale",
            "body_withheld",
            "transfer_unverified",
        ];
        let exit = if cannot_tell.contains(&case.verdict.as_str()) {
            2
        } else {
            1
        };
        let answer = cli.key(&case).args(["--json"]).json(exit);
        assert_eq!(answer["code"], case.verdict, "{}: {answer}", case.name);
        assert_eq!(answer["exit"], exit, "{}", case.name);
        assert_eq!(
            answer["verdict"],
            if exit == 2 { "cannot tell" } else { "refused" },
            "{}",
            case.name
        );
        assert!(
            answer["sentence"].as_str().expect("a sentence").ends_with('.'),
            "{}",
            case.name
        );
        for name in ANYWHERE {
            assert!(not_proved(&answer).iter().any(|open| open == name), "{}", case.name);
        }
        // The same for people: the code stands in the first line, in either language.
        for lang in ["en", "zh"] {
            let text = cli.key(&case).args(["--lang", lang]).text(exit);
            let first = text.lines().next().expect("a line");
            assert!(
                first.ends_with(&format!(": {}", case.verdict)),
                "{}: {first}",
                case.name
            );
        }
    }
}

#[test]
fn unusual_codes_cannot_be_told() {
    let cli = Cli::new();
    let holds = &vectors("bundles")[0];
    let all: Value = cli::read();
    for code in all["unusualCodes"].as_array().expect("a list") {
        let case = Case {
            code: code.as_str().expect("text").to_owned(),
            ..holds.clone()
        };
        let answer = cli.key(&case).args(["--json"]).json(2);
        assert_eq!(answer["code"], "code_unusual", "{code}");
    }
}

#[test]
fn every_spelling_of_a_code_is_the_same_key() {
    let cli = Cli::new();
    let holds = &vectors("bundles")[0];
    for spelling in [
        "abcd efgh 2345 6789",
        "ＡＢＣＤ－ＥＦＧＨ－２３４５－６７８９",
        "--ABCD-EFGH-2345-6789",
        "\u{feff}ABCDEFGH23456789\r\n",
    ] {
        let case = Case {
            code: spelling.to_owned(),
            ..holds.clone()
        };
        cli.key(&case).json_only(0);
        let file = cli.write("code.txt", spelling);
        cli.run(["key", "--code-file", &file])
            .bundle(&case)
            .offline(&case)
            .json_only(0);
    }
}

#[test]
fn files_and_standard_input_are_read() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let (code_file, nonce_file) = (
        cli.write("code", &format!("{}\n", case.code)),
        cli.write("nonce", &format!("{nonce}\r\n")),
    );
    let tag_file = cli.write("tag", &format!("{tag}\n"));
    let bundle = cli.write("bundle.json", &case.bundle);
    let from_files = [
        "key",
        "--code-file",
        &code_file,
        "--nonce-file",
        &nonce_file,
        "--tag-file",
        &tag_file,
    ];
    let answer = cli
        .run(from_files)
        .args(["--bundle", &bundle])
        .offline(case)
        .json_only(0);
    assert_eq!(answer["yours"], true);

    for (option, file, input) in [
        ("--code-file", &code_file, case.code.as_str()),
        ("--nonce-file", &nonce_file, nonce),
        ("--tag-file", &tag_file, tag),
        ("--bundle", &bundle, case.bundle.as_str()),
    ] {
        let mut args: Vec<&str> = from_files.to_vec();
        args.extend(["--bundle", bundle.as_str()]);
        for arg in &mut args {
            if *arg == file {
                *arg = "-";
            }
        }
        let answer = cli.run(args).offline(case).stdin(input).json_only(0);
        assert_eq!(answer["yours"], true, "{option}");
    }

    // The secret itself, as a value and from a file, in upper case and without 0x.
    let secret = cli::buyer_secret(nonce).trim_start_matches("0x").to_uppercase();
    let secret_file = cli.write("secret", &secret);
    for given in [["--secret", &secret], ["--secret-file", &secret_file]] {
        let run = cli.run(["key", "--code", &case.code]).args(given);
        assert_eq!(run.bundle(case).offline(case).json_only(0)["yours"], true, "{given:?}");
    }
}

#[test]
fn mistakes_of_use_are_told_and_never_repeat_a_secret() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let secret = cli::buyer_secret(nonce);
    let code = case.code.as_str();
    let mistakes: &[(&str, &[&str])] = &[
        (
            "usage",
            &[
                "key", "--code", code, "--secret", &secret, "--nonce", nonce, "--tag", tag,
            ],
        ),
        ("usage", &["key", "--code", code, "--secret", &secret, "--tag", tag]),
        ("usage", &["key", "--code", code, "--nonce", nonce]),
        ("usage", &["key", "--code", code, "--tag", tag]),
        ("usage", &["key", "--code", code, "--code-file", "-"]),
        ("usage", &["key", "--code-file", "-", "--nonce-file", "-", "--tag", tag]),
        ("usage", &["key", code]),
        ("usage", &["key", "--code", code, "--unknown"]),
        ("usage", &["key", "--code", code, &secret]),
        ("usage", &["key", "--code", code, &format!("--secrt={secret}")]),
        ("usage", &["keys", code]),
        ("usage", &[code]),
        ("input", &["key", "--code", code, "--secret", &secret[..60]]),
        ("input", &["key", "--code", code, "--secret", &secret.replace('1', "g")]),
        ("input", &["key", "--code", code, "--nonce", &nonce[1..], "--tag", tag]),
        ("input", &["key", "--code", code, "--nonce", "", "--tag", tag]),
        ("input", &["key", "--code-file", "/nowhere/code"]),
        ("input", &["key", "--code-file", "/"]),
    ];
    for (expected, args) in mistakes {
        let answer = cli
            .run(args.iter().copied())
            .bundle(case)
            .offline(case)
            .stdin(code)
            .json_only(2);
        assert_eq!(answer["code"], *expected, "{args:?}: {answer}");
        let text = cli
            .run(args.iter().copied())
            .bundle(case)
            .offline(case)
            .stdin(code)
            .text(2);
        for (what, private) in [
            ("code", code),
            ("nonce", &nonce[2..]),
            ("tag", tag),
            ("secret", &secret[2..40]),
        ] {
            assert!(
                !text.contains(private) && !answer.to_string().contains(private),
                "{what} in {text}"
            );
        }
    }
}

#[test]
fn files_that_are_none_are_told() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let folder = cli.folder();
    let large = cli.write("large", &format!("{}{}", case.bundle, " ".repeat(2 << 20)));
    let trusted = cli.write("trusted.json", &case.trusted);
    for (bundle, exit, code) in [
        ("/nowhere/bundle.json", 2, "input"),
        (folder.as_str(), 2, "input"),
        (large.as_str(), 1, "malformed"),
        ("/dev/null", 1, "malformed"),
    ] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", bundle]);
        let answer = run.args(["--offline", "--trusted-epochs", &trusted]).json_only(exit);
        assert_eq!(answer["code"], code, "{bundle}: {answer}");
    }
    let bundle = cli.write("bundle.json", &case.bundle);
    for file in ["/nowhere/trusted.json", folder.as_str(), bundle.as_str()] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", &bundle]);
        assert_eq!(
            run.args(["--offline", "--trusted-epochs", file]).json_only(2)["code"],
            "input",
            "{file}"
        );
    }
    for options in [
        vec![],
        vec!["--offline"],
        vec!["--trusted-epochs", &trusted],
        vec!["--merchant", "nobody"],
    ] {
        let run = cli.run(["key", "--code", &case.code, "--bundle", &bundle]);
        assert_eq!(run.args(&options).json_only(2)["code"], "usage", "{options:?}");
    }
}

#[test]
fn another_merchant_than_the_one_named_is_refused() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = cli::read();
    let (id, registry) = (
        all["merchant"]["merchantId"].as_str().expect("an id"),
        all["merchant"]["registry"].as_str().expect("an address"),
    );
    let other = id.replace('3', "4");
    cli.key(case)
        .args(["--merchant", id, "--registry", registry])
        .json_only(0);
    let answer = cli
        .key(case)
        .args(["--merchant", &other, "--registry", registry])
        .json_only(1);
    assert_eq!(answer["code"], "wrong_merchant");

    cli.run([
        "trust",
        "add",
        "right",
        "--chain-id",
        "31337",
        "--registry",
        registry,
        "--merchant",
        id,
    ])
    .json_only(0);
    cli.run([
        "trust",
        "add",
        "wrong",
        "--chain-id",
        "1",
        "--registry",
        registry,
        "--merchant",
        id,
    ])
    .json_only(0);
    cli.key(case).args(["--merchant", "right"]).json_only(0);
    assert_eq!(
        cli.key(case).args(["--merchant", "wrong"]).json_only(1)["code"],
        "wrong_merchant"
    );
}

#[test]
fn a_pinned_name_never_changes_by_itself() {
    let cli = Cli::new();
    let all = cli::read();
    let id = all["merchant"]["merchantId"].as_str().expect("an id");
    let word = |id: &str| {
        let registry = &all["merchant"]["registry"];
        let word = serde_json::json!({
            "format": "shelfproof-merchant-v1", "chainId": 31337, "registry": registry, "merchantId": id,
            "name": "A shop", "dataUri": "https://shop.invalid/data",
        });
        cli.write("shelfproof.json", &word.to_string())
    };
    let file = word(id);
    assert_eq!(
        cli.run(["trust", "add", "shop", "--from", &file]).json_only(0)["verdict"],
        "holds pinned"
    );
    cli.run(["trust", "add", "shop", "--from", &file]).json_only(0);
    let file = word(&id.replace('3', "4"));
    assert_eq!(
        cli.run(["trust", "add", "shop", "--from", &file]).json_only(1)["code"],
        "pin_changed"
    );
    let list = cli.run(["trust", "list"]).json_only(0);
    assert_eq!(list["merchants"]["shop"]["merchantId"], id);
    assert_eq!(list["merchants"]["shop"]["dataUri"], "https://shop.invalid/data");
    cli.run(["trust", "remove", "shop"]).json_only(0);
    assert_eq!(cli.run(["trust", "remove", "shop"]).json_only(2)["code"], "usage");
    cli.run(["trust", "add", "shop", "--from", &file]).json_only(0);
    for name in ["", "0xabc", "a b", "a/b", &"n".repeat(65)] {
        assert_eq!(
            cli.run(["trust", "add", name, "--from", &file]).json_only(2)["code"],
            "usage",
            "{name}"
        );
    }
}

#[test]
fn show_lists_the_history_and_hides_what_is_private() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let text = cli.key(case).command("show").text(0);
    for part in [
        "2026-09-21 14:14:09 UTC",
        "sold",
        "order O-0 · product steam-50 · price 9.90 · currency CNY",
        "buyerSecret (hidden)",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let secret = cli::buyer_secret(case.nonce.as_deref().expect("a nonce"));
    let json = cli.key(case).command("show").json_only(0).to_string();
    assert!(!text.contains(&secret[2..]) && !json.contains(&secret[2..]));
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn a_receipt_is_checked_on_purchase() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let bundle: Value = serde_json::from_str(&case.bundle).expect("JSON");
    let mut receipt = bundle["receipts"][0].clone();
    for name in ["chainId", "registry", "merchantId", "vrfProof"] {
        receipt[name] = bundle[name].clone();
    }
    receipt["format"] = "shelfproof-receipt-v1".into();
    let file = cli.write("receipt.json", &receipt.to_string());
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
    // Without a time, the purchase is now: this one was long ago.
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
    // Later, by a bundle.
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
fn the_language_is_the_environments_unless_named() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    assert!(cli.key(case).env("LANG", "zh_CN.UTF-8").text(0).contains("没有证明"));
    assert!(
        cli.key(case)
            .env("LANG", "zh_CN.UTF-8")
            .env("LC_ALL", "C")
            .text(0)
            .contains("Not proved")
    );
    assert!(
        cli.key(case)
            .env("LANG", "zh_CN.UTF-8")
            .args(["--lang", "en"])
            .text(0)
            .contains("Not proved")
    );
}

#[test]
fn an_audit_handed_over_is_named_and_matched() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = cli::read();
    let report = |epoch: u64, hash: &Value, breach: Value| {
        let merchant = &all["merchant"];
        let report = serde_json::json!({
            "format": "shelfproof-audit-v1", "chainId": merchant["chainId"], "registry": merchant["registry"],
            "merchantId": merchant["merchantId"], "epoch": epoch, "epochHash": hash, "block": null,
            "auditedAt": 1_790_003_000, "auditor": "Alice", "breach": breach,
        });
        cli.write("report.json", &report.to_string())
    };
    let hash = |number: usize| all["epochs"][number - 1]["hash"].clone();
    let file = report(2, &hash(2), Value::Null);
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
    let file = report(2, &hash(1), Value::Null);
    assert_eq!(
        cli.key(case).args(["--audit", &file]).json_only(0)["audit"]["otherHistory"],
        true
    );
    let breach = serde_json::json!({"epoch": 2, "rule": "history_root", "detail": "epoch 2 was rewritten"});
    let file = report(1, &hash(1), breach);
    let answer = cli.key(case).args(["--audit", &file]).json_only(0);
    assert!(
        answer["warnings"][0]
            .as_str()
            .expect("a warning")
            .contains("epoch 2 was rewritten"),
        "{answer}"
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
fn help_teaches_by_examples() {
    let cli = Cli::new();
    for command in [
        &[][..],
        &["key"],
        &["show"],
        &["receipt"],
        &["audit"],
        &["epochs"],
        &["trust"],
    ] {
        let text = cli.run(command.iter().copied().chain(["--help"])).text(0);
        assert!(
            text.contains("shelfproof-verify ") && text.len() > 400,
            "{command:?}: {text}"
        );
    }
    assert!(cli.run(["--version"]).text(0).starts_with("shelfproof-verify "));
}
