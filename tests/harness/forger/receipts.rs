//! Receipts with other promises, or signed with a key that is not a receipt key of the merchant.

use alloy_primitives::{Address, B256, hex, keccak256};
use k256::ecdsa::{Signature, SigningKey};
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Promise;
use shelfproof_verifier::vocabulary::typed_data;
use shelfproof_verifier::{Code, U256};

use super::bench::{Bench, Draft, flip, slug};
use super::paths;
use crate::Result;

/// The longest time between a sale and its deadline: a day, in seconds.
const DAY_S: u64 = 86_400;

/// Changes v from 27 to 28 or back, which selects the other of two points.
const V_OTHER: u8 = 0b111;

/// The order of secp256k1.
const N: [u8; 32] = hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

/// A change to a receipt.
type Change = fn(&mut Promise);

/// Changes to the signed values, within the bounds of a receipt. The recovered signer is then another one.
const SIGNED: [(&str, Change); 8] = [
    ("version", |receipt| receipt.event.version += 1),
    ("time", |receipt| receipt.event.at_ms += 1),
    ("prev", |receipt| flip(&mut receipt.event.prev)),
    ("payload", |receipt| {
        flip(&mut receipt.event.payload);
        receipt.opening = None;
    }),
    ("cover", |receipt| receipt.cover += U256::ONE),
    ("highest-cover", |receipt| receipt.cover = U256::MAX),
    ("token", |receipt| receipt.token = Address::repeat_byte(1)),
    ("sibling-of-its-own-added", |receipt| {
        receipt.path.push(receipt.hash());
    }),
];

/// Changes to the signature alone: r at byte 0, s at 32 and v at 64.
const SIGNATURES: [(&str, Change); 17] = [
    ("r-first-bit-off", |receipt| receipt.signature[0] ^= 0x80),
    ("r-last-bit-off", |receipt| receipt.signature[31] ^= 1),
    ("r-zero", |receipt| receipt.signature[..32].fill(0)),
    ("r-that-is-n", |receipt| receipt.signature[..32].copy_from_slice(&N)),
    ("r-all-ones", |receipt| receipt.signature[..32].fill(0xff)),
    ("s-last-bit-off", |receipt| receipt.signature[63] ^= 1),
    ("s-zero", |receipt| receipt.signature[32..64].fill(0)),
    ("s-that-is-n", |receipt| receipt.signature[32..64].copy_from_slice(&N)),
    ("s-all-ones", |receipt| receipt.signature[32..64].fill(0xff)),
    ("r-and-s-exchanged", |receipt| receipt.signature[..64].rotate_left(32)),
    ("v-of-the-other-point", |receipt| receipt.signature[64] ^= V_OTHER),
    ("v-0-or-1", |receipt| {
        receipt.signature[64] = receipt.signature[64].wrapping_sub(27);
    }),
    ("v-29-or-30", |receipt| {
        receipt.signature[64] = receipt.signature[64].wrapping_add(2);
    }),
    ("v-of-a-transaction", |receipt| {
        receipt.signature[64] = receipt.signature[64].wrapping_add(10);
    }),
    ("v-all-ones", |receipt| receipt.signature[64] = 0xff),
    ("v-first", |receipt| receipt.signature.rotate_right(1)),
    ("zero", |receipt| receipt.signature.fill(0)),
];

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    forge_terms(bench);
    for (name, change) in SIGNED {
        bench.draft(&format!("signed-{name}"), Code::ReceiptSignature, |draft| {
            change(draft.receipt());
        });
    }
    for (name, path) in paths::changed(&bench.victim().bundle.receipts[0].path) {
        bench.draft(&format!("signed-{name}"), Code::ReceiptSignature, |draft| {
            draft.receipt().path = path;
        });
    }
    for (name, change) in SIGNATURES {
        bench.draft(&format!("signature-{name}"), Code::ReceiptSignature, |draft| {
            change(draft.receipt());
        });
    }
    let [r, s] = [0, 32].map(|at| B256::from_slice(&bench.victim().bundle.receipts[0].signature[at..at + 32]));
    let signature = Signature::from_scalars(r.0, s.0)?;
    let (r, s) = signature.split_scalars();
    let high = Signature::from_scalars(r, -s)?;
    bench.draft("signature-s-high", Code::ReceiptSignature, |draft| {
        let signature = &mut draft.receipt().signature;
        signature[..64].copy_from_slice(&high.to_bytes());
        signature[64] ^= V_OTHER;
    });
    let theirs = bench.other().bundle.receipts[0].signature;
    if theirs != bench.victim().bundle.receipts[0].signature {
        bench.draft("signature-of-another-receipt", Code::ReceiptSignature, |draft| {
            draft.receipt().signature = theirs;
        });
    }
    forge_stranger(bench)
}

