//! One channel floods a node; the orders of another one are answered soon, and the flood costs the database no more than
//! its share.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use shelfproof_tests::client::Client;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{CURRENCY, PRICE, Reseller, Settings, TestShop, codes, order_of};
use shelfproof_tests::{Result, permit};
use tokio::time::sleep;

/// The clients of the channel that floods: more than the orders of one account that the node takes at once.
const FLOOD: usize = 64;

/// Bounds so small that the flood exceeds them: one batch of 8, and 16 orders that wait.
const BOUNDS: &str = "workers = 1\nbatch_max = 8\nlane_max = 16";

/// The keys that the flood may buy. It may sell out: then it costs refusals.
const STOCK: usize = 1_500;

/// The orders of the quiet channel, one after another, and the time between them.
const ORDERS: usize = 30;
const PAUSE: Duration = Duration::from_millis(50);

/// The longest time that one of them may take: it waits for the batch under way, and is in the next one.
const SOON: Duration = Duration::from_secs(2);

/// The number of orders of the flood that were told to come back, and of those that were decided.
#[derive(Debug, Default)]
struct Flood {
    busy: Cell<i64>,
    decided: Cell<i64>,
    is_over: Cell<bool>,
}

#[test]
fn a_channel_whose_orders_are_sold_and_that_floods_delays_no_other() -> Result<()> {
    beside_flood("1000000.00", &[201, 409])
}

#[test]
fn a_channel_without_credit_that_floods_delays_no_other() -> Result<()> {
    beside_flood("9.89", &[402])
}

/// Floods a node with orders of an account with that credit, which are answered with one of those statuses.
fn beside_flood(credit: &str, statuses: &'static [u16]) -> Result<()> {
    // The bound on an order's time is only a few seconds.
    let _alone = permit::alone()?;
    let mut shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    shop.configure_in("sale", BOUNDS)?;
    shop.add_node()?;
    let (hot, cold) = (shop.product(PRICE, CURRENCY)?, shop.product(PRICE, CURRENCY)?);
    shop.stock(&hot, &codes("hot", STOCK))?;
    shop.stock(&cold, &codes("cold", ORDERS))?;
    let (loud, quiet) = (shop.reseller()?, shop.reseller()?);
    shop.credit(&loud, credit, CURRENCY)?;
    shop.credit(&quiet, "1000.00", CURRENCY)?;

    let seen = Rc::new(Flood::default());
    let clients = (0..=FLOOD).map(|number| {
        let (seen, address) = (Rc::clone(&seen), shop.address(0));
        let (loud, quiet) = (loud.token.clone(), quiet.token.clone());
        let (hot, cold) = (order_of(&hot), order_of(&cold));
        async move {
            if number == FLOOD {
                let slowest = buy(Client::new(address, &quiet)?, &cold).await;
                seen.is_over.set(true);
                return slowest;
            }
            flood(Client::new(address, &loud)?, &hot, number, statuses, &seen).await?;
            Ok(Duration::ZERO)
        }
    });
    let slowest = at_once(clients)?
        .into_iter()
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .max();
    assert!(slowest < Some(SOON), "an order beside the flood took {slowest:?}");
    assert!(seen.busy.get() > 0, "the flood did not reach its bound: {seen:?}");
    assert_eq!(
        orders_of(&shop, &loud)?,
        seen.decided.get(),
        "an order that was told to come back left a row"
    );
    shop.check()
}

/// Orders one after another, and returns the longest time that one took.
async fn buy(mut client: Client, body: &str) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    for number in 0..ORDERS {
        sleep(PAUSE).await;
        let sent = Instant::now();
        client
            .order(&format!("quiet-{number}"), body.to_owned())
            .await?
            .expect(201)?;
        slowest = slowest.max(sent.elapsed());
    }
    Ok(slowest)
}

/// Orders without a pause until the quiet channel is done.
async fn flood(mut client: Client, body: &str, client_no: usize, statuses: &[u16], seen: &Flood) -> Result<()> {
    let mut number = 0;
    while !seen.is_over.get() {
        number += 1;
        let answer = client
            .order(&format!("loud-{client_no}-{number}"), body.to_owned())
            .await?;
        if answer.status == 503 {
            assert_eq!(answer.json()?["code"], "busy");
            assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
            seen.busy.set(seen.busy.get() + 1);
        } else {
            assert!(statuses.contains(&answer.status), "{}", answer.text());
            seen.decided.set(seen.decided.get() + 1);
        }
    }
    Ok(())
}

fn orders_of(shop: &TestShop, reseller: &Reseller) -> Result<i64> {
    shop.ask(&format!(
        "SELECT count(*) FROM shop.orders WHERE account_id = (SELECT id FROM shop.accounts WHERE name = '{}')",
        reseller.name
    ))
}
