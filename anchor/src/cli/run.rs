//! `run`: the anchor of one merchant, until it is stopped.

use std::error::Error;

use clap::Args;
use serde_json::json;
use shelfproof_anchor::config::Config;
use shelfproof_anchor::run;
use shelfproof_base::config::Settings;
use shelfproof_base::output::print;
use shelfproof_base::{keyfile, log};
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigArgs, Done, key};

/// Bring events to the chain, and prove them, until stopped
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof-anchor run --config shelfproof.toml

It cuts committed events into epochs, writes their data to anchor.folder/data, anchors them, and answers proofs at
anchor.listen (`/v1/keys/0x…`, `/v1/status`, `/metrics`, `/data/epochs/…`). Publish that data folder at the address that
the registry holds: with `shelfproof serve` and proofs.data_folder, or with any static server.

If two run on one database, the second waits and takes over when the first ends. It may be killed at any time, and
continues from there. It must reach the database directly, not through a pooler in transaction mode, because a lock of
the session decides which of the two works.")]
pub(super) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(args: &RunArgs) -> Result<Done, Box<dyn Error>> {
    let config = Config::read(&Settings::read(args.config.config.as_deref(), &[])?)?;
    log::start(&config.log)?;
    let file = config.anchor.key_file.clone();
    let file = file.unwrap_or_else(|| config.keys.folder.join("anchorer.key"));
    let passphrase = key::passphrase(&config.keys.passphrase_file)?;
    let signer = key::signer_of(&file, &keyfile::open(&file, key::name(&file), &passphrase)?)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    };
    let show = |text: &str| {
        // The reader of the output may be gone; the anchor goes on.
        let _ = print(text);
    };
    let address = signer.address();
    run::run(
        config,
        signer,
        stop,
        || show("another anchor works on this database; this one waits, and takes over when that one ends\n"),
        |listen| show(&format!("anchoring as {address}\nproving on http://{listen}\n")),
    )
    .await?;
    Ok(Done {
        json: json!({"stopped": true}),
        text: "stopped".to_owned(),
    })
}