/// Terms that a receipt may not have.
fn forge_terms(bench: &mut Bench<'_>) {
    let mut terms = |name: &str, change: &dyn Fn(&mut Draft)| bench.draft(name, Code::ReceiptTerms, change);
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Sold) {
        terms(&format!("promised-{}", slug(kind)), &|draft| {
            draft.receipt().event.kind = kind;
        });
    }
    terms("key-one-bit-off", &|draft| flip(&mut draft.receipt().event.key_id));
    terms("key-zero", &|draft| draft.receipt().event.key_id = B256::ZERO);
    terms("buyer-one-bit-off", &|draft| flip(&mut draft.receipt().buyer));
    terms("buyer-left-out", &|draft| draft.receipt().buyer = B256::ZERO);
    terms("due-at-the-beginning-of-time", &|draft| draft.receipt().anchor_by_s = 0);
    terms("due-in-milliseconds", &|draft| {
        draft.receipt().anchor_by_s = draft.receipt().event.at_ms;
    });
    terms("due-at-the-end-of-time", &|draft| {
        draft.receipt().anchor_by_s = (1 << 53) - 1;
    });
    // The last second before the sale, and the first that is more than a day after it.
    terms("due-before-the-sale", &|draft| {
        draft.receipt().anchor_by_s = draft.receipt().event.at_ms.div_ceil(1000) - 1;
    });
    terms("due-after-more-than-a-day", &|draft| {
        draft.receipt().anchor_by_s = draft.receipt().event.at_ms / 1000 + DAY_S + 1;
    });
    terms("sale-after-the-deadline", &|draft| {
        draft.receipt().event.at_ms = draft.receipt().anchor_by_s * 1000 + 1;
    });
    terms("sale-more-than-a-day-before-the-deadline", &|draft| {
        draft.receipt().event.at_ms = (draft.receipt().anchor_by_s - DAY_S) * 1000 - 1;
    });
    terms("sale-at-the-beginning-of-time", &|draft| {
        draft.receipt().event.at_ms = 0;
    });
    let receipt = bench.other().bundle.receipts[0].clone();
    bench.draft("of-another-sale", Code::ReceiptTerms, |draft| {
        *draft.receipt() = receipt.clone();
    });
    bench.draft("of-another-sale-beside", Code::ReceiptTerms, |draft| {
        draft.bundle.receipts.push(receipt.clone());
    });
    bench.draft("of-another-sale-before", Code::ReceiptTerms, |draft| {
        draft.bundle.receipts.insert(0, receipt);
    });
}

/// Correctly signed receipts of somebody whom the registry does not know.
fn forge_stranger(bench: &mut Bench<'_>) -> Result<()> {
    let stranger = SigningKey::from_slice(bench.material.word("a receipt key").as_slice())?;
    let identity = bench.victim().bundle.identity;
    let honest = bench.victim().bundle.receipts[0].clone();
    let mut lone = Promise {
        path: Vec::new(),
        ..honest.clone()
    };
    let mut burst = honest.clone();
    for promise in [&mut burst, &mut lone] {
        promise.signature = sign(
            &stranger,
            &typed_data::receipt_digest(&identity, &promise.root(), promise.anchor_by_s),
        )?;
    }
    let mut invented = Promise {
        opening: None,
        ..lone.clone()
    };
    invented.event.payload = keccak256("a sale that never was");
    let digest = typed_data::receipt_digest(&identity, &invented.root(), invented.anchor_by_s);
    invented.signature = sign(&stranger, &digest)?;
    bench.draft("by-a-stranger", Code::ReceiptSignature, |draft| {
        *draft.receipt() = burst;
    });
    bench.draft("by-a-stranger-beside", Code::ReceiptSignature, |draft| {
        draft.bundle.receipts.push(lone);
    });
    bench.draft(
        "by-a-stranger-of-a-sale-that-never-was",
        Code::ReceiptSignature,
        |draft| {
            draft.bundle.receipts.push(invented);
        },
    );
    Ok(())
}

/// Returns a signature in the form that receipts have: r, s and v, with a low s.
pub(super) fn sign(key: &SigningKey, digest: &B256) -> Result<[u8; typed_data::SIGNATURE_BYTES]> {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice())?;
    let mut bytes = [0; typed_data::SIGNATURE_BYTES];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + recovery.to_byte();
    Ok(bytes)
}
