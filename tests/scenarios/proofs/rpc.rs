//! `shelfproof-verify` over RPC, against the vectors on a real chain.

mod agreement;
mod attested;
mod clock;
mod confirmed;
mod equivocation;
mod ledger;
mod lies;
mod merchant;
mod node;
mod pauses;
mod providers;
mod ranges;
mod registry;
mod run;
mod setup;
mod taken_along;
mod trust;
mod watched;
mod withheld;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_primitives::B256;
use serde_json::{Value, json};
use shelfproof_tests::vector_chain::AS_OF_S;
use shelfproof_tests::web::Server;
use shelfproof_verifier::epoch::data_path;
use shelfproof_verifier::event::Kind;

use node::closed_port;
use setup::{Setup, names};

/// The time of a sale before the first epoch.
const SOLD_AT_S: u64 = 1_790_000_100;

#[test]
fn bundles_are_judged_by_the_chain() {
    let setup = Setup::new();
    for case in setup::cases() {
        let answer = setup.key(&case).json(0);
        assert_eq!(answer["verdict"], case.verdict, "{}", case.name);
        assert_eq!(answer["history"]["asOf"], AS_OF_S, "{}", case.name);
        assert!(names(&answer["notProved"]).contains(&"node_believed".to_owned()));
        for event in answer["events"].as_array().expect("a list") {
            let number = usize::try_from(event["epoch"].as_u64().expect("a number")).expect("small");
            assert_eq!(event["block"], setup.chain.epoch_blocks[number - 1], "{}", case.name);
        }
    }
}

#[test]
fn a_block_is_only_a_hint() {
    let setup = Setup::new();
    let mut case = setup.sold();
    for hint in [setup.chain.epoch_blocks[0], setup.chain.epoch_blocks[1], 0, 1_000_000] {
        for header in case.bundle["epochs"].as_array_mut().expect("a list") {
            header["block"] = hint.into();
        }
        assert_eq!(setup.key(&case).json(0)["verdict"], case.verdict, "{hint}");
    }
}

#[test]
fn confirmations_say_what_is_final() {
    let setup = Setup::new();
    let case = setup.sold();
    // The newest block is the third after the fourth epoch's block, and the fourth after the third's.
    for (confirmations, exit, code) in [("0", 0, None), ("3", 0, None), ("4", 2, Some("epoch_not_final"))] {
        let answer = setup.key(&case).args(["--confirmations", confirmations]).json(exit);
        assert_eq!(answer["code"].as_str(), code, "{confirmations}: {answer}");
    }
    let answer = setup.key(&case).args(["--confirmations", "1000"]).json(2);
    assert_eq!(answer["code"], "no_final_block", "{answer}");
}

#[test]
fn show_names_dates_and_blocks() {
    let setup = Setup::new();
    let case = setup.sold();
    let text = setup.key(&case).command("show").text(0);
    let block = setup.chain.epoch_blocks[1].to_string();
    let line = text
        .lines()
        .find(|line| line.contains("2026-09-21 14:17:00 UTC"))
        .expect("the sale's line");
    assert!(line.split_whitespace().any(|word| word == block), "{text}");
}

