//! `shelfproof serve`: answers HTTP and sells.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use shelfproof_base::config::{Flag, Settings};
use shelfproof_base::log;
use shelfproof_base::output::{PrintError, print};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Failure;
use super::process_name::process_name;
use super::stop::stopped;
use crate::app::App;
use crate::background::driver::Driver;
use crate::background::{PgTaskTable, tasks};
use crate::config::Config;
use crate::http::{self, Listeners};

/// Answer the API and sell, until stopped
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  shelfproof serve
  shelfproof serve --listen 0.0.0.0:8080 --log warn,shelfproof=debug
  shelfproof serve --check-config

`/metrics` asks for an admin's API key; [http] metrics_listen gives it an address of its own that asks for none.
Any number of these may run on one database. Ctrl-C or SIGTERM ends it: what is under way has http.drain_ms to end.")]
pub struct ServeArgs {
    /// Address and port to listen on, instead of the configuration's; port 0 is any free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Print the configuration in force with its origins, without passwords, and end
    #[arg(long)]
    check_config: bool,
}

impl ServeArgs {
    pub(super) fn flags(&self) -> Vec<Flag> {
        let listen = self.listen.clone().map(|value| Flag {
            name: "--listen",
            field: "http.listen",
            value,
        });
        listen.into_iter().collect()
    }
}

pub(super) async fn run(args: &ServeArgs, settings: &Settings) -> Result<(), Failure> {
    let config = Config::read(settings)?;
    if args.check_config {
        return Ok(print(&settings.describe(&config))?);
    }
    log::start(&config.log)?;
    serve(config, stopped()?, || Ok(())).await
}

/// Serves until `stop`; `ready` is called once the listeners are bound.
pub(super) async fn serve(
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce() -> Result<(), PrintError>,
) -> Result<(), Failure> {
    let drain = Duration::from_millis(config.http.drain_ms);
    // The listeners first: opening the keys is slow, and an address in use should fail before it.
    let api = bind("http.listen", config.http.listen).await?;
    let metrics = match config.http.metrics_listen {
        Some(address) => Some(bind("http.metrics_listen", address).await?),
        None => None,
    };
    let (app, workers) = App::open(config).await?;
    app.fence.compare_first(&app.pool, &app.config.chain).await;
    if let Some(metrics) = &metrics {
        print(&format!("metrics on http://{}/metrics\n", metrics.local_addr()?))?;
    }
    print(&format!("listening on http://{}\n", api.local_addr()?))?;
    ready()?;
    let app = Arc::new(app);
    let (end, ended) = oneshot::channel::<()>();
    let driver = Driver::new(PgTaskTable::new(app.pool.clone()), &process_name());
    let tasks = tasks::of_node(&app);
    let background = tokio::spawn(async move {
        // Dropping the sender ends it too.
        driver.run(tasks, async { ended.await.unwrap_or_default() }).await
    });
    tokio::select! {
        served = http::serve(Arc::clone(&app), Listeners { api, metrics }, stop) => served?,
        never = app.fence.watch(&app.pool, &app.config.chain) => match never {},
    }
    drop(end);
    background.await??;
    // Dropping the app closes the queue; the workers then sell what waits in it, and end.
    drop(app);
    if timeout(drain, workers.finish()).await.is_err() {
        tracing::warn!("orders under way were left after http.drain_ms; their callers find them by their keys");
    }
    Ok(())
}

pub(super) async fn bind(field: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.map_err(|error| format!("{field} {address}: {error}: choose another port, or end what listens there"))?)
}
