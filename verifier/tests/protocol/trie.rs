//! The history trie against the vectors, against `nomt-core` on random maps, and against forged proofs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use nomt_core::hasher::Sha2Hasher;
use nomt_core::proof::{PathProof, PathProofTerminal};
use nomt_core::trie::LeafData;
use nomt_core::trie_pos::TriePosition;
use nomt_core::update::build_trie;
use proptest::prelude::*;
use shelfproof_verifier::B256;
use shelfproof_verifier::history::{
    EMPTY, MAX_SIBLINGS, Proof, Proven, Terminal, climb, join, leaf, prove_from, root_of, value_hash,
};

type Leaves = Vec<(B256, B256)>;

/// Maps with keys that are random, share few prefixes, or differ only in their last bits.
fn leaves() -> impl Strategy<Value = Leaves> {
    let key = (
        any::<[u8; 32]>(),
        prop_oneof![Just(0), Just(1), Just(8), Just(31)],
        any::<bool>(),
    )
        .prop_map(|(mut key, shared, low)| {
            key[..shared].fill(0xA5);
            if low {
                key[..31].fill(0xA5);
            }
            B256::new(key)
        });
    prop::collection::btree_map(key, any::<[u8; 32]>().prop_map(B256::new), 0..80)
        .prop_map(|map: BTreeMap<_, _>| map.into_iter().collect())
}

fn nomt_root(leaves: &Leaves) -> B256 {
    B256::new(build_trie::<Sha2Hasher>(
        0,
        leaves.iter().map(|(key, value)| (key.0, value.0)),
        |_| {},
    ))
}

/// `None` if `nomt-core` refuses the proof; otherwise whether the proof shows the key as present.
fn nomt_says(key: &B256, proof: &Proof, root: &B256) -> Option<bool> {
    let depth = u16::try_from(proof.siblings.len()).unwrap();
    let position = TriePosition::from_path_and_depth(key.0, 256);
    let terminal = match &proof.terminal {
        Some(at) => PathProofTerminal::Leaf(LeafData {
            key_path: at.key.0,
            value_hash: at.value_hash.0,
        }),
        None if depth == 0 => PathProofTerminal::Terminator(TriePosition::new()),
        None => PathProofTerminal::Terminator(TriePosition::from_path_and_depth(key.0, depth)),
    };
    let path = PathProof {
        terminal,
        siblings: proof.siblings.iter().map(|node| node.0).collect(),
    };
    let verified = path.verify::<Sha2Hasher>(position.path(), root.0).ok()?;
    verified.confirm_nonexistence(&key.0).ok().map(|absent| !absent)
}

proptest! {
    #[test]
    fn root_and_proofs_agree_with_nomt(leaves in leaves(), strangers in prop::collection::vec(any::<[u8; 32]>(), 8)) {
        let root = root_of(&leaves);
        prop_assert_eq!(root, nomt_root(&leaves));
        for (key, value_hash) in &leaves {
            let proof = prove_from(&leaves, key);
            prop_assert_eq!(climb(key, &proof, &root), Some(Proven::Present { value_hash: *value_hash }));
            prop_assert_eq!(nomt_says(key, &proof, &root), Some(true));
        }
        // Neighbours of present keys, and random keys.
        let beside = leaves.iter().map(|(key, _)| { let mut key = *key; key[31] ^= 1; key });
        for key in beside.chain(strangers.into_iter().map(B256::new)) {
            if leaves.binary_search_by_key(&key, |(key, _)| *key).is_ok() {
                continue;
            }
            let proof = prove_from(&leaves, &key);
            prop_assert_eq!(climb(&key, &proof, &root), Some(Proven::Absent));
            prop_assert_eq!(nomt_says(&key, &proof, &root), Some(false));
        }
    }

    #[test]
    fn a_trie_may_be_cut_and_joined_anywhere(leaves in leaves(), depth in 1..12u32) {
        let mut nodes: Vec<B256> = (0..1u32 << depth)
            .map(|bucket| {
                let prefix = |key: &B256| u32::from_be_bytes([key[0], key[1], key[2], key[3]]) >> (32 - depth);
                let mine: Leaves = leaves.iter().filter(|(key, _)| prefix(key) == bucket).copied().collect();
                // The bucket's node: its trie without the first `depth` steps.
                mine.first().map_or(EMPTY, |(key, value_hash)| match mine.len() {
                    1 => leaf(key, value_hash),
                    _ => descend(&mine, key, depth),
                })
            })
            .collect();
        while nodes.len() > 1 {
            nodes = nodes.chunks(2).map(|pair| join(&pair[0], &pair[1])).collect();
        }
        prop_assert_eq!(nodes[0], root_of(&leaves));
    }

    #[test]
    fn a_changed_proof_is_refused(leaves in leaves(), pick in any::<prop::sample::Index>(), flip in any::<u8>()) {
        prop_assume!(!leaves.is_empty());
        let (key, value) = leaves[pick.index(leaves.len())];
        let (root, proof) = (root_of(&leaves), prove_from(&leaves, &key));
        let terminal = proof.terminal.unwrap();
        let mut forged = vec![
            Proof { terminal: None, ..proof.clone() },
            Proof { terminal: Some(Terminal { value_hash: flipped(value, flip), ..terminal }), ..proof.clone() },
            Proof { terminal: Some(Terminal { key: flipped(key, flip), ..terminal }), ..proof.clone() },
            // Proofs that a reader which folds lone leaves would accept.
            Proof { siblings: [proof.siblings.clone(), vec![EMPTY]].concat(), ..proof.clone() },
            Proof { terminal: None, siblings: [proof.siblings.clone(), vec![leaf(&key, &value)]].concat() },
        ];
        for at in 0..proof.siblings.len() {
            let mut siblings = proof.siblings.clone();
            siblings[at] = flipped(siblings[at], flip);
            forged.push(Proof { siblings, ..proof.clone() });
        }
        for proof in forged {
            prop_assert_eq!(climb(&key, &proof, &root), None);
        }
    }
}

