//! An owner's commands, killed at each of their writes: the next run continues, and sends the same bytes.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, keccak256};
use serde_json::Value;
use shelfproof_anchor::owner::{Change, Disputes, Owner, OwnerError, Registration};
use shelfproof_anchor::step::{Step, StepObserver, Unobserved};
use shelfproof_anchor::store::intents::{Purpose, intent_open};
use shelfproof_anchor::tx::{Account, IntentLog, Journal, TxError};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::merchant_chain::{FUNDS_WEI, MerchantChain, anchorer};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};

use super::test_anchor::{Breaker, Fault, TestAnchor};

fn key() -> Result<PrivateKeySigner> {
    Ok(PrivateKeySigner::from_bytes(&keccak256("an owner of tests"))?)
}

/// Ends a command at that step.
pub(crate) fn killed(step: Step, fault: Fault) -> Box<dyn StepObserver> {
    Box::new(Breaker {
        at: Some((step, fault)),
        ..Breaker::default()
    })
}

async fn owner(chain: &MerchantChain, log: IntentLog, observer: Box<dyn StepObserver>) -> Result<Owner> {
    Ok(Owner::connect(chain.anvil.url(), None, key()?, log, observer).await?)
}

pub(crate) fn is_killed<T>(result: &std::result::Result<T, OwnerError>) -> bool {
    matches!(result, Err(OwnerError::Tx(TxError::BrokenOff(_))))
}

pub(crate) fn registration(chain: &MerchantChain) -> Result<Registration> {
    Ok(Registration {
        registry: chain.identity.registry,
        salt: B256::ZERO,
        vrf_public_key: keccak256("a VRF key"),
        anchorer: anchorer()?.address(),
        receipt_signer: Address::repeat_byte(7),
        data_uri: "https://shop.example/data".to_owned(),
    })
}

/// Returns the hashes of the variants in a journal.
pub(crate) fn stored_hashes(path: &Path) -> Result<Vec<B256>> {
    let text = fs::read_to_string(path)?;
    let mut hashes = Vec::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)?;
        if let Some(hash) = entry["variant"]["variant"]["hash"].as_str() {
            hashes.push(hash.parse()?);
        }
    }
    Ok(hashes)
}

#[test]
fn a_registration_that_was_signed_and_not_sent_is_sent_by_the_next_run_over_the_same_file() -> Result<()> {
    block_on(async {
        // Blocks come without transactions, so that the registration becomes final.
        let chain = MerchantChain::deploy(Some(1)).await?;
        chain.fund(key()?.address(), FUNDS_WEI).await?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("owner.transactions");
        let registration = registration(&chain)?;
        let log = || Result::Ok(IntentLog::Journal(Journal::open(&path)?));

        let mut first = owner(&chain, log()?, killed(Step::Send, Fault::Failed)).await?;
        assert!(is_killed(&first.register(&registration, Finality::Tag).await));
        drop(first);
        let stored = stored_hashes(&path)?[0];
        assert_eq!(chain.sent_by(key()?.address()).await?, 0, "nothing was sent");

        let mut second = owner(&chain, log()?, Box::new(Unobserved)).await?;
        let (merchant_id, change) = second.register(&registration, Finality::Tag).await?;
        assert_eq!(change, Change::Done(stored), "the stored bytes");
        drop(second);
        assert_eq!(stored_hashes(&path)?, [stored], "and no others");

        let mut third = owner(&chain, log()?, Box::new(Unobserved)).await?;
        let again = third.register(&registration, Finality::Tag).await?;
        assert_eq!(again, (merchant_id, Change::Found));
        assert_eq!(chain.sent_by(key()?.address()).await?, 1);
        Ok(())
    })?
}

