//! `shelfproof migrate`: the database's schema.

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use shelfproof_anchor::config::Database;
use shelfproof_base::config::Settings;

use super::{Failure, print};
use crate::store;

/// Bring the database to this program's schema
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  shelfproof migrate --config shelfproof.toml

Changes nothing where the schema is there already. Two at once wait for each other; a crash leaves whole steps, and the
next run goes on. Take a backup before a new version's first run.")]
pub struct MigrateArgs {}

pub(super) async fn run(settings: &Settings, is_json: bool) -> Result<(), Failure> {
    let database = settings.section::<Database>()?;
    let pool = store::pool(store::options(database.url.expose_secret())?, 1);
    let was_migrated = store::is_migrated(&pool).await?;
    store::migrate(&pool).await?;
    print(
        is_json,
        || json!({ "changed": !was_migrated }),
        || {
            let since = if was_migrated { "already" } else { "now" };
            format!("the schema is this program's {since}\n")
        },
    )?;
    Ok(())
}
