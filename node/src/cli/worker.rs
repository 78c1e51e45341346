//! `shelfproof worker`: runs the background tasks ([`crate::background`]) until it is told to stop.

use clap::Args;
use shelfproof_base::config::Settings;
use shelfproof_base::log;
use shelfproof_base::output::print;

use super::Failure;
use super::process_name::process_name;
use super::serve::bind;
use super::stop::stopped;
use crate::app::open_pool;
use crate::background::driver::Driver;
use crate::background::{PgTaskTable, tasks};
use crate::config::Config;
use crate::http;

/// Run the shop's background tasks, until stopped: check the books, read the bus, trim the outbox
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof worker

Tasks:
  check  does every worker.check_every_s seconds what `shelfproof admin check` does, and logs each finding as an error:
         have your log's watcher wake somebody
  relay  reads what happened, counts it in the metrics, and logs orders that wait for a person, prices and credit
  trim   deletes facts that every consumer has read, after worker.outbox_keep_days days

`shelfproof serve` runs one more, ask_gateways, which asks gateways about payments whose notice may be lost.

`shelfproof admin task list` shows when each task last ran and how that ended. With [worker] listen it answers /healthz
and /metrics at that address. Of several workers on one database one runs each task, and another takes over where that
one ends. Ctrl-C or SIGTERM ends it.")]
pub struct WorkerArgs {}

pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    let config = Config::read(settings)?;
    log::start(&config.log)?;
    let stop = stopped()?;
    let listener = match config.worker.listen {
        Some(address) => Some(bind("worker.listen", address).await?),
        None => None,
    };
    let pool = open_pool(&config).await?;
    let driver = Driver::new(PgTaskTable::new(pool.clone()), &process_name());
    let seen = driver.last_seen();
    let tasks = tasks::all(&pool, &config.worker);
    let names: Vec<_> = tasks.iter().map(|task| task.name).collect();
    print(&format!("running the tasks: {}\n", names.join(", ")))?;
    if let Some(listener) = &listener {
        print(&format!("health and metrics on http://{}\n", listener.local_addr()?))?;
    }
    tokio::select! {
        // First, so that the metrics are collected before the first run.
        biased;
        served = http::serve_worker(listener, seen) => served?,
        ended = driver.run(tasks, stop) => ended?,
    }
    pool.close().await;
    Ok(())
}
