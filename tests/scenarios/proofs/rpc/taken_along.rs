//! The file that `epochs` writes: from the first epoch or from a checkpoint on, and checks with it.

use std::fs;

use serde_json::{Value, json};
use shelfproof_tests::vector_chain::AS_OF_S;

use super::setup::{self, Setup};

#[test]
fn the_chain_can_be_taken_along() {
    let setup = Setup::new();
    let file = setup.path("epochs.json");
    let answer = setup.online(["epochs", "--out", &file]).json(0);
    assert_eq!(answer["epochs"], 4);
    let written: Value = serde_json::from_slice(&fs::read(&file).expect("the file")).expect("JSON");
    assert_eq!(written["asOf"], AS_OF_S);
    assert_eq!(written["receiptSigners"].as_array().map(Vec::len), Some(1));
    for case in setup::cases() {
        let answer = setup.offline_key(&case, &file).json(0);
        assert_eq!(answer["verdict"], case.verdict, "{}", case.name);
    }
    let printed = setup.online(["epochs", "--out", "-"]).text(0);
    assert!(
        printed.starts_with(fs::read_to_string(&file).expect("the file").trim_end()),
        "{printed}"
    );
}

#[test]
fn the_chain_can_be_taken_along_from_a_checkpoint_on() {
    let setup = Setup::new();
    let file = setup.path("epochs.json");
    let write = |since: &str| setup.online(["epochs", "--since", since, "--out", &file]);
    let answer = write("1").json(0);
    assert_eq!((&answer["epochs"], &answer["latest"]), (&json!(3), &json!(4)));
    let written: Value = serde_json::from_slice(&fs::read(&file).expect("the file")).expect("JSON");
    let numbers = written["epochs"].as_array().expect("a list");
    let numbers: Vec<u64> = numbers.iter().filter_map(|epoch| epoch["number"].as_u64()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert!(write("1").text(0).contains("2–4"));
    // A history counts if all its epochs are in the file.
    let mut counted = 0;
    for case in setup::cases() {
        let epochs = case.bundle["epochs"].as_array().expect("a list").clone();
        if epochs.iter().any(|epoch| epoch["number"] == 1) {
            let answer = setup.offline_key(&case, &file).json(2);
            assert_eq!(answer["code"], "epoch_not_final", "{}", case.name);
        } else {
            let answer = setup.offline_key(&case, &file).json(0);
            assert_eq!(answer["verdict"], case.verdict, "{}", case.name);
            counted += 1;
        }
    }
    assert!(counted > 0, "no case begins after the checkpoint");
    fs::remove_file(&file).expect("removed");
    for since in ["4", "5"] {
        assert_eq!(write(since).json(2)["code"], "epoch_not_final", "{since}");
        assert!(
            !fs::exists(&file).expect("a folder"),
            "an empty file would say that there are no epochs"
        );
    }
    assert_eq!(write("0").json(0)["epochs"], 4);
}
