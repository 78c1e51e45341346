//! What real nodes answer: each case is named as in the report of a provider. An audit over such a node holds, or says
//! what is wrong with the node, and never that the shop broke a rule.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_tests::web::Reply;
use shelfproof_verifier::epoch::header_path;
use tempfile::TempDir;

use super::ledger::{CHAIN_ID, EPOCH_BLOCKS, Ledger, MERCHANT, Node, REGISTRY, block_of, failure, json_reply};
use super::run;

pub(super) const GET_LOGS: &str = "eth_getLogs";
/// A provider's answer to a request.
pub(super) type Refuse = fn(&Value) -> Reply;
/// The epochs of a small shop.
pub(super) const EPOCHS: u64 = 30;

/// A shop's published data, and the chain that holds its epochs.
pub(super) struct Shop {
    folder: TempDir,
    pub(super) ledger: Ledger,
}

impl Shop {
    pub(super) fn new(epochs: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::of_shop(folder.path(), epochs);
        Self { folder, ledger }
    }

    fn header(&self, number: u64) -> PathBuf {
        self.folder.path().join("data").join(header_path(number))
    }

    /// Removes all header files, so that the logs are needed.
    pub(super) fn without_headers(self) -> Self {
        for number in 1..=self.ledger.headers.len() as u64 {
            fs::remove_file(self.header(number)).expect("removed");
        }
        self
    }

    /// Audits over those nodes, and returns the answer; the run must end with status `exit`.
    pub(super) fn audit(&self, nodes: &[&Node], more: &[&str], exit: i32) -> Value {
        let home = tempfile::tempdir().expect("a folder");
        self.audit_at(home.path(), nodes, more, exit).0
    }

    /// As [`Self::audit`], with what earlier runs in that folder remember; the answer, and standard error.
    pub(super) fn audit_at(&self, home: &Path, nodes: &[&Node], more: &[&str], exit: i32) -> (Value, String) {
        let data = self.folder.path().join("data");
        let data = data.to_str().expect("UTF-8");
        run_at(home, nodes, &[&["audit", "--data", data][..], more].concat(), exit)
    }

    pub(super) fn holds(&self, node: &Node, case: &str) {
        let answer = self.audit(&[node], &["--since", "0"], 0);
        assert_eq!(answer["epoch"], self.ledger.headers.len() as u64, "{case}: {answer}");
    }

    pub(super) fn fails(&self, node: &Node, code: &str, says: &str, case: &str) {
        let answer = self.audit(&[node], &["--since", "0"], 2);
        assert_eq!(answer["code"], code, "{case}: {answer}");
        assert!(
            answer["detail"].as_str().expect("text").contains(says),
            "{case}: {answer}"
        );
    }
}

/// Runs a command about the merchant over those nodes; its answer, and standard error.
pub(super) fn run_at(home: &Path, nodes: &[&Node], args: &[&str], exit: i32) -> (Value, String) {
    run_for(MERCHANT, home, nodes, args, exit)
}

/// As [`run_at`], about that merchant.
pub(super) fn run_for(merchant: B256, home: &Path, nodes: &[&Node], args: &[&str], exit: i32) -> (Value, String) {
    let mut command = Command::new(run::binary());
    command.arg("--json").args(args);
    command.args(["--merchant", &merchant.to_string()]);
    command.args(["--registry", &REGISTRY.to_string()]);
    command.args(["--chain-id", &CHAIN_ID.to_string()]);
    for node in nodes {
        command.args(["--rpc", &node.url()]);
    }
    let output = command.env_clear().env("HOME", home).output().expect("the binary");
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{text}{error}");
    (serde_json::from_str(&text).expect("JSON"), error.into_owned())
}

fn is_batch(asked: &Value) -> bool {
    asked.is_array()
}

pub(super) fn page(status: u16) -> Reply {
    Reply::Status(status, b"<html><body>a page</body></html>".to_vec())
}

pub(super) fn refusal(asked: &Value, code: i64, message: &str) -> Reply {
    json_reply(&failure(asked, code, message))
}

