//! One anchor at a time for a database, by advisory locks that its two sessions hold.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

/// A lock that one session of all anchors of a database can hold. The numbers are the same in every database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorLock {
    /// For whoever writes epochs.
    Sequencer,
    /// For whoever signs and sends.
    Submitter,
}

impl AnchorLock {
    /// `anchor` and `submit` in ASCII.
    const fn number(self) -> i64 {
        match self {
            Self::Sequencer => 0x616e_6368_6f72,
            Self::Submitter => 0x7375_626d_6974,
        }
    }
}

/// Opens a session of an anchor. It must reach the server directly: through a pooler that shares sessions a lock is worth nothing.
///
/// # Errors
/// If the database cannot be reached.
pub async fn session_open(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query(include_str!("sql/session_anchor.sql"))
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

/// Takes a lock for this session, if no other one holds it. However the session ends, the lock ends with it.
///
/// # Errors
/// If the database fails.
pub async fn lock_try(connection: &mut PgConnection, lock: AnchorLock) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(include_str!("sql/lock_try.sql"))
        .bind(lock.number())
        .fetch_one(connection)
        .await
}
