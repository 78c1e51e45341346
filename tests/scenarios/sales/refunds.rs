//! Refunds and sales of the same products and wallets at the same time do not deadlock.

use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{CURRENCY, PRICE, PRICE_MINOR, Purchase, Settings, TestShop, codes, order_lines};

/// The number of concurrent callers, and of the orders of each.
const CALLERS: usize = 16;
const ORDERS: usize = 8;

/// The keys of an order: two of one product, one of the other.
const KEYS: usize = 3;

/// Every n-th refund pays back only one key of an order.
const PARTLY: usize = 4;

#[test]
fn refunds_and_sales_at_once_do_not_deadlock() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 2,
        ..Settings::default()
    })?;
    let products = [shop.product(PRICE, CURRENCY)?, shop.product(PRICE, CURRENCY)?];
    for (product, series) in products.iter().zip(["refund-one", "refund-other"]) {
        shop.stock(product, &codes(series, 2 * CALLERS * ORDERS))?;
    }
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100000.00", CURRENCY)?;

    let callers = (0..CALLERS).map(|caller| {
        let (address, [one, other]) = (shop.address(caller % 2), products.clone());
        // Half of them name the products in the other order.
        let lines = if caller % 4 < 2 {
            [(one, 2), (other, 1)]
        } else {
            [(other, 2), (one, 1)]
        };
        let body = order_lines(
            &lines
                .each_ref()
                .map(|(product, quantity)| (product.as_str(), *quantity)),
        );
        let clients = [&reseller.token, &shop.admin].map(|token| Client::new(address, token));
        async move {
            let [buyer, admin] = clients;
            live(&mut buyer?, &mut admin?, caller, &body).await
        }
    });
    let refunded: Vec<usize> = at_once(callers)?.into_iter().collect::<Result<_>>()?;

    let log = shop.postgres.log();
    assert!(!log.contains("deadlock detected"), "{log}");
    let kept = i64::try_from(CALLERS * ORDERS * KEYS - refunded.iter().sum::<usize>())?;
    let credit = shop.ask("SELECT balance_minor FROM shop.balances WHERE kind = 'credit'")?;
    assert_eq!(credit, 10_000_000 - kept * PRICE_MINOR);
    shop.check()
}

/// Buys, and refunds the previous order while the next one is in progress. Returns how many keys were refunded.
async fn live(buyer: &mut Client, admin: &mut Client, caller: usize, body: &str) -> Result<usize> {
    let mut refunded = 0;
    let mut before: Option<Purchase> = None;
    for number in 0..ORDERS {
        let key = format!("refund-{caller}-{number}");
        let keys = if number % PARTLY == 0 { 1 } else { KEYS };
        let (ordered, paid_back) = tokio::join!(buyer.order(&key, body.to_owned()), refund(admin, before.take(), keys));
        before = Some(Purchase::read(&ordered?)?);
        refunded += paid_back?;
    }
    Ok(refunded)
}

/// Refunds the first `keys` keys of an order.
async fn refund(admin: &mut Client, purchase: Option<Purchase>, keys: usize) -> Result<usize> {
    let Some(purchase) = purchase else { return Ok(0) };
    let path = format!("/api/v1/orders/{}/refund", purchase.order);
    for item in 1..=keys {
        admin.post(&path, format!("{{\"item\":{item}}}")).await?.expect(200)?;
    }
    Ok(keys)
}
