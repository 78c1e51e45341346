//! How many units of an SKU with a limit each account bought.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::whole;
use crate::domain::id::{AccountId, OrderId, SkuId};
use crate::domain::sale::Purchased;

/// Reads how many units each account bought of each SKU in a period; of those who bought none, nothing. The pools of the
/// SKUs must be locked.
///
/// # Errors
/// The database's.
pub async fn purchase_counts(
    database: impl PgExecutor<'_>,
    wanted: &[(SkuId, AccountId, i32)],
) -> Result<Vec<((SkuId, AccountId), u32)>, StoreError> {
    let rows: Vec<(Uuid, Uuid, i32)> = sqlx::query_as(include_str!("sql/purchase_counts.sql"))
        .bind(wanted.iter().map(|(sku, ..)| sku.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, account, _)| account.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(.., period)| *period).collect::<Vec<_>>())
        .fetch_all(database)
        .await?;
    let counts = rows.into_iter().map(|(sku, account, units)| {
        let units = whole("limited_purchases", "units_after", units, &sku)?;
        Ok(((SkuId(sku), AccountId(account)), units))
    });
    counts.collect()
}

/// Counts what orders bought, which are written already.
///
/// # Errors
/// The database's, also where another transaction counted for the same account, or a count would pass its limit.
pub async fn purchase_insert(
    connection: &mut PgConnection,
    purchases: &[(OrderId, Purchased)],
) -> Result<(), StoreError> {
    let each = |column: fn(&Purchased) -> i32| purchases.iter().map(|(_, of)| column(of)).collect::<Vec<_>>();
    sqlx::query(include_str!("sql/purchase_insert.sql"))
        .bind(purchases.iter().map(|(_, of)| of.sku.0).collect::<Vec<_>>())
        .bind(purchases.iter().map(|(_, of)| of.account.0).collect::<Vec<_>>())
        .bind(each(|of| of.period))
        .bind(each(|of| of.before.cast_signed()))
        .bind(each(|of| of.after.cast_signed()))
        .bind(purchases.iter().map(|(order, _)| order.0).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
