//! `shelfproof-verify` refuses every forged bundle, with the chain read over RPC, every forged delta, and honest
//! bundles with forged files of trusted epochs.

mod deltas;
mod trusted;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Verifier;
use shelfproof_tests::client::Client;
use shelfproof_tests::forger::{Forgery, ForgingShop, Honest, Material, Tried, forge, of_vectors, try_all};
use shelfproof_tests::vector_chain::{VectorChain, block_on, vector_chain};
use shelfproof_tests::vectors::{RECEIPT_KEY, Vectors};
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::MAX_BYTES;
use shelfproof_verifier::chain::Identity;

/// The smallest number of forgeries.
const KINDS: usize = 200;

/// How many buyers check at the same time.
const BUYERS: usize = 2;

/// The codes that the protocol marks with (2).
const CANNOT_TELL: [Code; 6] = [
    Code::CodeUnusual,
    Code::EpochNotFinal,
    Code::Stale,
    Code::BodyWithheld,
    Code::TransferUnverified,
    Code::Unaudited,
];

/// The codes that no bundle can cause on an honest chain. They are about events that are all leaves of their epochs. On
/// an honest chain such events of a key have one version each, are linked, allowed and in time, and none is a transfer.
/// Merchants that anchored what they must not are in the vectors, each with a chain of its own, and the verifier's
/// tests check them offline. What audits say comes from elsewhere than the bundle.
const OUT_OF_REACH: [Code; 6] = [
    Code::BrokenLink,
    Code::IllegalTransition,
    Code::Clock,
    Code::TransferUnverified,
    Code::AuditBreach,
    Code::Unaudited,
];

/// A key that is sold and one that was redeemed, both of the vectors' merchant.
fn material(vectors: &Vectors, receipt_key: Option<B256>) -> Result<Material> {
    let honest = |verdict: &str| {
        let case = vectors.bundles.iter().find(|case| case.verdict == verdict);
        Honest::of_case(case.ok_or("no such case")?)
    };
    let mut victim = honest("holds sold")?;
    // As a shop hands it out: the bodies before the sale are the supplier's.
    for included in &mut victim.bundle.events[..2] {
        included.opening = None;
    }
    Material::new(victim, honest("holds redeemed")?, keccak256("a forger"), receipt_key)
}

/// A buyer of the vectors' merchant.
fn verifier(vectors: &Vectors, chain: &VectorChain) -> Result<Verifier> {
    let identity = Identity {
        chain_id: vectors.merchant.chain_id,
        registry: chain.registry,
        merchant_id: chain.merchant_id,
    };
    Verifier::new(identity, chain.anvil.url())
}

