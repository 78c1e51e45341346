//! From a column's value to the program's type: what this program never writes is an error that names the place.

use shelfproof_verifier::event::Kind;

use super::StoreError;
use crate::domain::money::{Currency, Money};
use crate::domain::sku::{BuyerLimit, Period, Tier, Tiers};

/// An inconsistency at that place.
pub(super) fn inconsistent(table: &'static str, column: &'static str, row: &impl ToString) -> StoreError {
    StoreError::Inconsistent {
        table,
        column,
        row: row.to_string(),
    }
}

/// Bytes of exactly the type's length.
pub(super) fn bytes<const N: usize>(
    table: &'static str,
    column: &'static str,
    value: &[u8],
    row: &impl ToString,
) -> Result<[u8; N], StoreError> {
    value.try_into().map_err(|_| inconsistent(table, column, row))
}

/// A whole number that fits the type.
pub(super) fn whole<S, T: TryFrom<S>>(
    table: &'static str,
    column: &'static str,
    value: S,
    row: &impl ToString,
) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| inconsistent(table, column, row))
}

/// An amount, by its currency's code.
pub(super) fn money(minor: i64, code: &str, table: &'static str, row: &impl ToString) -> Result<Money, StoreError> {
    let currency = Currency::from_code(code).ok_or_else(|| inconsistent(table, "currency", row))?;
    Ok(Money { minor, currency })
}

/// A kind by its number.
pub(super) fn kind(table: &'static str, number: i16, row: &impl ToString) -> Result<Kind, StoreError> {
    u8::try_from(number)
        .ok()
        .and_then(Kind::from_number)
        .ok_or_else(|| inconsistent(table, "state", row))
}

/// Tiers by their columns, which are as long as each other.
pub(super) fn tiers(quantities: &[i32], prices_minor: &[i64], sku: &impl ToString) -> Result<Tiers, StoreError> {
    if quantities.len() != prices_minor.len() {
        return Err(inconsistent("skus", "tier_quantities", sku));
    }
    let tiers = quantities.iter().zip(prices_minor).map(|(quantity, price_minor)| {
        Ok(Tier {
            quantity: whole("skus", "tier_quantities", *quantity, sku)?,
            price_minor: *price_minor,
        })
    });
    tiers.collect::<Result<_, StoreError>>().map(Tiers::stored)
}

/// A whole number that fits the type, if there is one.
pub(super) fn optional<S, T: TryFrom<S>>(
    table: &'static str,
    column: &'static str,
    value: Option<S>,
    row: &impl ToString,
) -> Result<Option<T>, StoreError> {
    value.map(|value| whole(table, column, value, row)).transpose()
}

/// A limit by its columns, which are both there or not.
pub(super) fn buyer_limit(
    units: Option<i32>,
    per: Option<&str>,
    sku: &impl ToString,
) -> Result<Option<BuyerLimit>, StoreError> {
    let Some(units) = optional("skus", "buyer_max", units, sku)? else {
        return Ok(None);
    };
    let per = per.and_then(Period::from_name);
    let per = per.ok_or_else(|| inconsistent("skus", "buyer_per", sku))?;
    Ok(Some(BuyerLimit { units, per }))
}
