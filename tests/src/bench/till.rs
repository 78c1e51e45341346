//! A durable shop with one product, for the benchmarks that sell.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::load::{Answered, Load, Plan};
use crate::postgres::Durability;
use crate::shop::{CURRENCY, PRICE, Settings, Shop, codes, order_of};
use crate::{Result, tools};

mod cost;

/// Connections of the closed loop.
pub(super) const CLIENTS: usize = 64;
/// Connections of the open loop: so many that a slow answer does not hold back the orders after it.
const OPEN_CLIENTS: usize = 256;
/// What is sold before anything is measured.
pub(super) const WARM_UP: Duration = Duration::from_secs(5);
/// What is measured.
pub(super) const MEASURED: Duration = Duration::from_secs(30);

/// Room for a burst above the rate that was seen before.
const MARGIN: f64 = 1.8;

/// The shop, and what it sold.
pub(super) struct Till {
    pub(super) shop: Shop,
    pub(super) product: String,
    token: String,
    stocked: usize,
    sold: HashSet<String>,
}

impl Till {
    /// Opens a shop whose cluster lies below `target/`, on the disk, with PostgreSQL's own settings.
    pub(super) fn open() -> Result<Self> {
        let shop = Shop::start(&Settings {
            nodes: 1,
            durability: Durability::Fsync,
            disk: disk(),
            ..Settings::default()
        })?;
        let product = shop.product(PRICE, CURRENCY)?;
        let channel = shop.channel()?;
        shop.credit(&channel, "1000000000.00", CURRENCY)?;
        Ok(Self {
            shop,
            product,
            token: channel.token,
            stocked: 0,
            sold: HashSet::new(),
        })
    }

    /// Sees to it that `orders` can be sold.
    pub(super) fn stock(&mut self, orders: usize) -> Result<()> {
        let missing = (self.sold.len() + orders).saturating_sub(self.stocked);
        if missing > 0 {
            self.shop
                .stock(&self.product, &codes(&format!("till/{}", self.stocked), missing))?;
            self.stocked += missing;
        }
        // The import's pages go to the disk before the measurement, not during it.
        self.shop.postgres.psql(&self.shop.database, "CHECKPOINT").map(drop)
    }

    /// Sees to it that the shelf lasts for that rate and time.
    pub(super) fn stock_for(&mut self, rate: f64, length: Duration) -> Result<()> {
        let orders = (rate * MARGIN * length.as_secs_f64()).ceil();
        // A float that was rounded up from a few hundred thousand.
        self.stock(format!("{orders:.0}").parse()?)
    }

    /// Sells by `plan` and keeps the answers.
    pub(super) fn sell(&self, plan: &Plan) -> Result<Vec<Answered>> {
        let load = Load {
            address: self.shop.address(0),
            token: self.token.clone(),
            body: order_of(&self.product),
            clients: if plan.rate.is_some() { OPEN_CLIENTS } else { CLIENTS },
        };
        load.run(plan)
    }

    /// Checks every receipt, and that no code came twice.
    pub(super) fn check(&mut self, answers: &[Answered]) -> Result<()> {
        let bodies: Vec<&[u8]> = answers.iter().map(|answer| &*answer.body).collect();
        for code in self.shop.judge().check_all(&bodies)? {
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

    /// How many orders a transaction settled so far, on average.
    pub(super) fn orders_a_batch(&self) -> Result<i64> {
        let sql =
            "SELECT round(count(*)::numeric / greatest(1, count(DISTINCT xid))) FROM attest.events WHERE kind = 3";
        Ok(self.shop.ask(sql)?.max(1))
    }

    /// The database agrees, and its check finds nothing.
    pub(super) fn close(&self) -> Result<()> {
        let sold = self.shop.ask("SELECT count(*) FROM shop.sales")?;
        if sold != i64::try_from(self.sold.len())? {
            return Err(format!("{} keys were delivered, {sold} are sold", self.sold.len()).into());
        }
        self.shop.check()
    }
}

/// A closed loop of that length.
pub(super) fn closed(series: &str, length: Duration) -> Plan {
    Plan {
        rate: None,
        length,
        orders: u32::MAX,
        series: series.to_owned(),
    }
}

/// Where clusters of benchmarks lie: a folder for temporary files may lie in memory.
pub(super) fn disk() -> PathBuf {
    tools::root().join("target")
}
