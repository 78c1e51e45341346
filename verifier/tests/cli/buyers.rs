//! Buyers: the nonce and what the shop is told, and whose a sale is.

use std::fs;

use crate::offline::not_proved;
use crate::receipts::receipt_file;
use crate::run::{self, Cli, vectors};

#[test]
fn a_nonce_is_made_once_for_its_owner_alone() {
    let cli = Cli::new();
    let path = format!("{}/nonce.txt", cli.folder());
    let answer = cli.run(["buyer", "new", "--nonce-file", &path]).json_only(0);
    assert_eq!(answer["nonceFile"], path.as_str());
    let nonce = fs::read_to_string(&path).expect("the file");
    assert!(nonce.starts_with("0x") && nonce.len() == 67, "{nonce}");
    assert!(!answer.to_string().contains(nonce.trim()), "the nonce is not printed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = cli.run(["buyer", "new", "--nonce-file", &path]).json_only(2);
    assert_eq!(again["code"], "storage");
    assert!(
        again["detail"]
            .as_str()
            .expect("a detail")
            .contains("name another file"),
        "{again}"
    );
    assert_eq!(
        fs::read_to_string(&path).expect("the file"),
        nonce,
        "it is not overwritten"
    );
    let other = format!("{path}.2");
    assert!(
        cli.run(["buyer", "new", "--nonce-file", &other])
            .text(0)
            .contains("buyer hash")
    );
    assert_ne!(fs::read_to_string(&other).expect("the file"), nonce);
}

#[test]
fn the_shop_is_told_the_hash_that_a_sale_names() {
    let cli = Cli::new();
    let all = run::read();
    for buyer in all["buyers"].as_array().expect("buyers") {
        let nonce = cli.write("nonce", buyer["nonce"].as_str().expect("a nonce"));
        let tag = buyer["tag"].as_str().expect("a tag");
        let hash = || cli.run(["buyer", "hash", "--nonce-file", &nonce, "--tag", tag]);
        assert_eq!(hash().json_only(0)["buyer"], buyer["buyer"], "{tag}");
        let text = hash().args(["--lang", "zh"]).text(0);
        assert!(text.contains(buyer["buyer"].as_str().expect("a hash")), "{text}");
    }
    let nonce = cli.write("nonce", "0x12");
    for (args, code) in [
        (vec![], "usage"),
        (vec!["--tag", "me"], "usage"),
        (vec!["--nonce-file", &nonce], "usage"),
        (vec!["--nonce-file", &nonce, "--tag", "me"], "input"),
    ] {
        let run = cli.run(["buyer", "hash"]).args(&args);
        assert_eq!(run.json_only(2)["code"], code, "{args:?}");
    }
}

#[test]
fn a_bare_secret_makes_a_sale_that_of_whoever_knows_it() {
    let cli = Cli::new();
    let case = &vectors("bundles")[0];
    let (nonce, tag) = (
        case.nonce.as_deref().expect("a nonce"),
        case.tag.as_deref().expect("a tag"),
    );
    let secret = run::buyer_secret(nonce);
    let bundle = cli.write("bundle.json", &case.bundle);
    let receipt = receipt_file(&cli, case);
    let commands = [
        vec!["key", "--code", &case.code, "--bundle", &bundle],
        vec![
            "receipt",
            "--receipt",
            &receipt,
            "--code",
            &case.code,
            "--bought-at",
            "2026-09-21T14:14:09Z",
        ],
    ];
    for command in commands {
        let check = |given: &[&str]| cli.run(&command).args(given).offline(case);
        let answer = check(&["--secret", &secret]).json_only(0);
        assert_eq!(answer["yours"], false, "{answer}");
        assert_eq!(answer["soldTo"], "whoever knows this secret");
        assert!(
            not_proved(&answer).iter().any(|open| open == "secret_alone"),
            "{answer}"
        );
        for (lang, said) in [("en", "to whoever knows this secret"), ("zh", "知道这个密钥的人")] {
            let text = check(&["--secret", &secret, "--lang", lang]).text(0);
            assert_eq!(text.matches(said).count(), 2, "{text}");
        }
        let answer = check(&["--nonce", nonce, "--tag", tag]).json_only(0);
        assert_eq!(
            (answer["yours"].as_bool(), answer["soldTo"].as_str()),
            (Some(true), Some("you"))
        );
        assert!(
            !not_proved(&answer).iter().any(|open| open == "secret_alone"),
            "{answer}"
        );
        assert!(check(&[]).json_only(0)["soldTo"].is_null());
    }
}
