//! From a column's value to the program's type: what this program never writes is an error that names the place.

use shelfproof_verifier::event::Kind;

use super::StoreError;
use crate::domain::money::{Currency, Money};

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
