//! `watch` of keys with long histories and transfers, and over several nodes.

use std::path::Path;

use serde_json::{Value, json};
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;

use super::ledger::{Ledger, Node};
use super::merchant::{Anchored, Writer};
use super::providers::run_for;

/// The epochs after the sale of a key that one test watches.
const AFTER_SALE: usize = 12;

/// Looks once over those nodes, with more options.
fn look(shop: &Anchored, home: &Path, nodes: &[&Node], more: &[&str], exit: i32) -> Value {
    let (codes, data) = (shop.codes(), shop.data());
    let args = [&["watch", "--once", "--code-file", &codes, "--data", &data], more].concat();
    run_for(shop.ledger.merchant, home, nodes, &args, exit).0
}

/// The options that name files.
fn named<'a>(option: &'a str, files: &'a [String]) -> Vec<&'a str> {
    files.iter().flat_map(|file| [option, file.as_str()]).collect()
}

/// The options for the other shop's side of a transfer.
fn other_side<'a>(proof: &'a [String], trusted: &'a str) -> Vec<&'a str> {
    let of = |file: &'a String| ["--other-bundle", file, "--other-source", trusted];
    proof.iter().flat_map(of).collect()
}

/// A key that went to and fro until each merchant has over 400 events of it, and that the first one sold.
fn long_lived() -> (Writer, Writer) {
    let (mut shop, mut other) = (Writer::new(1), Writer::new(2));
    shop.add(Kind::Generated, "{}");
    shop.add(Kind::Activated, "{}");
    for cycle in 1..=135 {
        let departure = shop.leave(&other);
        other.arrive(&shop, &departure);
        other.add(Kind::Activated, "{}");
        let back = other.leave(&shop);
        shop.arrive(&other, &back);
        shop.add(Kind::Activated, "{}");
        if cycle % 40 == 0 {
            shop.cut();
            other.cut();
        }
    }
    shop.add(Kind::Sold, "{}");
    (shop, other)
}

#[test]
fn a_key_of_more_than_400_events_is_watched_from_the_parts_of_its_proof() {
    let (shop, other) = long_lived();
    let (shop, other) = (shop.anchor(), other.anchor());
    let (proof, others, trusted) = (shop.proof(), other.proof(), other.trusted());
    assert_eq!((proof.len(), others.len()), (2, 2));
    let node = Node::honest(shop.ledger.clone());
    let home = tempfile::tempdir().expect("a folder");
    let (bundles, sides) = (named("--bundle", &proof), other_side(&others, &trusted));
    let answer = look(&shop, home.path(), &[&node], &[&bundles[..], &sides].concat(), 0);
    assert_eq!(answer["verdict"], "holds 1 keys", "{answer}");
    assert_eq!(
        (&answer["keys"][0]["state"], &answer["keys"][0]["version"]),
        (&json!("sold"), &json!(408))
    );
    // The other shop's side was seen once.
    look(&shop, home.path(), &[&node], &bundles, 0);
    // A part that is left out is noticed.
    let home = tempfile::tempdir().expect("a folder");
    let answer = look(&shop, home.path(), &[&node], &[&bundles[..2], &sides].concat(), 1);
    assert_eq!(answer["code"], "version_gap", "{answer}");
}

