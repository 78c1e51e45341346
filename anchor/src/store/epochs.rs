//! The table `epochs`: what was cut, what it commits to, and the final block that holds it.

use alloy_primitives::B256;
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::{EVENT_BYTES, RawEvent};
use sqlx::{FromRow, PgConnection};

use super::StoreError;

/// The most epochs that are read at once.
pub const EPOCHS_MAX: i64 = 1_024;

/// An epoch, as far as it has come; what is `None` is still to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// 1, 2, 3 ….
    pub number: u64,
    /// The hash of the previous epoch; zero for the first.
    pub parent: B256,
    /// When it was cut, Unix milliseconds.
    pub cut_at_ms: u64,
    /// The first deadline among its receipts, Unix seconds.
    pub anchor_by_s: Option<u64>,
    /// Set once the data file is on the disk.
    pub roots: Option<EpochRoots>,
    /// Set once the history map holds it.
    pub anchored: Option<AnchoredAt>,
}

/// What an epoch commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochRoots {
    pub header: Header,
    /// The hash that the registry will hold.
    pub hash: B256,
    /// The latest time of its events, Unix milliseconds.
    pub newest_at_ms: u64,
}

/// The final block that holds an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredAt {
    pub block: u64,
    /// Time of the block, Unix seconds.
    pub anchored_at_s: u64,
    /// When it was seen to be final, Unix milliseconds.
    pub final_at_ms: u64,
}

/// The numbers from which the next step follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochProgress {
    /// The last epoch in the history map; 0 for none.
    pub finished: u64,
    /// The newest epoch; 0 for none.
    pub newest: u64,
    /// When the newest was cut, Unix milliseconds; 0 for none.
    pub cut_at_ms: u64,
    /// The snapshot after which events wait for the next.
    pub waiting_since: String,
    /// Whether the newest epoch left events of its snapshot to the next.
    pub has_rest: bool,
}

/// Committed events that are in no epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The snapshot in which they were counted.
    pub snapshot: String,
    pub events: u64,
    /// The first deadline among their receipts, Unix seconds.
    pub anchor_by_s: Option<u64>,
}

#[derive(FromRow)]
struct Row {
    number: i64,
    parent: Vec<u8>,
    cut_at_ms: i64,
    anchor_by_s: Option<i64>,
    events_root: Option<Vec<u8>>,
    history_root: Option<Vec<u8>>,
    event_count: Option<i64>,
    data_hash: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    newest_at_ms: Option<i64>,
    block: Option<i64>,
    anchored_at_s: Option<i64>,
    final_at_ms: Option<i64>,
}

impl Row {
    fn into_epoch(self) -> Result<Epoch, StoreError> {
        let number = self.number.cast_unsigned();
        let parent = B256::try_from(&*self.parent).ok();
        let roots = self.roots();
        parent
            .map(|parent| Epoch {
                number,
                parent,
                cut_at_ms: self.cut_at_ms.cast_unsigned(),
                anchor_by_s: self.anchor_by_s.map(i64::cast_unsigned),
                roots,
                anchored: self.place(),
            })
            .ok_or(StoreError::Inconsistent {
                table: "epochs",
                number,
            })
    }

    fn roots(&self) -> Option<EpochRoots> {
        let hash = |bytes: &Option<Vec<u8>>| B256::try_from(bytes.as_deref()?).ok();
        Some(EpochRoots {
            header: Header {
                number: self.number.cast_unsigned(),
                parent: B256::try_from(&*self.parent).ok()?,
                events_root: hash(&self.events_root)?,
                history_root: hash(&self.history_root)?,
                event_count: self.event_count?.cast_unsigned(),
                data_hash: hash(&self.data_hash)?,
            },
            hash: hash(&self.hash)?,
            newest_at_ms: self.newest_at_ms?.cast_unsigned(),
        })
    }

    fn place(&self) -> Option<AnchoredAt> {
        Some(AnchoredAt {
            block: self.block?.cast_unsigned(),
            anchored_at_s: self.anchored_at_s?.cast_unsigned(),
            final_at_ms: self.final_at_ms?.cast_unsigned(),
        })
    }
}

/// Cuts the next epoch from the committed events that are in none, at most `events_max` of them. Returns its number, or
/// `None` where there is no such event. The previous epoch must have its roots.
///
/// # Errors
/// If the database fails.
pub async fn epoch_cut(connection: &mut PgConnection, events_max: u64, now_ms: u64) -> Result<Option<u64>, StoreError> {
    let number: Option<i64> = sqlx::query_scalar(include_str!("sql/epoch_cut.sql"))
        .bind(events_max.cast_signed())
        .bind(now_ms.cast_signed())
        .fetch_optional(connection)
        .await?;
    Ok(number.map(i64::cast_unsigned))
}

