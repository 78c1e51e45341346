//! Everything at once: whatever the order, the books close and no key is sold twice.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{B256, keccak256};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shelfproof::domain::delivery::{ReserveOutcome, Settled};
use shelfproof::domain::id::{OrderId, ProductId};
use shelfproof::domain::sale::Reservation;
use shelfproof::flow::cancel_order::cancel_order;
use shelfproof::flow::expire_orders::expire_orders;
use shelfproof::flow::void::void_key;
use shelfproof::sale::OrderQueue;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::super::shop::Shop;
use super::{LATE_MS, codes, gateway, paid, request};

/// What one step of the storm does with its order.
#[derive(Clone, Copy)]
enum Ending {
    Paid,
    PaidTwiceAtOnce,
    Cancelled,
    Left,
}

/// Reservations, payments, cancellations, sales, voids and expiries, all at once: whatever their order, the books close and
/// no key is sold twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_everything_leaves_the_books_closed() -> Result<()> {
    let seed = keccak256(now_ms().to_be_bytes())[0];
    let mut rng = StdRng::seed_from_u64(u64::from(seed));
    let shop = Arc::new(Shop::open(1_000_000).await?);
    let products = [shop.product("monthly", 120).await?, shop.product("yearly", 60).await?];
    let gateway = gateway(&shop).await?;
    let (queue, workers) = shop.counter(now_ms)?;
    let queue = Arc::new(queue);
    let mut tasks = Vec::new();
    for guest in 0..120_u8 {
        let lines: Vec<_> = (0..rng.random_range(1..=2))
            .map(|at| (products[at], rng.random_range(1..=2)))
            .collect();
        let asked = request(&shop, gateway, guest, &lines);
        let ending = [Ending::Paid, Ending::PaidTwiceAtOnce, Ending::Cancelled, Ending::Left][rng.random_range(0..4)];
        let (queue, shop, product) = (Arc::clone(&queue), Arc::clone(&shop), lines[0].0);
        tasks.push(tokio::spawn(async move {
            one(&shop, &queue, &asked, ending, product)
                .await
                .map_err(|error| error.to_string())
        }));
    }
    let mut delivered = HashSet::new();
    let mut orders = Vec::new();
    for at in 0..10_u64 {
        expire_orders(&shop.pool, if at % 3 == 0 { LATE_MS } else { now_ms() }).await?;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    for task in tasks {
        orders.extend(task.await??);
    }
    drop(queue);
    workers.finish().await;
    expire_orders(&shop.pool, LATE_MS).await?;
    for order in orders {
        for code in codes(&shop, order).await? {
            assert!(
                delivered.insert(code.clone()),
                "seed {seed}: {code} was delivered twice"
            );
        }
    }
    assert!(!delivered.is_empty());
    shop.assert_sound().await
}

/// One guest's order, and a sale and a void beside it. Returns the order, where it was placed.
async fn one(
    shop: &Shop,
    queue: &Arc<OrderQueue>,
    asked: &Reservation,
    ending: Ending,
    product: ProductId,
) -> Result<Option<OrderId>> {
    let ReserveOutcome::Reserved(reserved) = queue.reserve(asked.clone()).await? else {
        return Ok(None);
    };
    let settlement = paid(asked, &reserved, &format!("t-{}", asked.payment));
    match ending {
        Ending::Left => {}
        Ending::Paid => {
            let _ = queue.settle(settlement).await?;
        }
        Ending::PaidTwiceAtOnce => {
            let (first, second) = tokio::join!(queue.settle(settlement.clone()), queue.settle(settlement));
            let delivered = [first?, second?]
                .iter()
                .filter(|settled| matches!(settled, Settled::Delivered { .. }))
                .count();
            assert!(delivered <= 1);
        }
        // It may have expired meanwhile.
        Ending::Cancelled => {
            let _ = cancel_order(&shop.pool, reserved.order).await;
        }
    }
    let _ = queue.place(shop.order(product, 1)).await?;
    let next = "SELECT key_id FROM shop.keys WHERE state = 2 ORDER BY slot DESC LIMIT 1";
    let next: Vec<u8> = sqlx::query_scalar(next).fetch_one(&shop.pool).await?;
    // It may be held, sold or moved at this moment.
    let _ = void_key(&shop.pool, &B256::from_slice(&next), "storm", now_ms()).await;
    Ok(Some(reserved.order))
}
