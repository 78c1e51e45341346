//! No event is written if the clock differs by more than a minute from the database's, in either direction, and no
//! receipt is signed by a node whose clock is minutes from the chain's.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use secrecy::SecretString;
use shelfproof::config::Sale;
use shelfproof::domain::clock::MAX_DRIFT_MS;
use shelfproof::fence::FenceState;
use shelfproof::flow::activate::{ActivateError, activate_batch};
use shelfproof::flow::import::ImportError;
use shelfproof::flow::redeem::{RedeemError, redeem_item};
use shelfproof::flow::refund::{RefundError, refund_item};
use shelfproof::flow::void::{VoidError, void_key};
use shelfproof::flow::{ClockError, StepError};
use shelfproof::sale::{Clock, PlaceError};
use shelfproof_anchor::config::Chain;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::shop::{Shop, delivered};

/// More than the allowed minute, by a margin that is longer than any statement takes.
const WRONG_MS: u64 = MAX_DRIFT_MS + 30_000;

/// Less than the allowed minute, by the same margin.
const RIGHT_MS: u64 = MAX_DRIFT_MS - 30_000;

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_written_by_a_wrong_clock() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 3).await?;
    let pending = shop.import(product, "pending", 2, now_ms).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let order = delivered(counter.place(shop.order(product, 1)).await)?.order;
    let on_shelf = on_shelf(&shop).await?;
    let before = written(&shop).await?;

    let clocks: [Clock; 2] = [|| now_ms() + WRONG_MS, || now_ms() - WRONG_MS];
    for wrong in clocks {
        let activated = activate_batch(&shop.pool, pending, false, |_| (), wrong).await;
        assert!(matches!(activated, Err(ActivateError::Clock(ClockError::Drift(_)))));
        let redeemed = redeem_item(&shop.pool, order, 1, None, wrong()).await;
        assert!(matches!(redeemed, Err(RedeemError::Step(StepError::Clock(_)))));
        let refunded = refund_item(&shop.pool, order, 1, "broken", wrong()).await;
        assert!(matches!(refunded, Err(RefundError::Step(StepError::Clock(_)))));
        let voided = void_key(&shop.pool, &on_shelf, "leaked", wrong()).await;
        assert!(matches!(voided, Err(VoidError::Step(StepError::Clock(_)))));
        let imported = shop.import(product, "late", 1, wrong).await;
        let error = imported.err().ok_or("imported")?;
        assert!(matches!(error.downcast_ref(), Some(ImportError::Clock(_))), "{error}");
    }
    assert_eq!(written(&shop).await?, before);

    let near = now_ms() - RIGHT_MS;
    void_key(&shop.pool, &on_shelf, "leaked", now_ms() + RIGHT_MS).await?;
    activate_batch(&shop.pool, pending, false, |_| (), || near).await?;
    refund_item(&shop.pool, order, 1, "broken", near).await?;
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_twelve_minutes_from_the_chain_sells_nothing_until_both_agree() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 3).await?;
    let chain = Chain {
        chain_id: 31337,
        registry: Address::repeat_byte(1),
        merchant_id: B256::repeat_byte(2),
        rpc: SecretString::default(),
        rpc_file: None,
        confirmations: None,
        stale_after_s: 900,
    };
    let settings = Sale::default();
    let fence = Arc::new(FenceState::new(&chain, settings.chain_apart_max_s, None));
    let (counter, _workers) = shop.counter_fenced(&settings, now_ms, &fence)?;
    // A merchant of whom nothing is anchored yet, on a chain that was not read yet, may sell.
    let first = shop.order(product, 1);
    delivered(counter.place(first.clone()).await)?;

    let now_s = now_ms() / 1_000;
    for block_s in [now_s - 720, now_s + 720] {
        fence.saw_block(block_s, now_s);
        let before = written(&shop).await?;
        let refused = counter.place(shop.order(product, 1)).await.unwrap_err();
        assert!(matches!(refused, PlaceError::Apart(_)), "{refused}");
        assert!(refused.to_string().contains("clock is 720 s"), "{refused}");
        assert_eq!(written(&shop).await?, before);
        // A repeat gets the receipt that was signed then.
        delivered(counter.place(first.clone()).await)?;
        fence.saw_block(now_s - 5, now_s);
        delivered(counter.place(shop.order(product, 1)).await)?;
    }
    shop.assert_sound().await
}

/// One worker, so that those that come while it is busy share a batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_by_a_wrong_clock_beside_new_orders() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 3).await?;
    let settings = Sale {
        workers: 1,
        ..Sale::default()
    };
    let (counter, _workers) = shop.counter(now_ms)?;
    let first = shop.order(product, 1);
    let receipt = delivered(counter.place(first.clone()).await)?.items[0].receipt.clone();

    let before = written(&shop).await?;
    let (counter, _workers) = shop.counter_with(&settings, || now_ms() + WRONG_MS)?;
    let counter = Arc::new(counter);
    let place = |order| {
        let counter = Arc::clone(&counter);
        tokio::spawn(async move { counter.place(order).await })
    };
    // All are sent before any is answered.
    let pairs: Vec<_> = (0..32)
        .map(|_| [first.clone(), shop.order(product, 1)].map(place))
        .collect();
    for [repeat, new] in pairs {
        assert_eq!(delivered(repeat.await?)?.items[0].receipt, receipt);
        assert_eq!(new.await?.unwrap_err(), PlaceError::Clock);
    }
    assert_eq!(written(&shop).await?, before);
    Ok(())
}

/// Returns a key that can still be withdrawn.
async fn on_shelf(shop: &Shop) -> Result<B256> {
    let sql = "SELECT key_id FROM shop.keys WHERE slot = 3";
    let id: Vec<u8> = sqlx::query_scalar(sql).fetch_one(&shop.pool).await?;
    Ok(B256::try_from(id.as_slice())?)
}

/// Returns the number of events, the number of keys, and the reseller's credit.
async fn written(shop: &Shop) -> Result<(i64, i64, i64)> {
    let sql = "SELECT (SELECT count(*) FROM attest.events), (SELECT count(*) FROM shop.keys),
                      (SELECT balance_minor FROM shop.balances WHERE kind = 'credit')";
    Ok(sqlx::query_as(sql).fetch_one(&shop.pool).await?)
}
