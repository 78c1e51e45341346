//! Offline: verdicts and pins.

use crate::run::{self, Case, Cli, vectors};
use serde_json::Value;

const ANYWHERE: [&str; 3] = ["code_works", "sold_elsewhere", "look_alikes"];

/// The names of what an answer does not prove.
pub(crate) fn not_proved(answer: &Value) -> Vec<String> {
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
        // The text has the code in its first line, in both languages.
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
    let all: Value = run::read();
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
fn another_merchant_than_the_one_named_is_refused() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let all = run::read();
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

    // Other options are compared too, with and without a merchant.
    for told in [
        &["--chain-id", "1"][..],
        &["--chain-id", "1", "--merchant", id, "--registry", registry],
        &["--registry", &registry.replace('5', "6")],
    ] {
        let answer = cli.key(case).args(told).json_only(1);
        assert_eq!(answer["code"], "wrong_merchant", "{told:?}");
    }
    cli.key(case)
        .args(["--chain-id", "31337", "--registry", registry])
        .json_only(0);
    // An id may be given with or without 0x.
    let bare = id.trim_start_matches("0x").to_uppercase();
    cli.key(case)
        .args(["--merchant", &bare, "--registry", registry])
        .json_only(0);

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
    let all = run::read();
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
    for name in ["", "0xabc", "a b", "a/b", &"n".repeat(65), &"a".repeat(64)] {
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
    let secret = run::buyer_secret(case.nonce.as_deref().expect("a nonce"));
    let json = cli.key(case).command("show").json_only(0).to_string();
    assert!(!text.contains(&secret[2..]) && !json.contains(&secret[2..]));
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
    assert!(
        text.contains("WARNING: this is the chain as of 2026-09-21 15:13:20 UTC"),
        "the vectors are old: {text}"
    );
}

#[test]
fn a_proof_in_parts_holds_with_all_of_them() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let whole: Value = serde_json::from_str(&case.bundle).expect("JSON");
    let events = whole["events"].as_array().expect("events");
    let part = |name: &str, events: &[Value], is_public: bool| {
        let mut file = whole.clone();
        file["events"] = events.into();
        if is_public {
            file["format"] = "shelfproof-history-v1".into();
            let fields = file.as_object_mut().expect("an object");
            fields.remove("vrfProof");
            fields.remove("receipts");
        }
        cli.write(name, &file.to_string())
    };
    let newest = part("newest.json", &events[2..], false);
    let older = part("older.json", &events[..2], true);
    let other = vectors("bundles")
        .into_iter()
        .find(|other| other.bundle != case.bundle && other.code != case.code)
        .expect("another key");
    let stranger = cli.write("stranger.json", &other.bundle);
    let check = |files: &[&String]| {
        let bundles = files.iter().flat_map(|file| ["--bundle", file]);
        cli.run(["key", "--code", &case.code]).args(bundles).offline(case)
    };
    for files in [[&newest, &older], [&older, &newest]] {
        let answer = check(&files).json_only(0);
        assert_eq!(answer["verdict"], case.verdict);
        assert_eq!(answer["events"].as_array().expect("events").len(), events.len());
    }
    assert_eq!(check(&[&newest]).json_only(1)["code"], "version_gap");
    for lang in ["en", "zh"] {
        let text = check(&[&newest]).args(["--lang", lang]).text(1);
        assert!(text.contains("--bundle"), "{text}");
    }
    for wrong in [[&older, &older], [&newest, &stranger]] {
        assert_eq!(check(&wrong).json_only(1)["code"], "malformed");
    }
    assert_eq!(
        check(&[&older]).json_only(1)["code"],
        "malformed",
        "the shop's own file is needed"
    );
    assert_eq!(check(&[]).json_only(2)["code"], "usage");
}
