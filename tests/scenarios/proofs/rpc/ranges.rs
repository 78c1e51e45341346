//! What real nodes answer to `eth_getLogs`, which is asked for epochs without a header file.

use alloy_primitives::Address;
use serde_json::{Value, json};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::web::Reply;
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};
use shelfproof_verifier::chain::{Needs, RootSource};

use super::ledger::{CHAIN_ID, Ledger, MERCHANT, Node, REGISTRY, block_of, json_reply, quantity_of};
use super::providers::{EPOCHS, GET_LOGS, Refuse, Shop, page, refusal, run_at};

/// Refuses ranges of more than 40 blocks.
fn narrow(ledger: Ledger, refuse: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Node {
    Node::start(ledger, move |_, asked| {
        let filter = asked["params"].get(0).filter(|_| asked["method"] == GET_LOGS)?;
        let blocks = quantity_of(&filter["toBlock"]) - quantity_of(&filter["fromBlock"]) + 1;
        (blocks > 40).then(|| refuse(asked))
    })
}

#[test]
fn ranges_shrink_on_every_answer_for_too_much() {
    let shop = Shop::new(EPOCHS).without_headers();
    for (code, message) in [
        (-32_005, "query returned more than 10000 results"),
        (
            -32_005,
            "query returned more than 10000 results. Try with this block range [0x1, 0x1e].",
        ),
        (-32_602, "block range is too wide"),
        (-32_602, "block range exceeds 1024"),
        (-32_602, "maximum 2000 blocks"),
        (
            -32_600,
            "You can make eth_getLogs requests with up to a 10 block range.",
        ),
        (-32_000, "logs matched by query exceeds limit of 10000"),
        (-32_062, "range too large"),
        (
            -32_000,
            "Log response size exceeded. Based on your parameters, this block range should work: [0x1, 0x14]",
        ),
        (-32_000, "eth_getLogs is limited to a 10,000 range"),
        (-32_000, "query timeout exceeded"),
    ] {
        let node = narrow(shop.ledger.clone(), move |asked| refusal(asked, code, message));
        shop.holds(&node, message);
    }
    let cases: [(&str, Refuse); 7] = [
        ("limit exceeded", |asked| refusal(asked, -32_005, "limit exceeded")),
        ("413 with a page", |_| page(413)),
        ("502 with a page", |_| page(502)),
        ("504 with a page", |_| page(504)),
        ("524 with a page", |_| page(524)),
        ("400 with plain text", |_| {
            Reply::Status(400, b"range is too large".to_vec())
        }),
        ("error as text", |asked| {
            json_reply(&json!({"id": asked["id"], "error": "too many blocks"}))
        }),
    ];
    for (case, refuse) in cases {
        shop.holds(&narrow(shop.ledger.clone(), refuse), case);
    }
    shop.holds(&narrow(shop.ledger.clone(), |_| Reply::Closed), "connection closed");
}

#[test]
fn a_range_that_the_node_names_is_asked_for_next() {
    let shop = Shop::new(EPOCHS).without_headers();
    let message = "this block range should work: [0x1, 0x28]";
    let node = narrow(shop.ledger.clone(), move |asked| refusal(asked, -32_000, message));
    shop.holds(&node, message);
    // One query is refused; each of the others covers 40 blocks, which doubles after eight.
    let blocks = block_of(EPOCHS) - block_of(1);
    assert!(
        node.calls(GET_LOGS) as u64 <= 2 + blocks / 40 + 2,
        "{}",
        node.calls(GET_LOGS)
    );
}

#[test]
fn a_node_that_refuses_the_smallest_range_is_quoted() {
    let shop = Shop::new(2).without_headers();
    for (code, message, says) in [
        (
            -32_601,
            "the method eth_getLogs does not exist/is not available",
            "serves no logs",
        ),
        (-32_004, "Method not supported", "serves no logs"),
        (
            -32_000,
            "method eth_getLogs in batch triggered rate limit",
            "serves no logs",
        ),
        (-32_000, "eth_getLogs is disabled on this plan", "serves no logs"),
        (-32_000, "something of its own", "something of its own"),
        (
            -32_005,
            "daily request count exceeded, request rate limited",
            "daily request count exceeded",
        ),
        (-32_097, "come back later", "come back later"),
    ] {
        let node = Node::start(shop.ledger.clone(), move |_, asked| {
            (asked["method"] == GET_LOGS).then(|| refusal(asked, code, message))
        });
        shop.fails(&node, "rpc_answer", says, message);
    }
}

#[test]
fn a_node_that_shows_no_old_logs_makes_no_file_of_trusted_epochs() {
    let shop = Shop::new(2);
    let home = tempfile::tempdir().expect("a folder");
    let out = home.path().join("epochs.json");
    let args = ["epochs", "--out", out.to_str().expect("UTF-8")];
    // The scripted chain has no log of a receipt key.
    let (answer, _) = run_at(home.path(), &[&Node::honest(shop.ledger)], &args, 2);
    assert_eq!(answer["code"], "log_not_found", "{answer}");
    assert!(
        answer["detail"].as_str().expect("text").contains("shows no old logs"),
        "{answer}"
    );
    assert!(!out.exists());
}

#[test]
fn the_blocks_of_many_epochs_are_not_searched_for_and_a_refusal_fails_no_check() {
    let shop = Shop::new(EPOCHS);
    let view = |node: &Node, last: u64| {
        let needs = Needs {
            epochs: (1..=last).collect(),
            ..Needs::default()
        };
        block_on(async {
            let source = RpcSource::connect(&node.url(), Some(CHAIN_ID), REGISTRY, MERCHANT, Finality::Tag).await;
            source.expect("a node").view(&needs).await.expect("a view")
        })
        .expect("a runtime")
    };
    let node = Node::honest(shop.ledger.clone());
    assert_eq!(view(&node, EPOCHS).epochs.len() as u64, EPOCHS);
    assert!(node.requests() <= 8, "many epochs cost no search");
    assert_eq!(view(&node, 1).epochs[&1].block, Some(block_of(1)));
    let refusing = Node::start(shop.ledger, |_, asked| {
        let height = asked["params"].get(0)?.as_str()?;
        (asked["method"] == "eth_getBlockByNumber" && height.starts_with("0x")).then(|| page(403))
    });
    assert_eq!(view(&refusing, 2).epochs[&1].block, None);
}

#[test]
fn logs_that_are_doubled_reversed_removed_or_of_another_address_mislead_nobody() {
    let shop = Shop::new(EPOCHS).without_headers();
    let with_others = |logs: &[Value], field: &str, value: Value| {
        let mut all = logs.to_vec();
        for log in &mut all {
            log[field] = value.clone();
        }
        all.extend_from_slice(logs);
        all
    };
    for case in ["doubled", "reversed", "removed", "of another address"] {
        let node = Node::start(shop.ledger.clone(), move |ledger, asked| {
            (asked["method"] == GET_LOGS).then(|| {
                let mut answer = ledger.answer(asked);
                let logs = answer["result"].as_array().expect("logs").clone();
                answer["result"] = match case {
                    "doubled" => json!([&logs[..], &logs[..]].concat()),
                    "reversed" => logs.into_iter().rev().collect(),
                    "removed" => json!(with_others(&logs, "removed", json!(true))),
                    _ => json!(with_others(&logs, "address", json!(Address::repeat_byte(0xaa)))),
                };
                json_reply(&answer)
            })
        });
        shop.holds(&node, case);
    }
    let silent = Node::start(shop.ledger.clone(), |_, asked| {
        (asked["method"] == GET_LOGS).then(|| json_reply(&json!({"id": asked["id"], "result": []})))
    });
    shop.fails(&silent, "log_not_found", "epoch 1", "empty, because that node lags");
}
