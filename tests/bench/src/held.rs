//! A transaction that another session holds open during a measurement.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, raw_sql};
use tokio::runtime::{Builder, Runtime};

use super::shop::BenchShop;
use shelfproof_tests::Result;

/// The open transaction. It is rolled back when it is dropped.
pub(super) struct Held {
    runtime: Runtime,
    connection: PgConnection,
}

impl Held {
    /// Opens a session of the shop's database, and runs those statements, which begin the transaction.
    pub(super) fn begin(shop: &BenchShop, statements: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(&shop.shop.postgres.connection_url(&shop.shop.database))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(async {
            let mut connection = options.connect().await?;
            raw_sql(AssertSqlSafe(statements.to_owned()))
                .execute(&mut connection)
                .await?;
            Ok::<_, sqlx::Error>(connection)
        })?;
        Ok(Self { runtime, connection })
    }

    /// Ends the transaction and the session. This fails if the server has ended the session before.
    pub(super) fn end(self) -> Result<()> {
        let Self {
            runtime,
            mut connection,
        } = self;
        Ok(runtime.block_on(async {
            raw_sql("ROLLBACK").execute(&mut connection).await?;
            connection.close().await
        })?)
    }
}
