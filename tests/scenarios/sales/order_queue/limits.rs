//! What one order and one account may buy of a product, also where many of its orders arrive at once.

use std::sync::Arc;

use shelfproof::domain::account::Role;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::edit::Edit;
use shelfproof::domain::id::{AccountId, OrderId, ProductId};
use shelfproof::domain::order::{Customer, NewOrder, RefusalReason};
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::refund::refund_item;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::sale::PlaceError;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::shop::{Shop, delivered, yuan};
use super::{balance, place_all};

/// Gives the product, as it was made, that limit for each buyer.
async fn limit(shop: &Shop, product: ProductId, version: i32, limit: &str) -> Result<()> {
    let change = Change {
        buyer_limit: Edit::Set(limit.parse()?),
        ..Change::default()
    };
    change_product(&shop.pool, product, version, change).await?;
    Ok(())
}

/// The reason of an order that must be refused.
fn refused(placed: std::result::Result<OrderOutcome, PlaceError>) -> Result<RefusalReason> {
    match placed? {
        OrderOutcome::Refused { reason, .. } => Ok(reason),
        OrderOutcome::Delivered(_) => Err("delivered".into()),
    }
}

/// How much each account bought of products with a limit, the least first.
async fn counts(shop: &Shop) -> Result<Vec<i32>> {
    let sql = "SELECT max(units_after) FROM shop.limited_purchases GROUP BY account_id, sku_id, period ORDER BY 1";
    Ok(sqlx::query_scalar(sql).fetch_all(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_orders_at_once_on_two_nodes_do_not_pass_a_limit() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 100).await?;
    limit(&shop, product, 1, "10").await?;
    let other = AccountId::new(now_ms(), [2; 10]);
    create_account(&shop.pool, other, "other", Role::Reseller, now_ms()).await?;
    top_up_credit(&shop.pool, other, yuan(100_000), "second", now_ms()).await?;
    let ((one, _workers), (two, _more)) = (shop.counter(now_ms)?, shop.counter(now_ms)?);
    let nodes = [Arc::new(one), Arc::new(two)];
    let orders: [Vec<NewOrder>; 2] = [16, 16].map(|count| (0..count).map(|_| shop.order(product, 1)).collect());
    let [here, there] = orders.clone();
    let (here, there) = tokio::join!(place_all(&nodes[0], here), place_all(&nodes[1], there));
    let mut sold = 0;
    let mut over = Vec::new();
    for (placed, order) in here?.into_iter().chain(there?).zip(orders.into_iter().flatten()) {
        match placed? {
            OrderOutcome::Delivered(_) => sold += 1,
            OrderOutcome::Refused { reason, .. } => {
                assert_eq!(reason, RefusalReason::BuyerLimit);
                over.push(order);
            }
        }
    }
    assert_eq!((sold, over.len(), counts(&shop).await?), (10, 22, vec![10]));

    // Another account has a count of its own, and a repeat of a refusal stays one after the limit is gone.
    let customer = Customer::Account(other);
    let quiet = NewOrder {
        id: OrderId::of_request(&customer, "quiet"),
        customer,
        ..shop.order(product, 10)
    };
    delivered(nodes[0].place(quiet).await)?;
    assert_eq!(counts(&shop).await?, [10, 10]);
    let change = Change {
        buyer_limit: Edit::Remove,
        ..Change::default()
    };
    change_product(&shop.pool, product, 2, change).await?;
    assert_eq!(
        refused(nodes[1].place(over[0].clone()).await)?,
        RefusalReason::BuyerLimit
    );
    delivered(nodes[1].place(shop.order(product, 5)).await)?;
    assert_eq!(counts(&shop).await?, [10, 10], "nothing is counted without a limit");
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_counts_from_when_it_is_set_whatever_is_refunded_or_refused() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 50).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    delivered(counter.place(shop.order(product, 9)).await)?;
    let change = Change {
        order_max: Edit::Set(3),
        ..Change::default()
    };
    change_product(&shop.pool, product, 1, change).await?;
    limit(&shop, product, 2, "4").await?;
    assert_eq!(
        refused(counter.place(shop.order(product, 4)).await)?,
        RefusalReason::OrderLimit
    );
    let sold = delivered(counter.place(shop.order(product, 3)).await)?;
    assert_eq!(
        refused(counter.place(shop.order(product, 2)).await)?,
        RefusalReason::BuyerLimit
    );
    for item in 1..=3 {
        refund_item(&shop.pool, sold.order, item, "broken", now_ms()).await?;
    }
    assert_eq!(
        refused(counter.place(shop.order(product, 2)).await)?,
        RefusalReason::BuyerLimit
    );
    delivered(counter.place(shop.order(product, 1)).await)?;
    assert_eq!(counts(&shop).await?, [4]);
    // A limit for each day has counts of its own, and a lower one refuses what is over it.
    limit(&shop, product, 3, "2/day").await?;
    delivered(counter.place(shop.order(product, 2)).await)?;
    assert_eq!(
        refused(counter.place(shop.order(product, 1)).await)?,
        RefusalReason::BuyerLimit
    );
    limit(&shop, product, 4, "3").await?;
    assert_eq!(
        refused(counter.place(shop.order(product, 1)).await)?,
        RefusalReason::BuyerLimit
    );
    assert_eq!(counts(&shop).await?, [2, 4]);
    assert!(balance(&shop).await? > 0);
    shop.assert_sound().await
}