/// The node `depth` steps below the root of a trie with at least two leaves that share so many bits.
fn descend(leaves: &Leaves, key: &B256, depth: u32) -> B256 {
    // The siblings above the shared bits are empty; the other siblings lead to the subtree's own node.
    let proof = prove_from(leaves, key);
    let mut node = leaf(key, &proof.terminal.unwrap().value_hash);
    for at in (depth as usize..proof.siblings.len()).rev() {
        let pair = if key[at / 8] >> (7 - at % 8) & 1 == 1 {
            (proof.siblings[at], node)
        } else {
            (node, proof.siblings[at])
        };
        node = join(&pair.0, &pair.1);
    }
    node
}

fn flipped(mut word: B256, flip: u8) -> B256 {
    word[usize::from(flip % 32)] ^= 1 << (flip / 32);
    word
}

/// Roots of shapes that no trie has, which a dishonest merchant could anchor: proofs under them are refused, since
/// another reader might fold them and conclude the opposite.
#[test]
fn shapes_that_no_trie_has_are_refused() {
    let (key, other, value) = (B256::repeat_byte(0x11), B256::repeat_byte(0xEE), B256::repeat_byte(7));
    let node = leaf(&key, &value);
    let beside = leaf(&other, &value);
    let present = Some(Terminal { key, value_hash: value });
    for (terminal, siblings) in [
        (present, vec![EMPTY]),
        (None, vec![EMPTY]),
        (None, vec![beside]),
        (present, vec![EMPTY; MAX_SIBLINGS]),
        (
            present,
            [vec![EMPTY; MAX_SIBLINGS - 1], vec![B256::repeat_byte(1)]].concat(),
        ),
        (
            None,
            [vec![EMPTY; MAX_SIBLINGS - 1], vec![B256::repeat_byte(1)]].concat(),
        ),
        (present, vec![beside; MAX_SIBLINGS + 1]),
    ] {
        let proof = Proof { terminal, siblings };
        let root = plain_climb(&key, terminal.map_or(EMPTY, |_| node), &proof.siblings);
        assert_eq!(climb(&key, &proof, &root), None, "{proof:?}");
    }
    // The same paths are accepted with an end that a trie has.
    for (terminal, siblings) in [
        (present, vec![]),
        (present, vec![beside]),
        (present, vec![B256::repeat_byte(1)]),
        (None, vec![B256::repeat_byte(1)]),
        (present, [vec![EMPTY; MAX_SIBLINGS - 1], vec![beside]].concat()),
    ] {
        let proof = Proof { terminal, siblings };
        let root = plain_climb(&key, terminal.map_or(EMPTY, |_| node), &proof.siblings);
        assert!(climb(&key, &proof, &root).is_some(), "{proof:?}");
    }
}

