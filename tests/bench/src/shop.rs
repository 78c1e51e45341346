//! A durable shop with one product, for the benchmarks that sell.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use shelfproof_tests::load::{Answered, Load, Plan, is_sale, rate, run_together};
use shelfproof_tests::postgres::Durability;
use shelfproof_tests::shop::{Settings, StockedShop, TestShop, codes, order_of};
use shelfproof_tests::{Result, tools};

mod cost;

/// The number of connections of the closed loop.
pub(super) const CLIENTS: usize = 64;
/// The number of connections of the open loop: so many that a slow answer does not delay the orders after it.
const OPEN_CLIENTS: usize = 256;
/// How long the shop sells before a measurement.
pub(super) const WARM_UP: Duration = Duration::from_secs(5);
pub(super) const MEASURED: Duration = Duration::from_secs(30);

/// How long it may take to sell the requested number of keys.
const UNTIL_BOUND: Duration = Duration::from_mins(10);

/// How much more stock is loaded than the known rate needs: the first rate is that of a shop that has just started.
const MARGIN: f64 = 2.0;

/// How many receipts of a measurement are checked at the most. To check each would take longer than to sell it.
const RECEIPTS: usize = 20_000;

/// What the settings of a row say of the answers' checks.
pub(super) const CHECKED: &str = "every code compared, up to 20,000 receipts of each window checked";

/// Orders that are placed first, to learn the rate.
pub(super) const FIRST: usize = 40_000;

/// The windows of what is measured in turn: the part at the start that does not count, and the part that does.
pub(super) const BEFORE: Duration = Duration::from_secs(3);
pub(super) const COUNTED: Duration = Duration::from_secs(10);
pub(super) const WINDOW: Duration = BEFORE.saturating_add(COUNTED);
/// The number of such windows of each kind.
pub(super) const PAIRS: usize = 3;

/// A shop under load, and the codes that it sold.
pub(super) struct BenchShop<S = TestShop> {
    pub(super) shop: S,
    pub(super) product: String,
    pub(super) token: String,
    stocked: usize,
    sold: HashSet<String>,
    /// How many of the sold keys are of other products.
    pub(super) elsewhere: usize,
    /// The highest rate so far, in keys per second.
    fastest: f64,
}

impl BenchShop {
    /// Starts a shop with one node, whose cluster lies below `target/`, on the disk, with PostgreSQL's default
    /// settings.
    pub(super) fn open() -> Result<Self> {
        Self::open_with(1)
    }

    /// Like [`open`](Self::open), with that many nodes.
    pub(super) fn open_with(nodes: usize) -> Result<Self> {
        Self::over(TestShop::start(&Settings {
            nodes,
            durability: Durability::Fsync,
            disk: disk(),
            ..Settings::default()
        })?)
    }
}

impl<S: AsRef<TestShop>> BenchShop<S> {
    /// Wraps a shop that is already running.
    pub(super) fn over(shop: S) -> Result<Self> {
        let StockedShop {
            shop,
            product,
            reseller,
        } = StockedShop::over(shop, "1000000000.00")?;
        Ok(Self {
            shop,
            product,
            token: reseller.token,
            stocked: 0,
            sold: HashSet::new(),
            elsewhere: 0,
            fastest: 0.0,
        })
    }

    /// Imports keys of the shop's product until `keys` keys can be sold.
    pub(super) fn stock(&mut self, keys: usize) -> Result<()> {
        let missing = (self.sold.len() - self.elsewhere + keys).saturating_sub(self.stocked);
        if missing > 0 {
            self.shop
                .as_ref()
                .stock(&self.product, &codes(&format!("bench/{}", self.stocked), missing))?;
            self.stocked += missing;
        }
        // Writes the pages of the import to the disk before the measurement instead of during it.
        let shop = self.shop.as_ref();
        shop.postgres.psql(&shop.database, "CHECKPOINT").map(drop)
    }

    /// Imports keys until the stock lasts for that rate and time.
    pub(super) fn stock_for(&mut self, rate: f64, length: Duration) -> Result<()> {
        self.stock(keys_for(rate, length)?)
    }

    /// Imports keys until the stock lasts for that time, however fast it was sold so far.
    pub(super) fn stock_well(&mut self, length: Duration) -> Result<()> {
        self.stock_for(self.fastest, length)
    }

    /// The number of keys that last for that time, however fast they were sold so far.
    pub(super) fn keys_for(&self, length: Duration) -> Result<usize> {
        keys_for(self.fastest, length)
    }

