//! No byte of a valid bundle can be changed to make it say something else.

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::buyer;
use shelfproof_verifier::chain::trusted::TrustedEpochs;
use shelfproof_verifier::verdict::{self, Holds, Question};

use crate::vectors::{identity, vectors};

/// Flips each bit of `mask` in every byte: each time, the bundle is refused or its verdict is exactly the same.
fn flip_every_byte(vectors: &Value, case: &Value, masks: &[u8]) {
    let trusted = if case["trusted"].is_null() {
        &vectors["trusted"]
    } else {
        &case["trusted"]
    };
    let trusted = TrustedEpochs::parse(trusted.to_string().as_bytes()).unwrap();
    let claim = case["tag"].as_str().map(|tag| {
        let nonce: B256 = case["nonce"].as_str().unwrap().parse().unwrap();
        buyer::secret(&nonce, tag)
    });
    let question = Question {
        code: case["code"].as_str().unwrap(),
        claim,
        expected: identity(vectors),
        stale_after_s: 86_400,
    };
    let judge = |bytes: &[u8]| -> Option<Holds> {
        verdict::check(&Bundle::parse(bytes).ok()?, &question, trusted.as_view(), &[]).ok()
    };
    let mut bytes = case["bundle"].to_string().into_bytes();
    let said = judge(&bytes).unwrap();
    for at in 0..bytes.len() {
        for mask in masks {
            bytes[at] ^= mask;
            if let Some(says) = judge(&bytes) {
                assert_eq!(says, said, "byte {at} of {}, flipped by {mask:#x}", case["name"]);
            }
            bytes[at] ^= mask;
        }
    }
}

#[test]
fn every_bit_of_a_sold_key_s_bundle() {
    let vectors = vectors();
    flip_every_byte(&vectors, &vectors["bundles"][0], &[1, 2, 4, 8, 16, 32, 64, 128]);
}

#[test]
fn every_byte_of_the_other_bundles() {
    let vectors = vectors();
    for case in &vectors["bundles"].as_array().unwrap()[1..] {
        flip_every_byte(&vectors, case, &[1, 2]);
    }
}
