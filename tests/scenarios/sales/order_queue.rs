//! The order queue over a real database: sales, refusals, and faults.

mod after_sale;
mod clock;
mod coupons;
mod holds;
mod lanes;
mod limits;
mod low_stock;
mod read_ahead;
mod repeats;
mod server;
mod shelves;
mod shop;
mod snapshot;
mod trouble;
mod turns;
mod unpaid;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use secrecy::ExposeSecret;
use shelfproof::domain::delivery::{Delivered, OrderOutcome};
use shelfproof::domain::order::{NewLine, NewOrder, OrderStatus, RefusalReason};
use shelfproof::flow::StepError;
use shelfproof::flow::query::order::get_order;
use shelfproof::flow::void::{VoidError, void_key};
use shelfproof::sale::{OrderQueue, PlaceError};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_verifier::buyer;
use shelfproof_verifier::chain::{ChainView, SignerSpan};
use shelfproof_verifier::receipt::{Terms, check_purchase};
use shop::{PRICE_MINOR, Shop, delivered};
use tokio::time::sleep;

/// Places all orders at the same time.
async fn place_all(
    counter: &Arc<OrderQueue>,
    orders: Vec<NewOrder>,
) -> Result<Vec<std::result::Result<OrderOutcome, PlaceError>>> {
    let tasks: Vec<_> = orders
        .into_iter()
        .map(|order| {
            let counter = Arc::clone(counter);
            tokio::spawn(async move { counter.place(order).await })
        })
        .collect();
    let mut placed = Vec::new();
    for task in tasks {
        placed.push(task.await?);
    }
    Ok(placed)
}

fn codes(delivered: &Delivered) -> Vec<String> {
    delivered
        .items
        .iter()
        .map(|item| item.goods.code.expose_secret().to_owned())
        .collect()
}

