//! Coupons: a use is taken once, whoever asks for it at the same time, and belongs to its order.

use std::sync::Arc;
use std::time::Duration;

use shelfproof::domain::account::Role;
use shelfproof::domain::coupon::CouponCode;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::id::{AccountId, OrderId, ProductId};
use shelfproof::domain::order::{Customer, NewLine, NewOrder, RefusalReason};
use shelfproof::flow::add_coupon::{NewCoupon, add_coupon};
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::end_coupon::end_coupon;
use shelfproof::flow::query::order::get_order;
use shelfproof::flow::refund::refund_item;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::sale::PlaceError;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use tokio::time::timeout;

use super::shop::{PRICE_MINOR, Shop, delivered, yuan};
use super::trouble::{count, one_worker};
use super::{balance, place_all};

/// How long an order may take that nothing delays.
const BOUND: Duration = Duration::from_secs(10);

/// Makes a coupon of that many percent, and returns its code.
async fn percent(shop: &Shop, code: &str, percent: u32, change: impl FnOnce(&mut NewCoupon)) -> Result<CouponCode> {
    let mut new = NewCoupon {
        code: code.to_owned(),
        percent: Some(percent),
        ..NewCoupon::default()
    };
    change(&mut new);
    Ok(add_coupon(&shop.pool, new, now_ms()).await?.code)
}

/// An order that names a coupon.
fn order(shop: &Shop, product: ProductId, quantity: u32, code: &CouponCode) -> NewOrder {
    NewOrder {
        coupon: Some(code.id()),
        ..shop.order(product, quantity)
    }
}

/// The same order of another account.
fn of(account: AccountId, order: NewOrder) -> NewOrder {
    let customer = Customer::Account(account);
    NewOrder {
        id: OrderId::of_request(&customer, &order.id.to_string()),
        customer,
        ..order
    }
}

/// Creates another account, with credit.
async fn other(shop: &Shop) -> Result<AccountId> {
    let account = AccountId::new(now_ms(), [2; 10]);
    create_account(&shop.pool, account, "other", Role::Reseller, now_ms()).await?;
    top_up_credit(&shop.pool, account, yuan(1_000_000), "second", now_ms()).await?;
    Ok(account)
}

async fn uses(shop: &Shop) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM shop.coupon_uses")
        .fetch_one(&shop.pool)
        .await?)
}

