//! What is told of a shop when it is pinned or looked at, and what answers in its place.

use std::sync::{Arc, Mutex};

use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::vector_chain::{AS_OF_S, block_on, client};
use shelfproof_tests::vectors::Vectors;
use shelfproof_tests::web::Server;

use super::node::before_node;
use super::setup::Setup;

/// Changes a node's answer to a call.
type Lie = fn(&Value, &mut Value);

/// What the vectors' merchant's owner does, final at the end.
enum Act {
    Offer(Address),
    Retire(B256),
}

fn act(setup: &Setup, act: &Act) {
    let owner = Vectors::read().expect("the vectors").merchant.owner;
    let done = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        let registry = ShelfproofRegistry::new(setup.chain.registry, provider.clone());
        let id = setup.chain.merchant_id;
        let sent = match act {
            Act::Offer(to) => registry.offerOwnership(id, *to).from(owner).send().await?,
            Act::Retire(successor) => registry.retire(id, *successor).from(owner).send().await?,
        };
        assert!(sent.get_receipt().await?.status());
        provider.anvil_mine(Some(3), None).await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    });
    done.expect("a runtime").expect("the owner's call");
}

#[test]
fn who_stands_behind_a_shop_is_shown_when_it_is_pinned_and_looked_at() {
    let setup = Setup::new();
    let url = setup.chain.anvil.url().to_owned();
    let owner = Vectors::read().expect("the vectors").merchant.owner;
    let answer = setup.pin(&url, setup.chain.merchant_id).json(0);
    let registered = &answer["registered"];
    let release = registered["release"].as_str().expect("a release").to_owned();
    assert_eq!(
        registered,
        &json!({
            "release": release, "owner": owner, "offeredOwner": null, "disputes": null, "retired": false,
            "successor": null, "othersOfOwner": [],
        })
    );
    // Pinned again without a node, it is looked up at the one that was kept.
    let merchant = setup.chain.merchant_id.to_string();
    let at = ["--registry", &setup.chain.registry.to_string(), "--merchant", &merchant];
    let again = setup
        .run(["trust", "add", "shop", "--chain-id", "31337"])
        .args(at)
        .json(0);
    assert_eq!(&again["registered"], registered);
    let other = setup.register_another(&[]);
    let heir = Address::repeat_byte(0xab);
    act(&setup, &Act::Offer(heir));
    let show = || setup.run(["trust", "show", "shop"]);
    let registered = &show().json(0)["registered"];
    assert_eq!(registered["othersOfOwner"], json!([other]));
    assert_eq!(registered["offeredOwner"], json!(heir));
    let text = show().text(0);
    for part in [
        release,
        owner.to_string(),
        format!("offered to {heir}, who has not accepted"),
        "none: no contract pays".to_owned(),
        other.to_string(),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
}

#[test]
fn a_node_without_old_logs_is_said_to_know_no_others() {
    let setup = Setup::new();
    setup.register_another(&[]);
    let empty: Lie = |call, answer| {
        if call["method"] == "eth_getLogs" {
            answer["result"] = json!([]);
        }
    };
    let refused: Lie = |call, answer| {
        if call["method"] == "eth_getLogs" {
            let error = json!({"code": -32601, "message": "logs are not served here"});
            *answer = json!({"jsonrpc": "2.0", "id": call["id"], "error": error});
        }
    };
    for lie in [empty, refused] {
        let node = before_node(setup.chain.anvil.url(), lie);
        let answer = setup.pin(&node.url(), setup.chain.merchant_id).json(0);
        assert_eq!(answer["registered"]["othersOfOwner"], Value::Null, "{answer}");
        let text = setup.pin(&node.url(), setup.chain.merchant_id).text(0);
        assert!(text.contains("not known: this node"), "{text}");
    }
}

#[test]
fn a_retired_shops_successor_is_shown_and_not_trusted() {
    let setup = Setup::new();
    let case = setup.sold();
    let url = setup.chain.anvil.url().to_owned();
    setup.pin(&url, setup.chain.merchant_id).json(0);
    let successor = setup.register_another(&[]);
    let warned = |answer: &Value| answer["warnings"].to_string().contains(&successor.to_string());
    assert!(!warned(&setup.key(&case).json(0)));
    act(&setup, &Act::Retire(successor));
    let answer = setup.key(&case).json(0);
    assert!(warned(&answer) && answer["verdict"] == case.verdict, "{answer}");
    assert!(warned(&setup.key(&case).command("show").json(0)));
    let answer = setup.run(["trust", "show", "shop"]).json(0);
    assert!(warned(&answer), "{answer}");
    assert_eq!(answer["registered"]["successor"], json!(successor));
    let list = setup.run(["trust", "list"]).json(0);
    assert!(!list.to_string().contains(&successor.to_string()), "{list}");
    // A bundle of the retired shop is not one of its successor.
    let at = setup.at(&successor.to_string());
    assert_eq!(
        setup.run(["key"]).case(&case).args(at).json(1)["code"],
        "wrong_merchant"
    );
}

#[test]
fn a_page_in_the_shops_place_is_the_networks() {
    let setup = Setup::new();
    let case = setup.redeemed();
    let portal = Server::start(|_| Some(b"<!doctype html><title>Welcome to the hotel</title>".to_vec()));
    let portal = portal.expect("a server");
    let receipt = setup.receipt_file(&case, "kept.json", &case.bundle["receipts"][0]);
    let from = format!("{}/.well-known/shelfproof.json", portal.url());
    // All data is long due, and still nothing is held against the shop.
    setup.pass_until(AS_OF_S + 7_200);
    for run in [
        setup.audit(&portal.url()),
        setup.online([
            "receipt",
            "--receipt",
            &receipt,
            "--code",
            &case.code,
            "--data",
            &portal.url(),
        ]),
        setup.run(["trust", "add", "shop", "--from", &from]),
    ] {
        let answer = run.json(2);
        assert_eq!(answer["code"], "network", "{answer}");
        let sentence = answer["sentence"].as_str().expect("a sentence");
        assert!(sentence.contains("sign in or use another network"), "{sentence}");
    }
}

#[test]
fn what_a_shop_says_differently_is_told_when_it_is_looked_at() {
    let setup = Setup::new();
    let registry = setup.chain.registry;
    let (right, other) = (setup.chain.merchant_id, B256::repeat_byte(4));
    let said = Arc::new(Mutex::new((right, "https://shop.invalid/data")));
    let words = Arc::clone(&said);
    let server = Server::start(move |_| {
        let (id, data_uri) = *words.lock().expect("the words");
        let file = json!({
            "format": "shelfproof-merchant-v1", "chainId": 31337, "registry": registry, "merchantId": id,
            "name": "A shop", "dataUri": data_uri,
        });
        Some(file.to_string().into_bytes())
    });
    let server = server.expect("a server");
    let from = format!("{}/.well-known/shelfproof.json", server.url());
    let url = setup.chain.anvil.url().to_owned();
    setup
        .run(["trust", "add", "shop", "--from", &from, "--rpc", &url])
        .json(0);
    let show = || setup.run(["trust", "show", "shop"]);
    assert!(!show().json(0)["warnings"].to_string().contains("describes itself"));
    *said.lock().expect("the words") = (right, "https://elsewhere.invalid/data");
    for run in [show(), setup.run(["trust", "add", "shop", "--from", &from])] {
        let warnings = run.json(0)["warnings"].to_string();
        for part in ["describes itself", "shop.invalid/data", "elsewhere.invalid/data"] {
            assert!(warnings.contains(part), "{part} in {warnings}");
        }
    }
    *said.lock().expect("the words") = (other, "https://elsewhere.invalid/data");
    assert_eq!(show().json(1)["code"], "pin_changed");
    drop(server);
    let warnings = show().json(0)["warnings"].to_string();
    assert!(warnings.contains("could not be read"), "{warnings}");
}
