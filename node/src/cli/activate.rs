//! `shelfproof activate`: a batch goes on sale.

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use shelfproof_base::clock::now_ms;
use shelfproof_base::output::PrintError;
use sqlx::PgPool;

use super::print;
use crate::api_types::ShownActivation;
use crate::domain::id::BatchId;
use crate::flow::activate::{ActivateError, Activated, activate_batch};
use crate::store::StoreError;
use crate::store::import::batch_resolve;

/// Put a batch's keys on sale
///
/// Those that are activated already are passed over: an activation that was interrupted goes on when it is run again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  shelfproof activate 2026-03-a
  shelfproof activate 0199c1f0-5a6e-7c3b-8d4e-2f6a9b1c0d3e --json")]
pub struct ActivateArgs {
    /// The batch, by id, or by name where only one product has a batch of that name
    #[arg(value_name = "ID|NAME")]
    batch: String,
    /// Also a batch whose import has not ended: what is there now
    #[arg(long)]
    partial: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Why a batch was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivateCommandError {
    /// No batch is called so.
    #[error("there is no batch {0:?}")]
    Unknown(String),
    /// Several products have a batch of that name.
    #[error("several products have a batch {0:?}; give its id, which the import printed")]
    Several(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The activation itself.
    #[error(transparent)]
    Activate(#[from] ActivateError),
    /// It is done, but cannot be told.
    #[error(transparent)]
    Print(#[from] PrintError),
}

/// Activates, and prints how many keys are on sale for it.
///
/// # Errors
/// Where there is no such batch, its import has not ended, or the database fails.
pub async fn run(args: ActivateArgs, pool: &PgPool) -> Result<(), ActivateCommandError> {
    let batch = match batch_resolve(pool, &args.batch).await?.as_slice() {
        [] => return Err(ActivateCommandError::Unknown(args.batch)),
        [only] => *only,
        _ => return Err(ActivateCommandError::Several(args.batch)),
    };
    let activated = activate(pool, batch, args.partial).await?;
    let Activated { now, all, imported } = activated;
    print(
        args.json,
        || ShownActivation::new(batch, activated),
        || format!("batch {batch}: {now} keys activated now, {all} of {imported} in all\n"),
    )?;
    Ok(())
}

/// Activates with a bar on a terminal.
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