#[test]
fn a_rotation_killed_at_any_write_is_done_once_over_the_shop_s_database() -> Result<()> {
    block_on(async {
        let anchor = TestAnchor::new().await?;
        let chain = &anchor.chain;
        chain.fund(key()?.address(), FUNDS_WEI).await?;
        let registry = chain.identity.registry;
        let log = || async { Result::Ok(IntentLog::Database(anchor.connect().await?)) };
        // The owner of this chain, over the same database.
        let mut setup = owner(chain, log().await?, Box::new(Unobserved)).await?;
        let merchant_id = setup.merchant_id(&registry, &B256::ZERO);
        let register = setup
            .register(&registration(chain)?, Finality::Confirmations(0))
            .await?;
        assert!(matches!(register, (_, Change::Done(_))));
        drop(setup);

        let cases = faults().filter(|(step, _)| *step != Step::CloseIntent);
        for (number, (step, fault)) in (1_u8..).zip(cases) {
            let case = format!("{} {fault:?}", step.name());
            let new = Address::repeat_byte(number);
            let mut first = owner(chain, log().await?, killed(step, fault)).await?;
            assert!(
                is_killed(&first.set_anchorer(registry, merchant_id, new).await),
                "{case}"
            );
            drop(first);
            let open = intent_open(&mut anchor.connect().await?).await?;
            let of_this = open
                .iter()
                .find(|intent| intent.content.purpose == Purpose::SetAnchorer);
            let stored = of_this
                .and_then(|intent| intent.variants.last())
                .map(|variant| variant.hash);

            let mut second = owner(chain, log().await?, Box::new(Unobserved)).await?;
            let change = second.set_anchorer(registry, merchant_id, new).await?;
            if let (Some(stored), Change::Done(sent)) = (stored, change) {
                assert_eq!(sent, stored, "{case}: the stored bytes");
            }
            let contract = ShelfproofRegistry::new(registry, chain.provider()?);
            assert_eq!(contract.anchorer(merchant_id).call().await?, new, "{case}");
            let sent = chain.sent_by(key()?.address()).await?;
            assert_eq!(sent, 1 + u64::from(number), "{case}: one transaction each");
        }
        Ok(())
    })?
}

/// The ways to fail, at each write of an owner's command.
fn faults() -> impl Iterator<Item = (Step, Fault)> {
    let steps = [Step::StoreIntent, Step::StoreVariant, Step::Send, Step::CloseIntent];
    let faults = [Fault::Failed, Fault::FailedButPersisted, Fault::KilledAfter];
    steps
        .into_iter()
        .flat_map(move |step| faults.map(|fault| (step, fault)))
}

#[test]
fn a_deployment_killed_at_any_write_makes_one_registry() -> Result<()> {
    block_on(async {
        for (step, fault) in faults() {
            let case = format!("{} {fault:?}", step.name());
            let chain = MerchantChain::deploy(None).await?;
            let account = key()?.address();
            chain.fund(account, FUNDS_WEI).await?;
            // The deployment is not the account's first transaction, so a program that assumed nonce 0 would look for
            // the registry at a wrong address.
            chain.provider()?.anvil_set_nonce(account, 1).await?;
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("owner.transactions");
            let breaker = Breaker {
                at: Some((step, fault)),
                ..Breaker::default()
            };
            // One of four runs fails. The transaction of one run is final at the next, which closes it.
            let mut found = Vec::new();
            for _ in 0..4 {
                let log = IntentLog::Journal(Journal::open(&path)?);
                let run = async {
                    let url = chain.anvil.url();
                    let signer = key().map_err(|_| OwnerError::NonceTaken)?;
                    let owner = Owner::connect(url, None, signer, log, Box::new(breaker.clone())).await;
                    owner?.deploy(Disputes::None).await
                };
                match run.await {
                    Ok(deployed) => found.push(deployed.registry),
                    failed => assert!(is_killed(&failed), "{case}: {failed:?}"),
                }
                chain.finalise().await?;
            }
            assert!(breaker.broken.load(Ordering::SeqCst), "{case}: nothing was broken off");
            assert_eq!(found, [account.create(1); 3], "{case}");
            assert_eq!(chain.sent_by(account).await?, 2, "{case}: one transaction");
        }
        Ok(())
    })?
}