/// How many orders were delivered; the others must have been refused for that reason.
fn sold(placed: Vec<std::result::Result<OrderOutcome, PlaceError>>, otherwise: RefusalReason) -> Result<usize> {
    let mut sold = 0;
    for placed in placed {
        match placed? {
            OrderOutcome::Delivered(_) => sold += 1,
            OrderOutcome::Refused { reason, .. } => assert_eq!(reason, otherwise),
        }
    }
    Ok(sold)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_last_use_under_two_checkouts_at_once_is_taken_once() -> Result<()> {
    const MEETINGS: i64 = 20;
    let shop = Shop::open(1_000_000).await?;
    let account = other(&shop).await?;
    // Nothing but the coupon is shared by the two: product, account and node are not.
    let products = [shop.product("monthly", 50).await?, shop.product("yearly", 50).await?];
    let ((one, _workers), (two, _more)) = (shop.counter(now_ms)?, shop.counter(now_ms)?);
    for meeting in 0..MEETINGS {
        let code = percent(&shop, &format!("LAST-{meeting}"), 10, |new| new.uses_max = Some(1)).await?;
        let orders = [
            order(&shop, products[0], 1, &code),
            of(account, order(&shop, products[1], 1, &code)),
        ];
        let (here, there) = tokio::join!(one.place(orders[0].clone()), two.place(orders[1].clone()));
        assert_eq!(sold(vec![here, there], RefusalReason::CouponUsedUp)?, 1);
        // Each repeat gets the first answer, at the other node too.
        let (here, there) = tokio::join!(two.place(orders[0].clone()), one.place(orders[1].clone()));
        assert_eq!(sold(vec![here, there], RefusalReason::CouponUsedUp)?, 1);
        assert_eq!(uses(&shop).await?, meeting + 1);
    }
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_orders_at_once_take_no_more_uses_than_there_are() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let account = other(&shop).await?;
    let product = shop.product("monthly", 100).await?;
    let ((one, _workers), (two, _more)) = (shop.counter(now_ms)?, shop.counter(now_ms)?);
    let nodes = [Arc::new(one), Arc::new(two)];
    let code = percent(&shop, "SPRING", 50, |new| {
        (new.uses_max, new.account_uses_max) = (Some(9), Some(6));
    })
    .await?;
    let orders = |count: usize| -> Vec<NewOrder> { (0..count).map(|_| order(&shop, product, 1, &code)).collect() };
    let (here, there) = tokio::join!(place_all(&nodes[0], orders(16)), place_all(&nodes[1], orders(16)));
    let placed = here?.into_iter().chain(there?).collect();
    assert_eq!(sold(placed, RefusalReason::CouponUsedUp)?, 6, "one account has 6");
    let rest = orders(16).into_iter().map(|order| of(account, order)).collect();
    assert_eq!(
        sold(place_all(&nodes[0], rest).await?, RefusalReason::CouponUsedUp)?,
        3,
        "9 in all"
    );
    assert_eq!(uses(&shop).await?, 9);
    assert_eq!(balance_of(&shop, account).await?, 1_000_000 - 3 * PRICE_MINOR / 2);
    shop.assert_sound().await
}

async fn balance_of(shop: &Shop, account: AccountId) -> Result<i64> {
    let sql = "SELECT balance_minor FROM shop.balances WHERE account_id = $1";
    Ok(sqlx::query_scalar(sql).bind(account.0).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_pays_what_the_item_cost_and_leaves_the_use_with_its_order() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let (product, other) = (shop.product("monthly", 10).await?, shop.product("yearly", 10).await?);
    let (counter, _workers) = shop.counter(now_ms)?;
    let code = percent(&shop, "TENTH", 10, |new| {
        (new.products, new.uses_max) = (vec![product], Some(1));
    })
    .await?;
    let mut new = order(&shop, product, 3, &code);
    new.lines.push(NewLine {
        product: other,
        quantity: 1,
        price: None,
    });
    let placed = delivered(counter.place(new.clone()).await)?;
    // 10 % of 29.70 is 2.97; the line's three keys share what is left of it.
    assert_eq!(placed.total.minor, 4 * PRICE_MINOR - 297);
    let kept = get_order(&shop.pool, placed.order).await?.ok_or("not kept")?;
    assert_eq!(
        kept.lines.iter().map(|line| line.discount_minor).collect::<Vec<_>>(),
        [297, 0]
    );
    let nets: Vec<_> = (1..=4)
        .filter_map(|item| kept.item_net(item))
        .map(|net| net.minor)
        .collect();
    assert_eq!(nets, [891, 891, 891, PRICE_MINOR]);
    let mut back = 100_000 - placed.total.minor;
    assert_eq!(balance(&shop).await?, back);
    for (item, net) in (1..).zip(nets) {
        refund_item(&shop.pool, placed.order, item, "broken", now_ms()).await?;
        back += net;
        assert_eq!(balance(&shop).await?, back);
    }
    assert_eq!(back, 100_000);
    let again = counter.place(order(&shop, product, 1, &code)).await;
    assert_eq!(sold(vec![again], RefusalReason::CouponUsedUp)?, 0, "the use came back");
    assert_eq!(delivered(counter.place(new).await)?.total, placed.total, "a repeat");
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fails_takes_no_use_and_an_ended_coupon_has_none() -> Result<()> {
    let shop = Shop::open(3 * PRICE_MINOR).await?;
    let product = shop.product("monthly", 10).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let code = percent(&shop, "ONCE", 100, |new| new.uses_max = Some(1)).await?;
    let too_many = counter.place(order(&shop, product, 11, &code)).await;
    assert_eq!(sold(vec![too_many], RefusalReason::OutOfStock)?, 0);
    let unknown = order(&shop, product, 1, &"NOBODY".parse()?);
    assert_eq!(
        sold(vec![counter.place(unknown).await], RefusalReason::CouponUnknown)?,
        0
    );
    assert_eq!(uses(&shop).await?, 0);
    // The whole price is taken off, and nothing is left to pay.
    let free = delivered(counter.place(order(&shop, product, 10, &code)).await)?;
    assert_eq!((free.total.minor, balance(&shop).await?), (0, 3 * PRICE_MINOR));
    refund_item(&shop.pool, free.order, 1, "broken", now_ms()).await?;
    let code = percent(&shop, "ENDED", 10, |_| ()).await?;
    let (ended, _) = end_coupon(&shop.pool, &code, now_ms()).await?;
    let (again, _) = end_coupon(&shop.pool, &code, now_ms() + 5).await?;
    assert_eq!(again, ended, "the first end counts");
    let late = counter.place(order(&shop, product, 1, &code)).await;
    assert_eq!(sold(vec![late], RefusalReason::CouponExpired)?, 0);
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_coupon_holds_back_its_own_orders_only() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 30).await?;
    let (counter, _workers) = one_worker(&shop)?;
    let (broken, well) = (
        percent(&shop, "BROKEN", 10, |_| ()).await?,
        percent(&shop, "WELL", 10, |_| ()).await?,
    );
    // Done without the trigger that keeps coupons unchanged. There is no such currency.
    sqlx::raw_sql(
        "BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE shop.coupons SET currency = 'ZZZ' WHERE code = 'BROKEN'; COMMIT",
    )
    .execute(&shop.pool)
    .await?;
    let orders = (0..30).flat_map(|_| [order(&shop, product, 1, &broken), order(&shop, product, 1, &well)]);
    let placed = place_all(&counter, orders.collect()).await?;
    for pair in placed.chunks(2) {
        assert_eq!(pair[0].as_ref().err(), Some(&PlaceError::Stalled));
        assert_eq!(delivered(pair[1].clone())?.total.minor, PRICE_MINOR - 99);
    }
    // If a batch had been halved down to single orders, there would be a batch for each order.
    let batches = count(&shop.pool, "SELECT count(*) FROM attest.sale_batches").await?;
    assert!(batches <= 10, "{batches} batches for 30 orders");
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_coupon_delays_its_own_orders_only() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 10).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let code = percent(&shop, "SPRING", 10, |_| ()).await?;
    let mut holder = shop.pool.begin().await?;
    sqlx::query("SELECT FROM shop.coupons FOR UPDATE")
        .execute(&mut *holder)
        .await?;
    let waiting = order(&shop, product, 1, &code);
    let waiting = tokio::spawn({
        let counter = Arc::clone(&counter);
        async move { counter.place(waiting).await }
    });
    for _ in 0..5 {
        delivered(timeout(BOUND, counter.place(shop.order(product, 1))).await?)?;
    }
    assert!(!waiting.is_finished());
    holder.rollback().await?;
    let sold = delivered(timeout(BOUND, waiting).await??)?;
    assert_eq!(sold.total.minor, PRICE_MINOR - 99);
    shop.assert_sound().await
}
