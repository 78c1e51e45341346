//! A wrong batch is withdrawn before it is on sale, and its codes are imported again.

use shelfproof::domain::id::ProductId;
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::product::NewProduct;
use shelfproof::flow::activate::{ActivateError, activate_batch};
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::import::{ImportError, Request};
use shelfproof::flow::query::batch::list_batch_keys;
use shelfproof::flow::void::void_key;
use shelfproof::flow::withdraw_batch::{WithdrawError, withdraw_batch};
use shelfproof::import::Format;
use shelfproof::store::product::product_stock;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_tests::codes::{codes, plain};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_verifier::event::Kind;
use tokio::sync::Notify;

use super::shop::{Shop, of};

#[test]
fn codes_of_a_withdrawn_batch_come_in_again_with_other_goods_and_another_product() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        let other = second_product(&shop).await?;
        let (file, request) = (
            b"u1-a----wrong\nu2-b----wrong\n",
            shop.request("wrong", of(Format::Pairs)),
        );
        let wrong = shop.import(file.to_vec(), &request).await?.batch;
        let ids = shop.ask("SELECT string_agg(key_id::text, ',' ORDER BY no) FROM shop.keys")?;
        let withdrawn = withdraw_batch(&shop.pool, wrong, now_ms()).await?;
        assert_eq!(
            (withdrawn.keys, withdrawn.activated, withdrawn.was_withdrawn),
            (2, 0, false)
        );
        let again = withdraw_batch(&shop.pool, wrong, now_ms()).await?;
        assert_eq!((again.keys, again.was_withdrawn), (2, true));
        let stock = product_stock(&shop.pool, shop.product).await?.ok_or("no stock")?;
        assert_eq!(
            (stock.pending, stock.available),
            (0, 0),
            "what is withdrawn waits for nothing"
        );
        let activated = activate_batch(&shop.pool, wrong, false, |_| (), now_ms).await;
        assert!(
            matches!(activated, Err(ActivateError::Withdrawn(id)) if id == wrong),
            "{activated:?}"
        );
        let repeated = shop.import(file.to_vec(), &request).await;
        assert!(
            matches!(repeated, Err(ImportError::Withdrawn(id)) if id == wrong),
            "{repeated:?}"
        );
        shop.assert_sound().await?;

        // The same codes, one in another spelling, with other goods and another product; and one new code.
        let request = Request {
            product: other,
            ..shop.request("right", of(Format::Pairs))
        };
        let right = shop
            .import(b"u3----new\nU1A----right\nu2-b----right\n".to_vec(), &request)
            .await?;
        assert_eq!((right.imported, right.refused, right.returned), (3, 0, 2));
        assert_eq!(
            shop.ask("SELECT string_agg(key_id::text, ',' ORDER BY no) FROM shop.keys WHERE no <= 2")?,
            ids,
            "the same key ids"
        );
        let moved = list_batch_keys(&shop.pool, wrong, 0, 10).await?.rows;
        assert!(moved.iter().all(|key| key.moved_to == Some(right.batch)), "{moved:?}");
        assert_eq!(moved.iter().map(|key| key.line).collect::<Vec<_>>(), [1, 2]);
        let own = list_batch_keys(&shop.pool, right.batch, 0, 10).await?.rows;
        assert_eq!(
            own.iter().map(|key| key.line).collect::<Vec<_>>(),
            [2, 3, 1],
            "by number"
        );
        shop.assert_sound().await?;

        assert_eq!(shop.activate(right.batch).await?.all, 3);
        let stock = product_stock(&shop.pool, other).await?.ok_or("no stock")?;
        assert_eq!(stock.available, 3);
        let history = shop.ask(
            "SELECT string_agg(kind || ':' || (body::json->>'batch'), ' ' ORDER BY version)
             FROM attest.events WHERE key_no = 1",
        )?;
        assert_eq!(history, "1:wrong 2:right", "the history goes on");
        shop.assert_sound().await
    })?
}

#[test]
fn what_is_on_sale_stays_and_what_was_voided_stays_voided() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        let all = shop
            .import(plain(3, 1), &shop.request("sold", of(Format::Lines)))
            .await?
            .batch;
        shop.activate(all).await?;
        let refused = withdraw_batch(&shop.pool, all, now_ms()).await;
        assert!(
            matches!(refused, Err(WithdrawError::AllActivated(id)) if id == all),
            "{refused:?}"
        );

        // If a batch is partly on sale, the rest is withdrawn and imported again.
        let part = shop
            .import(plain(1_500, 2), &shop.request("part", of(Format::Lines)))
            .await?
            .batch;
        let enough = Notify::new();
        tokio::select! {
            biased;
            () = enough.notified() => {}
            ended = activate_batch(&shop.pool, part, false, |_| enough.notify_one(), now_ms) => {
                return Err(format!("{ended:?}").into());
            }
        }
        let withdrawn = withdraw_batch(&shop.pool, part, now_ms()).await?;
        assert_eq!((withdrawn.keys, withdrawn.activated), (500, 1_000));
        let again = shop
            .import(plain(1_500, 2), &shop.request("part again", of(Format::Lines)))
            .await?;
        assert_eq!((again.imported, again.refused, again.returned), (500, 1_000, 500));
        shop.assert_sound().await?;

        // A withdrawn key stays withdrawn.
        let rest = shop
            .import(plain(10, 3), &shop.request("rest", of(Format::Lines)))
            .await?
            .batch;
        let first = list_batch_keys(&shop.pool, rest, 0, 1).await?.rows[0].key_id;
        void_key(&shop.pool, &first, "recalled", now_ms()).await?;
        let withdrawn = withdraw_batch(&shop.pool, rest, now_ms()).await?;
        assert_eq!((withdrawn.keys, withdrawn.activated), (9, 0));
        let again = shop
            .import(plain(10, 3), &shop.request("again", of(Format::Lines)))
            .await?;
        assert_eq!((again.imported, again.refused, again.returned), (9, 1, 9));
        let refused = &shop.refused(again.batch).await?[0];
        assert!(refused.2.contains("now voided"), "{refused:?}");
        let states = list_batch_keys(&shop.pool, rest, 0, 10).await?.rows;
        assert_eq!(states.iter().filter(|key| key.state == Kind::Voided).count(), 1);
        shop.assert_sound().await
    })?
}

