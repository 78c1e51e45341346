//! Figures, and that they are the ones that they must be.

use std::fmt::Display;

use shelfproof_tests::Result;

/// An amount with two decimals, in minor units.
pub(super) fn minor(amount: &str) -> Result<i64> {
    Ok(amount.replace('.', "").parse()?)
}

/// That a figure is the one that it must be.
pub(super) fn expect<T: Copy + PartialEq + Display>(what: &str, found: T, wanted: T) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found}, and {wanted} it must be").into())
}
