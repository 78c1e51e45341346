//! The programs' owner commands: which log records a transaction, and which configurations are accepted.

use std::fs;
use std::path::Path;

use alloy::providers::Provider;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, keccak256};
use secrecy::SecretString;
use serde_json::Value;
use shelfproof_anchor::owner::{Owner, Registration};
use shelfproof_anchor::step::Step;
use shelfproof_anchor::tx::{IntentLog, Journal};
use shelfproof_base::keyfile::{self, Key};
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::AnchoredShop;
use shelfproof_tests::merchant_chain::FUNDS_WEI;
use shelfproof_tests::vector_chain::block_on;
use shelfproof_verifier::chain::rpc::Finality;

use super::open;
use crate::sequence::owner::{is_killed, killed, registration, stored_hashes};
use crate::sequence::test_anchor::Fault;

/// Signs a registration and stops before sending it. Returns the transaction's hash.
fn sign(anchored: &AnchoredShop, signer: &PrivateKeySigner, journal: &Path, salt: B256) -> Result<B256> {
    let registration = Registration {
        salt,
        ..registration(&anchored.chain)?
    };
    block_on(async {
        let log = IntentLog::Journal(Journal::open(journal)?);
        let url = anchored.chain.anvil.url();
        let observer = killed(Step::Send, Fault::Failed);
        let mut owner = Owner::connect(url, None, signer.clone(), log, observer).await?;
        assert!(is_killed(&owner.register(&registration, Finality::Tag).await));
        Result::Ok(())
    })??;
    Ok(*stored_hashes(journal)?.last().ok_or("nothing was signed")?)
}

/// Runs `register` with the shop's configuration and the key in `folder`.
fn register(anchored: &AnchoredShop, folder: &Path, more: &[&str]) -> Result<(bool, Value)> {
    let Registration {
        registry,
        vrf_public_key,
        anchorer,
        receipt_signer,
        data_uri,
        ..
    } = registration(&anchored.chain)?;
    let passphrase_file = anchored.folder().join("passphrase");
    let args = [
        ("--rpc", anchored.chain.anvil.url().to_owned()),
        ("--registry", registry.to_string()),
        ("--key-file", folder.join("owner.key").display().to_string()),
        ("--passphrase-file", passphrase_file.display().to_string()),
        ("--vrf-public-key", vrf_public_key.to_string()),
        ("--anchorer", anchorer.to_string()),
        ("--receipt-signer", receipt_signer.to_string()),
        ("--data-uri", data_uri),
    ];
    let args = args.iter().flat_map(|(flag, value)| [*flag, value.as_str()]);
    anchored.anchor_json(
        &["register"]
            .into_iter()
            .chain(args)
            .chain(more.iter().copied())
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_command_goes_on_with_what_the_file_beside_its_key_holds_whatever_its_arguments() -> Result<()> {
    let stocked = open(1)?;
    let anchored = &stocked.shop;
    let signer = PrivateKeySigner::from_bytes(&keccak256("an owner of tests"))?;
    block_on(anchored.chain.fund(signer.address(), FUNDS_WEI))??;
    let folder = tempfile::tempdir()?;
    let journal = folder.path().join("owner.transactions");
    let key = Key {
        public: None,
        secret: signer.to_bytes().to_vec().into(),
    };
    let passphrase = fs::read_to_string(anchored.folder().join("passphrase"))?;
    let passphrase = SecretString::from(passphrase.trim_end());
    keyfile::create(&folder.path().join("owner.key"), "owner", &key, &passphrase)?;

    // The first run had no configuration; the second one does.
    let signed = sign(anchored, &signer, &journal, B256::ZERO)?;
    let (is_done, said) = register(anchored, folder.path(), &[])?;
    assert!(is_done && said["registered"] == true, "{said}");
    assert_eq!(said["missingDisputes"], Value::Null, "the registry names none");
    let receipt = block_on(async {
        let provider = anchored.chain.provider()?;
        Result::Ok(provider.get_transaction_receipt(signed).await?)
    })??;
    assert!(receipt.is_some(), "the signed one was sent");
    assert_eq!(block_on(anchored.chain.sent_by(signer.address()))??, 1);

    // Another journal does not contain this transaction.
    let salt = B256::repeat_byte(1);
    sign(anchored, &signer, &journal, salt)?;
    let other = folder.path().join("other.transactions").display().to_string();
    let (is_done, said) = register(
        anchored,
        folder.path(),
        &["--salt", &salt.to_string(), "--journal", &other],
    )?;
    let error = said["error"].as_str().unwrap_or_default();
    assert!(
        !is_done && error.contains("owner.transactions holds a transaction"),
        "{said}"
    );
    assert_eq!(
        block_on(anchored.chain.sent_by(signer.address()))??,
        2,
        "and carried on"
    );
    assert_eq!(stored_hashes(&journal)?.len(), 2, "nothing was signed anew");
    Ok(())
}

#[test]
fn a_change_of_one_merchant_is_not_kept_in_another_merchant_s_database() -> Result<()> {
    let stocked = open(1)?;
    let anchored = &stocked.shop;
    let other = B256::repeat_byte(5).to_string();
    let (is_done, said) = anchored.anchor_json(&[
        "rotate",
        "data-uri",
        "https://other.example",
        "--dev-account",
        "0",
        "--rpc",
        anchored.chain.anvil.url(),
        "--registry",
        &Address::repeat_byte(6).to_string(),
        "--merchant-id",
        &other,
    ])?;
    let error = said["error"].as_str().unwrap_or_default();
    let own = anchored.chain.identity.merchant_id.to_string();
    assert!(
        !is_done && error.contains(&format!("the configuration is of the merchant {own}")),
        "{said}"
    );
    Ok(())
}
