//! Payments that arrive late, and notices that are lost.

use serde_json::json;
use shelfproof::flow::expire_orders::expire_orders;
use shelfproof_tests::Result;
use shelfproof_tests::sample_rows::connect;
use shelfproof_tests::shop::{PayingShop, order_of};
use shelfproof_tests::vector_chain::block_on;

use super::{key, shop};

/// Long after every unpaid order has expired.
const LATE_MS: u64 = 4_000_000_000_000;

#[test]
fn a_late_payment_is_delivered_if_there_is_a_key_and_else_waits_for_a_person() -> Result<()> {
    let shop = shop(2)?;
    block_on(is_late(&shop))??;
    assert_eq!(
        shop.shop
            .ask("SELECT count(*) FROM shop.reviews WHERE question = 'out_of_stock' AND closed_at_ms IS NULL")?,
        1
    );
    shop.shop.check()
}

async fn is_late(shop: &PayingShop) -> Result<()> {
    let (in_stock, sold_out) = (shop.place(&key("a"), 1).await?, shop.place(&key("b"), 1).await?);
    let pool = connect(&shop.shop.postgres, &shop.shop.database)?;
    expire_orders(&pool, LATE_MS).await?;
    assert_eq!(shop.order(&in_stock).await?["state"], "expired");
    shop.pay(&in_stock.url).await?;
    let delivered = shop.wait_for(&in_stock, "delivered").await?;
    assert_eq!(delivered["items"].as_array().map(Vec::len), Some(1));

    let reseller = shop.shop.reseller()?;
    shop.shop.credit(&reseller, "100", "CNY")?;
    let mut client = shop.shop.client(&reseller.token)?;
    client.order("last", order_of(&shop.product)).await?.expect(201)?;
    shop.pay(&sold_out.url).await?;
    let paid = shop.wait_for(&sold_out, "paid").await?;
    assert_eq!(
        (&paid["items"], &paid["payments"][0]["state"]),
        (&json!([]), &json!("received"))
    );
    Ok(())
}

#[test]
fn a_payment_whose_notice_is_lost_is_found_by_asking() -> Result<()> {
    let shop = shop(2)?;
    let (paid, unpaid) = block_on(async {
        shop.hold_notices(true).await?;
        let (paid, unpaid) = (shop.place(&key("a"), 1).await?, shop.place(&key("b"), 1).await?);
        shop.pay(&paid.url).await?;
        Result::Ok((paid, unpaid))
    })??;
    shop.shop
        .postgres
        .psql(&shop.shop.database, "UPDATE shop.payments SET ask_at_ms = 0")?;
    shop.shop.cli.run(&["admin", "task", "run", "ask_gateways"])?;
    block_on(async {
        shop.wait_for(&paid, "delivered").await?;
        assert_eq!(shop.order(&unpaid).await?["state"], "awaiting_payment");
        Result::Ok(())
    })??;
    // Put off before it was asked, for longer each time.
    let put_off = format!(
        "SELECT count(*) FROM shop.payments WHERE asked = 1 AND ask_at_ms > 0 AND id = '{}'",
        unpaid.payment
    );
    assert_eq!(shop.shop.ask(&put_off)?, 1);
    shop.shop.check()
}
