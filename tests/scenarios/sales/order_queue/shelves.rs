//! Orders over two products, each with two batches that were imported in turn. Keys are sold in the order of their
//! slots, to the line that ordered them, with the right receipt.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::ExposeSecret;
use shelfproof::domain::delivery::{Delivered, Item};
use shelfproof::domain::id::ProductId;
use shelfproof::domain::order::{NewLine, NewOrder};
use shelfproof::flow::activate::activate_batch;
use shelfproof::flow::query::order::{get_order, open_order};
use shelfproof_base::clock::now_ms;

use shelfproof_tests::Result;
use sqlx::types::Uuid;

use super::place_all;
use super::shop::{Shop, delivered};

/// The number of keys in each of the four batches.
const KEYS: usize = 60;

/// The number of keys in an order of [`mixed`].
const KEYS_OF_ORDER: usize = 5;

/// An order with three lines: monthly, yearly, and monthly again.
fn mixed(shop: &Shop, monthly: ProductId, yearly: ProductId) -> NewOrder {
    let line = |product, quantity| NewLine {
        product,
        quantity,
        price: None,
    };
    NewOrder {
        lines: vec![line(monthly, 2), line(yearly, 2), line(monthly, 1)],
        ..shop.order(monthly, 1)
    }
}

fn code(item: &Item) -> &str {
    item.goods.code.expose_secret()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_out_by_slot_each_to_its_own_line() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let (monthly, yearly) = (shop.product("monthly", 0).await?, shop.product("yearly", 0).await?);
    // Imported in turn and activated in reverse order, so that neither key numbers nor ids give the order of a pool's
    // slots.
    let second = [
        shop.import(yearly, "y-second", KEYS, now_ms).await?,
        shop.import(monthly, "m-second", KEYS, now_ms).await?,
    ];
    shop.stock(monthly, "m-first", KEYS).await?;
    shop.stock(yearly, "y-first", KEYS).await?;
    for batch in second {
        activate_batch(&shop.pool, batch, false, |_| (), now_ms).await?;
    }
    let codes = |batch: String| (0..KEYS).map(move |number| format!("{batch}-{number:06}"));
    let shelf = |name: &str| {
        codes(format!("{name}-first"))
            .chain(codes(format!("{name}-second")))
            .collect()
    };
    let mut left: BTreeMap<ProductId, Vec<String>> = BTreeMap::from([(monthly, shelf("m")), (yearly, shelf("y"))]);
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);

    // One order after the other, across the border of the batches: each gets exactly the next keys.
    for _ in 0..KEYS / KEYS_OF_ORDER * 2 {
        let sold = delivered(counter.place(mixed(&shop, monthly, yearly)).await)?;
        check_order(&shop, &sold).await?;
        for item in &sold.items {
            let shelf = left.get_mut(&item.product).ok_or("another product")?;
            assert_eq!(code(item), shelf.remove(0));
        }
    }
    // All at the same time: in any order of sales, an order's keys of one pool are consecutive, and none is skipped.
    let orders = (0..KEYS / KEYS_OF_ORDER).map(|_| mixed(&shop, monthly, yearly));
    let mut taken: BTreeMap<ProductId, Vec<String>> = BTreeMap::new();
    for placed in place_all(&counter, orders.collect()).await? {
        let sold = delivered(placed)?;
        check_order(&shop, &sold).await?;
        for (product, shelf) in &left {
            let codes: Vec<&str> = sold
                .items
                .iter()
                .filter(|item| item.product == *product)
                .map(code)
                .collect();
            assert!(shelf.windows(codes.len()).any(|next| next == codes), "{codes:?}");
            taken
                .entry(*product)
                .or_default()
                .extend(codes.into_iter().map(str::to_owned));
        }
    }
    for (product, mut codes) in taken {
        codes.sort_by_key(|code| left[&product].iter().position(|next| next == code));
        assert_eq!(codes, left[&product][..codes.len()]);
    }
    shop.assert_sound().await
}

/// Checks that each item is of its line's product, that its code, key id, receipt and batch belong together, and that a
/// look-up gives the same answer.
async fn check_order(shop: &Shop, sold: &Delivered) -> Result<()> {
    let lines: Vec<(i16, ProductId)> = sold.items.iter().map(|item| (item.line, item.product)).collect();
    let (monthly, yearly) = (sold.items[0].product, sold.items[2].product);
    assert_eq!(
        lines,
        [(1, monthly), (1, monthly), (2, yearly), (2, yearly), (3, monthly)]
    );
    let order = get_order(&shop.pool, sold.order).await?.ok_or("no order")?;
    let seen = open_order(&shop.pool, &shop.vault, None, order).await?;
    assert_eq!(seen.items.len(), KEYS_OF_ORDER);
    for (item, seen) in sold.items.iter().zip(seen.items) {
        let key_id = item.receipt.promise.event.key_id;
        assert_eq!(shop.vault.key_id(code(item))?.0, key_id);
        assert_eq!((code(item), item.line), (code(&seen.item), seen.item.line));
        assert_eq!(item.receipt.to_json(), seen.item.receipt.to_json());
        let sql = "SELECT skus.product_id, left(batches.name, 1) FROM shop.keys
                   JOIN shop.batches ON batches.id = keys.batch_id JOIN shop.skus ON skus.id = batches.sku_id
                   WHERE keys.key_id = $1";
        let (product, name): (Uuid, String) = sqlx::query_as(sql)
            .bind(key_id.as_slice())
            .fetch_one(&shop.pool)
            .await?;
        assert_eq!(ProductId(product), item.product);
        assert!(code(item).starts_with(&name));
        let body = item.receipt.promise.opening.as_ref().ok_or("not opened")?;
        for said in [sold.order.to_string(), item.product.to_string()] {
            assert!(body.body.contains(&said), "{}", body.body);
        }
    }
    Ok(())
}
