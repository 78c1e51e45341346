//! Helpers for [`Section::broken`](super::Section::broken).

use std::ops::RangeInclusive;

/// A field and the rule that it breaks: `must be 1 to 64, not 65`.
pub type Check = (&'static str, String);

/// Keeps the checks that failed.
#[must_use]
pub fn broken<const N: usize>(checks: [Option<Check>; N]) -> Vec<Check> {
    checks.into_iter().flatten().collect()
}

/// Checks that a number is within its bounds.
#[must_use]
pub fn within(field: &'static str, value: u64, bounds: RangeInclusive<u64>) -> Option<Check> {
    let (least, most) = (bounds.start(), bounds.end());
    (!bounds.contains(&value)).then(|| (field, format!("must be {least} to {most}, not {value}")))
}
