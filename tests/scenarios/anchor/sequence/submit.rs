//! Transactions that an owner signed, together with epochs: the submitter sends both to the chain, from one account or
//! from two.

use std::sync::atomic::Ordering;

use alloy::providers::ext::AnvilApi;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use shelfproof_anchor::owner::{Change, Owner, OwnerError};
use shelfproof_anchor::status::Condition;
use shelfproof_anchor::step::{Step, StepObserver, Unobserved};
use shelfproof_anchor::store::intents::{
    Call, NewIntent, Purpose, Variant, intent_insert, intent_open, variant_insert,
};
use shelfproof_anchor::tx::{IntentLog, TxError};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::merchant_chain::{FUNDS_WEI, anchorer, owner};
use shelfproof_tests::vector_chain::block_on;

use super::owner::{is_killed, killed};
use super::test_anchor::{Fault, TestAnchor};

/// Connects the merchant's owner to the shop's database.
async fn connect(anchor: &TestAnchor, observer: Box<dyn StepObserver>) -> Result<Owner> {
    let log = IntentLog::Database(anchor.connect().await?);
    Ok(Owner::connect(anchor.chain.anvil.url(), None, owner()?, log, observer).await?)
}

async fn set_data_uri(anchor: &TestAnchor, owner: &mut Owner, uri: &str) -> std::result::Result<Change, OwnerError> {
    let identity = anchor.chain.identity;
    owner.set_data_uri(identity.registry, identity.merchant_id, uri).await
}

/// Makes the owner's account the anchorer as well.
async fn sign_as_owner(anchor: &mut TestAnchor) -> Result<()> {
    let mut by_owner = connect(anchor, Box::new(Unobserved)).await?;
    let identity = anchor.chain.identity;
    let named = by_owner.set_anchorer(identity.registry, identity.merchant_id, owner()?.address());
    named.await?;
    anchor.chain.finalise().await?;
    anchor.sign_as(owner()?);
    Ok(())
}

#[test]
fn what_an_owner_signed_is_sent_though_no_epoch_can_be() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let identity = anchor.chain.identity;
        let other = PrivateKeySigner::from_bytes(&keccak256("another anchorer"))?;
        let address = other.address();
        anchor.chain.fund(address, FUNDS_WEI).await?;
        anchor.sign_as(other);
        anchor.write(0..3).await?;
        anchor.round().await?;
        let refused = anchor.round().await.err().map(|error| error.condition());
        assert_eq!(refused, Some(Condition::NotAnchorer), "the registry knows the other");

        let before = anchor.chain.sent_by(anchor.chain.owner).await?;
        let mut first = connect(&anchor, killed(Step::Send, Fault::Failed)).await?;
        assert!(is_killed(
            &set_data_uri(&anchor, &mut first, "https://other.example").await
        ));
        drop(first);
        let refused = anchor.round().await.err().map(|error| error.condition());
        assert_eq!(refused, Some(Condition::NotAnchorer), "still");
        assert_eq!(
            anchor.chain.sent_by(anchor.chain.owner).await?,
            before + 1,
            "sent by the anchor"
        );

        let mut second = connect(&anchor, killed(Step::Send, Fault::Failed)).await?;
        let named = second
            .set_anchorer(identity.registry, identity.merchant_id, address)
            .await;
        assert!(is_killed(&named));
        drop(second);
        anchor.finish(None).await?;
        assert_eq!(anchor.chain.sent_by(anchor.chain.owner).await?, before + 2);
        assert_eq!(anchor.chain.epochs().await?.len(), 1);
        Ok(())
    })?
}

#[test]
fn an_owner_s_transaction_of_the_same_account_delays_an_epoch_until_a_block_holds_it_and_no_longer() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        sign_as_owner(&mut anchor).await?;
        let before = anchor.sent().await?;
        let provider = anchor.chain.provider()?;
        provider.anvil_set_auto_mine(false).await?;
        let mut by_owner = connect(&anchor, killed(Step::Send, Fault::KilledAfter)).await?;
        assert!(is_killed(
            &set_data_uri(&anchor, &mut by_owner, "https://other.example").await
        ));
        drop(by_owner);
        anchor.write(0..3).await?;
        for _ in 0..3 {
            anchor.round().await?;
        }
        let open = intent_open(&mut anchor.connect().await?).await?;
        let signed: Vec<_> = open
            .iter()
            .filter(|intent| !intent.variants.is_empty())
            .map(|intent| intent.content.purpose)
            .collect();
        assert_eq!(signed, [Purpose::SetDataUri], "one nonce at a time");

        provider.anvil_set_auto_mine(true).await?;
        provider.anvil_mine(Some(1), None).await?;
        // That block is not final, and neither is the block of the epoch.
        anchor.round().await?;
        assert_eq!(anchor.chain.epochs().await?.len(), 1);
        assert_eq!(anchor.sent().await?, before + 2);
        Ok(())
    })?
}

