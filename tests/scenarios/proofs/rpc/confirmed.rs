//! Several nodes for one check: what one of them alone says of an epoch or of a receipt key decides nothing.

use std::fs;
use std::path::Path;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry::{epochCall, epochReturn, receiptSignerCall, receiptSignerReturn};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::web::Reply;
use shelfproof_verifier::B256;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};

use super::ledger::{CHAIN_ID, Ledger, MERCHANT, Node, REGISTRY, block_of, json_reply, time_of};
use super::providers::{EPOCHS, GET_LOGS, Shop, run_at};

/// Changes what a node says that the registry holds of an epoch.
type Change = fn(&mut epochReturn);

/// The shop, with two receipt keys.
fn shop() -> Shop {
    let mut shop = Shop::new(EPOCHS);
    shop.ledger.signers = vec![Address::repeat_byte(0xa1), Address::repeat_byte(0xa2)];
    shop
}

/// A node that answers each call as `change` leaves the answer.
fn changing(ledger: &Ledger, change: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Node {
    Node::start(ledger.clone(), move |ledger, asked| {
        let answer = |call: &Value| {
            let mut answer = ledger.answer(call);
            change(call, &mut answer);
            answer
        };
        Some(match asked.as_array() {
            Some(calls) => json_reply(&calls.iter().map(answer).collect::<Value>()),
            None => json_reply(&answer(asked)),
        })
    })
}

fn input<C: SolCall>(call: &Value) -> Option<C> {
    let input: Bytes = call["params"][0]["input"].as_str()?.parse().expect("hex");
    C::abi_decode(&input).ok()
}

/// A node that says otherwise of epoch 20.
fn misled(ledger: &Ledger, change: Change) -> Node {
    changing(ledger, move |call, answer| {
        if input::<epochCall>(call).is_some_and(|call| call.number == 20) {
            let held: Bytes = answer["result"].as_str().expect("bytes").parse().expect("hex");
            let mut held = epochCall::abi_decode_returns(&held).expect("an epoch");
            change(&mut held);
            answer["result"] = json!(Bytes::from(epochCall::abi_encode_returns(&held)));
        }
    })
}

/// Writes trusted epochs over those nodes; the answer, standard error, and whether there is a file.
fn epochs(home: &Path, nodes: &[&Node], exit: i32) -> (Value, String, Option<Value>) {
    let out = home.join("epochs.json");
    let args = ["epochs", "--out", out.to_str().expect("UTF-8")];
    let (answer, error) = run_at(home, nodes, &args, exit);
    let file = fs::read(&out).ok();
    let file = file.map(|bytes| serde_json::from_slice(&bytes).expect("JSON"));
    (answer, error, file)
}

#[test]
fn every_epoch_of_an_audit_and_of_a_file_is_what_all_nodes_say() {
    let shop = shop();
    let honest = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    let cases: [(&str, Change, &str); 3] = [
        ("another time", |held| held.anchoredAt += 12, ", anchored at "),
        ("another hash", |held| held.epochHash = B256::repeat_byte(9), "0x0909"),
        (
            "none",
            |held| (held.epochHash, held.anchoredAt) = (B256::ZERO, 0),
            "lags or hides it",
        ),
    ];
    for (case, change, says) in cases {
        let liar = misled(&shop.ledger, change);
        for (place, nodes) in [
            (1, [&liar, &honest[0], &honest[1]]),
            (2, [&honest[0], &liar, &honest[1]]),
        ] {
            let home = tempfile::tempdir().expect("a folder");
            let (told, _, file) = epochs(home.path(), &nodes, 2);
            assert_eq!(file, None, "{case}");
            for answer in [
                told,
                shop.audit(&nodes, &["--since", "0"], 2),
                shop.audit(&nodes, &[], 2),
                shop.audit(&nodes, &["--since", "10", "--agree", "2"], 2),
            ] {
                assert_eq!(answer["code"], "rpc_disagree", "{case}: {answer}");
                let detail = answer["detail"].as_str().expect("text");
                assert!(detail.contains("of epoch 20"), "{case}: {detail}");
                // Each node's words stand beside its name: the odd one is seen.
                let words = |place: usize| {
                    let name = format!("; node {place} (127.0.0.1): ");
                    detail
                        .split_once(&name)
                        .expect("its name")
                        .1
                        .split("; ")
                        .next()
                        .expect("words")
                };
                let others: Vec<&str> = (1..=3).filter(|other| *other != place).map(words).collect();
                assert!(words(place).contains(says), "{case}: {detail}");
                assert!(others[0] == others[1] && others[0] != words(place), "{case}: {detail}");
            }
        }
    }
    let home = tempfile::tempdir().expect("a folder");
    let (answer, said, file) = epochs(home.path(), &[&honest[0], &honest[1]], 0);
    assert_eq!((&answer["epochs"], said.as_str()), (&json!(EPOCHS), ""));
    let file = file.expect("a file");
    assert_eq!(file["epochs"].as_array().map(Vec::len), Some(30));
    assert_eq!(file["receiptSigners"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_second_node_costs_an_audit_no_more_requests_than_the_first() {
    let shop = Shop::new(1_000);
    let nodes = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    shop.audit(&[&nodes[0], &nodes[1]], &["--since", "0"], 0);
    for node in &nodes {
        let requests = node.requests();
        assert!(requests <= 20, "{requests} requests");
    }
}

#[test]
fn a_receipt_key_is_what_all_nodes_say() {
    let shop = shop();
    let honest = Node::honest(shop.ledger.clone());
    let liar = changing(&shop.ledger, |call, answer| {
        if input::<receiptSignerCall>(call).is_some_and(|call| call.signer == Address::repeat_byte(0xa1)) {
            let span = receiptSignerReturn {
                from: time_of(9),
                until: time_of(12),
            };
            answer["result"] = json!(Bytes::from(receiptSignerCall::abi_encode_returns(&span)));
        }
    });
    for nodes in [[&honest, &liar], [&liar, &honest]] {
        let home = tempfile::tempdir().expect("a folder");
        let (answer, _, file) = epochs(home.path(), &nodes, 2);
        assert_eq!((&answer["code"], &file), (&json!("rpc_disagree"), &None), "{answer}");
        let detail = answer["detail"].as_str().expect("text");
        assert!(
            detail.contains("node 2 (127.0.0.1) says otherwise of the merchant's keys"),
            "{detail}"
        );
    }
}

#[test]
fn logs_fewer_than_at_another() {
    let shop = shop();
    let full = Node::honest(shop.ledger.clone());
    let with_logs = |reply: fn(Value) -> Reply| {
        Node::start(shop.ledger.clone(), move |ledger, asked| {
            (asked["method"] == GET_LOGS).then(|| reply(ledger.answer(asked)))
        })
    };
    let fewer = with_logs(|mut answer| {
        let logs = answer["result"].as_array_mut().expect("logs");
        logs.truncate(1);
        json_reply(&answer)
    });
    let none = with_logs(|answer| json_reply(&json!({"id": answer["id"], "result": []})));
    let refusing = with_logs(|answer| {
        let error = json!({"code": -32_601, "message": "the method eth_getLogs does not exist/is not available"});
        json_reply(&json!({"id": answer["id"], "error": error}))
    });
    for (node, says) in [
        (&fewer, "its logs lack 1 of the keys"),
        (&none, "its logs lack 2 of the keys"),
        (&refusing, "serves no logs"),
    ] {
        for (place, nodes) in [(1, [node, &full]), (2, [&full, node])] {
            let home = tempfile::tempdir().expect("a folder");
            let (_, said, file) = epochs(home.path(), &nodes, 0);
            let signers = file.expect("a file")["receiptSigners"].as_array().map(Vec::len);
            assert_eq!(signers, Some(2), "{says}");
            assert!(
                said.contains(&format!("node {place} (127.0.0.1): ")) && said.contains(says),
                "{said}"
            );
        }
    }
    // Nobody's silence is taken for the absence of keys.
    for nodes in [[&none, &refusing], [&refusing, &none]] {
        let home = tempfile::tempdir().expect("a folder");
        let (answer, _, file) = epochs(home.path(), &nodes, 2);
        assert_eq!(file, None, "{answer}");
        let detail = answer["detail"].as_str().expect("text");
        assert!(detail.starts_with("node 1 (127.0.0.1): "), "{detail}");
    }
}

/// Where a search begins, the first node alone says by its times: the epoch before is therefore compared too.
#[test]
fn no_node_alone_says_where_the_search_for_a_sale_begins() {
    let shop = shop();
    let early = changing(&shop.ledger, |call, answer| {
        if let Some(call) = input::<epochCall>(call) {
            let held: Bytes = answer["result"].as_str().expect("bytes").parse().expect("hex");
            let mut held = epochCall::abi_decode_returns(&held).expect("an epoch");
            held.anchoredAt = u32::try_from(time_of(10) + call.number).expect("seconds");
            answer["result"] = json!(Bytes::from(epochCall::abi_encode_returns(&held)));
        }
    });
    let honest = Node::honest(shop.ledger.clone());
    let first_since = |node: &Node, number: u64| {
        block_on(async {
            let connect = async |url| RpcSource::connect(url, Some(CHAIN_ID), REGISTRY, MERCHANT, Finality::Tag).await;
            let (first, second) = (connect(&node.url()).await?, [connect(&honest.url()).await?]);
            let at = first.final_block().await?;
            let scan = first.scan_since(time_of(block_of(number)), at).await?;
            Ok::<_, RpcError>(scan.confirmed_by(&second).next_hash().await?.map(|(number, _)| number))
        })
        .expect("a runtime")
    };
    for number in [1, 2, 17, EPOCHS] {
        assert_eq!(first_since(&honest, number).expect("an epoch"), Some(number));
        let apart = first_since(&early, number);
        assert!(matches!(apart, Err(RpcError::Apart { .. })), "{number}: {apart:?}");
    }
    assert_eq!(first_since(&honest, EPOCHS + 1).expect("no epoch"), None);
}
