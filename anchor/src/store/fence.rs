//! How far a database has come, to be held against the chain and against its own server.

use sqlx::{FromRow, PgConnection};

use super::StoreError;

/// How far a database and its server have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The newest epoch that is worked out; 0 is none.
    pub epoch: u64,
    /// The number that the server's next transaction gets, or one before it.
    pub transaction: u64,
    /// The least that this must be, by what epochs and events say of the transactions that wrote them.
    pub transaction_min: u64,
    /// Whether the server is a standby, which may be behind another and be promoted as it is.
    pub is_standby: bool,
}

/// Which database a connection leads to. As long as two connections agree, so do their databases: a server that was
/// started again, or another in its place, may have gone back to an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Instance {
    /// When the server was started, Unix microseconds: two servers do not share that.
    pub started_at_us: i64,
    /// The database in it.
    pub database: i64,
    /// The table of epochs in that: a dump that is loaded over it makes another. 0 is none.
    pub epochs: i64,
    /// Whether the server is a standby; a promoted one goes on as it is.
    pub is_standby: bool,
}

/// Where a connection leads.
///
/// # Errors
/// Where the database fails.
pub async fn fence_instance(connection: &mut PgConnection) -> Result<Instance, sqlx::Error> {
    sqlx::query_as(include_str!("sql/fence_instance.sql"))
        .fetch_one(connection)
        .await
}

/// How far they have come.
///
/// # Errors
/// Where the database fails.
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