/// Checks that each was refused for its own reason.
fn assert_refused(all: &[Tried]) {
    let wrong: Vec<String> = all
        .iter()
        .filter(|tried| !tried.is_as_expected())
        .map(|tried| format!("{}: not {}: {}", tried.name, tried.expected, tried.said.json))
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_kind_is_another_by_another_name_and_a_live_shop_gives_enough_of_them() -> Result<()> {
    let vectors = Vectors::read()?;
    let live = forge(&material(&vectors, None)?)?;
    assert!(live.len() >= KINDS, "{}", live.len());
    let all = [forge(&material(&vectors, Some(RECEIPT_KEY))?)?, of_vectors(&vectors)?].concat();
    let (mut names, mut kinds) = (BTreeSet::new(), BTreeMap::new());
    for one in &all {
        assert!(names.insert(&one.name), "{} twice", one.name);
        let secret = one.secret.as_ref().map(|secret| (secret.nonce, &secret.tag));
        let same = kinds.insert((&one.code, secret, &one.bundle), &one.name);
        assert_eq!(same, None, "{} is the same", one.name);
    }
    Ok(())
}

#[test]
fn every_forged_bundle_is_refused_for_its_own_reason_and_no_honest_one_is() -> Result<()> {
    let vectors = Vectors::read()?;
    let chain = vector_chain()?;
    let buyers = (0..BUYERS).map(|_| verifier(&vectors, &chain));
    let buyers = buyers.collect::<Result<Vec<_>>>()?;
    let material = material(&vectors, Some(RECEIPT_KEY))?;
    assert_allowed(&material, &buyers[0])?;

    let forgeries = [forge(&material)?, of_vectors(&vectors)?].concat();
    let shop = ForgingShop::open(&forgeries)?;
    let list = block_on(Client::new(shop.server().address(), "")?.get("/"))??.expect(200)?;
    assert_eq!(list["kinds"].as_array().map(Vec::len), Some(forgeries.len()));
    assert_eq!(list["kinds"][0]["expected"], forgeries[0].expected.as_str(), "{list}");

    let mut wrong = Vec::new();
    let mut refused: BTreeMap<Code, usize> = BTreeMap::new();
    for outcome in try_all(&shop, &forgeries, &buyers)? {
        let exit = if CANNOT_TELL.contains(&outcome.expected) { 2 } else { 1 };
        if !outcome.is_as_expected() || outcome.said.exit != exit {
            wrong.push(format!(
                "{}: not {}: {}",
                outcome.name, outcome.expected, outcome.said.json
            ));
        }
        *refused.entry(outcome.expected).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} kinds: {refused:#?}", forgeries.len());
    for code in Code::ALL {
        assert_eq!(refused.contains_key(&code), !OUT_OF_REACH.contains(&code), "{code}");
        if let Some(forgery) = forgeries.iter().find(|forgery| forgery.expected == code) {
            assert_in_words(forgery, &buyers[0])?;
        }
    }
    Ok(())
}

/// Checks that the output for people contains the code exactly once, at its start.
fn assert_in_words(forgery: &Forgery, buyer: &Verifier) -> Result<()> {
    let (code, secret) = (forgery.expected, forgery.secret.as_ref());
    let (exit, words) = buyer.key_in_words("key", &forgery.code, &forgery.bundle, secret)?;
    let (status, head) = if CANNOT_TELL.contains(&code) {
        (2, "CANNOT TELL")
    } else {
        (1, "REFUSED")
    };
    assert_eq!(exit, status, "{}: {words}", forgery.name);
    assert!(
        words.starts_with(&format!("{head}: {code}\n")),
        "{}: {words}",
        forgery.name
    );
    assert_eq!(words.matches(code.as_str()).count(), 1, "{}: {words}", forgery.name);
    Ok(())
}

/// Checks that the honest bundle holds, also after allowed changes at places that forgeries change.
fn assert_allowed(material: &Material, buyer: &Verifier) -> Result<()> {
    let victim = material.victim();
    let file: Value = serde_json::from_str(&victim.bundle.to_json())?;
    let padded = format!("{file}{}", " ".repeat(MAX_BYTES - file.to_string().len()));
    let with = |pointer: &str, value: Value| {
        let mut file = file.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(parent) = file.pointer_mut(parent) {
            parent[name] = value;
        }
        file.to_string()
    };
    let deep = (0..63).fold(json!(0), |inner, _| json!([inner]));
    let registry = file["registry"].as_str().unwrap_or_default().to_ascii_lowercase();
    for (name, bundle) in [
        ("as it is", file.to_string()),
        ("a mebibyte", padded),
        ("an unknown field", with("/remark", json!("9.90"))),
        ("nested to the bound", with("/remark", deep)),
        ("another case of the registry", with("/registry", json!(registry))),
        ("a hint of another block", with("/epochs/0/block", json!(1))),
        ("no receipts", with("/receipts", json!([]))),
    ] {
        let said = buyer.key("key", &victim.code, &bundle, Some(&victim.secret))?;
        assert_eq!(
            (said.exit, &said.json["verdict"]),
            (0, &json!("holds sold")),
            "{name}: {}",
            said.json
        );
    }
    let respelt = format!(" {}\u{3000}", victim.code.to_lowercase().replace('-', "\u{2010}"));
    let said = buyer.key("key", &respelt, &file.to_string(), Some(&victim.secret))?;
    assert_eq!(
        (said.exit, &said.json["yours"]),
        (0, &json!(true)),
        "respelt: {}",
        said.json
    );
    Ok(())
}
