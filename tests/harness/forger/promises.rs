//! Receipts that the merchant's own key signed but must not sign: for another domain, with other terms, over other
//! leaves, or for sales that never enter the log.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};
use shelfproof_verifier::receipt::Promise;
use shelfproof_verifier::vocabulary::typed_data;
use shelfproof_verifier::{Code, U256, tree};

use super::bench::{Bench, GENERATION};
use super::receipts::sign;
use crate::Result;

pub(super) fn forge(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    forge_domains(bench, key)?;
    forge_digests(bench, key)?;
    forge_terms(bench, key)?;
    forge_sales(bench, key)
}

/// Signs a promise for that merchant.
fn signed(promise: Promise, identity: &Identity, key: &SigningKey) -> Result<Promise> {
    let digest = typed_data::receipt_digest(identity, &promise.root(), promise.anchor_by_s);
    Ok(Promise {
        signature: sign(key, &digest)?,
        ..promise
    })
}

/// Signs the true promise for another chain, registry or merchant.
fn forge_domains(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    let identity = bench.victim().bundle.identity;
    for (name, other) in [
        (
            "for-another-chain",
            Identity {
                chain_id: identity.chain_id + 1,
                ..identity
            },
        ),
        (
            "for-another-registry",
            Identity {
                registry: Address::repeat_byte(1),
                ..identity
            },
        ),
        (
            "for-another-merchant",
            Identity {
                merchant_id: B256::repeat_byte(1),
                ..identity
            },
        ),
        (
            "for-no-registry",
            Identity {
                registry: Address::ZERO,
                ..identity
            },
        ),
    ] {
        let promise = signed(bench.victim().bundle.receipts[0].clone(), &other, key)?;
        bench.draft(name, Code::ReceiptSignature, |draft| *draft.receipt() = promise);
    }
    Ok(())
}

/// Signs the true promise over another digest than the protocol's.
fn forge_digests(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    let identity = bench.victim().bundle.identity;
    let honest = &bench.victim().bundle.receipts[0];
    let root = honest.root();
    let digest = typed_data::receipt_digest(&identity, &root, honest.anchor_by_s);
    let bare = tree::climb(&honest.event.hash(), &honest.path);
    let over_the_event = typed_data::receipt_digest(&identity, &bare, honest.anchor_by_s);
    let prefixed = |word: &B256| keccak256([&b"\x19Ethereum Signed Message:\n32"[..], word.as_slice()].concat());
    for (name, digest) in [
        ("of-the-bare-root", root),
        ("of-the-hash-of-the-sale", honest.event.hash()),
        ("of-the-hash-of-the-promise", honest.hash()),
        ("over-the-event-alone", over_the_event),
        ("of-the-payload", honest.event.payload),
        ("as-a-message", prefixed(&digest)),
        ("as-a-message-of-the-root", prefixed(&root)),
        ("hashed-once-more", keccak256(digest)),
    ] {
        let signature = sign(key, &digest)?;
        bench.draft(name, Code::ReceiptSignature, |draft| {
            draft.receipt().signature = signature;
        });
    }
    forge_leaves(bench, key)
}

/// Signs trees whose leaf binds sale, buyer, cover and token in another way than the protocol's.
fn forge_leaves(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    let identity = bench.victim().bundle.identity;
    let honest = bench.victim().bundle.receipts[0].clone();
    let (sale, buyer) = (honest.event.hash(), honest.buyer);
    let (cover, token) = (B256::from(honest.cover), honest.token.into_word());
    let hash = |words: &[&[u8]]| keccak256(words.concat());
    let twice = |words: &[&[u8]]| keccak256(hash(words));
    let [sale, buyer, cover, token] = [&sale, &buyer, &cover, &token].map(B256::as_slice);
    for (name, leaf) in [
        ("leaf-hashed-once", hash(&[sale, buyer, cover, token])),
        ("leaf-without-buyer", twice(&[sale, cover, token])),
        ("leaf-without-cover", twice(&[sale, buyer, token])),
        ("leaf-without-token", twice(&[sale, buyer, cover])),
        (
            "leaf-of-packed-fields",
            twice(&[sale, buyer, cover, honest.token.as_slice()]),
        ),
        (
            "leaf-with-buyer-and-cover-exchanged",
            twice(&[sale, cover, buyer, token]),
        ),
        (
            "leaf-with-buyer-and-sale-exchanged",
            twice(&[buyer, sale, cover, token]),
        ),
    ] {
        let root = tree::climb(&leaf, &honest.path);
        let signature = sign(key, &typed_data::receipt_digest(&identity, &root, honest.anchor_by_s))?;
        bench.draft(name, Code::ReceiptSignature, |draft| {
            draft.receipt().signature = signature;
        });
    }
    // The shop promises one thing, and shows another.
    for (name, promised) in [
        (
            "promised-another-buyer",
            Promise {
                buyer: bench.material.word("a buyer"),
                ..honest.clone()
            },
        ),
        (
            "promised-another-cover",
            Promise {
                cover: honest.cover + U256::ONE,
                ..honest.clone()
            },
        ),
        (
            "promised-another-token",
            Promise {
                token: Address::repeat_byte(1),
                ..honest.clone()
            },
        ),
    ] {
        let signature = signed(promised, &identity, key)?.signature;
        bench.draft(name, Code::ReceiptSignature, |draft| {
            draft.receipt().signature = signature;
        });
    }
    // The promise is signed as it is shown, and names another buyer than the sale that it opens.
    for (name, buyer) in [
        ("to-another-buyer", bench.material.word("a buyer")),
        ("to-nobody", B256::ZERO),
    ] {
        let promise = signed(
            Promise {
                buyer,
                ..honest.clone()
            },
            &identity,
            key,
        )?;
        bench.draft(name, Code::ReceiptTerms, |draft| *draft.receipt() = promise);
    }
    Ok(())
}

