//! Amounts and counts, and how each is compared with the expected one.

use std::fmt::Display;

use shelfproof_tests::Result;

/// An amount with two decimals, in minor units.
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
