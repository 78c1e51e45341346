//! Two nodes sell one product, and another transaction locks its pool now and then: no order is lost, no key is sold
//! twice, and both nodes go on when the lock is gone.

use std::cell::Cell;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use shelfproof_tests::client::Client;
use shelfproof_tests::load::at_once;
use shelfproof_tests::shop::{CURRENCY, PRICE, PRICE_MINOR, Purchase, Settings, TestShop, codes, order_of};
use shelfproof_tests::{Result, permit};
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

/// The clients, half of them at each node, the most orders of each, and the time between two.
const CLIENTS: usize = 8;
const ORDERS: usize = 150;
const PAUSE: Duration = Duration::from_millis(20);

/// How often the pool is locked, for how long, and the time between. Longer than a batch waits for a lock.
const LOCKS: usize = 4;
const HELD: Duration = Duration::from_millis(700);
const FREE: Duration = Duration::from_millis(400);

/// How long it may take until an order is delivered, with all its repeats, and until a node sells again.
const BOUND: Duration = Duration::from_secs(30);

/// What a client has: its address and API key, the body of its orders, and its number.
struct Buyer {
    address: SocketAddr,
    token: String,
    body: String,
    number: usize,
}

#[test]
fn two_nodes_share_a_product_whose_pool_is_locked_now_and_then() -> Result<()> {
    let _alone = permit::alone()?;
    let shop = TestShop::start(&Settings {
        nodes: 2,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("shared", CLIENTS * (ORDERS + 1)))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "1000000.00", CURRENCY)?;

    let is_over = Rc::new(Cell::new(false));
    let tasks = (0..=CLIENTS).map(|number| {
        let is_over = Rc::clone(&is_over);
        let database = shop.postgres.connection_url(&shop.database);
        let buyer = Buyer {
            address: shop.address(number % 2),
            token: reseller.token.clone(),
            body: order_of(&product),
            number,
        };
        async move {
            if number == CLIENTS {
                let locked = lock_now_and_then(&database).await;
                is_over.set(true);
                return locked.map(|()| Vec::new());
            }
            buyer.buy(&is_over).await
        }
    });
    let sold: Vec<Vec<Purchase>> = at_once(tasks)?.into_iter().collect::<Result<_>>()?;
    let sold = sold.concat();
    sold.iter().try_for_each(|purchase| shop.judge().check(purchase))?;
    let keys: HashSet<&str> = sold.iter().flat_map(Purchase::codes).collect();
    assert_eq!(keys.len(), sold.len(), "a key was sold twice");

    let count = i64::try_from(sold.len())?;
    assert_eq!(
        shop.ask("SELECT count(*) FROM shop.orders WHERE state = 'delivered'")?,
        count
    );
    assert_eq!(
        shop.ask("SELECT count(*) FROM shop.orders")?,
        count,
        "an order was refused or set aside"
    );
    assert_eq!(shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?, count);
    let credit = shop.ask("SELECT balance_minor FROM shop.balances WHERE kind = 'credit'")?;
    assert_eq!(credit, 100_000_000 - count * PRICE_MINOR);
    shop.check()
}

impl Buyer {
    /// Buys until the pool is no longer locked from outside, and once more after that. Returns what it got.
    async fn buy(&self, is_over: &Cell<bool>) -> Result<Vec<Purchase>> {
        let mut client = Client::new(self.address, &self.token)?;
        let mut sold = Vec::new();
        for number in 0..ORDERS {
            if is_over.get() {
                break;
            }
            sold.push(self.buy_one(&mut client, number).await?);
            sleep(PAUSE).await;
        }
        while !is_over.get() {
            sleep(Duration::from_millis(10)).await;
        }
        sold.push(self.buy_one(&mut client, ORDERS).await?);
        Ok(sold)
    }

    /// Sends the order until it is delivered. The node may tell it to come back, and nothing else.
    async fn buy_one(&self, client: &mut Client, number: usize) -> Result<Purchase> {
        let key = format!("shared-{}-{number}", self.number);
        let delivered = timeout(BOUND, async {
            loop {
                let answer = client.order(&key, self.body.clone()).await?;
                if answer.status != 503 {
                    return Purchase::read(&answer);
                }
                assert!(answer.headers.contains_key("retry-after"), "{}", answer.text());
                sleep(Duration::from_millis(50)).await;
            }
        });
        delivered
            .await
            .map_err(|_| format!("{key} was not delivered in time"))?
    }
}

/// Locks every pool, as a long report or a change of the product would.
async fn lock_now_and_then(database: &str) -> Result<()> {
    let mut holder = PgConnection::connect(database).await?;
    for _ in 0..LOCKS {
        sleep(FREE).await;
        let mut transaction = holder.begin().await?;
        sqlx::query("SELECT FROM shop.pools FOR UPDATE")
            .execute(&mut *transaction)
            .await?;
        sleep(HELD).await;
        transaction.rollback().await?;
    }
    Ok(())
}
