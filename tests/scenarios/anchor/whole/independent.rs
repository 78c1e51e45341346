//! Programs that share no code with this project (`cast`, OpenZeppelin's package) read what the anchor posted.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, node, tools};
use shelfproof_verifier::epoch::decode_data;
use shelfproof_verifier::tree::EventsTree;

use super::open;

#[test]
fn cast_decodes_the_log_and_openzeppelin_loads_the_exported_epoch() -> Result<()> {
    let stocked = open(30)?;
    let anchored = &stocked.shop;
    anchored.anchor()?.wait_for_epoch(1)?;
    let epochs = block_on(anchored.chain.epochs())??;
    let (_, epoch) = epochs.first().ok_or("no epoch")?;

    let identity = anchored.chain.identity;
    let output = Command::new(tools::foundry("cast")?)
        .args([
            "logs",
            "--json",
            "--rpc-url",
            anchored.chain.anvil.url(),
            "--from-block",
            "0",
        ])
        .args(["--address", &identity.registry.to_string()])
        .args([
            "EpochAnchored(bytes32 indexed,uint64 indexed,bytes32,bytes32,bytes32,uint64,bytes32,bytes32)",
            &identity.merchant_id.to_string(),
        ])
        .output()?;
    let logs: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let data = logs[0]["data"].as_str().ok_or("no log")?;
    let decoded = Command::new(tools::foundry("cast")?)
        .args([
            "abi-decode",
            "--json",
            "f()(bytes32,bytes32,bytes32,uint64,bytes32,bytes32)",
            data,
        ])
        .output()?;
    let fields: Value = serde_json::from_slice(&decoded.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&decoded.stderr)))?;
    let text = |at: usize| {
        fields[at]
            .as_str()
            .map_or_else(|| fields[at].to_string(), str::to_owned)
    };
    assert_eq!(text(1), epoch.eventsRoot.to_string(), "{fields}");
    assert_eq!(text(3), epoch.eventCount.to_string(), "{fields}");
    assert_eq!(text(5), epoch.epochHash.to_string(), "{fields}");

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("epoch-1.json");
    let (done, said) = anchored.anchor_json(&[
        "export",
        "anchor/data/epochs/0000000001.events",
        "--to",
        &file.display().to_string(),
    ])?;
    assert!(done, "{said}");
    let dump: Value = serde_json::from_slice(&fs::read(&file)?)?;
    let values: Vec<Value> = dump["values"]
        .as_array()
        .ok_or("no values")?
        .iter()
        .map(|value| value["value"].clone())
        .collect();
    let data = fs::read(anchored.folder().join("anchor/data/epochs/0000000001.events"))?;
    let events = decode_data(&data)?;
    let tree = EventsTree::of_events(&events, 1).ok_or("no events")?;
    let proofs: Vec<_> = events.iter().map(|event| tree.path(&event.hash())).collect();
    let theirs: Value = node::run(
        "merkle_tree.cjs",
        &json!({"values": values, "dump": dump, "proofs": proofs}),
    )?;
    assert_eq!(theirs["verified"], json!(events.len()), "our paths, by theirs");
    assert_eq!(theirs["loadedRoot"], json!(epoch.eventsRoot), "{theirs}");
    assert_eq!(theirs["root"], json!(epoch.eventsRoot), "built anew by theirs");
    assert_eq!(theirs["dump"], dump);
    Ok(())
}
