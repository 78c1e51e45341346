//! A node that says with `Retry-After` when it will answer again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use shelfproof_tests::web::Reply;

use super::ledger::{Node, failure};
use super::providers::{Shop, refusal};

#[test]
fn many_calls_with_retry_after() {
    let shop = Shop::new(2);
    let home = tempfile::tempdir().expect("a folder");
    for (status, with_error) in [(429, false), (503, false), (429, true)] {
        let tries = AtomicUsize::new(0);
        let node = Node::start(shop.ledger.clone(), move |_, asked| {
            let error = failure(asked, -32_005, "daily request count exceeded, request rate limited");
            let body = if with_error {
                error.to_string()
            } else {
                "slow down".to_owned()
            };
            let is_first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            is_first.then(|| Reply::Later(status, 2, body.into_bytes()))
        });
        let start = Instant::now();
        let (answer, said) = shop.audit_at(home.path(), &[&node], &["--since", "0"], 0);
        // The pause before a first repetition is a quarter of a second otherwise.
        assert!(start.elapsed() >= Duration::from_secs(2), "{status}: {answer}");
        assert!(said.contains("node 1 (127.0.0.1) asks for a pause of 2 s"), "{said}");
    }
}

#[test]
fn many_calls_with_a_retry_after_that_is_too_long() {
    let shop = Shop::new(2);
    let node = Node::start(shop.ledger.clone(), |_, _| Some(Reply::Later(429, 3_600, Vec::new())));
    let start = Instant::now();
    shop.fails(&node, "rpc_answer", "asks to be left alone for 3600 s", "an hour");
    assert_eq!(node.requests(), 1, "it is not called again");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn many_calls_with_a_retry_after_that_is_shorter_than_our_own() {
    let shop = Shop::new(2);
    let tries = AtomicUsize::new(0);
    let node = Node::start(shop.ledger.clone(), move |_, asked| {
        (tries.fetch_add(1, Ordering::SeqCst) < 2).then(|| match refusal(asked, -32_005, "slow down") {
            Reply::Status(status, body) => Reply::Later(status, 0, body),
            other => other,
        })
    });
    let home = tempfile::tempdir().expect("a folder");
    let (_, said) = shop.audit_at(home.path(), &[&node], &["--since", "0"], 0);
    assert!(!said.contains("asks for a pause"), "{said}");
}