#[test]
fn an_owner_is_told_which_transaction_of_the_account_is_under_way() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        sign_as_owner(&mut anchor).await?;
        let provider = anchor.chain.provider()?;
        provider.anvil_set_auto_mine(false).await?;
        anchor.write(0..3).await?;
        for _ in 0..2 {
            anchor.round().await?;
        }
        let open = intent_open(&mut anchor.connect().await?).await?;
        let epoch = open
            .iter()
            .find(|intent| intent.content.purpose == Purpose::AnchorEpoch(1));
        let hash = epoch.and_then(|intent| Some(intent.variants.last()?.hash));
        let hash = hash.ok_or("the epoch was not signed")?;

        let uri = "https://other.example";
        let mut by_owner = connect(&anchor, Box::new(Unobserved)).await?;
        let refused = set_data_uri(&anchor, &mut by_owner, uri).await;
        let Err(OwnerError::Tx(error @ TxError::NonceHeld(holder))) = refused else {
            return Err(format!("{refused:?}").into());
        };
        assert_eq!((holder.purpose, holder.transaction), (Purpose::AnchorEpoch(1), hash));
        assert!(error.to_string().contains("wait until a block holds it"), "{error}");

        provider.anvil_set_auto_mine(true).await?;
        provider.anvil_mine(Some(1), None).await?;
        let changed = set_data_uri(&anchor, &mut by_owner, uri).await?;
        assert!(matches!(changed, Change::Done(_)));
        let registry = ShelfproofRegistry::new(anchor.chain.identity.registry, &provider);
        assert_eq!(registry.dataUri(anchor.chain.identity.merchant_id).call().await?, uri);
        Ok(())
    })?
}

#[test]
fn two_transactions_that_wait_for_their_blocks_are_each_sent_again_only_after_a_while() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.round_ms = 1_000;
        anchor.write(0..3).await?;
        let provider = anchor.chain.provider()?;
        provider.anvil_set_auto_mine(false).await?;
        let mut by_owner = connect(&anchor, killed(Step::Send, Fault::Failed)).await?;
        assert!(is_killed(
            &set_data_uri(&anchor, &mut by_owner, "https://other.example").await
        ));
        drop(by_owner);
        for _ in 0..6 {
            anchor.round().await?;
        }
        assert_eq!(anchor.sends.load(Ordering::SeqCst), 2, "the epoch's and the owner's");
        anchor.round_ms = 20_000;
        anchor.round().await?;
        assert_eq!(anchor.sends.load(Ordering::SeqCst), 4, "both again");
        Ok(())
    })?
}

#[test]
fn what_was_signed_for_another_chain_is_left_alone() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..3).await?;
        anchor.finish(None).await?;
        // On this chain the account's nonce 0 is already used, so the intent would count as failed.
        let foreign = NewIntent {
            purpose: Purpose::SetDataUri,
            call: Call {
                chain_id: 1,
                sender: anchorer()?.address(),
                target: Some(Address::repeat_byte(2)),
                data: Bytes::from_static(b"call"),
            },
            deadline_s: None,
            max_fee_wei: None,
            created_at_ms: 1,
        };
        let variant = Variant {
            number: 1,
            gas_limit: 60_000,
            max_fee_wei: 4,
            priority_fee_wei: 1,
            hash: B256::repeat_byte(3),
            raw: Bytes::from_static(b"raw"),
            signed_at_ms: 1,
        };
        let mut connection = anchor.connect().await?;
        let id = intent_insert(&mut connection, &foreign).await?;
        variant_insert(&mut connection, id, 0, &variant).await?;
        for _ in 0..2 {
            anchor.round().await?;
        }
        let open = intent_open(&mut connection).await?;
        assert_eq!(open.iter().map(|intent| intent.id).collect::<Vec<_>>(), [id]);
        Ok(())
    })?
}