fn plain_climb(key: &B256, end: B256, siblings: &[B256]) -> B256 {
    use sha2::{Digest, Sha256};
    siblings.iter().enumerate().rev().fold(end, |node, (at, sibling)| {
        let set = key.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        let pair = if set { [*sibling, node] } else { [node, *sibling] };
        let mut node = B256::from_slice(&Sha256::digest(pair.concat()));
        node[0] &= 0x7f;
        node
    })
}

#[test]
fn an_empty_map_and_a_lone_key() {
    let (key, value) = (B256::repeat_byte(3), value_hash(1, &B256::repeat_byte(9)));
    let empty = Proof {
        terminal: None,
        siblings: vec![],
    };
    assert_eq!(root_of(&[]), EMPTY);
    assert_eq!(prove_from(&[], &key), empty);
    assert_eq!(climb(&key, &empty, &EMPTY), Some(Proven::Absent));
    let lone = [(key, value)];
    assert_eq!(root_of(&lone), leaf(&key, &value));
    assert_eq!(climb(&key, &empty, &root_of(&lone)), None);
    let elsewhere = B256::repeat_byte(0xFC);
    assert_eq!(
        climb(&elsewhere, &prove_from(&lone, &elsewhere), &root_of(&lone)),
        Some(Proven::Absent)
    );
}

#[test]
fn the_vectors_history_is_reproduced() {
    let vectors = vectors();
    let roots = |epoch: &serde_json::Value| word(&vectors["epochs"][number(epoch) - 1]["header"]["historyRoot"]);
    let entries = vectors["history"].as_array().unwrap();
    assert_eq!(entries.len(), 42);
    let mut leaves = Leaves::new();
    for entry in entries {
        let (key, proof) = (word(&entry["keyId"]), proof_of(entry));
        let proven = climb(&key, &proof, &roots(&entry["epoch"]));
        let Some(head) = entry.get("head") else {
            assert_eq!(proven, Some(Proven::Absent), "{key}");
            continue;
        };
        let version = u32::try_from(number(&entry["version"])).unwrap();
        let value_hash = value_hash(version, &word(head));
        assert_eq!(proven, Some(Proven::Present { value_hash }), "{key}");
        leaves.push((key, value_hash));
    }
    // The last epoch has an entry for every key, from which its root and all proofs follow.
    leaves.sort_unstable();
    assert_eq!(root_of(&leaves), roots(&serde_json::json!(4)));
    for entry in entries {
        assert_eq!(prove_from(&leaves, &word(&entry["keyId"])), proof_of(entry));
    }
}

#[test]
fn the_vectors_bundles_climb_and_their_forgeries_do_not() {
    let vectors = vectors();
    let refused = vectors["refused"].as_array().unwrap();
    let climbs = |entry: &serde_json::Value| {
        // A refused bundle is kept as its exact text.
        let text = entry["bundle"].as_str();
        let bundle = text.map_or(entry["bundle"].clone(), |text| serde_json::from_str(text).unwrap());
        let history = &bundle["history"];
        let header = bundle["epochs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|header| header["number"] == history["epoch"]);
        climb(
            &word(&bundle["keyId"]),
            &proof_of(history),
            &word(&header.unwrap()["historyRoot"]),
        )
        .is_some()
    };
    for entry in vectors["bundles"].as_array().unwrap() {
        assert!(climbs(entry), "{}", entry["name"]);
    }
    let verdict = |wanted: &str| {
        refused
            .iter()
            .filter(move |entry| entry["verdict"] == wanted)
            .collect::<Vec<_>>()
    };
    assert!(verdict("history_root").len() >= 2);
    for entry in verdict("history_root") {
        assert!(!climbs(entry), "{}", entry["name"]);
    }
    for entry in verdict("history_mismatch") {
        assert!(climbs(entry), "{}", entry["name"]);
    }
}

fn vectors() -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/protocol-v1.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn proof_of(entry: &serde_json::Value) -> Proof {
    let terminal = &entry["terminal"];
    let terminal = (!terminal.is_null()).then(|| Terminal {
        key: word(&terminal["key"]),
        value_hash: word(&terminal["valueHash"]),
    });
    Proof {
        terminal,
        siblings: entry["siblings"].as_array().unwrap().iter().map(word).collect(),
    }
}

fn word(value: &serde_json::Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

fn number(value: &serde_json::Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}
