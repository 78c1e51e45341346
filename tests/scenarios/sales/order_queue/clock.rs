//! No event is written if the clock differs by more than a minute from the database's, in either direction.

use alloy_primitives::B256;
use shelfproof::domain::clock::MAX_DRIFT_MS;
use shelfproof::flow::activate::{ActivateError, activate_batch};
use shelfproof::flow::import::ImportError;
use shelfproof::flow::redeem::{RedeemError, redeem_item};
use shelfproof::flow::refund::{RefundError, refund_item};
use shelfproof::flow::void::{VoidError, void_key};
use shelfproof::flow::{ClockError, StepError};
use shelfproof::sale::Clock;
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
