//! Orders that are paid after they were placed: held, settled once, expired, paid late, and left to a person.

use std::sync::Arc;

use alloy_primitives::B256;
use secrecy::ExposeSecret;
use shelfproof::domain::delivery::{ReserveOutcome, Reserved, Settled};
use shelfproof::domain::id::{OrderId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::order::{Customer, OrderFilter, OrderStatus, RefusalReason};
use shelfproof::domain::payment::{PaymentId, Received};
use shelfproof::domain::sale::{Capped, Question, Reservation, Settlement};
use shelfproof::domain::sku::StockPolicy;
use shelfproof::flow::cancel_order::cancel_order;
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::expire_orders::expire_orders;
use shelfproof::flow::query::order::{get_order, open_order};
use shelfproof::flow::query::order_list::list_orders;
use shelfproof::sale::{OrderQueue, PlaceError};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::shop::{PRICE_MINOR, Shop};

mod storm;
mod trouble;

/// Long after every unpaid order has expired.
const LATE_MS: u64 = 4_000_000_000_000;

/// The number of a gateway's account that collects yuan, with its wallets.
async fn gateway(shop: &Shop) -> Result<i32> {
    let id = sqlx::query_scalar(
        "WITH made AS (INSERT INTO shop.gateway_accounts (name, kind, currency) VALUES ('alipay', 'test', 'CNY') RETURNING id),
              undelivered AS (INSERT INTO shop.wallets (kind, currency) VALUES ('undelivered', 'CNY'))
         SELECT id FROM made",
    );
    let id: i32 = id.fetch_one(&shop.pool).await?;
    sqlx::query("INSERT INTO shop.wallets (kind, gateway_id, currency) VALUES ('clearing', $1, 'CNY')")
        .bind(id)
        .execute(&shop.pool)
        .await?;
    Ok(id)
}

/// A guest's request for keys, from an address of its own.
fn request(shop: &Shop, gateway: i32, guest: u8, lines: &[(ProductId, u32)]) -> Reservation {
    let (product, quantity) = lines[0];
    let mut order = shop.order(product, quantity);
    order.lines.extend(
        lines[1..]
            .iter()
            .map(|(product, quantity)| shop.order(*product, *quantity).lines[0].clone()),
    );
    let customer = Customer::Guest(B256::repeat_byte(guest));
    let id = OrderId::of_request(&customer, &order.id.to_string());
    Reservation {
        payment: PaymentId::generate(),
        order: shelfproof::domain::order::NewOrder { customer, id, ..order },
        gateway,
        currency: Currency::CNY,
        address: B256::repeat_byte(guest),
    }
}

/// What the gateway says when the order was paid.
fn paid(request: &Reservation, reserved: &Reserved, trade_no: &str) -> Settlement {
    Settlement {
        order: reserved.order,
        products: request.order.lines.iter().map(|line| line.product).collect(),
        received: Some(Received {
            payment: request.payment,
            trade_no: trade_no.to_owned(),
            amount: reserved.total,
        }),
    }
}

async fn reserve(queue: &OrderQueue, request: &Reservation) -> Result<Reserved> {
    match queue.reserve(request.clone()).await? {
        ReserveOutcome::Reserved(reserved) => Ok(reserved),
        ReserveOutcome::Refused(reason) => Err(reason.to_string().into()),
    }
}

async fn status(shop: &Shop, order: OrderId) -> Result<OrderStatus> {
    Ok(get_order(&shop.pool, order).await?.ok_or("no order")?.status)
}

async fn codes(shop: &Shop, order: OrderId) -> Result<Vec<String>> {
    let found = get_order(&shop.pool, order).await?.ok_or("no order")?;
    let view = open_order(&shop.pool, &shop.vault, None, found).await?;
    Ok(view
        .items
        .iter()
        .map(|item| item.item.goods.code.expose_secret().to_owned())
        .collect())
}

/// The balance of the only wallet of a kind.
async fn balance(shop: &Shop, kind: &str) -> Result<i64> {
    let sql = "SELECT coalesce(sum(balance_minor), 0)::bigint FROM shop.balances WHERE kind = $1";
    Ok(sqlx::query_scalar(sql).bind(kind).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_gets_the_keys_that_were_held_for_it_once() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let (monthly, yearly) = (shop.product("monthly", 6).await?, shop.product("yearly", 3).await?);
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let queue = Arc::new(queue);
    let asked = request(&shop, gateway, 1, &[(monthly, 2), (yearly, 1), (monthly, 1)]);
    let reserved = reserve(&queue, &asked).await?;
    assert_eq!(reserved.total.minor, 4 * PRICE_MINOR);
    assert_eq!(reserve(&queue, &asked).await?, reserved, "a repeat is another order");
    shop.assert_sound().await?;
    // Others buy meanwhile, but not what is held.
    super::delivered(queue.place(shop.order(monthly, 3)).await)?;
    assert_eq!(status(&shop, reserved.order).await?, OrderStatus::AwaitingPayment);

    let settlement = paid(&asked, &reserved, "t-1");
    let many = (0..100).map(|_| {
        let (queue, settlement) = (Arc::clone(&queue), settlement.clone());
        tokio::spawn(async move { queue.settle(settlement).await })
    });
    let mut delivered = 0;
    for settled in many.collect::<Vec<_>>() {
        match settled.await?? {
            Settled::Delivered { items } => delivered += items,
            other => assert_eq!(other, Settled::Unchanged),
        }
    }
    assert_eq!(delivered, 4);
    let codes = codes(&shop, reserved.order).await?;
    assert_eq!(
        codes,
        ["monthly-000000", "monthly-000001", "yearly-000000", "monthly-000002"]
    );
    assert_eq!(balance(&shop, "undelivered").await?, 0);
    assert_eq!(balance(&shop, "clearing").await?, -4 * PRICE_MINOR);
    assert_eq!(reserve(&queue, &asked).await?, reserved, "a repeat after the delivery");
    let filter = OrderFilter {
        product: Some(yearly),
        ..OrderFilter::default()
    };
    let listed = list_orders(&shop.pool, &filter, None, 10).await?;
    let listed: Vec<_> = listed.rows.iter().map(|order| order.id).collect();
    assert_eq!(listed, [reserved.order]);
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_is_for_sale_again_and_a_late_payment_is_taken() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 3).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked: Vec<_> = (1..=3)
        .map(|guest| request(&shop, gateway, guest, &[(product, 1)]))
        .collect();
    let mut reserved = Vec::new();
    for asked in &asked {
        reserved.push(reserve(&queue, asked).await?);
    }
    let none_left = request(&shop, gateway, 4, &[(product, 1)]);
    let refused = queue.reserve(none_left.clone()).await?;
    assert_eq!(refused, ReserveOutcome::Refused(RefusalReason::OutOfStock));
    assert_eq!(expire_orders(&shop.pool, now_ms()).await?.orders, 0, "before its time");
    cancel_order(&shop.pool, reserved[2].order).await?;
    cancel_order(&shop.pool, reserved[2].order).await?;
    let expired = expire_orders(&shop.pool, LATE_MS).await?;
    assert_eq!((expired.orders, expired.keys), (2, 2));
    shop.assert_sound().await?;
    for (at, status_now) in [(0, OrderStatus::Expired), (2, OrderStatus::Cancelled)] {
        assert_eq!(status(&shop, reserved[at].order).await?, status_now);
        assert!(cancel_order(&shop.pool, reserved[0].order).await.is_err());
    }

    // Two of the three come late, and one key is sold to somebody else; then there is none for the last one.
    super::delivered(queue.place(shop.order(product, 1)).await)?;
    for at in [0, 2] {
        let settled = queue
            .settle(paid(&asked[at], &reserved[at], &format!("t-{at}")))
            .await?;
        assert_eq!(settled, Settled::Delivered { items: 1 });
    }
    let last = paid(&asked[1], &reserved[1], "t-1");
    assert_eq!(
        queue.settle(last.clone()).await?,
        Settled::InReview(Question::OutOfStock)
    );
    assert_eq!(queue.settle(last.clone()).await?, Settled::Unchanged);
    assert_eq!(status(&shop, reserved[1].order).await?, OrderStatus::Paid);
    assert_eq!(balance(&shop, "undelivered").await?, PRICE_MINOR);
    shop.assert_sound().await?;

    let again = Settlement { received: None, ..last };
    assert_eq!(
        queue.settle(again.clone()).await?,
        Settled::InReview(Question::OutOfStock)
    );
    shop.stock(product, "more", 1).await?;
    assert_eq!(queue.settle(again.clone()).await?, Settled::Delivered { items: 1 });
    assert_eq!(queue.settle(again).await?, Settled::Unchanged);
    let open = "SELECT count(*) FROM shop.reviews WHERE closed_at_ms IS NULL";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&shop.pool).await?;
    assert_eq!((open, balance(&shop, "undelivered").await?), (0, 0));
    assert_eq!(
        queue.reserve(none_left).await?,
        ReserveOutcome::Refused(RefusalReason::OutOfStock)
    );
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_not_held_is_taken_when_the_payment_is_there() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 1).await?;
    let change = Change {
        policy: Some(StockPolicy::Allocate),
        ..Change::default()
    };
    change_product(&shop.pool, product, 1, change).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked: Vec<_> = (1..=2)
        .map(|guest| request(&shop, gateway, guest, &[(product, 1)]))
        .collect();
    let (first, second) = (reserve(&queue, &asked[0]).await?, reserve(&queue, &asked[1]).await?);
    shop.assert_sound().await?;
    let settled = queue.settle(paid(&asked[1], &second, "t-2")).await?;
    assert_eq!(settled, Settled::Delivered { items: 1 });
    let settled = queue.settle(paid(&asked[0], &first, "t-1")).await?;
    assert_eq!(settled, Settled::InReview(Question::OutOfStock));
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reserves_the_whole_shop() -> Result<()> {
    let shop = Shop::open(0).await?;
    let product = shop.product("monthly", 700).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    for _ in 0..3 {
        reserve(&queue, &request(&shop, gateway, 1, &[(product, 1)])).await?;
    }
    let fourth = request(&shop, gateway, 1, &[(product, 1)]);
    assert_eq!(
        queue.reserve(fourth.clone()).await,
        Err(PlaceError::Capped(Capped::Guest))
    );
    // Ten contacts at one address.
    for guest in 10..20 {
        let mut of_one_house = request(&shop, gateway, guest, &[(product, 1)]);
        of_one_house.address = B256::repeat_byte(9);
        reserve(&queue, &of_one_house).await?;
    }
    let mut eleventh = request(&shop, gateway, 20, &[(product, 1)]);
    eleventh.address = B256::repeat_byte(9);
    assert_eq!(queue.reserve(eleventh).await, Err(PlaceError::Capped(Capped::Address)));
    for guest in 30..34 {
        reserve(&queue, &request(&shop, gateway, guest, &[(product, 100)])).await?;
    }
    let again = request(&shop, gateway, 30, &[(product, 1)]);
    assert_eq!(queue.reserve(again).await, Err(PlaceError::Capped(Capped::Keys)));
    let last = request(&shop, gateway, 40, &[(product, 88)]);
    assert_eq!(queue.reserve(last).await, Err(PlaceError::Capped(Capped::Product)));
    reserve(&queue, &request(&shop, gateway, 41, &[(product, 87)])).await?;
    expire_orders(&shop.pool, LATE_MS).await?;
    reserve(&queue, &fourth).await?;
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_cannot_pay_is_refused_and_leaves_nothing() -> Result<()> {
    let shop = Shop::open(0).await?;
    let (free, limited) = (shop.product("free", 2).await?, shop.product("limited", 2).await?);
    let gateway = gateway(&shop).await?;
    sqlx::query("UPDATE shop.skus SET price_minor = 0 WHERE product_id = $1")
        .bind(free.0)
        .execute(&shop.pool)
        .await?;
    sqlx::query("UPDATE shop.skus SET buyer_max = 1, buyer_per = 'ever' WHERE product_id = $1")
        .bind(limited.0)
        .execute(&shop.pool)
        .await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let mut in_dollars = request(&shop, gateway, 1, &[(limited, 1)]);
    in_dollars.currency = Currency::USD;
    for (asked, reason) in [
        (request(&shop, gateway, 1, &[(free, 1)]), RefusalReason::NothingToPay),
        (
            request(&shop, gateway, 1, &[(limited, 1)]),
            RefusalReason::AccountNeeded,
        ),
        (in_dollars, RefusalReason::AccountNeeded),
        (request(&shop, gateway, 1, &[(free, 3)]), RefusalReason::OutOfStock),
    ] {
        assert_eq!(queue.reserve(asked).await?, ReserveOutcome::Refused(reason));
    }
    sqlx::query("UPDATE shop.skus SET buyer_max = NULL, buyer_per = NULL")
        .execute(&shop.pool)
        .await?;
    let mut in_dollars = request(&shop, gateway, 1, &[(limited, 1)]);
    in_dollars.currency = Currency::USD;
    assert_eq!(
        queue.reserve(in_dollars).await?,
        ReserveOutcome::Refused(RefusalReason::PaymentCurrency)
    );
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM shop.orders")
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(orders, 0);
    shop.assert_sound().await
}

/// What a payment was received for stays what was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_another_amount_moves_nothing() -> Result<()> {
    let shop = Shop::open(0).await?;
    let product = shop.product("monthly", 1).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked = request(&shop, gateway, 1, &[(product, 1)]);
    let reserved = reserve(&queue, &asked).await?;
    let mut settlement = paid(&asked, &reserved, "t-1");
    if let Some(received) = &mut settlement.received {
        received.amount = Money {
            minor: 1,
            ..received.amount
        };
    }
    assert_eq!(queue.settle(settlement).await?, Settled::Unchanged);
    assert_eq!(status(&shop, reserved.order).await?, OrderStatus::AwaitingPayment);
    assert_eq!(balance(&shop, "clearing").await?, 0);
    shop.assert_sound().await
}
