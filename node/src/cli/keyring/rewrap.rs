//! `shelfproof admin keyring rewrap`: the second half of a master key's rotation.

use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;

use super::{Answer, Failure};
use crate::app::open_shop;
use crate::config::Config;
use crate::flow::rotate_master::rotate_master;
use crate::store::batch_key::{batch_key_count, batch_key_masters};
use crate::vault::folder::{Name, list, make};

/// Wraps all data keys anew, then looks which old master keys are still needed.
pub(super) async fn run(config: &Config, remove_old: bool) -> Result<Answer, Failure> {
    let folder = &config.keys.folder;
    let (pool, vault) = &open_shop(config).await?;
    // Drawn on a terminal only.
    let bar = ProgressBar::new(batch_key_count(pool, vault.master()).await?);
    let batches = rotate_master(pool, vault, |step| bar.inc(step)).await?;
    bar.finish_and_clear();
    let needed = batch_key_masters(pool).await?;
    let unneeded = old_masters(folder, vault.master(), &needed)?;
    if remove_old {
        for generation in &unneeded {
            make::remove_master(folder, *generation)?;
        }
    }
    let names: Vec<String> = unneeded
        .iter()
        .map(|generation| Name::Master(*generation).to_string())
        .collect();
    let rest = match (names.is_empty(), remove_old) {
        (true, _) => String::new(),
        (false, true) => format!("Removed, for no batch refers to it: {}.\n", names.join(", ")),
        (false, false) => format!(
            "No batch refers to {} any more. Once every server was restarted, and no older backup of the database is to be \
             read again, run this with --remove-old.\n",
            names.join(", ")
        ),
    };
    Ok(Answer {
        text: format!(
            "{batches} data keys are wrapped anew by master-{}.\n{rest}",
            vault.master()
        ),
        value: json!({
            "batches": batches,
            "master": vault.master(),
            "unneeded": names,
            "removed": remove_old,
        }),
    })
}

/// The generations in the folder, but for the newest, that wrap nothing.
fn old_masters(folder: &Path, newest: i32, needed: &[i32]) -> Result<Vec<i32>, Failure> {
    let keys = list(folder)?.into_iter();
    Ok(keys
        .filter_map(|key| match key.name {
            Name::Master(generation) => Some(generation),
            _ => None,
        })
        .filter(|generation| *generation < newest && !needed.contains(generation))
        .collect())
}
