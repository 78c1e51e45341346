//! Sales over HTTP. `sale_http` compares them with one statement per sale in pgbench on the same cluster,
//! `sale_http_service` with a textbook service over HTTP, and `sale_http_peer` with the statements of the best
//! published peer. It also measures latency, and whether sales slow down as the tables grow.

use std::path::Path;
use std::time::Duration;

use super::Sample;
use super::peers::{self, Peers};
use super::shop::{BenchShop, CHECKED, CLIENTS, FIRST, MEASURED, WARM_UP, closed};
use super::stalls::Stalls;
use super::textbook::{self, Best};
use shelfproof_tests::Result;
use shelfproof_tests::load::{Latencies, Plan, rate};

/// How many keys are sold before the first window of the growth test, and before the last one.
const FEW: usize = 50_000;
const MANY: usize = 500_000;

/// The length of the windows at each size.
const WINDOW: Duration = Duration::from_secs(5);
const WINDOWS: u32 = 3;

/// The rate of the open loop, as a share of the closed loop's rate.
const SHARE: f64 = 0.7;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    let before = Baselines::measure(&shop, folder)?;
    let early = shop.sell_until(FIRST, 0.0)?;

    let length = WARM_UP + MEASURED;
    shop.stock_for(early, length)?;
    let unspent = shop.spent()?;
    let answers = shop.sell(&closed(length))?;
    let cost = shop.spent()?.since(&unspent, answers.len())?;
    let sales = rate(&answers, WARM_UP, length);
    let busy = Latencies::of(&answers, WARM_UP);
    shop.check(&answers)?;
    drop(answers);

    // Asked before the open loop starts, because its batches are smaller.
    let batch = shop.orders_a_batch()?;
    shop.stock_for(sales * SHARE, length)?;
    let open = Plan {
        rate: Some(sales * SHARE),
        ..closed(length)
    };
    let disk_before = Stalls::measure(folder)?;
    let answers = shop.sell(&open)?;
    let disk_after = Stalls::measure(folder)?;
    let quiet = Latencies::of(&answers, WARM_UP);
    let came = rate(&answers, WARM_UP, length);
    shop.check(&answers)?;
    drop(answers);

    shop.close()?;
    let after = Baselines::measure(&shop, folder)?;

    let each = |of: fn(&Baselines) -> f64| vec![of(&before), of(&after)];
    let settings = format!(
        "{CLIENTS} connections, one product, {batch} orders a batch; {} s after {} s; {CHECKED}; {} sold \
         in all; {cost}; the textbook service's best pools: {} and {} connections",
        MEASURED.as_secs(),
        WARM_UP.as_secs(),
        shop.sold(),
        before.service.connections,
        after.service.connections
    );
    let sample = |name: &str, baseline, goal| Sample {
        name: name.to_owned(),
        unit: "sales/s",
        ours: vec![sales],
        baseline,
        goal,
        settings: settings.clone(),
    };
    Ok(vec![
        sample("sale_http", each(|all| all.peers.skip_locked), "ratio >= 2"),
        sample("sale_http_service", each(|all| all.service.sales), "ratio >= 8"),
        sample("sale_http_peer", each(|all| all.peers.best_published), "ratio >= 12"),
        latency(&quiet, &busy, sales * SHARE, came, [disk_before, disk_after]),
    ])
}

/// The baselines of `sale_http`, measured on its cluster while the node is idle.
struct Baselines {
    peers: Peers,
    service: Best,
}

impl Baselines {
    fn measure(shop: &BenchShop, folder: &Path) -> Result<Self> {
        let postgres = &shop.shop.postgres;
        Ok(Self {
            peers: peers::run(postgres)?,
            service: textbook::best(postgres, folder)?,
        })
    }
}

/// `sale_growth`: the rate with few rows in the tables, and with ten times as many.
pub(super) fn growth(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    let early = shop.sell_until(FEW, 0.0)?;
    let at_few = windows(&mut shop, early)?;
    let few = shop.sold();
    shop.sell_until(MANY, early)?;
    let at_many = windows(&mut shop, early)?;
    shop.close()?;
    Ok(vec![Sample {
        name: "sale_growth".to_owned(),
        unit: "sales/s",
        ours: at_many,
        baseline: at_few,
        goal: "ratio >= 0.8",
        settings: format!("after {} sold, against after {few}", shop.sold()),
    }])
}

/// The latency of the slowest percent of orders in the open loop, with that of the closed loop, and how long the disk
/// took just before and just after the open loop, while nothing was sold.
fn latency(quiet: &Latencies, busy: &Latencies, asked: f64, came: f64, [before, after]: [Stalls; 2]) -> Sample {
    let [median, most, last] = [500, 999, 1000].map(|thousandths| quiet.within_ms(thousandths));
    Sample {
        name: "sale_latency".to_owned(),
        unit: "ms, p99",
        ours: vec![quiet.within_ms(990)],
        baseline: vec![busy.within_ms(990)],
        goal: "value <= 50",
        settings: format!(
            "open loop, {asked:.0} orders/s asked for, {came:.0} answered, from the time each was due; p50 \
             {median:.2}, p99.9 {most:.2}, max {last:.2} ms; the idle disk just before: {before}; just after: {after}; \
             baseline: the closed loop"
        ),
    }
}

/// Returns the rate in each window of one closed loop.
fn windows(shop: &mut BenchShop, expected: f64) -> Result<Vec<f64>> {
    shop.stock_for(expected, WINDOW * WINDOWS)?;
    let answers = shop.sell(&closed(WINDOW * WINDOWS))?;
    let rates = (0..WINDOWS).map(|window| rate(&answers, WINDOW * window, WINDOW * (window + 1)));
    let rates = rates.collect();
    shop.check(&answers)?;
    Ok(rates)
}
