//! Coupons and their uses.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{inconsistent, optional, whole};
use crate::domain::coupon::{Coupon, CouponCode, CouponFact, CouponUse, Discount, Uses};
use crate::domain::id::{AccountId, CouponId, OrderId, ProductId};
use crate::domain::money::Currency;
use crate::domain::sale::Neighbour;

#[derive(FromRow)]
struct CouponRow {
    id: Uuid,
    code: String,
    amount_minor: Option<i64>,
    percent: Option<i16>,
    currency: Option<String>,
    minimum_minor: i64,
    starts_at_ms: Option<i64>,
    ends_at_ms: Option<i64>,
    ended_at_ms: Option<i64>,
    uses_max: Option<i32>,
    account_uses_max: Option<i32>,
    created_at_ms: i64,
    products: Vec<Uuid>,
    uses: i32,
}

impl CouponRow {
    /// The coupon, and how often it was used.
    fn into_coupon(self) -> Result<(Coupon, u32), StoreError> {
        let id = self.id;
        let wrong = |column| inconsistent("coupons", column, &id);
        let time = |column, at_ms| optional("coupons", column, at_ms, &id);
        let discount = match (self.amount_minor, self.percent) {
            (Some(minor), None) => Discount::Fixed(minor),
            (None, Some(percent)) => Discount::Percent(whole("coupons", "percent", percent, &id)?),
            _ => return Err(wrong("percent")),
        };
        let currency = self
            .currency
            .map(|code| Currency::from_code(&code).ok_or_else(|| wrong("currency")));
        let coupon = Coupon {
            id: CouponId(id),
            code: self.code.parse().map_err(|_| wrong("code"))?,
            discount,
            currency: currency.transpose()?,
            minimum_minor: self.minimum_minor,
            products: self.products.into_iter().map(ProductId).collect(),
            starts_at_ms: time("starts_at_ms", self.starts_at_ms)?,
            ends_at_ms: time("ends_at_ms", self.ends_at_ms)?,
            ended_at_ms: time("ended_at_ms", self.ended_at_ms)?,
            uses_max: optional("coupons", "uses_max", self.uses_max, &id)?,
            account_uses_max: optional("coupons", "account_uses_max", self.account_uses_max, &id)?,
            created_at_ms: whole("coupons", "created_at_ms", self.created_at_ms, &id)?,
        };
        Ok((coupon, whole("coupon_uses", "number", self.uses, &id)?))
    }
}

/// Inserts a coupon with its products.
///
/// # Errors
/// The database's; constraint `coupons_pkey` where another has the code, `coupon_products_product_id_fkey` where a
/// product is not there.
pub async fn coupon_insert(database: impl PgExecutor<'_>, coupon: &Coupon) -> Result<(), StoreError> {
    let (amount_minor, percent) = match coupon.discount {
        Discount::Fixed(minor) => (Some(minor), None),
        Discount::Percent(percent) => (None, Some(i16::from(percent))),
    };
    sqlx::query(include_str!("sql/coupon_insert.sql"))
        .bind(coupon.id.0)
        .bind(coupon.code.as_str())
        .bind(amount_minor)
        .bind(percent)
        .bind(coupon.currency.map(|currency| currency.code()))
        .bind(coupon.minimum_minor)
        .bind(coupon.starts_at_ms.map(u64::cast_signed))
        .bind(coupon.ends_at_ms.map(u64::cast_signed))
        .bind(coupon.ended_at_ms.map(u64::cast_signed))
        .bind(coupon.uses_max.map(u32::cast_signed))
        .bind(coupon.account_uses_max.map(u32::cast_signed))
        .bind(coupon.created_at_ms.cast_signed())
        .bind(coupon.products.iter().map(|product| product.0).collect::<Vec<_>>())
        .execute(database)
        .await?;
    Ok(())
}