async fn balance(shop: &Shop) -> Result<i64> {
    let sql = "SELECT balance_minor FROM shop.balances WHERE kind = 'credit'";
    Ok(sqlx::query_scalar(sql).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_paid_chained_and_signed() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let (monthly, yearly) = (shop.product("monthly", 3).await?, shop.product("yearly", 2).await?);
    let (counter, workers) = shop.counter(now_ms)?;
    let secret = buyer::secret(&B256::repeat_byte(7), "me@example.com");
    let mut order = shop.order(monthly, 2);
    order.buyer = Some(buyer::commitment(&secret));
    order.lines.push(NewLine {
        product: yearly,
        quantity: 1,
        price: Some("9.90".to_owned()),
    });
    let sold = delivered(counter.place(order).await)?;
    assert_eq!(codes(&sold), ["monthly-000000", "monthly-000001", "yearly-000000"]);
    assert_eq!(sold.total.decimal(), "29.70");
    assert_eq!(balance(&shop).await?, 10_000 - 3 * PRICE_MINOR);

    let view = ChainView {
        identity: *shop.vault.identity(),
        vrf_public_key: shop.vault.vrf_public_key(),
        receipt_signers: vec![SignerSpan {
            address: shop.vault.receipt_signer(),
            from_s: 1,
            until_s: 0,
        }],
        as_of_s: 0,
        first: 1,
        latest: 0,
        epochs: BTreeMap::new(),
    };
    for item in &sold.items {
        let product = item.product.to_string();
        let terms = Terms {
            code: item.goods.code.expose_secret(),
            secret: Some(secret),
            expected: *shop.vault.identity(),
            product: Some(&product),
            price: Some("9.90"),
            currency: Some("CNY"),
            now_ms: Some(now_ms()),
        };
        assert!(check_purchase(&item.receipt, &terms, &view)?.yours);
    }
    drop(counter);
    workers.finish().await;
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fails_leaves_its_neighbours_alone() -> Result<()> {
    let shop = Shop::open(20 * PRICE_MINOR).await?;
    let product = shop.product("monthly", 30).await?;
    let empty = shop.product("empty", 0).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let mut orders: Vec<NewOrder> = (0..10).map(|_| shop.order(product, 1)).collect();
    orders.insert(3, shop.order(empty, 1));
    orders.insert(5, shop.order(product, 31));
    let mut changed = shop.order(product, 1);
    changed.lines[0].price = Some("1.00".to_owned());
    orders.insert(7, changed);
    let mut unknown = shop.order(product, 1);
    unknown.lines[0].product.0 = sqlx::types::Uuid::from_u128(9);
    orders.push(unknown);
    let mut refused = Vec::new();
    let mut sold = HashSet::new();
    for placed in place_all(&counter, orders).await? {
        match placed? {
            OrderOutcome::Delivered(delivered) => sold.extend(codes(&delivered)),
            OrderOutcome::Refused { reason, .. } => refused.push(reason),
        }
    }
    assert_eq!(sold.len(), 10);
    assert_eq!(
        refused,
        [
            RefusalReason::OutOfStock,
            RefusalReason::OutOfStock,
            RefusalReason::PriceChanged,
            RefusalReason::UnknownProduct
        ]
    );
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_and_stock_run_out_exactly() -> Result<()> {
    let shop = Shop::open(40 * PRICE_MINOR).await?;
    let product = shop.product("monthly", 60).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let orders = (0..50).map(|_| shop.order(product, 1)).collect();
    let placed = place_all(&counter, orders).await?;
    let sold = placed
        .iter()
        .filter(|placed| matches!(placed, Ok(OrderOutcome::Delivered(_))))
        .count();
    assert_eq!((sold, balance(&shop).await?), (40, 0));
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_same_and_another_request_does_not() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 50).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let first: Vec<NewOrder> = (0..20).map(|_| shop.order(product, 2)).collect();
    // Each order is placed twice at the same time: in one batch, in two, or long afterwards.
    let twice = first.iter().flat_map(|order| [order.clone(), order.clone()]).collect();
    let placed = place_all(&counter, twice).await?;
    let mut seen = HashSet::new();
    for (pair, order) in placed.chunks(2).zip(&first) {
        let (one, other) = (delivered(pair[0].clone())?, delivered(pair[1].clone())?);
        let later = delivered(counter.place(order.clone()).await)?;
        for repeat in [&other, &later] {
            assert_eq!((repeat.order, codes(repeat)), (one.order, codes(&one)));
            let receipts = |sold: &Delivered| sold.items.iter().map(|item| item.receipt.to_json()).collect::<Vec<_>>();
            assert_eq!(receipts(repeat), receipts(&one));
        }
        for code in codes(&one) {
            assert!(seen.insert(code), "sold twice");
        }
    }
    let mut other = first[0].clone();
    other.fingerprint = [1; 32];
    assert_eq!(counter.place(other).await.unwrap_err(), PlaceError::OtherRequest);
    assert_eq!(balance(&shop).await?, 100_000 - 40 * PRICE_MINOR);

    let refused = shop.order(product, 99);
    for order in [refused.clone(), refused.clone()] {
        let id = refused.id;
        let OrderOutcome::Refused { order, reason, .. } = counter.place(order).await? else {
            return Err("delivered".into());
        };
        assert_eq!((order, reason), (id, RefusalReason::OutOfStock));
    }
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_database_refuses_is_set_aside_alone() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 50).await?;
    let marked = B256::repeat_byte(0xbb);
    sqlx::raw_sql(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON shop.orders FOR EACH ROW
         WHEN (NEW.buyer IS NOT NULL AND NEW.state = 'delivered') EXECUTE FUNCTION poison()",
    )
    .execute(&shop.pool)
    .await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let mut orders: Vec<NewOrder> = (0..20).map(|_| shop.order(product, 1)).collect();
    orders[11].buyer = Some(marked);
    let poisoned = orders[11].clone();
    let placed = place_all(&counter, orders).await?;
    for (at, placed) in placed.into_iter().enumerate() {
        match placed? {
            OrderOutcome::Delivered(_) => assert_ne!(at, 11),
            OrderOutcome::Refused { reason, .. } => assert_eq!((at, reason), (11, RefusalReason::Abnormal)),
        }
    }
    let kept = get_order(&shop.pool, poisoned.id).await?.ok_or("not kept")?;
    assert_eq!(kept.status, OrderStatus::Refused(RefusalReason::Abnormal));
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_somebody_moved_is_not_sold() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 5).await?;
    // The key's sale meets an event that is there already.
    sqlx::raw_sql(
        "CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             NEW.version := 2;
             RETURN NEW;
         END $$;
         CREATE TRIGGER moved BEFORE INSERT ON attest.events FOR EACH ROW WHEN (NEW.key_no = 3 AND NEW.kind = 3)
             EXECUTE FUNCTION moved()",
    )
    .execute(&shop.pool)
    .await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    assert_eq!(codes(&delivered(counter.place(shop.order(product, 2)).await)?).len(), 2);
    // The order is not the cause, and can be sent again when the key is mended.
    let order = shop.order(product, 1);
    assert_eq!(counter.place(order.clone()).await.unwrap_err(), PlaceError::Stalled);
    sqlx::query("DROP TRIGGER moved ON attest.events")
        .execute(&shop.pool)
        .await?;
    let sold = loop {
        match counter.place(order.clone()).await {
            Err(PlaceError::Stalled) => sleep(Duration::from_millis(100)).await,
            placed => break delivered(placed)?,
        }
    };
    assert_eq!(codes(&sold), ["monthly-000002"]);
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_with_a_wrong_clock() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 1).await?;
    let (fast, _workers) = shop.counter(|| now_ms() + 61_000)?;
    let order = shop.order(product, 1);
    assert_eq!(fast.place(order.clone()).await.unwrap_err(), PlaceError::Clock);
    let (right, _workers) = shop.counter(now_ms)?;
    delivered(right.place(order).await)?;
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn voided_keys_are_stepped_over() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 5).await?;
    let of_slot = |slot: i64| {
        let pool = shop.pool.clone();
        async move {
            let sql = "SELECT key_id FROM shop.keys WHERE slot = $1";
            let id: Vec<u8> = sqlx::query_scalar(sql).bind(slot).fetch_one(&pool).await?;
            Ok::<_, Box<dyn std::error::Error>>(B256::try_from(id.as_slice())?)
        }
    };
    for slot in [1, 3] {
        let key_id = of_slot(slot).await?;
        let voided = void_key(&shop.pool, &key_id, "leaked", now_ms()).await?;
        assert_eq!(void_key(&shop.pool, &key_id, "leaked", now_ms()).await?, voided);
    }
    shop.assert_sound().await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let sold = delivered(counter.place(shop.order(product, 2)).await)?;
    assert_eq!(codes(&sold), ["monthly-000001", "monthly-000003"]);
    let refused = void_key(&shop.pool, &of_slot(2).await?, "late", now_ms()).await;
    assert!(matches!(refused, Err(VoidError::Step(StepError::Illegal { .. }))));
    assert!(matches!(
        void_key(&shop.pool, &B256::ZERO, "none", now_ms()).await,
        Err(VoidError::Missing)
    ));
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_wait_out_a_database_that_is_away() -> Result<()> {
    let mut shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 5).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    delivered(counter.place(shop.order(product, 1)).await)?;
    shop.postgres.kill()?;
    let order = shop.order(product, 1);
    assert_eq!(counter.place(order.clone()).await.unwrap_err(), PlaceError::Unavailable);
    shop.postgres.restart()?;
    let sold = delivered(counter.place(order.clone()).await)?;
    assert_eq!(codes(&delivered(counter.place(order).await)?), codes(&sold));
    shop.assert_sound().await
}
