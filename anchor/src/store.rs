//! The schema `attest`: events, epochs and intents. All SQL of this package is here.
//!
//! A module has the types and functions of one table group, named `noun_verb`; each statement is a file below
//! `store/sql`. A new table goes into the migration of its group, a new group into a migration of its own.

pub(crate) mod bound;
pub mod epochs;
mod error;
pub mod events;
pub mod fence;
pub mod intents;
pub mod journal;
pub mod lock;
pub mod merchant;
pub mod status;

pub use error::StoreError;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The schema's migrations. They are recorded in a table of their own, apart from the shop's.
#[must_use]
pub fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(1, "events", include_str!("store/migrations/0001_events.sql")),
        migration(2, "epochs", include_str!("store/migrations/0002_epochs.sql")),
        migration(3, "intents", include_str!("store/migrations/0003_intents.sql")),
    ]);
    migrator.dangerous_set_table_name("attest.migrations");
    migrator.create_schema("attest");
    migrator
}
