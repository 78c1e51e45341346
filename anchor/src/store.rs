//! The schema `attest`: what is to be proved. All of this package's SQL lives here.

pub(crate) mod bound;
pub mod epochs;
mod error;
pub mod events;
pub mod fence;
pub mod lock;
pub mod merchant;
pub mod status;
pub mod transactions;

pub use error::StoreError;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The schema's migrations, with a ledger of their own, so that shop and anchor grow apart.
#[must_use]
pub fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(1, "events", include_str!("store/migrations/0001_events.sql")),
        migration(2, "epochs", include_str!("store/migrations/0002_epochs.sql")),
    ]);
    migrator.dangerous_set_table_name("attest.migrations");
    migrator.create_schema("attest");
    migrator
}
