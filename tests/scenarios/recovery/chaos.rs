//! `kill -9` of the node and of PostgreSQL in turn, under load, on a durable database. An answer that was given is
//! repeated byte for byte, an order without an answer can be repeated until it has one, no key is sold twice, and
//! nobody pays without getting a key.
//!
//! `make chaos ROUNDS=30 SEED=7` runs more rounds than `make test`.

use std::collections::HashSet;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shelfproof_tests::client::Answer;
use shelfproof_tests::load::at_once;
use shelfproof_tests::postgres::Durability;
use shelfproof_tests::shop::{
    Addresses, Buyer, CURRENCY, PRICE, PRICE_MINOR, Purchase, Settings, TestShop, codes, is_final, order_of,
};
use shelfproof_tests::{Result, permit};

/// The default number of rounds.
const ROUNDS: usize = 3;
/// The clients in a round and the most orders of each, which limit the keys that a round may sell.
const CLIENTS: usize = 32;
const ORDERS: usize = 60;
/// No round starts after this time.
const BOUND: Duration = Duration::from_mins(30);

fn number(name: &str) -> Result<Option<u64>> {
    let text = env::var(name).ok().filter(|text| !text.is_empty());
    Ok(text
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| format!("{name}: {error}"))?)
}

#[test]
fn whatever_was_answered_stands_after_any_kill() -> Result<()> {
    let _alone = permit::alone()?;
    let rounds = number("CHAOS_ROUNDS")?.map_or(Ok(ROUNDS), usize::try_from)?;
    let seed = number("CHAOS_SEED")?.unwrap_or(1);
    let mut chaos = Chaos::start(seed)?;
    let begun = Instant::now();
    for round in 0..rounds {
        assert!(begun.elapsed() < BOUND, "{round} rounds took {:?}", begun.elapsed());
        chaos
            .round(round)
            .map_err(|error| format!("seed {seed}, round {round}: {error}"))?;
    }
    Ok(())
}

/// The shop, and what has been sold so far.
struct Chaos {
    shop: TestShop,
    random: StdRng,
    product: String,
    token: String,
    addresses: Addresses,
    sold: HashSet<String>,
    credit_minor: i64,
}

/// An order in progress: its idempotency key, and its final answer if there was one.
struct Order {
    key: String,
    answer: Option<Answer>,
}

impl Chaos {
    fn start(seed: u64) -> Result<Self> {
        let shop = TestShop::start(&Settings {
            durability: Durability::Fsync,
            ..Settings::default()
        })?;
        let product = shop.product(PRICE, CURRENCY)?;
        let reseller = shop.reseller()?;
        shop.credit(&reseller, "10000000.00", CURRENCY)?;
        let settings = "SELECT count(*) FROM pg_settings WHERE setting = 'on' \
                        AND name IN ('fsync', 'synchronous_commit', 'full_page_writes')";
        assert_eq!(shop.ask(settings)?, 3);
        Ok(Self {
            addresses: Addresses::new(vec![shop.address(0)]),
            random: StdRng::seed_from_u64(seed),
            product,
            token: reseller.token,
            sold: HashSet::new(),
            credit_minor: 1_000_000_000,
            shop,
        })
    }

