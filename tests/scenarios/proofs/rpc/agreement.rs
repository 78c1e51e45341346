//! Several nodes for one check: they must agree, and the one that lags or lies is named.

use alloy::sol_types::SolCall;
use alloy_primitives::Bytes;
use serde_json::{Value, json};
use shelfproof_contracts::ShelfproofRegistry::epochCall;
use shelfproof_verifier::B256;

use super::ledger::{Ledger, Node, block_of, json_reply};
use super::providers::{EPOCHS, Shop};

/// A node that says of the last epoch that it is another one.
fn lying(ledger: &Ledger) -> Node {
    let mut other = ledger.clone();
    let mut headers = other.headers.to_vec();
    headers.last_mut().expect("an epoch").history_root = B256::repeat_byte(9);
    other.headers = headers.into();
    Node::honest(other)
}

/// A node whose chain ends so many blocks before.
fn behind(ledger: &Ledger, blocks: u64) -> Node {
    let mut old = ledger.clone();
    old.newest -= blocks;
    old.finalized -= blocks;
    Node::honest(old)
}

fn detail(answer: &Value) -> &str {
    answer["detail"].as_str().expect("text")
}

#[test]
fn nodes_that_agree_are_read_as_of_one_final_block() {
    let shop = Shop::new(EPOCHS);
    let (first, second) = (Node::honest(shop.ledger.clone()), behind(&shop.ledger, 64));
    let answer = shop.audit(&[&first, &second], &["--since", "0"], 0);
    assert_eq!(answer["epoch"], EPOCHS, "{answer}");
    // The block that both have as a final one.
    let finalized = shop.ledger.finalized - 64;
    assert_eq!(answer["asOf"], super::ledger::time_of(finalized), "{answer}");
}

