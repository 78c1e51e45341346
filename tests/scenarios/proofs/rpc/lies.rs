//! Nodes that hide logs, report impossible block numbers, or answer "try again". None of these turns a kept promise
//! into a broken one.

use std::sync::{Arc, Mutex};

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_tests::vector_chain::AS_OF_S;
use shelfproof_tests::web::Server;

use super::node::before_node;
use super::setup::{Setup, anchored_at_s};

const GET_LOGS: &str = "eth_getLogs";

/// Returns the topic with an epoch's number.
fn topic(number: u8) -> Value {
    json!(B256::with_last_byte(number))
}

/// Starts a node that removes the logs of the epochs in `hidden` from every answer.
fn hiding(setup: &Setup, hidden: &'static [u8]) -> Server {
    before_node(setup.chain.anvil.url(), move |call, answer| {
        if call["method"] == GET_LOGS {
            let logs = answer["result"].as_array_mut().expect("logs");
            logs.retain(|log| !hidden.iter().any(|number| log["topics"][2] == topic(*number)));
        }
    })
}

#[test]
fn hidden_logs_break_no_promise() {
    let setup = Setup::new();
    let case = setup.redeemed();
    let (data, merchant) = (setup.data(), setup.chain.merchant_id.to_string());
    let honest = setup.chain.anvil.url().to_owned();
    let (both, first, second) = (hiding(&setup, &[1, 2]), hiding(&setup, &[1]), hiding(&setup, &[2]));
    let check = |receipt: &str, rpc: &str, exit: i32| {
        let run = setup.run(["receipt", "--receipt", receipt, "--code", &case.code, "--data", &data]);
        run.args(setup.through(rpc, &merchant)).json(exit)
    };
    setup.pass_until(AS_OF_S + 61);
    let kept = setup.receipt_file(&case, "kept.json", &case.bundle["receipts"][0]);
    assert_eq!(check(&kept, &honest, 0)["status"], "met");
    for node in [&both, &first] {
        assert_eq!(check(&kept, &node.url(), 2)["code"], "log_not_found");
    }
    // Sales for which the search begins after the first epoch or after the second, as the registry's times say.
    let after_first = anchored_at_s(1) + 601;
    let after_second = anchored_at_s(2) + 601;
    for (sold_at_s, hides_searched) in [(after_first, true), (after_second, false)] {
        let promise = setup.promise(&case, sold_at_s, AS_OF_S + 60);
        let broken = setup.receipt_file(&case, "broken.json", &promise);
        for node in [&honest, &first.url()] {
            assert_eq!(check(&broken, node, 1)["code"], "receipt_unmet", "{sold_at_s}");
        }
        for node in [&both, &second] {
            let (exit, code) = if hides_searched {
                (2, "log_not_found")
            } else {
                (1, "receipt_unmet")
            };
            assert_eq!(check(&broken, &node.url(), exit)["code"], code, "{sold_at_s}");
        }
    }
    let audit = setup
        .run(["audit", "--data", &data])
        .args(setup.through(&second.url(), &merchant));
    let answer = audit.json(2);
    assert_eq!(answer["code"], "log_not_found");
    assert!(
        answer["detail"].as_str().expect("text").contains("--from-block"),
        "{answer}"
    );
}

#[test]
fn a_block_beyond_all_counting_is_a_bad_answer() {
    let setup = Setup::new();
    let (data, merchant) = (setup.data(), setup.chain.merchant_id.to_string());
    for field in ["number", "timestamp"] {
        let node = before_node(setup.chain.anvil.url(), move |call, answer| {
            match call["method"].as_str().expect("a method") {
                "eth_getBlockByNumber" => answer["result"][field] = json!("0xffffffffffffffff"),
                GET_LOGS => *answer = json!({"jsonrpc": "2.0", "id": call["id"], "result": []}),
                _ => {}
            }
        });
        let audit = setup.run(["audit", "--data", &data]);
        let answer = audit.args(setup.through(&node.url(), &merchant)).json(2);
        assert_eq!(answer["code"], "rpc_answer", "{field}: {answer}");
    }
}

#[test]
fn a_node_that_is_asked_too_often_is_asked_the_same_again() {
    let setup = Setup::new();
    let (data, merchant) = (setup.data(), setup.chain.merchant_id.to_string());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ranges = Arc::clone(&asked);
    let node = before_node(setup.chain.anvil.url(), move |call, answer| {
        if call["method"] == GET_LOGS {
            let mut ranges = ranges.lock().expect("the ranges");
            ranges.push(call["params"][0]["toBlock"].clone());
            if ranges.len() == 1 {
                let error = json!({"code": -32005, "message": "limit exceeded"});
                *answer = json!({"jsonrpc": "2.0", "id": call["id"], "error": error});
            }
        }
    });
    let audit = setup.run(["audit", "--data", &data]);
    assert_eq!(audit.args(setup.through(&node.url(), &merchant)).json(0)["epoch"], 4);
    let asked = asked.lock().expect("the ranges");
    assert_eq!(asked.first(), asked.get(1), "{asked:?}");
}