    /// Adds stock, starts the load, kills and restarts a process, and then repeats every order.
    fn round(&mut self, round: usize) -> Result<()> {
        self.shop
            .stock(&self.product, &codes(&format!("chaos/{round}"), CLIENTS * ORDERS))?;
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let (addresses, token) = (self.addresses.clone(), self.token.clone());
            let (body, stop) = (order_of(&self.product), Arc::clone(&stop));
            thread::spawn(move || load(round, &addresses, &token, &body, &stop).map_err(|error| error.to_string()))
        };
        let killed = self.kill_and_restart(round);
        stop.store(true, Ordering::Relaxed);
        let orders = load.join().map_err(|_| "the load panicked")??;
        killed?;
        let open = orders.iter().filter(|order| order.answer.is_none()).count();
        eprintln!(
            "round {round}: {} orders, {open} of them without an answer",
            orders.len()
        );
        assert!(orders.len() > open, "nothing was sold");
        for answer in self.replay(orders)? {
            let purchase = Purchase::read(&answer)?;
            self.shop.judge().check(&purchase)?;
            for code in purchase.codes() {
                assert!(
                    self.sold.insert(code.to_owned()),
                    "order {}: its code was sold before",
                    purchase.order
                );
            }
        }
        let sold = i64::try_from(self.sold.len())?;
        assert_eq!(
            self.shop.ask("SELECT count(*) FROM attest.events WHERE kind = 3")?,
            sold
        );
        let credit = self
            .shop
            .ask("SELECT balance_minor FROM shop.balances WHERE kind = 'credit'")?;
        assert_eq!(
            credit,
            self.credit_minor - sold * PRICE_MINOR,
            "somebody paid for nothing"
        );
        self.shop.check()
    }

    fn kill_and_restart(&mut self, round: usize) -> Result<()> {
        let mut pause = |most_ms: u64| thread::sleep(Duration::from_millis(self.random.random_range(0..most_ms)));
        thread::sleep(Duration::from_millis(100));
        pause(600);
        if round.is_multiple_of(2) {
            self.shop.kill_node(0);
            pause(200);
            self.addresses.set(vec![self.shop.add_node()?]);
        } else {
            self.shop.postgres.kill()?;
            pause(200);
            self.shop.postgres.restart()?;
            assert!(!self.shop.node(0).has_ended()?, "the node ended with its database");
            self.shop.node(0).wait_until_ready()?;
        }
        pause(300);
        Ok(())
    }

    /// Repeats every order. An answered order must get the same bytes again; the others are repeated until they have an
    /// answer.
    fn replay(&self, orders: Vec<Order>) -> Result<Vec<Answer>> {
        let mut shares: Vec<Vec<Order>> = (0..CLIENTS).map(|_| Vec::new()).collect();
        for (at, order) in orders.into_iter().enumerate() {
            shares[at % CLIENTS].push(order);
        }
        let replays = shares.into_iter().map(|share| {
            let (buyer, body) = (Buyer::new(&self.addresses, 0, &self.token), order_of(&self.product));
            async move {
                let mut buyer = buyer?;
                let mut answers = Vec::new();
                for order in share {
                    let again = buyer.order_to_the_end(&order.key, &body).await?;
                    if let Some(first) = order.answer {
                        assert_eq!(
                            (first.status, first.body),
                            (again.status, again.body.clone()),
                            "{}",
                            order.key
                        );
                    }
                    answers.push(again);
                }
                Result::Ok(answers)
            }
        });
        let answers: Vec<_> = at_once(replays)?.into_iter().collect::<Result<_>>()?;
        Ok(answers.concat())
    }
}

/// Sends orders from every client until told to stop, each order once.
fn load(round: usize, addresses: &Addresses, token: &str, body: &str, stop: &Arc<AtomicBool>) -> Result<Vec<Order>> {
    let clients = (0..CLIENTS).map(|client| {
        let (buyer, body, stop) = (Buyer::new(addresses, 0, token), body.to_owned(), Arc::clone(stop));
        async move {
            let mut buyer = buyer?;
            let mut orders = Vec::new();
            while !stop.load(Ordering::Relaxed) && orders.len() < ORDERS {
                let key = format!("chaos-{round}-{client}-{}", orders.len());
                let answer = buyer
                    .order(&key, &body)
                    .await
                    .ok()
                    .filter(|answer| is_final(answer.status));
                orders.push(Order { key, answer });
            }
            Result::Ok(orders)
        }
    });
    let orders: Vec<Vec<Order>> = at_once(clients)?.into_iter().collect::<Result<_>>()?;
    Ok(orders.into_iter().flatten().collect())
}
