//! A chain, or a node, that gives another history than it gave before.

use std::fs;

use serde_json::json;
use shelfproof_verifier::event::KeyEvent;

use super::setup::{self, Setup};

/// Anchors a fifth epoch, of one event with that time.
fn fifth(setup: &Setup, data: &str, later_ms: u64) {
    let last = setup::last_event(&setup.redeemed());
    let event = KeyEvent {
        version: last.version + 1,
        at_ms: last.at_ms + later_ms,
        prev: last.hash(),
        ..last
    };
    setup.anchor_lone(&event, data);
}

#[test]
fn a_chain_that_changes_what_it_said_is_refused_from_then_on() {
    let (setup, other) = (Setup::new(), Setup::new());
    let case = setup.sold();
    let (data, other_data) = (setup.data(), other.data());
    fifth(&setup, &data, 1);
    fifth(&other, &other_data, 2);
    assert_eq!(setup.chain.registry, other.chain.registry, "one identity on two chains");
    let merchant = setup.chain.merchant_id.to_string();
    let (here, there) = (setup.at(&merchant), other.at(&merchant));
    let key = |at: &[String]| setup.run(["key"]).case(&case).args(at);

    // Each history alone is sound to a verifier that knows no other.
    assert_eq!(key(&here).json(0)["verdict"], case.verdict);
    let unknowing = setup.path("unknowing.json");
    let answer = key(&there).args(["--trust-store", &unknowing]).json(0);
    assert_eq!(answer["verdict"], case.verdict);

    let first = key(&there).json(1);
    assert_eq!((&first["code"], &first["epoch"]), (&json!("equivocation"), &json!(5)));
    let hashes: Vec<&str> = first["hashes"]
        .as_array()
        .expect("hashes")
        .iter()
        .filter_map(|hash| hash.as_str())
        .collect();
    assert!(hashes.len() == 2 && hashes[0] != hashes[1], "{first}");
    let path = first["file"].as_str().expect("a file").to_owned();
    let kept = fs::read_to_string(&path).expect("the file");
    let text = key(&there).text(1);
    assert!(
        hashes.iter().all(|hash| kept.contains(hash) && text.contains(hash)),
        "{kept}{text}"
    );

    // It stays, over either chain and for every command, and with the user's own file no chain is asked.
    for at in [&here, &there] {
        for run in [
            key(at),
            key(at).command("show"),
            setup.run(["audit", "--data", &data]).args(at),
            setup.run(["epochs", "--out", &setup.path("epochs.json")]).args(at),
        ] {
            let answer = run.json(1);
            assert_eq!(answer["code"], "equivocation", "{answer}");
            assert_eq!(answer["hashes"], first["hashes"]);
        }
    }
    fs::remove_file(&path).expect("removed");
    assert_eq!(key(&there).json(0)["verdict"], case.verdict);
    assert_eq!(key(&here).json(1)["code"], "equivocation");
}

#[test]
fn what_any_command_saw_is_compared_by_all() {
    let (setup, other) = (Setup::new(), Setup::new());
    let (data, other_data) = (setup.data(), other.data());
    fifth(&setup, &data, 1);
    fifth(&other, &other_data, 2);
    let merchant = setup.chain.merchant_id.to_string();
    let case = setup.sold();
    let out = setup.path("epochs.json");
    let registry = setup.chain.registry.to_string();
    let pin = ["--chain-id", "31337", "--registry", &registry, "--merchant", &merchant];
    let commands = [
        vec!["epochs", "--out", &out],
        vec!["audit", "--data", &data, "--since", "5"],
        vec!["trust", "add", "shop"],
    ];
    for (index, command) in commands.iter().enumerate() {
        let store = setup.path(&format!("store-{index}.json"));
        let at = ["--trust-store", &store, "--rpc", setup.chain.anvil.url()];
        setup.run(command).args(at).args(pin).json(0);
        let answer = setup
            .run(["key", "--trust-store", &store])
            .case(&case)
            .args(other.at(&merchant))
            .json(1);
        assert_eq!(answer["code"], "equivocation", "{command:?}");
    }
}