#[test]
fn a_node_that_lies_is_outvoted_or_named() {
    let shop = Shop::new(EPOCHS);
    let honest = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    let liar = lying(&shop.ledger);
    let nodes = [&liar, &honest[0], &honest[1]];
    let answer = shop.audit(&nodes, &["--since", "0"], 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    let said: Vec<&str> = detail(&answer).split("; ").skip(1).collect();
    for (place, part) in said.iter().enumerate() {
        assert!(
            part.starts_with(&format!("node {} (127.0.0.1): ", place + 1)),
            "{answer}"
        );
    }
    let epoch = |place: usize| said[place].split_once(", epoch").expect("an epoch").1;
    assert!(epoch(0) != epoch(1) && epoch(1) == epoch(2), "{answer}");
    let answer = shop.audit(&nodes, &["--since", "0", "--agree", "2"], 0);
    assert_eq!(answer["epoch"], EPOCHS, "{answer}");
    for wrong in ["0", "4"] {
        let answer = shop.audit(&nodes, &["--since", "0", "--agree", wrong], 2);
        assert_eq!(answer["code"], "usage", "{answer}");
    }
}

#[test]
fn a_node_that_lags_is_outvoted_or_named() {
    let shop = Shop::new(EPOCHS);
    let honest = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    let lagging = behind(&shop.ledger, 80);
    let nodes = [&honest[0], &lagging, &honest[1]];
    let answer = shop.audit(&nodes, &["--since", "0"], 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    assert!(detail(&answer).contains("node 2 (127.0.0.1): it lags"), "{answer}");
    let answer = shop.audit(&nodes, &["--since", "0", "--agree", "2"], 0);
    assert_eq!(
        answer["asOf"],
        super::ledger::time_of(shop.ledger.finalized),
        "{answer}"
    );
}

#[test]
fn a_node_that_does_not_answer_is_outvoted_or_named() {
    let shop = Shop::new(EPOCHS);
    let honest = Node::honest(shop.ledger.clone());
    let other_chain = Node::start(shop.ledger.clone(), |_, asked| {
        let wrong = json!({"jsonrpc": "2.0", "id": asked["id"], "result": "0x2"});
        (asked["method"] == "eth_chainId").then(|| json_reply(&wrong))
    });
    let answer = shop.audit(&[&honest, &other_chain], &["--since", "0"], 2);
    assert!(
        detail(&answer).contains("node 2 (127.0.0.1): the node serves chain 2"),
        "{answer}"
    );
    shop.audit(&[&honest, &other_chain], &["--since", "0", "--agree", "1"], 0);
}

#[test]
fn two_groups_that_are_large_enough_are_no_agreement() {
    let shop = Shop::new(EPOCHS);
    let honest = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    let liars = [lying(&shop.ledger), lying(&shop.ledger)];
    let nodes = [&honest[0], &liars[0], &honest[1], &liars[1]];
    let answer = shop.audit(&nodes, &["--since", "0", "--agree", "2"], 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    assert!(detail(&answer).contains("a larger --agree"), "{answer}");
    // One liar alone is named beside the answer.
    let home = tempfile::tempdir().expect("a folder");
    let (_, error) = shop.audit_at(home.path(), &nodes[..3], &["--since", "0", "--agree", "2"], 0);
    assert!(error.contains("node 2 (127.0.0.1): "), "{error}");
}

/// A node that answers a single question about epoch 20 from another ledger.
fn misled(shop: &Shop, other: Ledger) -> Node {
    Node::start(shop.ledger.clone(), move |_, asked| {
        let input: Bytes = asked["params"][0]["input"].as_str()?.parse().expect("hex");
        let call = epochCall::abi_decode(&input).ok()?;
        (call.number == 20).then(|| json_reply(&other.answer(asked)))
    })
}

#[test]
fn what_one_node_alone_says_of_an_epoch_seen_before_stays_with_nobody() {
    let shop = Shop::new(EPOCHS);
    let home = tempfile::tempdir().expect("a folder");
    let since = ["--since", "0"];
    let mut before = shop.ledger.clone();
    before.finalized = block_of(20);
    shop.audit_at(home.path(), &[&Node::honest(before)], &since, 0);
    let mut other = shop.ledger.clone();
    let mut headers = other.headers.to_vec();
    headers[19].history_root = B256::repeat_byte(9);
    other.headers = headers.into();
    let honest = Node::honest(shop.ledger.clone());
    let (answer, _) = shop.audit_at(home.path(), &[&misled(&shop, other), &honest], &since, 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    // A machine that lacks the epoch contradicts itself; nothing is written down.
    let mut lagging = shop.ledger.clone();
    lagging.headers = lagging.headers[..19].to_vec().into();
    let (answer, _) = shop.audit_at(home.path(), &[&misled(&shop, lagging)], &since, 2);
    assert_eq!(answer["code"], "rpc_answer", "{answer}");
    let (answer, _) = shop.audit_at(home.path(), &[&honest], &since, 0);
    assert_eq!(answer["epoch"], EPOCHS, "{answer}");
    // A node without epochs that were final before is not believed.
    let mut lacking = shop.ledger.clone();
    lacking.headers = lacking.headers[..25].to_vec().into();
    let (answer, _) = shop.audit_at(home.path(), &[&Node::honest(lacking)], &since, 2);
    assert_eq!(answer["code"], "rpc_answer", "{answer}");
    assert!(detail(&answer).contains("another hash of it than before"), "{answer}");
}

/// The first node tells the agreed latest epoch only when it is first asked.
#[test]
fn a_node_that_says_otherwise_after_the_agreement_is_not_believed() {
    let shop = Shop::new(EPOCHS);
    let mut other = shop.ledger.clone();
    let mut headers = other.headers.to_vec();
    headers.last_mut().expect("an epoch").history_root = B256::repeat_byte(9);
    other.headers = headers.into();
    let liar = Node::start(shop.ledger.clone(), move |_, asked| {
        let calls = asked.as_array()?;
        Some(json_reply(
            &calls.iter().map(|call| other.answer(call)).collect::<Value>(),
        ))
    });
    let answer = shop.audit(&[&liar, &Node::honest(shop.ledger.clone())], &["--since", "0"], 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    assert!(
        detail(&answer).contains("the same of epoch 30; node 1 (127.0.0.1): 0x"),
        "{answer}"
    );
    // Alone it contradicts itself.
    let answer = shop.audit(&[&liar], &["--since", "0"], 2);
    assert_eq!(answer["code"], "rpc_answer", "{answer}");
    assert!(detail(&answer).contains("another hash of it than before"), "{answer}");
}
