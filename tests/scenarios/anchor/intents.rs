//! Which intents and variants the schema allows.

use alloy_primitives::{Address, B256, Bytes};
use shelfproof_anchor::store::intents::{
    Call, Intent, NewIntent, Purpose, Variant, intent_insert, intent_open, variant_insert,
};
use shelfproof_anchor::store::lock::session_open;
use shelfproof_tests::Result;
use shelfproof_tests::event_writer::EventWriter;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::vector_chain::block_on;
use sqlx::PgConnection;

use super::snapshot::{cut, database};

fn intent(purpose: Purpose, chain_id: u64, sender: u8) -> NewIntent {
    NewIntent {
        purpose,
        call: Call {
            chain_id,
            sender: Address::repeat_byte(sender),
            target: Some(Address::repeat_byte(2)),
            data: Bytes::from_static(b"call"),
        },
        deadline_s: Some(1_790_000_000),
        max_fee_wei: Some(5),
        created_at_ms: 1,
    }
}

/// The first variant of an intent. `hash` distinguishes it from others.
fn variant(hash: u8) -> Variant {
    Variant {
        number: 1,
        gas_limit: 60_000,
        max_fee_wei: 4,
        priority_fee_wei: 1,
        hash: B256::repeat_byte(hash),
        raw: Bytes::from_static(b"raw"),
        signed_at_ms: 1,
    }
}

/// Stores an intent for the first epoch, with one variant.
pub(crate) async fn store_signed(connection: &mut PgConnection) -> Result<()> {
    let intent = intent(Purpose::AnchorEpoch(1), 31337, 1);
    let id = intent_insert(connection, &intent).await?;
    variant_insert(connection, id, 7, &variant(3)).await?;
    let second = Variant {
        number: 2,
        ..variant(3)
    };
    let refused = variant_insert(connection, id, 8, &second).await;
    assert!(refused.is_err(), "another nonce");
    let stored = Intent {
        nonce: Some(7),
        variants: vec![variant(3)],
        ..Intent::new(id, intent)
    };
    assert_eq!(intent_open(connection).await?, [stored], "as it was written");
    Ok(())
}

#[test]
fn one_intent_is_open_for_an_epoch_and_of_other_purposes_one_for_each_account_on_each_chain() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let mut anchor = session_open(&database(&postgres).await?).await?;
        EventWriter::default().write(&mut anchor, [1, 2]).await?;
        cut(&mut anchor, 1).await?;
        for (purpose, chain_id, sender, is_taken) in [
            (Purpose::Deploy, 1, 1, true),
            (Purpose::Deploy, 1, 1, false),
            (Purpose::Deploy, 2, 1, true),
            (Purpose::Deploy, 1, 2, true),
            (Purpose::Register, 1, 1, true),
            (Purpose::AnchorEpoch(1), 1, 1, true),
            (Purpose::AnchorEpoch(1), 1, 2, false),
            (Purpose::AnchorEpoch(1), 2, 1, false),
        ] {
            let stored = intent_insert(&mut anchor, &intent(purpose, chain_id, sender)).await;
            assert_eq!(stored.is_ok(), is_taken, "{purpose:?} of {sender} on chain {chain_id}");
        }
        Ok(())
    })?
}

#[test]
fn an_open_intent_s_nonce_is_no_other_s_on_that_chain() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        let mut anchor = session_open(&database(&postgres).await?).await?;
        for (hash, purpose, chain_id, is_taken) in [
            (1, Purpose::Deploy, 1, true),
            (2, Purpose::Register, 1, false),
            (3, Purpose::Register, 2, true),
        ] {
            let id = intent_insert(&mut anchor, &intent(purpose, chain_id, 1)).await?;
            let stored = variant_insert(&mut anchor, id, 5, &variant(hash)).await;
            assert_eq!(stored.is_ok(), is_taken, "{purpose:?} on chain {chain_id}");
        }
        Ok(())
    })?
}
