//! Repetitions: the same request gets the same bytes, in every state of its order and from every node.

use std::sync::Arc;

use secrecy::ExposeSecret;
use shelfproof::domain::delivery::{Delivered, Item};
use shelfproof::domain::order::NewOrder;
use shelfproof::flow::redeem::redeem_item;
use shelfproof::flow::refund::refund_item;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::shop::{PRICE_MINOR, Shop, delivered};
use super::{balance, place_all};

/// Returns everything in the answer to a buyer.
fn text(sold: &Delivered) -> String {
    let item = |item: &Item| {
        let code = item.goods.code.expose_secret();
        format!(
            "{} {} {} {code} {}\n",
            item.item,
            item.line,
            item.product,
            item.receipt.to_json()
        )
    };
    let items: String = sold.items.iter().map(item).collect();
    format!("{} {} {}\n{items}", sold.order, sold.created_at_ms, sold.total)
}

/// Orders are repeated in batches of several and of one.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_says_the_same_in_every_later_state() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 40).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let orders: Vec<NewOrder> = (0..10).map(|_| shop.order(product, 3)).collect();
    let mut placed = place_all(&counter, orders.clone()).await?;
    let alone = shop.order(product, 3);
    placed.push(counter.place(alone.clone()).await);
    for (order, first) in orders.iter().chain([&alone]).zip(placed) {
        let first = text(&delivered(first)?);
        let state = async || {
            let sql = "SELECT state FROM shop.orders WHERE id = $1";
            sqlx::query_scalar::<_, String>(sql)
                .bind(order.id.0)
                .fetch_one(&shop.pool)
                .await
        };
        let repeated =
            async || Ok::<_, Box<dyn std::error::Error>>(text(&delivered(counter.place(order.clone()).await)?));
        assert_eq!(
            (state().await?.as_str(), repeated().await?),
            ("delivered", first.clone())
        );
        redeem_item(&shop.pool, order.id, 2, None, now_ms()).await?;
        for (item, state_then) in [(3, "partially_refunded"), (1, "partially_refunded"), (2, "refunded")] {
            refund_item(&shop.pool, order.id, item, "broken", now_ms()).await?;
            assert_eq!(
                (state().await?.as_str(), repeated().await?),
                (state_then, first.clone())
            );
        }
    }
    shop.assert_sound().await
}

/// Two nodes get the same requests at the same time. The node that writes an order first has placed it.
#[tokio::test(flavor = "multi_thread")]
async fn one_request_on_two_nodes_is_one_order() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let products = [shop.product("monthly", 60).await?, shop.product("yearly", 60).await?];
    let (one, _workers) = shop.counter(now_ms)?;
    let (other, _workers) = shop.counter(now_ms)?;
    let nodes = [Arc::new(one), Arc::new(other)];
    let orders: Vec<NewOrder> = (0..40).map(|number| shop.order(products[number % 2], 1)).collect();
    let backwards: Vec<NewOrder> = orders.iter().rev().cloned().collect();
    let (here, there) = tokio::join!(place_all(&nodes[0], orders), place_all(&nodes[1], backwards));
    let there: Vec<_> = there?.into_iter().rev().collect();
    for (here, there) in here?.into_iter().zip(there) {
        assert_eq!(text(&delivered(here)?), text(&delivered(there)?));
    }
    assert_eq!(balance(&shop).await?, 100_000 - 40 * PRICE_MINOR);
    shop.assert_sound().await
}