/// Withdrawals, activations and imports of the same codes at the same time: each key ends in one batch, and the
/// accounts are consistent.
#[test]
fn a_withdrawal_races_with_imports_and_activations() -> Result<()> {
    block_on(async {
        race(true).await?;
        race(false).await
    })?
}

/// With `is_withdrawn_first` the withdrawal starts first, and so usually wins.
async fn race(is_withdrawn_first: bool) -> Result<()> {
    const COUNT: usize = 2_500;
    let shop = Shop::open().await?;
    let wrong = shop
        .import(plain(COUNT, 7), &shop.request("wrong", of(Format::Lines)))
        .await?
        .batch;
    let activation = activate_batch(&shop.pool, wrong, false, |_| (), now_ms);
    let withdrawal = withdraw_batch(&shop.pool, wrong, now_ms());
    let (activated, withdrawn) = if is_withdrawn_first {
        let (withdrawn, activated) = tokio::join!(withdrawal, activation);
        (activated, withdrawn)
    } else {
        tokio::join!(activation, withdrawal)
    };
    let on_sale = || shop.ask("SELECT count(*) FROM shop.keys WHERE state = 2");
    let left: u64 = shop.ask("SELECT count(*) FROM shop.keys WHERE state = 1")?.parse()?;
    let sold: u64 = on_sale()?.parse()?;
    assert_eq!(left + sold, COUNT as u64);
    match (activated, withdrawn) {
        (Err(ActivateError::Withdrawn(_)), Ok(withdrawn)) => {
            assert_eq!((withdrawn.keys, withdrawn.activated), (left, sold));
        }
        (Ok(activated), Err(WithdrawError::AllActivated(_))) => {
            assert_eq!((activated.all, left), (COUNT as u64, 0));
        }
        other => return Err(format!("{other:?}").into()),
    }
    let mut backwards = codes(COUNT, 7);
    backwards.reverse();
    let requests = [
        shop.request("one", of(Format::Lines)),
        shop.request("two", of(Format::Lines)),
    ];
    let (one, two) = tokio::join!(
        shop.import(plain(COUNT, 7), &requests[0]),
        shop.import(backwards.join("\n").into_bytes(), &requests[1])
    );
    let (one, two) = (one?, two?);
    assert_eq!(one.returned + two.returned, left, "each key that was left came in once");
    assert_eq!(one.imported + two.imported, left);
    assert_eq!(
        one.refused + two.refused,
        2 * COUNT as u64 - left,
        "the others were refused"
    );
    shop.activate(one.batch).await?;
    shop.activate(two.batch).await?;
    assert_eq!(on_sale()?, COUNT.to_string());
    shop.assert_sound().await
}

#[test]
fn the_schema_keeps_keys_and_goods_where_they_are() -> Result<()> {
    block_on(async {
        let shop = Shop::open().await?;
        let one = shop
            .import(plain(2, 1), &shop.request("one", of(Format::Lines)))
            .await?
            .batch;
        let two = shop
            .import(plain(2, 2), &shop.request("two", of(Format::Lines)))
            .await?
            .batch;
        let refuses = |sql: &str| shop.ask(sql).is_err();
        assert!(refuses(&format!(
            "UPDATE shop.keys SET batch_id = '{two}' WHERE batch_id = '{one}'"
        )));
        shop.activate(one).await?;
        assert!(refuses("UPDATE shop.goods SET line = 9 WHERE key_no = 1"));
        withdraw_batch(&shop.pool, two, now_ms()).await?;
        assert!(refuses(&format!(
            "UPDATE shop.batches SET activated = 1 WHERE id = '{two}'"
        )));
        assert!(refuses(&format!(
            "UPDATE shop.batches SET withdrawn_at_ms = NULL WHERE id = '{two}'"
        )));
        assert!(refuses(&format!(
            "UPDATE shop.keys SET batch_id = '{one}', version = 2 WHERE batch_id = '{two}'"
        )));
        shop.assert_sound().await
    })?
}

async fn second_product(shop: &Shop) -> Result<ProductId> {
    let product = ProductId::new(now_ms(), [2; 10]);
    let price = Money {
        minor: 1990,
        currency: Currency::CNY,
    };
    create_product(&shop.pool, product, NewProduct::new("Yearly card", price), now_ms()).await?;
    Ok(product)
}
