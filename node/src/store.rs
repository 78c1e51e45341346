//! All of the node's SQL: a statement a file below `sql/`, called from one module a noun. The schema is in `migrations/`.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use shelfproof_anchor::store::fence::{Instance, fence_instance};
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, SqlSafeStr};

pub mod account;
pub mod api_key;
pub mod batch;
pub mod batch_key;
pub mod check;
mod column;
pub mod consumer;
pub mod coupon;
mod error;
pub mod gateway_account;
pub mod guest_lookup;
mod head;
pub mod hold;
pub mod import;
pub mod item;
pub mod key;
pub mod key_list;
pub mod order;
pub mod order_list;
pub mod order_token;
pub mod outbox;
pub mod payment;
pub mod pending;
pub mod pool;
pub mod product;
pub mod purchase;
pub mod repayment;
pub mod review;
pub mod sale;
pub mod sale_write;
pub mod server;
pub mod session;
pub mod settle_write;
pub mod sku;
pub mod task;
pub mod transfer;
pub mod unsettled;
pub mod walk;
pub mod wallet;

pub use error::StoreError;

/// How long a request may wait for a connection of the pool.
const ACQUIRE_BOUND: Duration = Duration::from_secs(5);

/// How long a statement of a request may run. Its caller has gone long before.
const REQUEST_BOUND: Duration = Duration::from_mins(1);

/// How long a statement of a command or a background task may run.
const COMMAND_BOUND: Duration = Duration::from_mins(30);

/// What `pg_stat_activity` calls this program.
const APPLICATION: &str = "shelfproof";

/// The shop's migrations; those of `attest` come before them.
fn migrations() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(1, "accounts", include_str!("store/migrations/0001_accounts.sql")),
        migration(2, "stock", include_str!("store/migrations/0002_stock.sql")),
        migration(3, "orders", include_str!("store/migrations/0003_orders.sql")),
        migration(4, "money", include_str!("store/migrations/0004_money.sql")),
        migration(5, "outbox", include_str!("store/migrations/0005_outbox.sql")),
        migration(6, "tasks", include_str!("store/migrations/0006_tasks.sql")),
        migration(
            7,
            "order_tokens",
            include_str!("store/migrations/0007_order_tokens.sql"),
        ),
        migration(8, "coupons", include_str!("store/migrations/0008_coupons.sql")),
        migration(9, "payments", include_str!("store/migrations/0009_payments.sql")),
        migration(10, "guests", include_str!("store/migrations/0010_guests.sql")),
    ]);
    migrator.dangerous_set_table_name("shop.migrations");
    migrator.create_schema("shop");
    migrator
}

/// How to reach the database that `url` names (`postgres://…`).
///
/// # Errors
/// Where it is no such address.
pub fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url)?.application_name(APPLICATION))
}

/// A pool of at most `size` connections. None is opened yet.
#[must_use]
pub fn pool(options: PgConnectOptions, size: u32) -> PgPool {
    pool_options(size)
        .after_connect(|connection, _| Box::pin(session::session_bound(connection, COMMAND_BOUND)))
        .connect_lazy_with(options)
}

/// The same, which tells `opened` of each connection where it leads, before anybody uses it.
#[must_use]
pub fn pool_watched(options: PgConnectOptions, size: u32, opened: impl Fn(Instance) + Send + Sync + 'static) -> PgPool {
    let opened = Arc::new(opened);
    pool_options(size)
        .after_connect(move |connection, _| {
            let opened = Arc::clone(&opened);
            Box::pin(async move {
                session::session_bound(connection, REQUEST_BOUND).await?;
                opened(fence_instance(connection).await?);
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

fn pool_options(size: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_BOUND)
}

/// Brings the database to this program's schema. Two at once wait for each other; a crash leaves whole steps.
///
/// # Errors
/// Where a step fails, or the database is a newer program's.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    shelfproof_anchor::store::migrations().run(pool).await?;
    migrations().run(pool).await?;
    Ok(())
}

/// Whether the database has exactly this program's schema.
///
/// # Errors
/// Where it cannot be asked.
pub async fn is_migrated(pool: &PgPool) -> Result<bool, StoreError> {
    let mut connection = pool.acquire().await?;
    for migrator in [shelfproof_anchor::store::migrations(), migrations()] {
        let applied = match connection.list_applied_migrations(&migrator.table_name).await {
            Ok(applied) => applied,
            // No such table, or no such schema: nothing was ever applied.
            Err(MigrateError::Execute(sqlx::Error::Database(error)))
                if error.code().is_some_and(|code| code == "42P01" || code == "3F000") =>
            {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let ours: Vec<&[u8]> = migrator.iter().map(|migration| &*migration.checksum).collect();
        if applied.iter().map(|migration| &*migration.checksum).ne(ours) {
            return Ok(false);
        }
    }
    Ok(true)
}