/// The coupon of that id, and how often it was used.
///
/// # Errors
/// The database's.
pub async fn coupon_get(database: impl PgExecutor<'_>, id: CouponId) -> Result<Option<(Coupon, u32)>, StoreError> {
    let row: Option<CouponRow> = sqlx::query_as(include_str!("sql/coupon_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    row.map(CouponRow::into_coupon).transpose()
}

/// At most `limit` coupons after that code, by their codes, each with how often it was used.
///
/// # Errors
/// The database's.
pub async fn coupon_list(
    database: impl PgExecutor<'_>,
    after: Option<&CouponCode>,
    limit: u32,
) -> Result<Vec<(Coupon, u32)>, StoreError> {
    let rows: Vec<CouponRow> = sqlx::query_as(include_str!("sql/coupon_list.sql"))
        .bind(after.map(CouponCode::as_str))
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    rows.into_iter().map(CouponRow::into_coupon).collect()
}

/// Ends a coupon, unless it was ended before.
///
/// # Errors
/// The database's.
pub async fn coupon_end(database: impl PgExecutor<'_>, id: CouponId, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/coupon_end.sql"))
        .bind(id.0)
        .bind(now_ms)
        .execute(database)
        .await?;
    Ok(())
}

/// Locks coupons. Waits for those of `wait` as long as the session's `lock_timeout` allows, and skips those of `skip`
/// that another transaction has locked. Returns what is locked.
///
/// # Errors
/// The database's, also where another transaction keeps a row of `wait` locked for longer.
pub async fn coupon_lock(
    connection: &mut PgConnection,
    wait: &[CouponId],
    skip: &[CouponId],
) -> Result<Vec<CouponId>, StoreError> {
    let ids = |coupons: &[CouponId]| coupons.iter().map(|coupon| coupon.0).collect::<Vec<_>>();
    let locked: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/coupon_lock.sql"))
        .bind(ids(wait))
        .bind(ids(skip))
        .fetch_all(connection)
        .await?;
    Ok(locked.into_iter().map(CouponId).collect())
}

#[derive(FromRow)]
struct FactRow {
    #[sqlx(flatten)]
    coupon: CouponRow,
    account_id: Uuid,
    account_uses: i32,
}

impl FactRow {
    fn into_fact(self) -> Result<CouponFact, StoreError> {
        let account = whole("coupon_uses", "account_number", self.account_uses, &self.coupon.id)?;
        let (coupon, all) = self.coupon.into_coupon()?;
        Ok(CouponFact {
            coupon,
            account: AccountId(self.account_id),
            uses: Uses { all, account },
        })
    }
}

/// Reads the coupons that accounts want to use. `locked` is what [`coupon_lock`] returned. There is nothing for an id that
/// no coupon has. A coupon that is damaged, or is not locked and may change at any moment, is added to `busy`.
///
/// # Errors
/// If the database fails.
pub async fn coupon_facts(
    database: impl PgExecutor<'_>,
    wanted: &[(CouponId, AccountId)],
    locked: &[CouponId],
    busy: &mut Vec<Neighbour>,
) -> Result<Vec<CouponFact>, StoreError> {
    let rows: Vec<FactRow> = sqlx::query_as(include_str!("sql/coupon_facts.sql"))
        .bind(wanted.iter().map(|(coupon, _)| coupon.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, account)| account.0).collect::<Vec<_>>())
        .fetch_all(database)
        .await?;
    let mut facts = Vec::new();
    for row in rows {
        let id = CouponId(row.coupon.id);
        let neighbour = Neighbour::Coupon(id);
        if !locked.contains(&id) {
            busy.push(neighbour);
        }
        match row.into_fact() {
            Ok(fact) => facts.push(fact),
            Err(error) => {
                tracing::error!(%neighbour, %error, "a damaged row holds back the orders");
                busy.push(neighbour);
            }
        }
    }
    Ok(facts)
}

/// Writes the uses that orders made, which are written already.
///
/// # Errors
/// The database's, also where another transaction made the same use, or a coupon has no such use.
pub async fn coupon_use_insert(connection: &mut PgConnection, uses: &[(OrderId, CouponUse)]) -> Result<(), StoreError> {
    let each = |column: fn(&CouponUse) -> u32| {
        let numbers = uses.iter().map(|(_, of)| column(of).cast_signed());
        numbers.collect::<Vec<_>>()
    };
    sqlx::query(include_str!("sql/coupon_use_insert.sql"))
        .bind(uses.iter().map(|(_, of)| of.coupon.0).collect::<Vec<_>>())
        .bind(uses.iter().map(|(_, of)| of.account.0).collect::<Vec<_>>())
        .bind(each(|of| of.number))
        .bind(each(|of| of.account_number))
        .bind(uses.iter().map(|(order, _)| order.0).collect::<Vec<_>>())
        .bind(uses.iter().map(|(_, of)| of.discount_minor).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// The code of the coupon that an order used.
///
/// # Errors
/// The database's.
pub async fn coupon_of_order(database: impl PgExecutor<'_>, order: OrderId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/coupon_of_order.sql"))
        .bind(order.0)
        .fetch_optional(database)
        .await?)
}
