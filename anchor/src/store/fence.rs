//! How far a database has come, to be held against the chain and against its own server.

use sqlx::PgConnection;

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
}

/// How far they have come.
///
/// # Errors
/// Where the database fails.
pub async fn fence_marks(connection: &mut PgConnection) -> Result<Marks, StoreError> {
    let (epoch, transaction, transaction_min): (i64, i64, i64) = sqlx::query_as(include_str!("sql/fence_marks.sql"))
        .fetch_one(connection)
        .await?;
    Ok(Marks {
        epoch: epoch.cast_unsigned(),
        transaction: transaction.cast_unsigned(),
        transaction_min: transaction_min.cast_unsigned(),
    })
}