#[test]
fn an_audit_of_a_thousand_epochs_takes_at_most_twenty_requests() {
    let shop = Shop::new(1_000);
    let node = Node::honest(shop.ledger.clone());
    for more in [&[][..], &["--since", "0"]] {
        let answer = shop.audit(&[&node], more, 0);
        assert_eq!(answer["replayedEpochs"], 1_000, "{answer}");
        let requests = node.requests();
        assert!(requests <= 20, "{more:?}: {requests} requests");
    }
    assert_eq!(node.calls(GET_LOGS), 0, "headers are published");
}

#[test]
fn a_node_that_refuses_batches_is_asked_for_one_epoch_after_the_other() {
    let shop = Shop::new(EPOCHS);
    let cases: [(&str, Refuse); 5] = [
        ("an error object", |asked| {
            refusal(&asked[0], -32_600, "batch requests are not supported")
        }),
        ("an error without an id", |_| {
            json_reply(&json!({"error": {"code": -32_600, "message": "too large"}, "id": null}))
        }),
        ("plain text", |_| Reply::Status(400, b"batch is not allowed".to_vec())),
        ("a page", |_| page(413)),
        ("an empty list", |_| json_reply(&json!([]))),
    ];
    for (case, reply) in cases {
        let node = Node::start(shop.ledger.clone(), move |_, asked| {
            is_batch(asked).then(|| reply(asked))
        });
        shop.holds(&node, case);
    }
    // A smaller batch is taken by many nodes.
    let node = Node::start(shop.ledger.clone(), |_, asked| {
        let calls = asked.as_array()?;
        (calls.len() > 10).then(|| refusal(&calls[0], -32_005, "batch size too large: at most 10 logs"))
    });
    shop.holds(&node, "ten at most");
    let requests = node.requests();
    assert!(requests <= 12, "{requests} requests");
}

#[test]
fn a_header_counts_only_where_it_hashes_to_what_the_registry_holds() {
    let shop = Shop::new(EPOCHS);
    let right: Value = serde_json::from_slice(&fs::read(shop.header(2)).expect("a header")).expect("JSON");
    let with = |field: &str, value: Value| {
        let mut header = right.clone();
        header[field] = value;
        header.to_string()
    };
    let mut cases = vec![
        ("another root", with("historyRoot", right["parent"].clone())),
        ("another epoch's", fs::read_to_string(shop.header(3)).expect("a header")),
        (
            "a block that is not final",
            with("block", json!(shop.ledger.finalized + 1)),
        ),
        ("no JSON", "<html></html>".to_owned()),
        ("too large", format!("{right}{}", " ".repeat(5_000))),
    ];
    let mut without_block = right.clone();
    without_block.as_object_mut().expect("an object").remove("block");
    cases.push(("without a block", without_block.to_string()));
    for (case, text) in cases {
        fs::write(shop.header(2), text).expect("written");
        let node = Node::honest(shop.ledger.clone());
        shop.holds(&node, case);
        assert_eq!(node.calls(GET_LOGS), 1, "{case}: only that epoch's log is read");
    }
}

#[test]
fn a_chain_without_a_finalized_tag_is_asked_about_with_confirmations() {
    let shop = Shop::new(2);
    for (code, message) in [
        (-32_602, "invalid argument 0: hex string without 0x prefix"),
        (-39_001, "unknown block"),
        (-32_000, "finalized block not found"),
        (0, "null"),
    ] {
        let node = Node::start(shop.ledger.clone(), move |_, asked| {
            (asked["params"][0] == "finalized").then(|| match code {
                0 => json_reply(&json!({"id": asked["id"], "result": null})),
                code => refusal(asked, code, message),
            })
        });
        shop.fails(&node, "no_final_block", "--confirmations", message);
        assert_eq!(
            shop.audit(&[&node], &["--since", "0", "--confirmations", "20"], 0)["epoch"],
            2
        );
    }
}

#[test]
fn a_node_that_is_asked_too_often_may_have_a_finalized_tag() {
    let shop = Shop::new(2);
    let message = "daily request count exceeded, request rate limited";
    let node = Node::start(shop.ledger.clone(), move |_, asked| {
        (asked["params"][0] == "finalized").then(|| refusal(asked, -32_005, message))
    });
    shop.fails(&node, "rpc_answer", message, message);
}

