//! `shelfproof worker`: the shop's housekeeping, a reconciler: no input, idempotent, periodic.

use std::time::Duration;

use clap::Args;
use shelfproof_base::config::Settings;
use shelfproof_base::log;
use shelfproof_base::output::print;
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use super::Failure;
use super::stop::stopped;
use crate::app::open_pool;
use crate::config::Config;
use crate::flow::check::check;

/// Look after the shop: check its invariants again and again, until stopped
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof worker

Every worker.check_every_s seconds it does what `shelfproof admin check` does, and logs each finding as an error: have
your log's watcher wake somebody. One of it is enough. Ctrl-C or SIGTERM ends it.")]
pub struct WorkerArgs {}

pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    let config = Config::read(settings)?;
    log::start(&config.log)?;
    let stop = stopped()?;
    let pool = open_pool(&config).await?;
    print(&format!(
        "watching the invariants every {} s\n",
        config.worker.check_every_s
    ))?;
    // A check that is broken off leaves nothing: it only reads.
    tokio::select! {
        () = stop => {}
        () = watch_invariants(&pool, Duration::from_secs(config.worker.check_every_s)) => {}
    }
    pool.close().await;
    Ok(())
}

async fn watch_invariants(pool: &PgPool, period: Duration) {
    let mut ticks = interval(period);
    // A check that took longer than the period is followed by a pause, not by those it missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match check(pool).await {
            Ok(findings) => {
                for finding in &findings {
                    tracing::error!(check = finding.check, subject = %finding.subject, "{}", finding.detail);
                }
                tracing::info!(findings = findings.len(), "the invariants were checked");
            }
            // A database that is away comes back, or its own watchers speak.
            Err(error) => tracing::error!(%error, "the invariants could not be checked"),
        }
    }
}
