//! Copies of the shop's database.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::store::epochs::{epoch_cut, epoch_events, epoch_progress, event_backlog};
use shelfproof_anchor::store::events::{StoredEvent, event_of_keys};
use shelfproof_base::clock::now_ms;
use shelfproof_verifier::epoch::MAX_EVENTS;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::Result;
use crate::vector_chain::block_on;

/// How long the shop may take to anchor its sales.
const ANCHOR_BOUND: Duration = Duration::from_mins(2);

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(100);

/// The database that every PostgreSQL cluster has, for statements about other databases.
const MAINTENANCE: &str = "postgres";

/// Waits until all events in the shop's database are in final epochs.
pub(super) fn wait_until_anchored(shop: &PgConnectOptions) -> Result<()> {
    let end = Instant::now() + ANCHOR_BOUND;
    block_on(with(shop, async |connection| {
        loop {
            let progress = epoch_progress(connection).await?;
            let waiting = event_backlog(connection, &progress.waiting_since).await?;
            if progress.finished == progress.newest && !progress.has_rest && waiting.events == 0 {
                return Ok(());
            }
            if Instant::now() > end {
                let events = waiting.events;
                return Err(format!("{events} events are in no final epoch after {ANCHOR_BOUND:?}").into());
            }
            tokio::time::sleep(POLL).await;
        }
    }))?
}

/// A copy of the database without connections, which PostgreSQL can copy again. Dropping it removes the database.
pub(super) struct Template {
    database: Database,
    copies: AtomicU32,
}

impl Template {
    /// Copies a database in use. For that, its connections are ended, and new ones are refused until the copy is made.
    pub(super) fn take(shop: &PgConnectOptions) -> Result<Self> {
        let name = shop.get_database().ok_or("the database's address names none")?;
        let template = format!("{name}_template_{:08x}", rand::random::<u32>());
        let allow = |allowed: bool| format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS {allowed}");
        block_on(with(&shop.clone().database(MAINTENANCE), async |connection| {
            // If the process is killed before the last statement, the database refuses connections until somebody runs
            // that statement.
            execute(connection, &allow(false)).await?;
            let made = cut_off_and_copy(connection, name, &template).await;
            execute(connection, &allow(true)).await?;
            made
        }))??;
        Ok(Self {
            database: Database {
                options: shop.clone().database(&template),
            },
            copies: AtomicU32::new(0),
        })
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> Result<i64> {
        block_on(with(&self.database.options, async |connection| {
            let count = sqlx::query_scalar("SELECT count(*) FROM attest.events");
            Ok(count.fetch_one(connection).await?)
        }))?
    }

    pub(super) fn copy(&self) -> Result<Database> {
        let template = self.database.name()?;
        let name = format!("{template}_{}", self.copies.fetch_add(1, Ordering::Relaxed));
        block_on(with(&self.database.maintenance(), async |connection| {
            execute(
                connection,
                &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""),
            )
            .await
        }))??;
        Ok(Database {
            options: self.database.options.clone().database(&name),
        })
    }
}

/// A copy of the shop's database. Dropping it removes the database.
pub(super) struct Database {
    options: PgConnectOptions,
}

impl Database {
    /// The database's address.
    pub(super) fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    /// The events written since it was copied, as the anchor would cut them.
    pub(super) fn written(&self) -> Result<Vec<KeyEvent>> {
        block_on(with(&self.options, async |connection| {
            let number = epoch_cut(connection, MAX_EVENTS, now_ms()).await?;
            let records = epoch_events(connection, number.ok_or("nothing was written")?).await?;
            let events = records.iter().map(|record| record.event().ok_or("an event of no kind"));
            Ok(events.collect::<std::result::Result<_, _>>()?)
        }))?
    }

    /// Replaces the body of a key's sale, which only a superuser can do, and changes everything that depends on it, so
    /// that the database is consistent. Returns the changed sale.
    pub(super) fn rewrite_sale(&self, key_id: B256, opening: &Opening, rewritten: &KeyEvent) -> Result<StoredEvent> {
        block_on(with(&self.options, async |connection| {
            execute(connection, "ALTER TABLE attest.events DISABLE TRIGGER stays").await?;
            let no: i64 = sqlx::query_scalar("SELECT no FROM shop.keys WHERE key_id = $1")
                .bind(key_id.as_slice())
                .fetch_one(&mut *connection)
                .await?;
            sqlx::query("UPDATE attest.events SET body = $1, payload = $2 WHERE key_no = $3 AND kind = $4")
                .bind(&opening.body)
                .bind(rewritten.payload.as_slice())
                .bind(no)
                .bind(i16::from(Kind::Sold as u8))
                .execute(&mut *connection)
                .await?;
            let events = event_of_keys(connection, &[no]).await?;
            let sale = events.into_iter().find(|stored| stored.event.kind == Kind::Sold);
            Ok(sale.ok_or("the key has no sale")?)
        }))?
    }

    fn name(&self) -> Result<&str> {
        Ok(self.options.get_database().ok_or("a copy without a name")?)
    }

    fn maintenance(&self) -> PgConnectOptions {
        self.options.clone().database(MAINTENANCE)
    }

    fn drop_it(&self) -> Result<()> {
        let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name()?);
        block_on(with(&self.maintenance(), async |connection| {
            execute(connection, &drop).await
        }))?
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // If the database is not removed here, it is removed with its cluster.
        let _ = self.drop_it();
    }
}

/// Copies a database that accepts no new connections, once the existing ones have ended.
async fn cut_off_and_copy(connection: &mut PgConnection, name: &str, template: &str) -> Result<()> {
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
        .bind(name)
        .execute(&mut *connection)
        .await?;
    execute(
        connection,
        &format!("CREATE DATABASE \"{template}\" TEMPLATE \"{name}\""),
    )
    .await
}

async fn execute(connection: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(())
}

/// Runs `work` on a connection of its own and closes it before returning: PostgreSQL does not copy a database that has
/// connections.
async fn with<T>(options: &PgConnectOptions, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
    let mut connection = PgConnection::connect_with(options).await?;
    let done = work(&mut connection).await;
    connection.close().await?;
    done
}
