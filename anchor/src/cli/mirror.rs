//! `follow` and `rebuild`: a history built from the chain and the published data alone.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use serde_json::json;
use shelfproof_anchor::config::Config;
use shelfproof_anchor::follow::{Mirror, Place, follow};
use shelfproof_anchor::history::History;
use shelfproof_anchor::replay::Replay;
use shelfproof_base::config::Settings;
use shelfproof_base::log::{self, Log};
use shelfproof_base::output::print;
use shelfproof_verifier::chain::rpc::Finality;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigArgs, Done};

/// Keep a mirror of a merchant's history and prove from it, without the merchant's database
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof-anchor follow --rpc https://node.example --registry 0x… --merchant-id 0x… --folder mirror

It reads epochs from the chain, fetches their data where the merchant publishes it (or from --data), and checks all as
an auditor does. At --listen it answers proofs (`/v1/keys/0x…`), `/v1/status` and `/metrics`, and serves the data
(`/data/epochs/…`), so that it can be had where the merchant's cannot.")]
pub(super) struct FollowArgs {
    /// A node's JSON-RPC address
    #[arg(long, env = "SHELFPROOF_RPC", hide_env_values = true)]
    rpc: String,
    /// The expected chain id [default: that of the node]
    #[arg(long)]
    chain_id: Option<u64>,
    /// The registry's address
    #[arg(long)]
    registry: Address,
    /// The merchant
    #[arg(long)]
    merchant_id: B256,
    /// Number of further blocks that make a block final [default: the node's tag `finalized`]
    #[arg(long)]
    confirmations: Option<u64>,
    /// Where the data is: an address or a folder [default: the address in the registry]
    #[arg(long, value_name = "PLACE")]
    data: Option<String>,
    /// No epoch of the merchant's lies before this block
    #[arg(long, default_value_t = 0)]
    from_block: u64,
    /// The folder that keeps the history
    #[arg(long)]
    folder: PathBuf,
    /// Address and port that answer proofs; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:8091")]
    listen: SocketAddr,
    /// How often the chain is looked at, milliseconds
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(10..=3_600_000))]
    poll_ms: u64,
}

/// Build the history map anew from the published data
#[derive(Debug, Args)]
#[command(after_help = "\
Example, with the anchor stopped:
  shelfproof-anchor rebuild --config shelfproof.toml

It removes the history map and what belongs to it below anchor.folder, and replays every epoch of the chain from
anchor.folder/data, or from --data. Each is checked as an auditor checks it. If it was killed, --continue resumes.")]
pub(super) struct RebuildArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the data is: an address or a folder [default: anchor.folder/data]
    #[arg(long, value_name = "PLACE")]
    data: Option<String>,
    /// No epoch of the merchant's lies before this block
    #[arg(long, default_value_t = 0)]
    from_block: u64,
    /// Go on with the map that is there
    #[arg(long = "continue")]
    go_on: bool,
}

pub(super) async fn run_follow(args: FollowArgs) -> Result<Done, Box<dyn Error>> {
    log::start(&Log::default())?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let mirror = Mirror {
        rpc: SecretString::from(args.rpc),
        chain_id: args.chain_id,
        registry: args.registry,
        merchant_id: args.merchant_id,
        finality: args.confirmations.map_or(Finality::Tag, Finality::Confirmations),
        data: args.data,
        from_block: args.from_block,
        folder: args.folder,
        listen: args.listen,
        poll: Duration::from_millis(args.poll_ms),
    };
    let ready = |address| {
        // The reader of the output may be gone; the mirror goes on.
        let _ = print(&format!("proving on http://{address}\n"));
    };
    follow(mirror, stop, ready).await?;
    Ok(Done {
        json: json!({"stopped": true}),
        text: "stopped".to_owned(),
    })
}

pub(super) async fn run_rebuild(args: RebuildArgs) -> Result<Done, Box<dyn Error>> {
    let config = Config::read(&Settings::read(args.config.config.as_deref(), &[])?)?;
    let chain = &config.chain;
    let source = chain.source().await?;
    let folder = &config.anchor.folder;
    let own = || folder.join("data").to_string_lossy().into_owned();
    let data = Place::Given(args.data.unwrap_or_else(own)).open(&source).await?;
    let (latest, _) = source.latest_epoch(&source.final_block().await?).await?;
    if !args.go_on {
        History::clear(folder)?;
    }
    let history = Arc::new(History::open(folder, chain.merchant_id)?);
    let replay = Replay {
        source,
        data,
        from_block: args.from_block,
    };
    let (start, mut events) = (Instant::now(), 0);
    let bar = progress(latest, history.final_epoch().0);
    let replayed = replay.advance(&history, |epoch, count| {
        events += count;
        bar.set_position(epoch.header.number);
    });
    let epochs = replayed.await?;
    bar.finish_and_clear();
    let (epoch, hash) = history.final_epoch();
    Ok(Done {
        json: json!({"replayedEpochs": epochs, "replayedEvents": events, "epoch": epoch, "epochHash": hash}),
        text: format!(
            "replayed {epochs} epochs, {events} events, in {:.1} s; the map stands at epoch {epoch}, {hash}",
            start.elapsed().as_secs_f64()
        ),
    })
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(latest: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::new(latest).with_position(done);
    if let Ok(style) = ProgressStyle::with_template("epoch {pos} of {len} [{bar:30}] {eta}") {
        bar.set_style(style);
    }
    bar
}