#[test]
fn what_goes_wrong_at_the_node_is_told() {
    let setup = Setup::new();
    let case = setup.sold();
    let (registry, merchant) = (setup.chain.registry.to_string(), setup.chain.merchant_id.to_string());
    let other = B256::repeat_byte(7).to_string();
    let elsewhere = "0x00000000000000000000000000000000000000aa";
    let url = setup.chain.anvil.url().to_owned();
    let closed = closed_port();
    let silly = Server::start(|_| Some(b"hello".to_vec())).expect("a server");
    let large = Server::start(|_| Some(vec![b' '; 40 << 20])).expect("a server");
    let silly_rpc = silly.url();
    let large_rpc = large.url();
    for (code, rpc, registry, merchant, more) in [
        (
            "rpc_unreachable",
            closed.as_str(),
            registry.as_str(),
            merchant.as_str(),
            &[][..],
        ),
        ("rpc_answer", &silly_rpc, &registry, &merchant, &[]),
        ("rpc_answer", &large_rpc, &registry, &merchant, &[]),
        ("wrong_chain", &url, &registry, &merchant, &["--chain-id", "1"]),
        ("no_contract", &url, elsewhere, &merchant, &[]),
        ("usage", "ftp://nowhere", &registry, &merchant, &[]),
    ] {
        let at = ["--rpc", rpc, "--registry", registry, "--merchant", merchant];
        let run = setup.run(["key"]).case(&case).args(at).args(more.iter().copied());
        let answer = run.json(2);
        assert_eq!(answer["code"], code, "{answer}");
    }
    let at = setup.at(&other);
    assert_eq!(
        setup.run(["key"]).case(&case).args(&at).json(1)["code"],
        "wrong_merchant"
    );
    assert_eq!(
        setup.run(["audit", "--data", &setup.data()]).args(&at).json(2)["code"],
        "not_registered"
    );
    let not_there = setup.pin(&url, B256::repeat_byte(7)).json(2);
    assert_eq!(not_there["code"], "not_registered");
    setup.pin(&url, setup.chain.merchant_id).json(0);
    assert_eq!(
        setup.run(["key", "--merchant", "shop"]).case(&case).json(0)["verdict"],
        case.verdict
    );
}

#[test]
fn an_audit_replays_everything_and_covers_later_checks() {
    let setup = Setup::new();
    let case = setup.sold();
    let data = setup.data();
    let report = setup.path("report.json");
    let answer = setup
        .audit(&data)
        .args(["--report", &report, "--auditor", "Alice"])
        .json(0);
    assert_eq!((&answer["epoch"], &answer["replayedEpochs"]), (&json!(4), &json!(4)));
    assert_eq!(answer["replayedEvents"], 108);
    let again = setup.audit(&data).json(0);
    assert_eq!(
        (&again["epoch"], &again["replayedEpochs"], &again["epochHash"]),
        (&json!(4), &json!(0), &answer["epochHash"])
    );

    let answer = setup.key(&case).args(["--require-audit"]).json(0);
    assert_eq!(answer["audited"], true, "{answer}");
    assert_eq!(
        (&answer["audits"][0]["covers"], &answer["audits"][0]["own"]),
        (&json!(true), &json!(true))
    );
    assert!(!names(&answer["notProved"]).contains(&"audit".to_owned()));
    let answer = setup.key(&case).args(["--audit", &report]).json(0);
    assert_eq!(
        (&answer["audits"][1]["auditor"], &answer["audits"][1]["own"]),
        (&json!("Alice"), &json!(false))
    );

    // The same data from a server, into another folder.
    let server = Server::of_folder(&data).expect("a server");
    let state = setup.path("other-state");
    assert_eq!(
        setup
            .audit(&format!("{}/", server.url()))
            .args(["--state", &state])
            .json(0)["epoch"],
        4
    );
}

#[test]
fn an_audit_that_was_killed_goes_on() {
    let setup = Setup::new();
    let data = setup.data();
    let folder = data.clone();
    let (reached, at_second) = std::sync::mpsc::channel();
    let server = Server::start(move |path| {
        if path.ends_with(&data_path(2)) {
            let _ = reached.send(());
            std::thread::sleep(std::time::Duration::from_mins(1));
        }
        fs::read(format!("{folder}{path}")).ok()
    })
    .expect("a server");
    let mut child = setup.audit(&server.url()).spawn();
    at_second
        .recv_timeout(std::time::Duration::from_mins(1))
        .expect("the second epoch");
    child.kill().expect("killed");
    child.wait().expect("reaped");
    let answer = setup.audit(&data).json(0);
    assert_eq!((&answer["epoch"], &answer["replayedEpochs"]), (&json!(4), &json!(3)));
}

#[test]
fn a_node_behind_an_earlier_audit_is_waited_for() {
    let setup = Setup::new();
    let data = setup.data();
    setup.audit(&data).json(0);
    let answer = setup.audit(&data).args(["--confirmations", "4"]).json(2);
    assert_eq!(answer["code"], "map_ahead", "{answer}");
    assert_eq!(setup.audit(&data).json(0)["epoch"], 4);
}

