//! How far a database and its server have come, for [`crate::fence`] to compare.

use sqlx::{FromRow, PgConnection};

use super::StoreError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The newest epoch with roots; 0 for none.
    pub epoch: u64,
    /// The number of the server's next transaction, or one less.
    pub transaction: u64,
    /// The least that `transaction` can be, by the transactions that wrote epochs and events.
    pub transaction_min: u64,
    /// Whether the server is a standby, which may lack what its primary committed last.
    pub is_standby: bool,
}

/// Identifies the database that a connection reaches. Where two connections have the same, neither can have an older copy: a server
/// that was started again, or another in its place, can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Instance {
    /// The server's start, Unix microseconds: no two servers have the same.
    pub started_at_us: i64,
    /// The database's object id.
    pub database: i64,
    /// The object id of the table of epochs, which a loaded dump creates anew; 0 where there is none.
    pub epochs: i64,
    /// Whether the server is a standby; promoting it does not restart it.
    pub is_standby: bool,
}

/// Reads which database a connection reaches.
///
/// # Errors
/// If the database fails.
pub async fn fence_instance(connection: &mut PgConnection) -> Result<Instance, sqlx::Error> {
    sqlx::query_as(include_str!("sql/fence_instance.sql"))
        .fetch_one(connection)
        .await
}

/// Reads how far they have come.
///
/// # Errors
/// If the database fails.
pub async fn fence_marks(connection: &mut PgConnection) -> Result<Marks, StoreError> {
    let (epoch, transaction, transaction_min, is_standby): (i64, i64, i64, bool) =
        sqlx::query_as(include_str!("sql/fence_marks.sql"))
            .fetch_one(connection)
            .await?;
    Ok(Marks {
        epoch: epoch.cast_unsigned(),
        transaction: transaction.cast_unsigned(),
        transaction_min: transaction_min.cast_unsigned(),
        is_standby,
    })
}
