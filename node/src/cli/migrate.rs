//! `shelfproof migrate`: the database's schema.

use clap::Args;
use serde_json::json;
use shelfproof_anchor::config::Database;
use shelfproof_base::config::Settings;

use super::{Failure, print};
use crate::app::open_unmigrated;
use crate::flow::migrate::migrate_schema;

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
    let has_changed = migrate_schema(&open_unmigrated(&database)?).await?;
    print(
        is_json,
        || json!({ "changed": has_changed }),
        || {
            let since = if has_changed { "now" } else { "already" };
            format!("the schema is this program's {since}\n")
        },
    )?;
    Ok(())
}
