//! Another chain, registry or merchant than the one that the buyer was told.

use alloy_primitives::{Address, B256};
use shelfproof_verifier::{Code, code, epoch, vrf};

use super::bench::{Bench, flip};
use crate::Result;

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    for (name, chain_id) in [("chain-0", 0), ("main-chain", 1), ("chain-of-53-bits", (1 << 53) - 1)] {
        bench.draft(name, Code::WrongMerchant, |draft| {
            draft.bundle.identity.chain_id = chain_id;
        });
    }
    bench.draft("next-chain", Code::WrongMerchant, |draft| {
        draft.bundle.identity.chain_id += 1;
    });
    for (name, registry) in [
        ("no-registry", Address::ZERO),
        (
            "registry-of-the-forger",
            Address::from_word(bench.material.word("a registry")),
        ),
        (
            "merchant-as-registry",
            Address::from_word(bench.victim().bundle.identity.merchant_id),
        ),
    ] {
        bench.draft(name, Code::WrongMerchant, |draft| {
            draft.bundle.identity.registry = registry;
        });
    }
    let identity = bench.victim().bundle.identity;
    let own = epoch::merchant_id(
        identity.chain_id,
        &identity.registry,
        &Address::from_word(bench.material.word("an owner")),
        &B256::ZERO,
    );
    for (name, merchant_id) in [
        ("no-merchant", B256::ZERO),
        ("merchant-of-the-forger", own),
        ("key-as-merchant", bench.victim().bundle.key_id),
    ] {
        bench.draft(name, Code::WrongMerchant, |draft| {
            draft.bundle.identity.merchant_id = merchant_id;
        });
    }
    bench.draft("merchant-one-bit-off", Code::WrongMerchant, |draft| {
        flip(&mut draft.bundle.identity.merchant_id);
    });
    // Another shop with its own VRF key, under which the code has another id. The bundle is consistent in itself.
    let secret = vrf::SecretKey::from_seed(&bench.material.word("a VRF key").0).ok_or("no VRF key")?;
    let alpha = code::alpha(&bench.victim().code)?;
    let (key_id, proof) = secret.prove(&alpha).ok_or("no VRF proof")?;
    bench.draft("shop-of-the-forger", Code::WrongMerchant, |draft| {
        draft.bundle.identity.merchant_id = own;
        draft.bundle.key_id = key_id;
        draft.bundle.vrf_proof = proof;
    });
    Ok(())
}
