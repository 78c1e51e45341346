//! The step from the typed code to the key id: other codes, other ids, and invalid proofs.

use alloy_primitives::hex;
use shelfproof_verifier::{Code, code, vrf};

use super::bench::{Bench, flip};
use crate::Result;

/// The bytes of a proof that hold `Γ`, `c` and `s`.
const GAMMA: std::ops::Range<usize> = 0..32;
const C: std::ops::Range<usize> = 32..48;
const S: std::ops::Range<usize> = 48..80;

/// The order of the group, little-endian: 2²⁵² plus a smaller number.
const Q: [u8; 32] = hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/// Values that `Γ` may not have: points of small order, non-canonical encodings, and bytes that encode no point.
const POINTS: [(&str, [u8; 32]); 8] = [
    (
        "neutral-point",
        hex!("0100000000000000000000000000000000000000000000000000000000000000"),
    ),
    (
        "point-of-order-2",
        hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ),
    (
        "point-of-order-4",
        hex!("0000000000000000000000000000000000000000000000000000000000000000"),
    ),
    (
        "point-of-order-8",
        hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ),
    (
        "neutral-point-above-p",
        hex!("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ),
    (
        "point-above-p",
        hex!("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ),
    (
        "neutral-point-with-a-sign",
        hex!("0100000000000000000000000000000000000000000000000000000000000080"),
    ),
    (
        "no-point",
        hex!("0200000000000000000000000000000000000000000000000000000000000000"),
    ),
];

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    forge_codes(bench);
    forge_ids(bench)?;
    forge_proofs(bench);
    Ok(())
}

/// Codes that are not the bundle's, or that the protocol does not allow.
fn forge_codes(bench: &mut Bench<'_>) {
    let (code, other) = (bench.victim().code.clone(), bench.other().clone());
    let first = code.chars().next().unwrap_or_default();
    for (name, typed) in [
        ("code-of-another-sale", other.code.clone()),
        ("code-with-a-digit-more", format!("{code}0")),
        ("code-cut-short", code.chars().take(code.chars().count() / 2).collect()),
        ("code-backwards", code.chars().rev().collect()),
        ("code-with-its-price", format!("{code} 9.90")),
        ("code-with-a-label", format!("code: {code}")),
    ] {
        bench.draft(name, Code::KeyId, |draft| draft.code = typed);
    }
    for (name, typed) in [
        ("code-with-a-remark", format!("{code} 卡密")),
        // A Greek letter that looks the same as a Latin one.
        ("code-with-a-look-alike", format!("{code}\u{391}")),
        ("code-with-an-accent", format!("{code}\u{301}")),
        ("code-of-circled-letters", format!("\u{24b6}{code}")),
        ("code-of-separators", "- -".to_owned()),
        ("code-of-nothing", String::new()),
        ("code-too-long", first.to_string().repeat(257)),
    ] {
        bench.draft(name, Code::CodeUnusual, |draft| draft.code = typed);
    }
    bench.draft("bundle-of-another-sale", Code::KeyId, |draft| {
        draft.bundle = other.bundle.clone();
        draft.secret = other.secret.clone();
    });
}

/// Another id, alone or with a proof that leads to it.
fn forge_ids(bench: &mut Bench<'_>) -> Result<()> {
    let other = &bench.other().bundle;
    let secret = vrf::SecretKey::from_seed(&bench.material.word("a VRF key").0).ok_or("no VRF key")?;
    let (own_id, own_proof) = secret
        .prove(&code::alpha(&bench.victim().code)?)
        .ok_or("no VRF proof")?;
    let (_, proof_of_id) = secret
        .prove(bench.victim().bundle.key_id.as_slice())
        .ok_or("no VRF proof")?;
    bench.draft("id-one-bit-off", Code::KeyId, |draft| flip(&mut draft.bundle.key_id));
    bench.draft("id-zero", Code::KeyId, |draft| draft.bundle.key_id.fill(0));
    bench.draft("id-of-another-sale", Code::KeyId, |draft| {
        draft.bundle.key_id = other.key_id;
    });
    bench.draft("id-that-is-the-point", Code::KeyId, |draft| {
        draft.bundle.key_id.copy_from_slice(&draft.bundle.vrf_proof[GAMMA]);
    });
    bench.draft("proof-of-another-sale", Code::KeyId, |draft| {
        draft.bundle.vrf_proof = other.vrf_proof;
    });
    bench.draft("id-and-proof-of-another-sale", Code::KeyId, |draft| {
        draft.bundle.key_id = other.key_id;
        draft.bundle.vrf_proof = other.vrf_proof;
    });
    bench.draft("proof-by-another-key", Code::KeyId, |draft| {
        draft.bundle.vrf_proof = own_proof;
    });
    bench.draft("id-and-proof-by-another-key", Code::KeyId, |draft| {
        draft.bundle.key_id = own_id;
        draft.bundle.vrf_proof = own_proof;
    });
    bench.draft("proof-of-the-id-itself", Code::KeyId, |draft| {
        draft.bundle.vrf_proof = proof_of_id;
    });
    Ok(())
}

/// Changes each part of the merchant's own proof.
fn forge_proofs(bench: &mut Bench<'_>) {
    let other = bench.other().bundle.vrf_proof;
    for (name, part) in [("point", GAMMA), ("challenge", C), ("answer", S)] {
        let (first, last) = (part.start, part.end - 1);
        bench.draft(&format!("{name}-first-bit-off"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[first] ^= 1;
        });
        // The last bit of a point is the sign of its other coordinate.
        bench.draft(&format!("{name}-last-bit-off"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[last] ^= 0x80;
        });
        bench.draft(&format!("{name}-of-another-sale"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[part.clone()].copy_from_slice(&other[part.clone()]);
        });
        bench.draft(&format!("{name}-all-ones"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[part.clone()].fill(0xff);
        });
        bench.draft(&format!("{name}-backwards"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[part.clone()].reverse();
        });
    }
    // Zeros in place of the point encode a point of order 4.
    for (name, part) in [("challenge", C), ("answer", S)] {
        bench.draft(&format!("{name}-zero"), Code::KeyId, |draft| {
            draft.bundle.vrf_proof[part].fill(0);
        });
    }
    for (name, point) in POINTS {
        bench.draft(name, Code::KeyId, |draft| {
            draft.bundle.vrf_proof[GAMMA].copy_from_slice(&point);
        });
    }
    bench.draft("answer-plus-q", Code::KeyId, |draft| add_q(&mut draft.bundle.vrf_proof));
    bench.draft("answer-that-is-q", Code::KeyId, |draft| {
        draft.bundle.vrf_proof[S].copy_from_slice(&Q);
    });
    bench.draft("answer-before-challenge", Code::KeyId, |draft| {
        draft.bundle.vrf_proof[C.start..].rotate_left(16);
    });
    bench.draft("answer-before-point", Code::KeyId, |draft| {
        draft.bundle.vrf_proof.rotate_right(32);
    });
    bench.draft("proof-zero", Code::KeyId, |draft| draft.bundle.vrf_proof.fill(0));
}

/// Adds q to the answer: the same number modulo q, in other bytes.
fn add_q(proof: &mut vrf::Proof) {
    let mut carry = 0;
    for (byte, q) in proof[S].iter_mut().zip(Q) {
        let sum = u16::from(*byte) + u16::from(q) + carry;
        let [low, high] = sum.to_le_bytes();
        *byte = low;
        carry = high.into();
    }
}
