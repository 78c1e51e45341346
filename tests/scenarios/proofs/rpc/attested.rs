//! Auditors on the chain: what one says there, and who counts it.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::sol_types::SolCall;
use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry::{auditedCall, auditedReturn, epochCall};
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

/// Starts a node that says that an auditor attested this, an epoch at that time.
fn lying(setup: &Setup, number: u64, attested_at_s: u64) -> Server {
    let selector = hex::encode(auditedCall::SELECTOR);
    let said = auditedReturn {
        number,
        attestedAt: attested_at_s,
    };
    let said = hex::encode_prefixed(auditedCall::abi_encode_returns(&said));
    before_node(setup.chain.anvil.url(), move |call, answer| {
        if call["method"] == "eth_call" && call["params"][0].to_string().contains(&selector) {
            answer["result"] = json!(said);
        }
    })
}

/// The options with which the auditor of that name attests; the files are made.
fn signer(setup: &Setup, name: &str) -> [String; 5] {
    let (key, passphrase) = (setup.path(&format!("{name}.key")), setup.path("passphrase"));
    fs::write(&passphrase, "correct horse\n").expect("written");
    let options = ["--attest", "--key-file", &key, "--passphrase-file", &passphrase];
    options.map(str::to_owned)
}

/// Makes the key of an auditor, and gives its account money.
fn funded(setup: &Setup, signer: &[String]) -> Address {
    let poor = setup.audit(&setup.data()).args(signer).json(2);
    assert_eq!(poor["code"], "not_attested", "{poor}");
    let address = poor["auditor"].as_str().expect("an address");
    let address = address.parse().expect("an address");
    fund(setup, address);
    address
}

#[test]
fn a_node_that_lies_about_an_attestation_is_named() {
    let setup = Setup::new();
    let (case, signer) = (setup.sold(), signer(&setup, "alice"));
    let address = funded(&setup, &signer).to_string();
    setup.audit(&setup.data()).args(&signer).json(0);
    setup.run(["trust", "auditor", "add", "alice", &address]).json(0);
    setup.pass_until(0);
    let state = setup.path("nowhere");
    let (merchant, honest) = (setup.chain.merchant_id.to_string(), setup.chain.anvil.url());
    let key = |nodes: [&str; 2]| {
        let run = setup.run(["key", "--state", &state, "--require-audit"]).case(&case);
        run.args(setup.through(nodes[0], &merchant)).args(["--rpc", nodes[1]])
    };
    let answer = key([honest, honest]).json(0);
    assert_eq!(answer["audits"][0]["to"], 4, "{answer}");
    for (number, at_s) in [(3, 1_790_000_300), (9, 1_790_000_300), (0, 0)] {
        let liar = lying(&setup, number, at_s);
        for nodes in [[honest, &liar.url()], [&liar.url(), honest]] {
            let answer = key(nodes).json(2);
            assert_eq!(answer["code"], "rpc_disagree", "{answer}");
            let told = answer["detail"].as_str().expect("text");
            let names = format!("node 2 (127.0.0.1) says otherwise of what the auditor {address} attested");
            assert!(told.contains(&names), "{answer}");
        }
    }
}

/// Switches the making of a block for each transaction.
fn mine_at_once(setup: &Setup, at_once: bool) {
    let set = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        provider.anvil_set_auto_mine(at_once).await?;
        if at_once {
            provider.anvil_mine(Some(1), None).await?;
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    });
    set.expect("a runtime").expect("set");
}

/// How many transactions of the account the node knows, and how many of them blocks hold.
fn transactions(setup: &Setup, address: Address) -> (u64, u64) {
    let counts = block_on(async {
        let provider = client(setup.chain.anvil.url())?;
        let known = provider.get_transaction_count(address).pending().await?;
        Ok::<_, Box<dyn std::error::Error>>((known, provider.get_transaction_count(address).await?))
    });
    counts.expect("a runtime").expect("the counts")
}

#[test]
fn an_attestation_that_waits_for_a_block_is_waited_for_and_not_sent_twice() {
    let setup = Setup::new();
    let signer = signer(&setup, "alice");
    let address = funded(&setup, &signer);
    mine_at_once(&setup, false);
    let mut ended = setup.audit(&setup.data()).args(&signer).spawn();
    for _ in 0..600 {
        if transactions(&setup, address) == (1, 0) {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    ended.kill().expect("killed");
    ended.wait().expect("reaped");
    assert_eq!(transactions(&setup, address), (1, 0), "it was sent");
    let answer = thread::scope(|scope| {
        let again = scope.spawn(|| setup.audit(&setup.data()).args(&signer).json(0));
        thread::sleep(Duration::from_secs(3));
        mine_at_once(&setup, true);
        again.join().expect("the run")
    });
    let attested = &answer["attested"];
    assert_eq!(
        (&attested["epoch"], &attested["transaction"]),
        (&json!(4), &Value::Null),
        "{answer}"
    );
    assert_eq!(transactions(&setup, address), (1, 1));
}

#[test]
fn an_auditor_s_word_on_the_chain_counts_for_those_who_trust_it() {
    let setup = Setup::new();
    let (data, case) = (setup.data(), setup.sold());
    let signer = signer(&setup, "alice");
    let attest = || setup.audit(&data).args(&signer);
    // The key is made, and its account has nothing.
    let address = funded(&setup, &signer);
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
    for wrong in ["another\n", "\n"] {
        fs::write(&signer[4], wrong).expect("written");
        assert_eq!(attest().json(2)["code"], "input");
    }

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
