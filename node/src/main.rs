//! `shelfproof`: sells keys.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    shelfproof::cli::run().await
}