    /// The load of that many clients, each of whose orders is for one key of the shop's product.
    pub(super) fn load(&self, clients: usize) -> Load {
        Load {
            address: self.shop.as_ref().address(0),
            token: self.token.clone(),
            bodies: vec![order_of(&self.product)],
            clients,
            expects: is_sale,
        }
    }

    /// Sells by `plan`, and returns the answers.
    pub(super) fn sell(&self, plan: &Plan) -> Result<Vec<Answered>> {
        self.load(if plan.rate.is_some() { OPEN_CLIENTS } else { CLIENTS })
            .run(plan)
    }

    /// Sells to those loads together for one window, checks all answers, and returns the rate in orders per second.
    pub(super) fn window(&mut self, loads: &[&Load]) -> Result<f64> {
        let answers = run_together(loads, &closed(WINDOW))?.concat();
        let orders = rate(&answers, BEFORE, WINDOW);
        self.check_at(&answers, orders)?;
        Ok(orders)
    }

    /// Sells until `keys` keys are sold, and returns the rate. If that many are sold already, it returns `known`.
    pub(super) fn sell_until(&mut self, keys: usize, known: f64) -> Result<f64> {
        let orders = keys.saturating_sub(self.sold());
        if orders == 0 {
            return Ok(known);
        }
        self.stock(orders)?;
        self.sell_off(&self.load(CLIENTS), u32::try_from(orders)?)
    }

    /// Sells that many orders, for which there must be stock, and returns the rate in orders per second.
    pub(super) fn sell_off(&mut self, load: &Load, orders: u32) -> Result<f64> {
        let answers = load.run(&Plan {
            orders,
            ..closed(UNTIL_BOUND)
        })?;
        let end = answers.iter().map(|answer| answer.due + answer.took).max();
        // Just after the last answer, so that it is counted.
        let end = end.unwrap_or(UNTIL_BOUND) + Duration::from_nanos(1);
        let orders = rate(&answers, Duration::ZERO, end);
        self.check_at(&answers, orders)?;
        Ok(orders)
    }

    /// Like [`check`](Self::check), of answers that came at a rate of that many orders per second.
    pub(super) fn check_at(&mut self, answers: &[Answered], orders: f64) -> Result<()> {
        let before = self.sold();
        self.check(answers)?;
        let each = number(self.sold() - before)? / number(answers.len().max(1))?;
        self.fastest = self.fastest.max(orders * each);
        Ok(())
    }

    /// Checks that no code was delivered twice, and of the receipts as many as [`RECEIPTS`], from all parts of the
    /// answers.
    pub(super) fn check(&mut self, answers: &[Answered]) -> Result<()> {
        let bodies: Vec<&[u8]> = answers.iter().map(|answer| &*answer.body).collect();
        let every = bodies.len().div_ceil(RECEIPTS).max(1);
        for code in self.shop.as_ref().judge().check_some(&bodies, every)? {
            if !self.sold.insert(code) {
                return Err("a code was sold twice".into());
            }
        }
        Ok(())
    }

    /// The number of keys that were sold.
    pub(super) fn sold(&self) -> usize {
        self.sold.len()
    }

    /// The average number of orders in a transaction so far.
    pub(super) fn orders_a_batch(&self) -> Result<i64> {
        let sql =
            "SELECT round(count(*)::numeric / greatest(1, count(DISTINCT xid))) FROM attest.events WHERE kind = 3";
        Ok(self.shop.as_ref().ask(sql)?.max(1))
    }

    /// Checks that the database agrees with the answers, and that `admin check` finds nothing.
    pub(super) fn close(&self) -> Result<()> {
        let sold = self
            .shop
            .as_ref()
            .ask("SELECT count(*) FROM attest.events WHERE kind = 3")?;
        if sold != i64::try_from(self.sold.len())? {
            return Err(format!("{} keys were delivered, {sold} are sold", self.sold.len()).into());
        }
        self.shop.as_ref().check()
    }
}

/// The number of keys that last for that time at that rate.
fn keys_for(rate: f64, length: Duration) -> Result<usize> {
    // The value is at most a few million, rounded up to a whole number.
    Ok(format!("{:.0}", (rate * MARGIN * length.as_secs_f64()).ceil()).parse()?)
}

/// A count as a number to compute with.
pub(super) fn number(count: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(count)?))
}

/// A plan for a closed loop of that length.
pub(super) fn closed(length: Duration) -> Plan {
    Plan {
        rate: None,
        length,
        orders: u32::MAX,
    }
}

/// The folder for the clusters of benchmarks: the folder for temporary files may be in memory.
pub(super) fn disk() -> PathBuf {
    tools::root().join("target")
}