/// Signs promises with terms that no receipt may have.
fn forge_terms(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    let (identity, honest) = (
        bench.victim().bundle.identity,
        bench.victim().bundle.receipts[0].clone(),
    );
    let at_ms = honest.event.at_ms;
    let other = bench.other().bundle.key_id;
    // The latest allowed deadline is a day after the sale, rounded down to seconds; the earliest is the sale, rounded
    // up.
    let (early, late) = (at_ms.div_ceil(1000) - 1, at_ms / 1000 + 86_401);
    for (name, code, event, anchor_by_s) in [
        ("due-before-the-sale", Code::ReceiptTerms, honest.event, early),
        ("due-after-more-than-a-day", Code::ReceiptTerms, honest.event, late),
        (
            "of-another-key",
            Code::ReceiptTerms,
            KeyEvent {
                key_id: other,
                ..honest.event
            },
            honest.anchor_by_s,
        ),
        (
            "of-a-redemption",
            Code::ReceiptTerms,
            KeyEvent {
                kind: Kind::Redeemed,
                ..honest.event
            },
            honest.anchor_by_s,
        ),
        // No receipt key was registered at that time.
        (
            "before-the-key-was-added",
            Code::ReceiptSignature,
            KeyEvent {
                at_ms: 0,
                ..honest.event
            },
            0,
        ),
    ] {
        let promise = Promise {
            event,
            anchor_by_s,
            path: Vec::new(),
            ..honest.clone()
        };
        let promise = signed(promise, &identity, key)?;
        bench.draft(name, code, |draft| *draft.receipt() = promise);
    }
    Ok(())
}

/// Signs promises of sales that are in no epoch. Their time is that of the key's generation, so that their deadlines
/// have passed.
fn forge_sales(bench: &mut Bench<'_>, key: &SigningKey) -> Result<()> {
    let identity = bench.victim().bundle.identity;
    let sale = bench.victim().bundle.receipts[0].clone();
    let at_ms = bench.victim().bundle.events[GENERATION].event.at_ms;
    let (salt, body) = (bench.material.word("a salt"), r#"{"order":"another"}"#.to_owned());
    let to_another = KeyEvent {
        at_ms,
        payload: event::payload(&salt, &body),
        ..sale.event
    };
    let opening = Some(Opening { salt, body });
    let again = KeyEvent {
        version: sale.event.version + 1,
        prev: sale.event.hash(),
        ..to_another
    };
    let first = KeyEvent {
        version: 1,
        prev: B256::ZERO,
        ..to_another
    };
    for (name, event, path) in [
        ("sale-left-out", to_another, Vec::new()),
        (
            "sale-left-out-of-a-burst",
            to_another,
            vec![sale.event.hash(); tree::MAX_PATH],
        ),
        ("second-sale-left-out", again, Vec::new()),
        ("sale-before-generation-left-out", first, Vec::new()),
    ] {
        let promise = Promise {
            event,
            opening: opening.clone(),
            buyer: B256::ZERO,
            anchor_by_s: at_ms.div_ceil(1000),
            path,
            ..sale.clone()
        };
        let promise = signed(promise, &identity, key)?;
        bench.draft(name, Code::ReceiptUnmet, |draft| {
            draft.bundle.receipts.push(promise.clone());
        });
        bench.draft(&format!("{name}-alone"), Code::ReceiptUnmet, |draft| {
            *draft.receipt() = promise;
        });
    }
    Ok(())
}
