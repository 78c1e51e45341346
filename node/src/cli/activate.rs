//! `shelfproof activate`: puts a batch on sale.

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use shelfproof_base::clock::now_ms;
use shelfproof_base::output::PrintError;
use sqlx::PgPool;

use super::print;
use crate::api_types::ShownActivation;
use crate::domain::id::BatchId;
use crate::flow::FlowError;
use crate::flow::activate::{ActivateError, Activated, activate_batch};
use crate::flow::query::batch::find_batch;

/// Put a batch's keys on sale
///
/// Keys that are activated already are skipped: an interrupted activation continues when it is run again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  shelfproof activate 2026-03-a
  shelfproof activate 0199c1f0-5a6e-7c3b-8d4e-2f6a9b1c0d3e --json")]
pub struct ActivateArgs {
    /// The batch, by id, or by name where only one product has a batch of that name
    #[arg(value_name = "ID|NAME")]
    batch: String,
    /// Also activate a batch whose import has not ended: the keys that are there now
    #[arg(long)]
    partial: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Why a batch was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateCommandError {
    /// There is no such batch, or several.
    #[error("{0}")]
    Batch(#[from] FlowError),
    /// The activation itself.
    #[error("{0}{advice}", advice = advice(.0))]
    Activate(#[from] ActivateError),
    /// The batch is activated, but the answer cannot be printed.
    #[error(transparent)]
    Print(#[from] PrintError),
}

/// Which argument or command helps.
pub(super) const fn advice(error: &ActivateError) -> &'static str {
    match error {
        ActivateError::Incomplete(_) => "; run it again until it does, or activate what is there with --partial",
        ActivateError::Withdrawn(_) => " (shelfproof admin batch show)",
        ActivateError::Stale(_) => "; run: shelfproof admin check",
        _ => "",
    }
}

/// Activates, and prints how many keys were activated.
///
/// # Errors
/// Where there is no such batch, its import has not ended, or the database fails.
pub async fn run(args: ActivateArgs, pool: &PgPool) -> Result<(), ActivateCommandError> {
    let batch = find_batch(pool, &args.batch).await?;
    let activated = activate(pool, batch, args.partial).await?;
    let Activated { now, all, imported } = activated;
    print(
        args.json,
        || ShownActivation::new(batch, activated),
        || format!("batch {batch}: {now} keys activated now, {all} of {imported} in all\n"),
    )?;
    Ok(())
}

/// Activates, with a progress bar on a terminal.
pub(super) async fn activate(pool: &PgPool, batch: BatchId, is_partial: bool) -> Result<Activated, ActivateError> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("activating {bar:30} {pos}/{len} keys {per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let show = |activated: Activated| {
        bar.set_length(activated.imported);
        bar.set_position(activated.all);
    };
    let activated = activate_batch(pool, batch, is_partial, show, now_ms).await;
    bar.finish_and_clear();
    activated
}