#[test]
fn a_forged_events_root_is_a_breach_and_a_map_of_another_history_is_refused() {
    let setup = Setup::new();
    let data = setup.data();
    setup.audit(&data).json(0);
    let mut headers = setup.headers();
    headers[0].events_root = B256::repeat_byte(9);
    let other = setup.register_another(&headers);
    let merchant = other.to_string();
    let at = setup.at(&merchant);
    let answer = setup.run(["audit", "--data", &data]).args(&at).json(1);
    assert_eq!(
        (&answer["code"], &answer["epoch"]),
        (&json!("inclusion"), &json!(1)),
        "{answer}"
    );
    setup.swap_maps(setup.chain.merchant_id, other);
    let answer = setup.run(["audit", "--data", &data]).args(&at).json(2);
    assert_eq!(answer["code"], "map_differs", "{answer}");
}

#[test]
fn a_key_used_twice_is_found_with_the_evidence() {
    let setup = Setup::new();
    let data = setup.data();
    let last = setup::last_event(&setup.redeemed());
    let again = shelfproof_verifier::event::KeyEvent {
        version: last.version + 1,
        at_ms: last.at_ms + 1,
        prev: last.hash(),
        ..last
    };
    assert_eq!(again.kind, Kind::Redeemed);
    setup.anchor_lone(&again, &data);
    let evidence = setup.path("evidence.json");
    let (folder, first) = (data.clone(), Arc::new(AtomicUsize::new(0)));
    let asked = Arc::clone(&first);
    let server = Server::start(move |path| {
        asked.fetch_add(usize::from(path.ends_with(&data_path(1))), Ordering::SeqCst);
        fs::read(format!("{folder}{path}")).ok()
    })
    .expect("a server");
    let answer = setup.audit(&server.url()).args(["--evidence", &evidence]).json(1);
    // The search for the other event starts with the epoch that holds it, and not with the first.
    assert_eq!(first.load(Ordering::SeqCst), 1);
    assert_eq!(
        (&answer["code"], &answer["epoch"]),
        (&json!("illegal_transition"), &json!(5)),
        "{answer}"
    );
    let file: Value = serde_json::from_slice(&fs::read(&evidence).expect("evidence")).expect("JSON");
    let exhibits = file["evidence"]["events"].as_array().expect("two events");
    assert_eq!(file["evidence"]["proof"], "illegalTransition");
    let shown: Vec<(u64, u64)> = exhibits
        .iter()
        .map(|e| {
            (
                e["event"]["version"].as_u64().expect("a version"),
                e["epoch"]["number"].as_u64().expect("an epoch"),
            )
        })
        .collect();
    assert_eq!(shown, [(4, 2), (5, 5)]);
    assert_eq!(exhibits[0]["path"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_receipts_promise_is_looked_for_in_the_data() {
    let setup = Setup::new();
    let case = setup.redeemed();
    let data = setup.data();
    let check = |file: &str, exit: i32| {
        let run = setup.online(["receipt", "--receipt", file, "--code", &case.code, "--data", &data]);
        run.json(exit)
    };
    let kept = setup.receipt_file(&case, "kept.json", &case.bundle["receipts"][0]);
    let answer = check(&kept, 0);
    assert_eq!(
        (&answer["status"], &answer["verdict"]),
        (&json!("met"), &json!("holds met"))
    );

    // A sale that the shop promised and never entered in the log.
    let promised = setup.promise(&case, SOLD_AT_S, AS_OF_S + 60);
    let broken = setup.receipt_file(&case, "broken.json", &promised);
    assert_eq!(check(&broken, 0)["status"], "pending");
    setup.pass_until(AS_OF_S + 61);
    assert_eq!(check(&broken, 1)["code"], "receipt_unmet");
    fs::remove_file(format!("{data}/{}", data_path(2))).expect("removed");
    assert_eq!(check(&broken, 2)["code"], "data_missing");
}