#[test]
fn a_head_below_the_final_block_is_not_read() {
    let shop = Shop::new(EPOCHS);
    let mut behind = shop.ledger.clone();
    behind.newest = block_of(20);
    // The newest block that it names first is unknown to the machines that answer from then on.
    let mut first = shop.ledger.clone();
    first.fork = 1;
    let named = std::sync::atomic::AtomicBool::new(false);
    let node = Node::start(shop.ledger.clone(), move |ledger, asked| {
        if asked["params"][0] == "latest" {
            let before = named.swap(true, std::sync::atomic::Ordering::SeqCst);
            return Some(json_reply(&if before { &behind } else { &first }.answer(asked)));
        }
        (asked["method"] == "eth_call").then(|| {
            let answer = behind.answer(asked);
            json_reply(&if answer["error"].is_null() {
                answer
            } else {
                ledger.answer(asked)
            })
        })
    });
    shop.fails(&node, "rpc_answer", "as its newest after", "a lagging head");
}

#[test]
fn a_node_without_the_state_of_the_final_block_is_enough() {
    let shop = Shop::new(EPOCHS);
    // The scripted node answers "missing trie node" for all but its newest blocks.
    shop.holds(&Node::honest(shop.ledger.clone()), "missing trie node");
    // The newest block that it named first is lost to a reorganisation: the next one is asked.
    let mut reorganised = shop.ledger.clone();
    reorganised.fork = 1;
    let named = std::sync::atomic::AtomicBool::new(false);
    let node = Node::start(shop.ledger.clone(), move |ledger, asked| {
        let is_first = asked["params"][0] == "latest" && !named.swap(true, std::sync::atomic::Ordering::SeqCst);
        let now = if is_first { ledger } else { &reorganised };
        (!is_batch(asked)).then(|| json_reply(&now.answer(asked))).or_else(|| {
            let answers: Vec<Value> = asked.as_array()?.iter().map(|call| now.answer(call)).collect();
            Some(json_reply(&json!(answers)))
        })
    });
    shop.holds(&node, "header not found");
}

#[test]
fn what_only_the_newest_block_has_is_not_believed() {
    let shop = Shop::new(EPOCHS);
    for (finalized, epoch) in [
        (block_of(20), 20),
        (block_of(20) + EPOCH_BLOCKS - 1, 20),
        (block_of(1) - 1, 0),
    ] {
        let mut ledger = shop.ledger.clone();
        ledger.finalized = finalized;
        let answer = shop.audit(&[&Node::honest(ledger)], &["--since", "0"], 0);
        assert_eq!(answer["epoch"], epoch, "{finalized}: {answer}");
    }
}

#[test]
fn an_epoch_that_a_lagging_machine_lacks_is_not_missing() {
    let shop = Shop::new(EPOCHS);
    let mut behind = shop.ledger.clone();
    behind.headers = std::sync::Arc::new(behind.headers[..20].to_vec());
    let node = Node::start(shop.ledger.clone(), move |_, asked| {
        let calls = asked.as_array()?;
        Some(json_reply(
            &calls.iter().map(|call| behind.answer(call)).collect::<Value>(),
        ))
    });
    shop.fails(&node, "rpc_answer", "epoch 21", "a balancer");
}

#[test]
fn a_node_that_is_asked_too_often_is_waited_for() {
    let shop = Shop::new(2);
    for reply in [
        (|_: &Value| Reply::Status(429, b"slow down".to_vec())) as Refuse,
        |asked| refusal(asked, -32_005, "daily request count exceeded, request rate limited"),
        |asked| refusal(asked, -32_097, "rate limited"),
    ] {
        let asked_before = std::sync::atomic::AtomicUsize::new(0);
        let node = Node::start(shop.ledger.clone(), move |_, asked| {
            let times = asked_before.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            (times < 2 && !is_batch(asked)).then(|| reply(asked))
        });
        shop.holds(&node, "waited for");
    }
}
