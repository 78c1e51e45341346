//! Many buyers at the same time: a key goes to only one of them, and a repeated order is one order.

use std::collections::HashSet;

use shelfproof_tests::Result;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{CURRENCY, PRICE, PRICE_MINOR, Purchase, Settings, TestShop, codes, order_of};

/// How often two buyers compete for the last key.
const MEETINGS: usize = 30;

/// The number of buyers of one pool, and of the orders of each.
const BUYERS: usize = 64;
const ORDERS: usize = 20;

#[test]
fn one_of_two_buyers_gets_the_last_key() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    let resellers = [shop.reseller()?, shop.reseller()?];
    for reseller in &resellers {
        shop.credit(reseller, "1000.00", CURRENCY)?;
    }
    for meeting in 0..MEETINGS {
        let last = codes(&format!("last/{meeting}"), 1);
        shop.stock_by_api(&product, &last)?;
        let orders = resellers.each_ref().map(|reseller| {
            let (client, product) = (shop.client(&reseller.token), product.clone());
            async move { Result::Ok(client?.order(&format!("last-{meeting}"), order_of(&product)).await?) }
        });
        let answers: Vec<_> = at_once(orders.into_iter())?.into_iter().collect::<Result<_>>()?;
        let (sold, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((sold.len(), refused.len()), (1, 1), "{answers:?}");
        let purchase = Purchase::read(sold[0])?;
        shop.judge().check(&purchase)?;
        assert!(purchase.codes().eq(last.iter()));
        assert_eq!(refused[0].expect(409)?["code"], "out_of_stock");
    }
    assert_eq!(
        shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?,
        i64::try_from(MEETINGS)?
    );
    shop.check()
}

#[test]
fn an_order_that_is_sent_twice_is_one_order() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    let stock = codes("twice", BUYERS * ORDERS + 1);
    shop.stock(&product, &stock)?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100000.00", CURRENCY)?;

    let buyers = (0..BUYERS).map(|buyer| {
        let clients = [shop.client(&reseller.token), shop.client(&reseller.token)];
        let body = order_of(&product);
        async move {
            let [one, other] = clients;
            let (mut one, mut other) = (one?, other?);
            let mut purchases = Vec::new();
            for number in 0..ORDERS {
                let key = format!("twice-{buyer}-{number}");
                let (first, second) = tokio::join!(one.order(&key, body.clone()), other.order(&key, body.clone()));
                let (first, second) = (first?, second?);
                purchases.push(Purchase::read(&first)?);
                assert_eq!((first.status, first.body), (second.status, second.body), "{key}");
            }
            Result::Ok(purchases)
        }
    });
    let purchases: Vec<Vec<Purchase>> = at_once(buyers)?.into_iter().collect::<Result<_>>()?;
    let purchases = purchases.concat();
    assert!(purchases.iter().all(|purchase| purchase.items.len() == 1));
    let sold: HashSet<&str> = purchases.iter().flat_map(Purchase::codes).collect();
    assert_eq!(sold.len(), BUYERS * ORDERS, "a code was sold twice");
    assert!(sold.iter().all(|code| stock.iter().any(|known| known == code)));
    purchases.iter().try_for_each(|purchase| shop.judge().check(purchase))?;

    let count = i64::try_from(BUYERS * ORDERS)?;
    assert_eq!(shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?, count);
    let credit = shop.ask("SELECT balance_minor FROM shop.balances WHERE kind = 'credit'")?;
    assert_eq!(credit, 10_000_000 - count * PRICE_MINOR);
    shop.check()
}