#[test]
fn a_transfer_is_told_and_is_open_until_both_sides_are_shown() {
    let (mut shop, mut other) = (Writer::new(1), Writer::new(2));
    shop.add(Kind::Generated, "{}");
    shop.add(Kind::Activated, "{}");
    let before = shop.anchor();
    shop.cut();
    let departure = shop.leave(&other);
    other.arrive(&shop, &departure);
    let (after, other) = (shop.anchor(), other.anchor());
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let (old, new) = (before.proof(), after.proof());
    let (old, new) = (named("--bundle", &old), named("--bundle", &new));

    let answer = look(&before, home, &[&Node::honest(before.ledger.clone())], &old, 0);
    assert_eq!(answer["keys"][0]["state"], "activated", "{answer}");
    let node = Node::honest(after.ledger.clone());
    for news in [1, 0] {
        let answer = look(&after, home, &[&node], &old, 2);
        assert_eq!(answer["code"], "transfer_unverified", "{answer}");
        assert_eq!(answer["news"].as_array().map(Vec::len), Some(news), "{answer}");
        assert!(
            answer["detail"].as_str().expect("text").contains("version 3"),
            "{answer}"
        );
    }
    let (proof, trusted) = (other.proof(), other.trusted());
    let sides = other_side(&proof, &trusted);
    // The old proof does not show the transfer, and the new one not its other side.
    for more in [[&old[..], &sides].concat(), new.clone()] {
        let answer = look(&after, home, &[&node], &more, 2);
        assert_eq!(answer["code"], "transfer_unverified", "{answer}");
    }
    for more in [[&new[..], &sides].concat(), old] {
        let answer = look(&after, home, &[&node], &more, 0);
        assert_eq!(answer["keys"][0]["state"], "transferred_out", "{answer}");
    }
    // Whoever begins with the new proof alone follows the key all the same.
    let home = tempfile::tempdir().expect("a folder");
    let answer = look(&after, home.path(), &[&node], &new, 2);
    assert_eq!(answer["code"], "transfer_unverified", "{answer}");
}

/// A node that says of that epoch that it is another one, with a log of it.
fn lying(ledger: &Ledger, number: usize) -> Node {
    let mut other = ledger.clone();
    let mut headers = other.headers.to_vec();
    headers[number - 1].history_root = B256::repeat_byte(9);
    other.headers = headers.into();
    Node::honest(other)
}

#[test]
fn a_node_that_lies_about_an_epoch_is_named_and_the_shop_is_not_blamed() {
    let mut shop = Writer::new(1);
    shop.add(Kind::Generated, "{}");
    shop.add(Kind::Activated, "{}");
    shop.cut();
    shop.add(Kind::Sold, "{}");
    for _ in 0..AFTER_SALE {
        shop.cut();
    }
    let shop = shop.anchor();
    let proof = shop.proof();
    let bundle = named("--bundle", &proof);
    let honest = [Node::honest(shop.ledger.clone()), Node::honest(shop.ledger.clone())];
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();

    // About an epoch of the proof: whichever node it is, and also where two of three are enough.
    let liar = lying(&shop.ledger, 2);
    let nodes = [&honest[0], &liar, &honest[1]];
    for (nodes, agree) in [
        (&nodes[..2], "2"),
        (&nodes[1..], "2"),
        (&nodes[..], "2"),
        (&nodes[..], "3"),
    ] {
        let answer = look(&shop, home, nodes, &[&bundle[..], &["--agree", agree]].concat(), 2);
        assert_eq!(answer["code"], "rpc_disagree", "{answer}");
        let told = answer["detail"].as_str().expect("text");
        assert!(
            told.contains("node 2 (127.0.0.1) says otherwise of epoch 2"),
            "{answer}"
        );
    }
    // About an epoch after it, where one node alone would prove a breach.
    let liar = lying(&shop.ledger, 5);
    let alone = tempfile::tempdir().expect("a folder");
    let answer = look(&shop, alone.path(), &[&liar], &bundle, 1);
    assert_eq!(answer["code"], "history_mismatch", "{answer}");
    let answer = look(&shop, home, &[&liar, &honest[0]], &bundle, 2);
    assert_eq!(answer["code"], "rpc_disagree", "{answer}");
    let told = answer["detail"].as_str().expect("text");
    assert!(
        told.contains("do not say the same of epoch 5") && told.contains("node 2 (127.0.0.1)"),
        "{answer}"
    );
    // What the liar said stays with nobody.
    let answer = look(&shop, home, &[&honest[0], &honest[1]], &bundle, 0);
    assert_eq!(
        (&answer["keys"][0]["state"], &answer["epoch"]),
        (&json!("sold"), &json!(2 + AFTER_SALE))
    );
}