/// An epoch's events, in any order.
///
/// # Errors
/// If the database fails.
pub async fn epoch_events(connection: &mut PgConnection, number: u64) -> Result<Vec<RawEvent>, StoreError> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(include_str!("sql/epoch_events.sql"))
        .bind(number.cast_signed())
        .fetch_all(connection)
        .await?;
    let mut records = Vec::with_capacity(rows.iter().map(|row| row.len() / EVENT_BYTES).sum());
    for row in &rows {
        let (whole, rest) = row.as_chunks();
        if !rest.is_empty() {
            return Err(StoreError::Inconsistent {
                table: "events",
                number,
            });
        }
        records.extend(whole.iter().map(RawEvent::from_bytes));
    }
    Ok(records)
}

/// Stores what an epoch commits to. Repeating it with the same roots changes nothing.
///
/// # Errors
/// If the database fails, or other roots are stored.
pub async fn epoch_commit_roots(
    connection: &mut PgConnection,
    roots: &EpochRoots,
    now_ms: u64,
) -> Result<(), StoreError> {
    let EpochRoots {
        header,
        hash,
        newest_at_ms,
    } = roots;
    let changed = sqlx::query(include_str!("sql/epoch_commit_roots.sql"))
        .bind(header.number.cast_signed())
        .bind(header.events_root.as_slice())
        .bind(header.history_root.as_slice())
        .bind(header.event_count.cast_signed())
        .bind(header.data_hash.as_slice())
        .bind(hash.as_slice())
        .bind(newest_at_ms.cast_signed())
        .bind(now_ms.cast_signed())
        .execute(&mut *connection)
        .await?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    match epoch_get(connection, header.number)
        .await?
        .and_then(|epoch| epoch.roots)
    {
        Some(stored) if stored == *roots => Ok(()),
        _ => Err(StoreError::Inconsistent {
            table: "epochs",
            number: header.number,
        }),
    }
}

/// Stores the final block of an epoch; one that is stored already stays.
///
/// # Errors
/// If the database fails.
pub async fn epoch_finish(
    connection: &mut PgConnection,
    number: u64,
    hash: &B256,
    place: &AnchoredAt,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/epoch_finish.sql"))
        .bind(number.cast_signed())
        .bind(hash.as_slice())
        .bind(place.block.cast_signed())
        .bind(place.anchored_at_s.cast_signed())
        .bind(place.final_at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// The epochs after a number, in order; at most [`EPOCHS_MAX`].
///
/// # Errors
/// If the database fails, or a row is damaged.
pub async fn epoch_after(connection: &mut PgConnection, number: u64) -> Result<Vec<Epoch>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/epoch_after.sql"))
        .bind(number.cast_signed())
        .bind(EPOCHS_MAX)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Row::into_epoch).collect()
}

/// The epoch of that number.
///
/// # Errors
/// If the database fails, or the row is damaged.
pub async fn epoch_get(connection: &mut PgConnection, number: u64) -> Result<Option<Epoch>, StoreError> {
    let row: Option<Row> = sqlx::query_as(include_str!("sql/epoch_get.sql"))
        .bind(number.cast_signed())
        .fetch_optional(connection)
        .await?;
    row.map(Row::into_epoch).transpose()
}

/// How far the epochs have come.
///
/// # Errors
/// If the database fails.
pub async fn epoch_progress(connection: &mut PgConnection) -> Result<EpochProgress, StoreError> {
    let (finished, newest, cut_at_ms, waiting_since, has_rest): (i64, i64, Option<i64>, String, bool) =
        sqlx::query_as(include_str!("sql/epoch_progress.sql"))
            .fetch_one(connection)
            .await?;
    Ok(EpochProgress {
        finished: finished.cast_unsigned(),
        newest: newest.cast_unsigned(),
        cut_at_ms: cut_at_ms.unwrap_or_default().cast_unsigned(),
        waiting_since,
        has_rest,
    })
}

/// Counts the events that were committed since `snapshot`.
///
/// # Errors
/// If the database fails.
pub async fn event_backlog(connection: &mut PgConnection, snapshot: &str) -> Result<Waiting, StoreError> {
    let (snapshot, events, anchor_by_s): (String, i64, Option<i64>) =
        sqlx::query_as(include_str!("sql/event_backlog.sql"))
            .bind(snapshot)
            .fetch_one(connection)
            .await?;
    Ok(Waiting {
        snapshot,
        events: events.cast_unsigned(),
        anchor_by_s: anchor_by_s.map(i64::cast_unsigned),
    })
}
