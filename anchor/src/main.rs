//! `shelfproof-anchor`: puts a merchant on the chain. It alone ever holds the keys that sign transactions.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run().await
}