#[test]
fn a_registry_names_the_dispute_contract_that_it_is_told_or_the_account_s_next_one() -> Result<()> {
    block_on(async {
        let chain = MerchantChain::deploy(None).await?;
        let account = key()?.address();
        chain.fund(account, FUNDS_WEI).await?;
        let provider = chain.provider()?;
        let told = Address::repeat_byte(0xd1);
        let cases = [
            (Disputes::None, Address::ZERO, None),
            (Disputes::At(told), told, None),
            (Disputes::Next, account.create(3), Some(3)),
        ];
        let mut owner = owner(&chain, IntentLog::Journal(Journal::default()), Box::new(Unobserved)).await?;
        let nothing_there = owner.deploy(Disputes::At(told)).await;
        assert!(matches!(nothing_there, Err(OwnerError::NoDisputes(at)) if at == told));
        provider.anvil_set_code(told, vec![0].into()).await?;
        for (nonce, (disputes, named, disputes_nonce)) in (0..).zip(cases) {
            let first = owner.deploy(disputes).await?;
            assert_eq!(first.registry, account.create(nonce), "{disputes:?}");
            assert_eq!((first.disputes, first.disputes_nonce), (named, disputes_nonce));
            let missing = owner.missing_disputes(first.registry).await?;
            assert_eq!(missing, disputes_nonce.map(|_| named), "{disputes:?}");
            assert!(
                matches!(first.change, Change::Done(_)),
                "{disputes:?}: no registry before names these"
            );
            let held = ShelfproofRegistry::new(first.registry, &provider)
                .disputes()
                .call()
                .await?;
            assert_eq!(held, named);
            let again = owner.deploy(disputes).await?;
            assert_eq!(
                (again.registry, again.disputes_nonce, again.change),
                (first.registry, disputes_nonce, Change::Found),
                "{disputes:?}"
            );
        }
        // Another transaction takes the nonce, so that nothing can ever be at the address which the registry names.
        provider.anvil_impersonate_account(account).await?;
        let other = TransactionRequest::default().from(account).to(told);
        provider.send_transaction(other).await?.get_receipt().await?;
        let anew = owner.deploy(Disputes::Next).await?;
        assert_eq!((anew.registry, anew.disputes_nonce), (account.create(4), Some(5)));
        assert_eq!(anew.dead, Some(account.create(2)), "the dead registry is named");
        assert!(matches!(anew.change, Change::Done(_)), "{anew:?}");
        // The next contract of the account is at the address that the registry names, and stays there.
        let other = ShelfproofRegistry::deploy_builder(provider.clone(), Address::ZERO).from(account);
        // The provider does not know of the owner's transactions.
        let at = other.nonce(5).send().await?.get_receipt().await?.contract_address;
        assert_eq!(at, Some(account.create(5)));
        let found = owner.deploy(Disputes::Next).await?;
        assert_eq!((found.registry, found.disputes), (anew.registry, account.create(5)));
        assert_eq!((found.disputes_nonce, found.change), (None, Change::Found));
        assert_eq!(
            (found.dead, owner.missing_disputes(found.registry).await?),
            (None, None)
        );
        Ok(())
    })?
}

#[test]
fn neither_an_owner_nor_its_account_shows_its_key_or_the_node_s_address() -> Result<()> {
    block_on(async {
        let chain = MerchantChain::deploy(None).await?;
        let url = format!("{}/?token=geheim", chain.anvil.url());
        let log = IntentLog::Journal(Journal::default());
        let owner = Owner::connect(&url, None, key()?, log, Box::new(Unobserved)).await?;
        let source = RpcSource::connect(&url, None, Address::ZERO, B256::ZERO, Finality::Tag).await?;
        let shown = format!("{owner:?} {:?}", Account::new(&source, key()?));
        let secret = alloy_primitives::hex::encode(key()?.to_bytes());
        assert!(shown.contains(&format!("{:?}", key()?.address())), "{shown}");
        assert!(!shown.contains("geheim") && !shown.contains(&secret), "{shown}");
        Ok(())
    })?
}
