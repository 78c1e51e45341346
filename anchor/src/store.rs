//! The schema `attest`: what is to be proved. All of this package's SQL lives here.

pub mod events;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The schema's migrations, with a ledger of their own, so that shop and anchor grow apart.
#[must_use]
pub fn migrations() -> Migrator {
    let events = Migration::new(
        1,
        "events".into(),
        MigrationType::Simple,
        include_str!("store/migrations/0001_events.sql").into_sql_str(),
        false,
    );
    let mut migrator = Migrator::with_migrations(vec![events]);
    migrator.dangerous_set_table_name("attest.migrations");
    migrator.create_schema("attest");
    migrator
}
