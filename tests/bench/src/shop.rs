//! A durable shop with one product, for the benchmarks that sell.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use shelfproof_tests::load::{Answered, Load, Plan, rate};
use shelfproof_tests::postgres::Durability;
use shelfproof_tests::shop::{Settings, StockedShop, TestShop, codes, order_of};
use shelfproof_tests::{Result, tools};

mod cost;

/// Connections of the closed loop.
pub(super) const CLIENTS: usize = 64;
/// Connections of the open loop: so many that a slow answer does not hold back the orders after it.
const OPEN_CLIENTS: usize = 256;
/// What is sold before anything is measured.
pub(super) const WARM_UP: Duration = Duration::from_secs(5);
pub(super) const MEASURED: Duration = Duration::from_secs(30);

/// How long it may take to sell what is asked for.
const UNTIL_BOUND: Duration = Duration::from_mins(10);

/// Room for a burst above the rate that was seen before.
const MARGIN: f64 = 1.8;

/// A shop under load, and the codes that it sold.
pub(super) struct BenchShop<S = TestShop> {
    pub(super) shop: S,
    pub(super) product: String,
    token: String,
    stocked: usize,
    sold: HashSet<String>,
}

impl BenchShop {
    /// Opens a shop whose cluster lies below `target/`, on the disk, with PostgreSQL's own settings.
    pub(super) fn open() -> Result<Self> {
        Self::over(TestShop::start(&Settings {
            nodes: 1,
            durability: Durability::Fsync,
            disk: disk(),
            ..Settings::default()
        })?)
    }
}

impl<S: AsRef<TestShop>> BenchShop<S> {
    /// Opens in a shop that serves.
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
        })
    }

    /// Sees to it that `orders` can be sold.
    pub(super) fn stock(&mut self, orders: usize) -> Result<()> {
        let missing = (self.sold.len() + orders).saturating_sub(self.stocked);
        if missing > 0 {
            self.shop
                .as_ref()
                .stock(&self.product, &codes(&format!("bench/{}", self.stocked), missing))?;
            self.stocked += missing;
        }
        // The import's pages go to the disk before the measurement, not during it.
        let shop = self.shop.as_ref();
        shop.postgres.psql(&shop.database, "CHECKPOINT").map(drop)
    }

    /// Sees to it that the stock lasts for that rate and time.
    pub(super) fn stock_for(&mut self, rate: f64, length: Duration) -> Result<()> {
        let orders = (rate * MARGIN * length.as_secs_f64()).ceil();
        // A float that was rounded up from a few hundred thousand.
        self.stock(format!("{orders:.0}").parse()?)
    }

    /// Sells by `plan` and keeps the answers.
    pub(super) fn sell(&self, plan: &Plan) -> Result<Vec<Answered>> {
        let load = Load {
            address: self.shop.as_ref().address(0),
            token: self.token.clone(),
            body: order_of(&self.product),
            clients: if plan.rate.is_some() { OPEN_CLIENTS } else { CLIENTS },
        };
        load.run(plan)
    }

    /// Sells until so many keys are sold; the rate at which it did, or the one it was told where nothing was left to
    /// sell.
    pub(super) fn sell_until(&mut self, keys: usize, known: f64) -> Result<f64> {
        let orders = keys.saturating_sub(self.sold());
        if orders == 0 {
            return Ok(known);
        }
        self.stock(orders)?;
        let answers = self.sell(&Plan {
            orders: u32::try_from(orders)?,
            ..closed(UNTIL_BOUND)
        })?;
        self.check(&answers)?;
        let end = answers.iter().map(|answer| answer.due + answer.took).max();
        // Just past the last answer, so that it counts.
        Ok(rate(
            &answers,
            Duration::ZERO,
            end.unwrap_or(UNTIL_BOUND) + Duration::from_nanos(1),
        ))
    }

    /// Checks every receipt, and that no code came twice.
    pub(super) fn check(&mut self, answers: &[Answered]) -> Result<()> {
        let bodies: Vec<&[u8]> = answers.iter().map(|answer| &*answer.body).collect();
        for code in self.shop.as_ref().judge().check_all(&bodies)? {
            if !self.sold.insert(code) {
                return Err("a code was sold twice".into());
            }
        }
        Ok(())
    }

    /// How many keys were sold.
    pub(super) fn sold(&self) -> usize {
        self.sold.len()
    }

    /// How many orders a transaction placed so far, on average.
    pub(super) fn orders_a_batch(&self) -> Result<i64> {
        let sql =
            "SELECT round(count(*)::numeric / greatest(1, count(DISTINCT xid))) FROM attest.events WHERE kind = 3";
        Ok(self.shop.as_ref().ask(sql)?.max(1))
    }

    /// The database agrees, and its check finds nothing.
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

/// A closed loop of that length.
pub(super) fn closed(length: Duration) -> Plan {
    Plan {
        rate: None,
        length,
        orders: u32::MAX,
    }
}

/// Where clusters of benchmarks lie: a folder for temporary files may lie in memory.
pub(super) fn disk() -> PathBuf {
    tools::root().join("target")
}
