//! The table `sale_batches`: what the database knows of the batches that the receipt journal has.

use sqlx::PgConnection;

use super::StoreError;

/// Which of the batches, by their places in the list from 0, the database lacks: it has none of that number, or one
/// with another signature.
///
/// # Errors
/// If the database fails.
pub async fn journal_missing(
    connection: &mut PgConnection,
    batches: &[i64],
    signatures: &[[u8; 65]],
) -> Result<Vec<usize>, StoreError> {
    let places: Vec<i64> = sqlx::query_scalar(include_str!("sql/journal_missing.sql"))
        .bind(batches)
        .bind(signatures)
        .fetch_all(connection)
        .await?;
    let from_zero = |place: i64| usize::try_from(place - 1).ok();
    Ok(places.into_iter().filter_map(from_zero).collect())
}

/// Whether final epochs hold the sales of all these batches.
///
/// # Errors
/// If the database fails.
pub async fn journal_final(connection: &mut PgConnection, batches: &[i64]) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/journal_final.sql"))
        .bind(batches)
        .fetch_one(connection)
        .await?)
}
