//! `shelfproof`: sells keys.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes some hundred short-lived allocations on several threads, which the system's allocator serves slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    shelfproof::cli::run().await
}
