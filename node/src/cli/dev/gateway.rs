//! `shelfproof dev gateway`: a payment gateway for tests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use shelfproof_base::clock::now_ms;
use shelfproof_base::config::read_secret;
use shelfproof_base::output::print;

use crate::cli::Failure;
use crate::cli::stop::stopped;
use crate::dev::test_gateway::{TestAccount, TestGateway};

/// Run a payment gateway for tests, 易支付 V1, on this machine: no money moves
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof dev gateway --listen 127.0.0.1:8081 --key-file gateway.key

A shop uses it with an account of kind \"test\". Orders are in memory, and end with it. A test pays, repeats notices and
holds them back below /control/: POST pay {\"url\": …}, send {\"out_trade_no\": …, \"times\": 3}, hold {\"held\": true}; GET
orders counts the notices.")]
pub(super) struct GatewayArgs {
    /// Address and port to listen on, of this machine; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The number of the account that it serves
    #[arg(long, default_value_t = 1001, value_parser = clap::value_parser!(u64).range(1..))]
    pid: u64,
    /// The file that holds the account's key; `-` is standard input
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// How long a minute lasts in the schedule by which notices are repeated
    #[arg(long, value_name = "MS", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    minute_ms: u64,
}

pub(super) async fn run(args: GatewayArgs) -> Result<(), Failure> {
    let stop = stopped()?;
    let key = read_secret(&args.key_file).map_err(|error| format!("{}: {error}", args.key_file.display()))?;
    let account = TestAccount {
        pid: args.pid,
        key,
        minute: Duration::from_millis(args.minute_ms),
    };
    let gateway = TestGateway::bind(args.listen, account, now_ms()).await?;
    print(&format!("listening on http://{}\n", gateway.address()?))?;
    Ok(gateway.serve(stop).await?)
}
