//! `seal_interference`: sales over HTTP while an anchor posts an epoch per second, compared with the same shop with its
//! anchor stopped.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Sample;
use super::shop::{BenchShop, CHECKED, CLIENTS, closed, disk};
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::{AnchoredShop, Plan};
use shelfproof_tests::load::rate;
use shelfproof_tests::postgres::Durability;

/// Orders that are placed first, to learn the rate.
const FIRST: usize = 100_000;

/// The number of windows of each kind.
const WINDOWS: usize = 4;
/// How long a window sells before it is measured, so that the first epochs are already on their way.
const BEFORE: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);

/// How long an anchor may take to anchor all waiting events.
const BOUND: Duration = Duration::from_mins(3);
/// The pause between two queries.
const POLL: Duration = Duration::from_millis(500);

/// Counts the events that are in no final epoch.
const NOT_FINAL: &str = "SELECT (SELECT count(*) FROM attest.events)
    - (SELECT coalesce(sum(event_count), 0)::bigint FROM attest.epochs WHERE final_at_ms IS NOT NULL)";

/// Counts the epochs whose hash is computed, and the events of all epochs that were cut.
const SEALED_EPOCHS: &str = "SELECT count(hash) FROM attest.epochs";
const SEALED_EVENTS: &str = "SELECT coalesce(sum(event_count), 0)::bigint FROM attest.epochs";

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::over(AnchoredShop::start(&Plan {
        durability: Durability::Fsync,
        disk: disk(),
        block_time_s: 1,
        every_s: 1,
    })?)?;
    let mut most = shop.sell_until(FIRST, 0.0)?;
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    let (mut epochs, mut events) = (0, 0);
    for pair in 0..WINDOWS {
        // The order changes with each pair, because the tables grow.
        for seals in [pair % 2 == 0, pair % 2 != 0] {
            shop.stock_for(most, BEFORE + MEASURED)?;
            shop.shop.kill_anchor();
            if seals {
                catch_up(&mut shop.shop)?;
            }
            let window = window(&mut shop)?;
            most = most.max(window.rate);
            if seals {
                (epochs, events) = (epochs + window.epochs, events + window.events);
                ours.push(window.rate);
            } else {
                baseline.push(window.rate);
            }
        }
    }
    shop.shop.kill_anchor();
    catch_up(&mut shop.shop)?;
    shop.close()?;
    Ok(vec![Sample {
        name: "seal_interference".to_owned(),
        unit: "sales/s",
        ours,
        baseline,
        goal: "ratio >= 0.9",
        settings: format!(
            "{CLIENTS} connections, one product; windows of {} s after {} s; an epoch and a block a second: \
             {epochs} epochs of {events} events sealed in the windows; {CHECKED}, all {} sold in a final epoch; \
             baseline: the anchor stopped",
            MEASURED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

/// The rate of one window, and the epochs and events that were anchored during it.
struct Window {
    rate: f64,
    epochs: i64,
    events: i64,
}

fn window(shop: &mut BenchShop<AnchoredShop>) -> Result<Window> {
    let sealed = |shop: &BenchShop<AnchoredShop>| -> Result<(i64, i64)> {
        let shop = &shop.shop;
        Ok((shop.ask(SEALED_EPOCHS)?, shop.ask(SEALED_EVENTS)?))
    };
    let before = sealed(shop)?;
    let answers = shop.sell(&closed(BEFORE + MEASURED))?;
    let after = sealed(shop)?;
    shop.check(&answers)?;
    Ok(Window {
        rate: rate(&answers, BEFORE, BEFORE + MEASURED),
        epochs: after.0 - before.0,
        events: after.1 - before.1,
    })
}

/// Starts the anchor, and waits until every event is in a final epoch.
fn catch_up(anchored: &mut AnchoredShop) -> Result<()> {
    anchored.start_anchor()?;
    let end = Instant::now() + BOUND;
    while anchored.ask(NOT_FINAL)? > 0 {
        if Instant::now() > end {
            let log = anchored.anchor()?.log();
            return Err(format!("the anchor does not catch up; its log:\n{log}").into());
        }
        sleep(POLL);
    }
    Ok(())
}
