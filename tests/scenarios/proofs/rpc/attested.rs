//! Auditors on the chain: what one says there, and who counts it.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy::providers::ext::AnvilApi;
use alloy::sol_types::SolCall;
use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry::epochCall;
use shelfproof_tests::vector_chain::{block_on, client};
use shelfproof_tests::web::Server;

use super::node::before_node;
use super::setup::{Setup, names};

/// Gives an account money for fees.
fn fund(setup: &Setup, address: Address) {
    let funded = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        provider
            .anvil_set_balance(address, U256::from(1_000_000_000_000_000_000_u64))
            .await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    });
    funded.expect("a runtime").expect("funded");
}

/// Starts a node that tells an epoch once, and then as if there were none.
fn forgetting(setup: &Setup, number: u64) -> Server {
    let (selector, last) = (hex::encode(epochCall::SELECTOR), format!("{number:064x}"));
    let told = AtomicBool::new(false);
    before_node(setup.chain.anvil.url(), move |call, answer| {
        let input = call["params"][0].to_string();
        if input.contains(&selector) && input.contains(&last) && told.swap(true, Ordering::Relaxed) {
            answer["result"] = json!(format!("0x{}", "0".repeat(128)));
        }
    })
}

#[test]
fn an_auditor_s_word_on_the_chain_counts_for_those_who_trust_it() {
    let setup = Setup::new();
    let (data, case) = (setup.data(), setup.sold());
    let (key, passphrase) = (setup.path("alice.key"), setup.path("passphrase"));
    fs::write(&passphrase, "correct horse\n").expect("written");
    let attest = || {
        let signer = ["--attest", "--key-file", &key, "--passphrase-file", &passphrase];
        setup.audit(&data).args(signer)
    };
    // The key is made, and its account has nothing.
    let poor = attest().json(2);
    assert_eq!(poor["code"], "not_attested", "{poor}");
    let address: Address = poor["auditor"]
        .as_str()
        .expect("an address")
        .parse()
        .expect("an address");
    fund(&setup, address);
    let said = attest().json(0);
    assert_eq!(
        (&said["attested"]["epoch"], &said["attested"]["auditor"]),
        (&json!(4), &json!(address)),
        "{said}"
    );
    assert!(said["attested"]["transaction"].is_string(), "{said}");
    // It is said once.
    let again = attest().json(0);
    assert_eq!(
        (&again["attested"]["epoch"], &again["attested"]["transaction"]),
        (&json!(4), &Value::Null)
    );
    fs::write(&passphrase, "another\n").expect("written");
    assert_eq!(attest().json(2)["code"], "input");

    // Another user, who made no audit.
    let state = setup.path("nowhere");
    let elsewhere = |command: &str| {
        let run = setup.key(&case).command(command);
        run.args(["--state", &state, "--require-audit"])
    };
    assert_eq!(elsewhere("key").json(2)["code"], "unaudited");
    let address = address.to_string();
    let add = |name: &str, address: &str| setup.run(["trust", "auditor", "add", name, address]);
    add("bob", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8").json(0);
    assert_eq!(elsewhere("key").json(2)["code"], "unaudited", "bob said nothing");
    add("alice", &address).json(0);
    add("alice", &address).json(0);
    let other = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
    assert_eq!(add("alice", other).json(2)["code"], "usage");
    // What is in no final block does not count yet.
    assert_eq!(elsewhere("key").json(2)["code"], "unaudited");
    setup.pass_until(0);
    for command in ["key", "show"] {
        let answer = elsewhere(command).json(0);
        let audit = &answer["audits"][0];
        assert_eq!(
            (&audit["auditor"], &audit["attested"], &audit["covers"], &audit["to"]),
            (&json!("alice"), &json!(true), &json!(true), &json!(4)),
            "{answer}"
        );
        assert!(names(&answer["notProved"]).contains(&"attestation_believed".to_owned()));
        let text = elsewhere(command).text(0);
        assert!(text.contains("the attestation on the chain by alice of 20"), "{text}");
    }
    // A node that lacks an epoch up to the latest contradicts itself.
    let node = forgetting(&setup, 4);
    let merchant = setup.chain.merchant_id.to_string();
    let run = setup.run(["key", "--state", &state, "--require-audit"]).case(&case);
    assert_eq!(
        run.args(setup.through(&node.url(), &merchant)).json(2)["code"],
        "rpc_answer"
    );
    let list = setup.run(["trust", "auditor", "list"]).json(0);
    assert_eq!(list["auditors"]["bob"], "0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
    setup.run(["trust", "auditor", "remove", "alice"]).json(0);
    assert_eq!(
        setup.run(["trust", "auditor", "remove", "alice"]).json(2)["code"],
        "usage"
    );
    assert_eq!(elsewhere("key").json(2)["code"], "unaudited");
}
