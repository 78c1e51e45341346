//! Faults of the chain. Each puts the sequence into a condition of its own, which ends with its cause.

use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, U256, keccak256};
use shelfproof_anchor::status::Condition;
use shelfproof_anchor::store::epochs::epoch_progress;
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::Verifier;
use shelfproof_tests::event_writer::BEGIN_MS;
use shelfproof_tests::merchant_chain::anchorer;
use shelfproof_tests::vector_chain::block_on;

use super::test_anchor::TestAnchor;

/// Returns the condition of a round that must fail.
async fn refused(anchor: &mut TestAnchor) -> Result<Condition> {
    // The first round cuts an epoch; the second seals it and uses the chain.
    for _ in 0..2 {
        if let Err(error) = anchor.round().await {
            return Ok(error.condition());
        }
    }
    Err("nothing was refused".into())
}

#[test]
fn an_account_without_funds_waits_for_them() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..3).await?;
        let address = anchorer()?.address();
        let provider = anchor.chain.provider()?;
        provider.anvil_set_balance(address, U256::from(1_000)).await?;
        assert_eq!(refused(&mut anchor).await?, Condition::NoFunds);
        provider
            .anvil_set_balance(address, U256::from(10).pow(U256::from(18)))
            .await?;
        anchor.finish(None).await?;
        assert_eq!(anchor.sent().await?, 1);
        Ok(())
    })?
}

#[test]
fn on_a_chain_that_lags_nothing_is_sent_until_no_event_would_be_later_than_its_block_allows() -> Result<()> {
    block_on(async {
        let begin_s = BEGIN_MS / 1_000;
        let mut anchor = TestAnchor::on_chain_since(begin_s - 1_200).await?;
        anchor.write(0..3).await?;
        assert_eq!(refused(&mut anchor).await?, Condition::ChainBehind);
        let provider = anchor.chain.provider()?;
        // The events are a millisecond later than `begin_s`: five minutes and one millisecond are too much.
        for (block_s, expected) in [(begin_s - 300, Some(Condition::ChainBehind)), (begin_s - 299, None)] {
            assert_eq!(anchor.sent().await?, 0, "before {block_s}");
            provider.anvil_set_next_block_timestamp(block_s).await?;
            provider.anvil_mine(Some(1), None).await?;
            let condition = anchor.round().await.err().map(|error| error.condition());
            assert_eq!(condition, expected, "a block of {block_s}");
        }
        anchor.finish(None).await?;
        assert_eq!(anchor.sent().await?, 1);
        let auditor = Verifier::new(anchor.chain.identity, anchor.chain.anvil.url())?;
        let said = auditor.run(&["audit", "--data", &anchor.data()])?;
        assert_eq!(said.exit, 0, "an auditor finds no `clock`: {}", said.json);
        Ok(())
    })?
}

#[test]
fn an_account_that_is_not_the_anchorer_says_so_until_the_owner_names_it() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..3).await?;
        let other = PrivateKeySigner::from_bytes(&keccak256("another anchorer"))?;
        let address = other.address();
        anchor.sign_as(other);
        let provider = anchor.chain.provider()?;
        provider
            .anvil_set_balance(address, U256::from(10).pow(U256::from(18)))
            .await?;
        assert_eq!(refused(&mut anchor).await?, Condition::NotAnchorer);
        let (identity, owner) = (anchor.chain.identity, anchor.chain.owner);
        let registry = ShelfproofRegistry::new(identity.registry, &provider);
        let named = registry.setAnchorer(identity.merchant_id, address).from(owner);
        named.send().await?.get_receipt().await?;
        anchor.finish(None).await?;
        Ok(())
    })?
}

#[test]
fn an_anchorer_that_was_replaced_before_its_block_came_is_followed_by_the_new_one_s_own_transaction() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let provider = anchor.chain.provider()?;
        let identity = anchor.chain.identity;
        anchor.write(0..3).await?;
        anchor.send_in_vain().await?;
        let other = PrivateKeySigner::from_bytes(&keccak256("another anchorer"))?;
        provider
            .anvil_set_balance(other.address(), U256::from(10).pow(U256::from(18)))
            .await?;
        let registry = ShelfproofRegistry::new(identity.registry, &provider);
        let named = registry
            .setAnchorer(identity.merchant_id, other.address())
            .from(anchor.chain.owner);
        named.send().await?.get_receipt().await?;
        anchor.sign_as(other);
        anchor.finish(None).await?;
        assert_eq!(anchor.chain.epochs().await?.len(), 1);
        Ok(())
    })?
}

#[test]
fn a_nonce_that_another_transaction_used_is_followed_by_another_attempt() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let provider = anchor.chain.provider()?;
        let address = anchorer()?.address();
        anchor.write(0..3).await?;
        anchor.send_in_vain().await?;
        // Somebody else sends another transaction with the account's key.
        provider.anvil_impersonate_account(address).await?;
        let own = alloy::rpc::types::TransactionRequest::default()
            .from(address)
            .to(Address::repeat_byte(1));
        provider.send_transaction(own).await?.get_receipt().await?;
        anchor.finish(None).await?;
        assert_eq!(anchor.sent().await?, 2);
        assert_eq!(anchor.chain.epochs().await?.len(), 1);
        Ok(())
    })?
}

