//! The events tree is OpenZeppelin's: roots, paths and dumps of random batches agree with the npm package in both
//! directions.

use alloy_primitives::{B256, keccak256};
use serde::Deserialize;
use serde_json::{Value, json};
use shelfproof_tests::{Result, node};
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::tree::{EventsTree, climb, is_legal_path_length};

const LEAF_ENCODING: [&str; 6] = ["bytes32", "uint32", "uint8", "uint64", "bytes32", "bytes32"];

/// The output of `tests/scripts/merkle_tree.cjs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    root: B256,
    dump: Value,
    proofs: Vec<Vec<B256>>,
    loaded_root: B256,
    verified: usize,
}

/// Returns an event with random fields, each from its whole range.
fn event(batch: usize, index: usize) -> KeyEvent {
    let random = |field: u8| keccak256([&batch.to_be_bytes()[..], &index.to_be_bytes(), &[field]].concat());
    let number = |field: u8| u64::from_be_bytes(std::array::from_fn(|at| random(field)[at]));
    KeyEvent {
        key_id: random(0),
        version: random(1)[..4].iter().fold(0, |all, byte| all << 8 | u32::from(*byte)),
        kind: Kind::ALL[index % Kind::ALL.len()],
        // A number that JavaScript represents exactly.
        at_ms: number(2) >> 11,
        prev: if index.is_multiple_of(3) { B256::ZERO } else { random(3) },
        payload: random(4),
    }
}

fn value(event: &KeyEvent) -> Value {
    json!([
        event.key_id,
        event.version,
        event.kind as u8,
        event.at_ms,
        event.prev,
        event.payload
    ])
}

#[test]
fn random_batches_agree_with_the_npm_package() -> Result<()> {
    for size in [1, 2, 3, 5, 8, 13, 100, 1000] {
        let events: Vec<KeyEvent> = (0..size).map(|index| event(size, index)).collect();
        let leaves: Vec<B256> = events.iter().map(KeyEvent::hash).collect();
        let tree = EventsTree::of_leaves(leaves.clone(), 1).ok_or("no leaves")?;
        let paths: Vec<Vec<B256>> = leaves.iter().filter_map(|leaf| tree.path(leaf)).collect();
        let values: Vec<Value> = events.iter().map(value).collect();
        let indexed = leaves.iter().zip(&values);
        let dump = json!({
            "format": "standard-v1",
            "leafEncoding": LEAF_ENCODING,
            "tree": tree.nodes(),
            "values": indexed.map(|(leaf, value)| json!({"value": value, "treeIndex": tree.index_of(leaf)})).collect::<Vec<_>>(),
        });

        let theirs: Answer = node::run(
            "merkle_tree.cjs",
            &json!({"values": values, "dump": dump, "proofs": paths}),
        )?;
        assert_eq!(theirs.root, tree.root(), "{size} events: roots");
        assert_eq!(theirs.proofs, paths, "{size} events: paths");
        assert_eq!(theirs.dump, dump, "{size} events: dumps");
        assert_eq!(
            (theirs.loaded_root, theirs.verified),
            (tree.root(), size),
            "{size} events: ours, read by theirs"
        );
        for (leaf, proof) in leaves.iter().zip(&theirs.proofs) {
            assert_eq!(climb(leaf, proof), tree.root());
            assert!(is_legal_path_length(proof.len(), size as u64));
        }
    }
    Ok(())
}
