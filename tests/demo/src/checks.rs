//! Amounts and counts, and their comparison with expected ones.

use std::fmt::Display;

use shelfproof_tests::Result;

/// Parses an amount with two decimals as minor units.
pub(super) fn minor(amount: &str) -> Result<i64> {
    Ok(amount.replace('.', "").parse()?)
}

/// Fails unless `found` is `wanted`.
pub(super) fn expect<T: Copy + PartialEq + Display>(what: &str, found: T, wanted: T) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found}, expected {wanted}").into())
}