#[test]
fn a_transaction_that_the_node_forgot_is_sent_again() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.write(0..3).await?;
        anchor.send_in_vain().await?;
        anchor.finish(None).await?;
        assert_eq!(anchor.sent().await?, 1, "the same transaction");
        Ok(())
    })?
}

#[test]
fn an_epoch_that_somebody_else_anchored_stops_everything() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let provider = anchor.chain.provider()?;
        let identity = anchor.chain.identity;
        let address = anchorer()?.address();
        provider.anvil_impersonate_account(address).await?;
        let registry = ShelfproofRegistry::new(identity.registry, &provider);
        let one = B256::repeat_byte(1);
        let foreign = registry
            .anchor(identity.merchant_id, 1, B256::ZERO, one, one, 1, one)
            .from(address);
        foreign.send().await?.get_receipt().await?;
        anchor.write(0..3).await?;
        assert_eq!(refused(&mut anchor).await?, Condition::RefusedParent);
        anchor.chain.finalise().await?;
        assert_eq!(refused(&mut anchor).await?, Condition::RefusedParent, "final, too");
        assert_eq!(anchor.chain.epochs().await?.len(), 1, "nothing was sent");
        Ok(())
    })?
}

#[test]
fn a_merchant_that_retired_is_told_so() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let provider = anchor.chain.provider()?;
        let identity = anchor.chain.identity;
        let registry = ShelfproofRegistry::new(identity.registry, &provider);
        let retire = registry
            .retire(identity.merchant_id, B256::ZERO)
            .from(anchor.chain.owner);
        retire.send().await?.get_receipt().await?;
        anchor.write(0..3).await?;
        assert_eq!(refused(&mut anchor).await?, Condition::Retired);
        Ok(())
    })?
}

#[test]
fn what_waits_for_finality_is_bounded() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.bounds.epochs = 2;
        let mut conditions = Vec::new();
        for key in 0..4 {
            anchor.write([key]).await?;
            // The epoch is cut and posted. Blocks come, but none becomes final while anvil makes one only for each
            // transaction.
            for _ in 0..2 {
                conditions.push(anchor.round().await?.condition);
            }
        }
        assert!(conditions.contains(&Condition::Full), "{conditions:?}");
        // The events that waited in the meantime are in one epoch.
        anchor.finish(None).await?;
        anchor.finish(None).await?;
        let events: Vec<u64> = anchor
            .chain
            .epochs()
            .await?
            .iter()
            .map(|(_, epoch)| epoch.eventCount)
            .collect();
        assert_eq!(events, [1, 1, 2]);
        Ok(())
    })?
}

#[test]
fn a_node_that_is_away_delays_no_cut_and_gets_every_epoch_when_it_is_back() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        anchor.bounds.epochs = 3;
        // Until the chain has been read once, the database may be an old one.
        anchor.write([0]).await?;
        anchor.round_without_chain().await?;
        let mut connection = anchor.connect().await?;
        assert_eq!(epoch_progress(&mut connection).await?.newest, 0);
        anchor.round().await?;
        let mut conditions = Vec::new();
        for key in 1..5 {
            anchor.write([key]).await?;
            for _ in 0..2 {
                conditions.push(anchor.round_without_chain().await?.condition);
            }
        }
        assert_eq!(epoch_progress(&mut connection).await?.newest, 3, "as many as may wait");
        assert!(conditions.contains(&Condition::Full), "{conditions:?}");
        assert_eq!(anchor.chain.epochs().await?.len(), 0);
        for _ in 0..3 {
            anchor.finish(None).await?;
        }
        let numbers: Vec<u64> = anchor
            .chain
            .epochs()
            .await?
            .iter()
            .map(|(_, epoch)| epoch.number)
            .collect();
        assert_eq!(numbers[..3], [1, 2, 3]);
        Ok(())
    })?
}

#[test]
fn a_chain_that_lost_final_blocks_gets_the_same_epochs_again() -> Result<()> {
    block_on(async {
        let mut anchor = TestAnchor::new().await?;
        let provider = anchor.chain.provider()?;
        let before = provider.anvil_snapshot().await?;
        anchor.write(0..3).await?;
        let first = anchor.finish(None).await?;
        assert!(provider.anvil_revert(before).await?);
        assert_eq!(anchor.chain.epochs().await?.len(), 0);
        anchor.write(3..5).await?;
        anchor.finish(None).await?;
        let hashes: Vec<_> = anchor
            .chain
            .epochs()
            .await?
            .iter()
            .map(|(_, epoch)| epoch.epochHash)
            .collect();
        assert_eq!((hashes.len(), hashes[0]), (2, first.hash));
        Ok(())
    })?
}
